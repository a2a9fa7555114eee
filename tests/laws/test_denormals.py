"""No graph leaves subnormal numbers going round in the silence after music: arithmetic on them is many times slower.

Every number that a running graph holds is looked at, in the buffers between nodes and in the state of each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soloist
from harness import Array
from librt.vecs import vec

import tapegraph
from tapegraph import resources
from tapegraph.node.registry import find
from tapegraph.run.engine import Engine

SMALLEST = np.finfo(float).tiny  # of the numbers that are not subnormal
LOOKS = 100  # at the numbers of a graph while it falls silent
# Interpreted nodes make the same numbers to the bit, which a law of its own holds, but take thirty times as long.
COMPILED_ONLY = pytest.mark.skipif(not tapegraph.COMPILED, reason="takes minutes without compiled code")
TO_NOTHING = 52  # tails, of 120 dB each, from full scale to the smallest number that there is
FS = 8_000
ECHOES = """
tapegraph: 1
nodes:
  delay: {kind: delay, time_s: 0.05}
  back: {kind: gain, gain_db: -6}
links: [input -> delay -> output, delay -> back -> delay]
"""


def numbers(thing: Any, seen: dict[int, Any]) -> Iterator[tuple[str, Array]]:
    """Yield the numbers in an object of ours and in all that it holds, under the names of the attributes."""
    if id(thing) in seen:
        return
    seen[id(thing)] = thing
    if isinstance(thing, float):
        yield "", np.array([thing])
    elif isinstance(thing, np.ndarray) and thing.dtype.kind in "fc":
        yield "", thing.reshape(-1).view(float) if thing.flags.c_contiguous else np.array(thing.real)
    elif isinstance(thing, list | tuple | dict):
        for element in thing.values() if isinstance(thing, dict) else thing:
            yield from numbers(element, seen)
    elif isinstance(thing, vec):
        if memoryview(thing).format == "d":
            yield "", np.frombuffer(memoryview(thing))
    elif type(thing).__module__.startswith("tapegraph"):
        for name in dir(thing):
            if not name.startswith("__") and hasattr(thing, name):
                for inner, found in numbers(getattr(thing, name), seen):
                    yield f"{type(thing).__name__}.{name} {inner}".rstrip(), found


def subnormal(engine: Engine) -> set[str]:
    """Return where a graph holds subnormal numbers."""
    found = numbers(engine.plan.schedule, {})
    return {name for name, values in found if np.any((values != 0) & (np.abs(values) < SMALLEST))}


def play_into_silence(engine: Engine, fs: int, silence_s: float) -> None:
    """Play music, then silence, in which numbers may pass through what is subnormal, but not stay there."""
    engine.process(soloist.music(engine.channels, fs // engine.block * engine.block))
    blocks = math.ceil(silence_s * fs / engine.block / LOOKS)
    rest = np.zeros((engine.channels, blocks * engine.block))
    before: set[str] = set()
    for _ in range(LOOKS):
        out = engine.process(rest)
        now = subnormal(engine)
        assert not now & before
        before = now
    assert not now
    assert np.all((out == 0) | (np.abs(out) > 1e-300))


def test_what_is_subnormal_is_found_where_it_stands() -> None:
    engine = tapegraph.chain(delay={"time_s": 0.01}, dc_blocker={}, playhead_loss={}).rendering(FS, 1).engine
    assert not subnormal(engine)
    delay, blocker, head = (engine.plan.nodes[name] for name in ("delay", "dc_blocker", "playhead_loss"))
    delay.line.ring[0].samples[7] = blocker.s[1] = head.past.samples[3] = 1e-310  # type: ignore[attr-defined]
    assert {name.split()[-1] for name in subnormal(engine)} == {
        "Block.samples",
        "DcBlocker.s",
        "Past.samples",
        "Past.pairs",
    }


def test_a_node_falls_silent_with_its_input_at_every_extreme_of_the_parameters(kind: str) -> None:
    for params in [{}, *(soloist.settings(kind) if tapegraph.COMPILED else ())]:
        graph = soloist.alone(kind, 16 if find(kind).SOURCE else 1, **params)
        try:
            engine = Engine(graph, FS, 2)
        except ValueError as refused:  # a bias that this rate cannot carry
            assert "must be at most" in str(refused), params
            continue
        play_into_silence(engine, FS, max(1.0, TO_NOTHING * engine.plan.tail_s))


@COMPILED_ONLY
@pytest.mark.parametrize("name", resources.presets())
def test_a_preset_falls_silent_with_its_input(name: str) -> None:
    engine = tapegraph.load(name).rendering(48_000, 1).engine
    play_into_silence(engine, 48_000, TO_NOTHING * engine.plan.tail_s)


def test_echoes_end(tmp_path: Path) -> None:
    """-6 dB every 0.05 s come to the smallest number after 54 s."""
    file = tmp_path / "echoes.yaml"
    file.write_text(ECHOES)
    play_into_silence(tapegraph.load(file).rendering(FS, 1).engine, FS, 60.0)
