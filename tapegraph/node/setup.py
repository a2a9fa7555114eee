"""Makes nodes of a class and prepares them, for the planner and for running a node by itself."""

from __future__ import annotations

from collections.abc import Mapping

from tapegraph.node.base import Node
from tapegraph.node.params import Model, Track, Value
from tapegraph.node.ports import find_param


def make(
    cls: type[Node],
    fs: float,
    channels: int,
    frames: int,
    params: Mapping[str, Value],
    *,
    name: str = "",
    seed: int = 0,
    first_channel: int = 0,
) -> Node:
    """Return a node whose attributes and parameters are set; prepare() comes next.

    params: checked values, by name; what is missing has its default
    Raises TapegraphError where the file that a model or a track names does not exist or does not suit it.
    """
    node = cls()
    node.name, node.seed = name, seed
    node.fs, node.frames = fs, frames
    node.channels, node.first_channel = channels, first_channel
    for param in cls.PARAMS:
        if isinstance(param, Model | Track):
            node.set(param.name, param.resolve(params.get(param.name, param.default)))
    for param_name, value in params.items():
        declared = find_param(cls, param_name)
        if not isinstance(declared, Model | Track):
            node.set(param_name, value)
    return node


def start(node: Node) -> Node:
    """Get a node ready for its first block, and return it."""
    node.prepare()
    node.update()
    node.reset()
    return node
