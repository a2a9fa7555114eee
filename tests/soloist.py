"""Every kind alone, in a graph or by itself, for laws that hold for all of them: those installed, and an outsider's.

Run as a script, it prints a hash of each kind's sound; with "interpreted" as argument the compiled modules are passed
over and the same sound is made from the sources.
"""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # imported where it is needed: the script decides first which modules are found
    from tapegraph.node import Node
    from tapegraph.node.registry import Index

OUTSIDER = Path(__file__).parent / "outsider" / "filters"
FS = 48000.0
FRAMES = 6000  # more than any node delays by default
OVERSAMPLE = 4  # enough for a bias oscillator at its default


def music(channels: int = 2, frames: int = FRAMES, seed: int = 7) -> npt.NDArray[np.float64]:
    """Return noise that swells, with a burst at full scale and a rest: (channels, frames)."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-0.5, 0.5, (channels, frames)) * np.linspace(0, 1, frames)
    x[:, frames // 3 : frames // 3 + 40] *= 3
    x[:, frames // 2 : frames // 2 + 200] = 0
    return x


def with_outsider() -> tuple[Index, dict[str, type[Node]]]:
    """Return the index and the classes of a registry with the outsider's nodes; leave the real one as it is."""
    from tapegraph.node import registry

    real = registry._index, registry._found
    registry._index, registry._found = None, {}
    try:
        registry.add_nodes(OUTSIDER)
        return registry.index(), registry._found
    finally:
        registry._index, registry._found = real


def alone(kind: str, oversample: int = OVERSAMPLE, port: str = "", **params: Any) -> Any:
    """Return a flat graph of one node, every input port of which hears the input.

    port: the output port that is heard, "" for the first
    """
    from tapegraph.document.flat import FlatGraph, FlatLink, FlatNode
    from tapegraph.node.registry import find

    cls = find(kind)
    ports = [port.replace("#", "1") for port in cls.INPUTS]
    links = [FlatLink("input", "out", "it", port) for port in ports]
    links.append(FlatLink("it", port or cls.OUTPUTS[0], "output", "in"))
    return FlatGraph(64, "linear", {"it": FlatNode(cls, params, oversample, "")}, tuple(links), (), {})


def started(
    kind: str, channels: int = 2, frames: int = 64, fs: float = FS, first_channel: int = 0, **params: Any
) -> Node | None:
    """Return a node by itself, ready for its first block; None where it refuses these parameters at every rate.

    A node that needs oversampling runs at 16 times fs, one that sets its own number of channels with that.
    """
    from tapegraph.errors import TapegraphError
    from tapegraph.node import setup
    from tapegraph.node.registry import find

    cls = find(kind)
    width = cls.CHANNELS or channels
    for times in (1, 16):
        made = setup.make(cls, times * fs, width, frames, params, name="it", seed=5, first_channel=first_channel)
        try:
            return setup.start(made)
        except TapegraphError:
            continue
    return None


def play(node: Node, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return what comes out of every port, (ports, channels, frames), for x (channels, frames).

    The first input port hears x, the second -x / 2, the third x / 3 ...
    """
    from harness import process

    from tapegraph.node.ports import expand

    ports = expand(type(node).INPUTS, ["in1", "in2"])
    inputs = [x * (-1.0) ** k / (k + 1.0) for k in range(len(ports))]
    return np.array(process(node, *inputs, length=x.shape[1]))


def variants(kind: str) -> Iterator[dict[str, Any]]:
    """Yield the defaults; then every other option of every choice, one at a time (interpreted: the defaults only)."""
    import tapegraph
    from tapegraph.node import Choice, Model, Switch
    from tapegraph.node.registry import find

    yield {}
    if not tapegraph.COMPILED:
        return
    for param in find(kind).PARAMS:
        if isinstance(param, Choice | Model | Switch):
            options = (False, True) if isinstance(param, Switch) else param.options
            yield from ({param.name: option} for option in options if option != param.default)


def elsewhere(kind: str) -> dict[str, Any]:
    """Return a value for every parameter that is not its default: of numbers an end, of options another one."""
    from tapegraph.node import Choice, Model, Param
    from tapegraph.node.registry import find

    values: dict[str, Any] = {}
    for param in find(kind).PARAMS:
        if isinstance(param, Param):
            values[param.name] = param.maximum if param.default < param.maximum else param.minimum
        elif isinstance(param, Choice | Model):
            values[param.name] = next((o for o in param.options if o != param.default), param.default)
        else:
            values[param.name] = not param.default
    return values


def numbers(kind: str) -> Iterator[dict[str, Any]]:
    """Yield the ends of every number, one at a time."""
    from tapegraph.node import Param
    from tapegraph.node.registry import find

    for param in find(kind).PARAMS:
        if isinstance(param, Param) and not param.name.endswith("#"):
            yield {param.name: param.minimum}
            yield {param.name: param.maximum}


def settings(kind: str) -> Iterator[dict[str, Any]]:
    """Yield every parameter at both ends and every option, one at a time; then all at their ends together."""
    from tapegraph.node import Choice, Model, Param, Switch
    from tapegraph.node.registry import find

    params = [p for p in find(kind).PARAMS if not p.name.endswith("#")]
    ends: dict[str, tuple[Any, ...]] = {}
    for param in params:
        if isinstance(param, Param):
            ends[param.name] = (param.minimum, param.maximum)
        elif isinstance(param, Choice | Model):
            ends[param.name] = param.options
        else:
            assert isinstance(param, Switch)
            ends[param.name] = (False, True)
    for name, values in ends.items():
        for value in values:
            yield {name: value}
    for end in (0, -1) if len(ends) > 1 else ():
        yield {name: values[end] for name, values in ends.items()}


def hashes() -> dict[str, str]:
    from tapegraph.node.registry import kinds
    from tapegraph.run.rendering import render

    return {kind: hashlib.sha256(render(alone(kind), music(), FS).tobytes()).hexdigest() for kind in kinds()}


class SourcesOnly(importlib.abc.MetaPathFinder):
    """Finds our modules as sources, where compiled ones would come first."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not name.startswith("tapegraph"):
            return None
        loader = (importlib.machinery.SourceFileLoader, [".py"])
        finders = (importlib.machinery.FileFinder(folder, loader) for folder in path or sys.path)
        return next((spec for finder in finders if (spec := finder.find_spec(name)) and spec.loader), None)


if __name__ == "__main__":
    if "interpreted" in sys.argv:
        sys.meta_path.insert(0, SourcesOnly())
    import tapegraph

    print(json.dumps({"compiled": tapegraph.COMPILED, "hashes": hashes()}))
