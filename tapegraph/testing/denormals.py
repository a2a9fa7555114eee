"""Law: no subnormal numbers remain in the silence after music; arithmetic on them is many times slower.

Every number that a running graph holds is looked at, in the buffers between nodes and in the state of each.
"""

from __future__ import annotations

import math
import sys
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


Place = tuple["Place", str, str] | tuple[()]  # where a number is: the place of its object, whose class, which attribute


def attributes(cls: type) -> list[str]:
    """Return the names of what any object of a class may hold; those of its methods are left out."""
    return [name for name in dir(cls) if not name.startswith("__") and not callable(getattr(cls, name))]


def numbers(root: Any, packages: set[str]) -> list[tuple[Place, Array]]:
    """Return the numbers in an object of these packages and in all that it holds. There may be thousands of buffers."""
    found: list[tuple[Place, Array]] = []
    seen: dict[int, Any] = {}
    of_class: dict[type, list[str]] = {}
    left: list[tuple[Place, Any]] = [((), root)]
    while left:
        place, thing = left.pop()
        if thing is None or id(thing) in seen:
            continue
        seen[id(thing)] = thing
        cls = type(thing)
        if issubclass(cls, vec):
            view = memoryview(thing)
            if view.format == "d":
                found.append((place, np.frombuffer(view)))
        elif issubclass(cls, float):
            found.append((place, np.array([thing])))
        elif issubclass(cls, np.ndarray):
            if thing.dtype.kind in "fc":
                flat = thing.reshape(-1).view(float) if thing.flags.c_contiguous else thing.real.reshape(-1)
                found.append((place, flat))
        elif issubclass(cls, (list, tuple)):
            left += [(place, element) for element in thing]
        elif issubclass(cls, dict):
            left += [(place, element) for element in thing.values()]
        elif issubclass(cls, Node) or cls.__module__.partition(".")[0] in packages:
            if cls not in of_class:
                of_class[cls] = attributes(cls)
            names = (*of_class[cls], *getattr(thing, "__dict__", ()))
            left += [((place, cls.__name__, name), getattr(thing, name, None)) for name in names]
    return found


def in_words(place: Place) -> str:
    return f"{in_words(place[0])} {place[1]}.{place[2]}".lstrip() if place else ""


def subnormal(engine: Engine) -> set[str]:
    """Return where a graph holds subnormal numbers."""
    nodes = engine.plan.nodes.values()
    packages = {"tapegraph", *(type(node).__module__.partition(".")[0] for node in nodes)}
    found = numbers(engine.plan.schedule, packages & set(sys.modules))
    if not has_subnormal(np.concatenate([values for _, values in found])):
        return set()
    return {in_words(place) for place, values in found if has_subnormal(values)}


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
