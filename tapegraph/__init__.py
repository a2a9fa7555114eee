"""Puts sound through an analogue tape machine: graphs of compiled nodes, described in YAML.

import tapegraph

graph = tapegraph.load("tc260")
graph.set("tape.drive", 0.7)
out = graph.render(audio, sample_rate=48000)     # (channels, frames), float
"""

from tapegraph import starting as starting  # first, for what follows takes long

# isort: split
from typing import TYPE_CHECKING, Any

from tapegraph.api import Graph, chain, load
from tapegraph.errors import Problem, SoundWarning, TapegraphError
from tapegraph.node import Choice, Model, Node, Param, Signal, Switch, Track
from tapegraph.node import base as _base
from tapegraph.node.registry import add_nodes, kinds, register

if TYPE_CHECKING:
    from tapegraph import augment as augment
    from tapegraph import measure as measure

__version__ = "0.1.0"
COMPILED = not (_base.__file__ or "").endswith(".py")  # whether the sound code runs as machine code

__all__ = [
    "COMPILED",
    "Choice",
    "Graph",
    "Model",
    "Node",
    "Param",
    "Problem",
    "Signal",
    "SoundWarning",
    "Switch",
    "TapegraphError",
    "Track",
    "add_nodes",
    "chain",
    "kinds",
    "load",
    "register",
]


def __getattr__(name: str) -> Any:
    """Import tapegraph.measure and tapegraph.augment when they are asked for."""
    if name in ("augment", "measure"):
        import importlib

        return importlib.import_module(f"tapegraph.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
