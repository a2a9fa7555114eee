"""Every installed kind alone in a graph, for laws that hold for all of them.

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
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

FS = 48000.0
FRAMES = 1500
OVERSAMPLE = 4  # enough for a bias oscillator at its default


def music(channels: int = 2, frames: int = FRAMES, seed: int = 7) -> npt.NDArray[np.float64]:
    """Return noise that swells, with a burst at full scale and a rest: (channels, frames)."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-0.5, 0.5, (channels, frames)) * np.linspace(0, 1, frames)
    x[:, frames // 3 : frames // 3 + 40] *= 3
    x[:, frames // 2 : frames // 2 + 200] = 0
    return x


def alone(kind: str, oversample: int = OVERSAMPLE, **params: Any) -> Any:
    """Return a flat graph of one node, every input port of which hears the input."""
    from tapegraph.document.flat import FlatGraph, FlatLink, FlatNode
    from tapegraph.node.registry import find

    cls = find(kind)
    ports = [port.replace("#", "1") for port in cls.INPUTS]
    links = [FlatLink("input", "out", "it", port) for port in ports]
    links.append(FlatLink("it", cls.OUTPUTS[0], "output", "in"))
    return FlatGraph(64, "linear", {"it": FlatNode(cls, params, oversample, "")}, tuple(links), (), {})


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
    for end in (0, -1):
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
