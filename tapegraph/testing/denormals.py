"""Law: no subnormal numbers remain in the silence after music; arithmetic on them is many times slower.

Every number that a running graph holds is looked at, in the buffers between nodes and in the state of each.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from librt.vecs import vec

from tapegraph.errors import TapegraphError
from tapegraph.node import Node
from tapegraph.run.engine import Engine
from tapegraph.run.sound import Array
from tapegraph.testing.law import Kind, node_class, require
from tapegraph.testing.single import COMPILED, alone, music, settings

SMALLEST = np.finfo(float).tiny  # of the numbers that are not subnormal
LOOKS = 100  # at the numbers of a graph while it falls silent
TO_NOTHING = 52  # tails, of 120 dB each, from full scale to the smallest number that there is
FS = 8_000


@functools.cache
def attributes(cls: type) -> list[str]:
    """Return the names of what any object of a class may hold; those of its methods are left out."""
    return [name for name in dir(cls) if not name.startswith("__") and not callable(getattr(cls, name))]


def numbers(thing: Any, seen: dict[int, Any], packages: set[str]) -> Iterator[tuple[str, Array]]:
    """Yield the numbers in an object of these packages and in all that it holds, under the names of the attributes."""
    if id(thing) in seen:
        return
    seen[id(thing)] = thing
    if isinstance(thing, float):
        yield "", np.array([thing])
    elif isinstance(thing, np.ndarray) and thing.dtype.kind in "fc":
        yield "", thing.reshape(-1).view(float) if thing.flags.c_contiguous else thing.real.reshape(-1)
    elif isinstance(thing, list | tuple | dict):
        for element in thing.values() if isinstance(thing, dict) else thing:
            yield from numbers(element, seen, packages)
    elif isinstance(thing, vec):
        if memoryview(thing).format == "d":
            yield "", np.frombuffer(memoryview(thing))
    elif isinstance(thing, Node) or type(thing).__module__.partition(".")[0] in packages:
        for name in (*attributes(type(thing)), *getattr(thing, "__dict__", ())):
            for inner, found in numbers(getattr(thing, name, None), seen, packages):
                yield f"{type(thing).__name__}.{name} {inner}".rstrip(), found


def subnormal(engine: Engine) -> set[str]:
    """Return where a graph holds subnormal numbers."""
    nodes = engine.plan.nodes.values()
    packages = {"tapegraph", *(type(node).__module__.partition(".")[0] for node in nodes)}
    found = list(numbers(engine.plan.schedule, {}, packages & set(sys.modules)))
    if not has_subnormal(np.concatenate([values for _, values in found])):  # thousands of small ones at once
        return set()
    return {name for name, values in found if has_subnormal(values)}


def has_subnormal(values: Array) -> bool:
    return bool(np.any((values != 0) & (np.abs(values) < SMALLEST)))


def play_into_silence(engine: Engine, fs: int, silence_s: float, params: dict[str, Any] | None = None) -> None:
    """Play music, then silence, in which numbers may pass through what is subnormal, but not remain there."""
    engine.process(music(engine.channels, fs // engine.block * engine.block))
    blocks = math.ceil(silence_s * fs / engine.block / LOOKS)
    rest = np.zeros((engine.channels, blocks * engine.block))
    before: set[str] = set()
    for _ in range(LOOKS):
        out = engine.process(rest)
        now = subnormal(engine)
        require(not now & before, f"{', '.join(sorted(now & before))} remains subnormal", params)
        before = now
    require(not now, f"{', '.join(sorted(now))} is subnormal {silence_s:.3g} s after the input", params)
    require(np.all((out == 0) | (np.abs(out) > 1e-300)), "the output is subnormal after the input", params)


def a_node_falls_silent_with_its_input_at_every_extreme_of_the_parameters(kind: Kind) -> None:
    # Interpreted nodes make the same numbers to the bit, but take thirty times as long.
    for params in [{}, *(settings(kind) if COMPILED else ())]:
        graph = alone(kind, 16 if node_class(kind).SOURCE else 1, **params)
        try:
            engine = Engine(graph, FS, 2)
        except TapegraphError as refused:  # a bias that this rate cannot carry
            require("must be" in str(refused), f"it does not say what is allowed: {refused}", params)
            continue
        play_into_silence(engine, FS, max(1.0, TO_NOTHING * engine.plan.tail_s), params)
