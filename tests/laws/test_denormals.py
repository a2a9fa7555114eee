"""Presets and loops leave no subnormal numbers in the silence after music, and the law finds those that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

import tapegraph
from tapegraph import resources
from tapegraph.testing.denormals import FS, TO_NOTHING, play_into_silence, subnormal

LONGEST_S = 60.0  # of silence, after which loops have fallen to where they take it as silence, or are still loud
ECHOES = """
tapegraph: 1
nodes:
  delay: {kind: delay, time_s: 0.05}
  back: {kind: gain, gain_db: -6}
links: [input -> delay -> output, delay -> back -> delay]
"""


def test_what_is_subnormal_is_found_where_it_stands() -> None:
    engine = tapegraph.chain(delay={"time_s": 0.01}, dc_blocker={}, playhead_loss={}).rendering(FS, 1).engine
    assert not subnormal(engine)
    delay, blocker, head = (engine.plan.nodes[name] for name in ("delay", "dc_blocker", "playhead_loss"))
    delay.line.ring[0].samples[7] = blocker.s[1] = head.past.samples[3] = 1e-310  # type: ignore[attr-defined]
    assert {name.split()[-1] for name in subnormal(engine)} == {
        "Block.samples",
        "DcBlocker.s",
        "Past.samples",
        "Past.past",
        "Past.pairs",
    }


@pytest.mark.long
@pytest.mark.parametrize("name", resources.presets())
def test_a_preset_falls_silent_with_its_input(name: str) -> None:
    engine = tapegraph.load(name).rendering(48_000, 1).engine
    play_into_silence(engine, 48_000, min(LONGEST_S, TO_NOTHING * engine.plan.tail_s))


def test_echoes_end(tmp_path: Path) -> None:
    """-6 dB every 0.05 s come to the smallest number after 54 s."""
    file = tmp_path / "echoes.yaml"
    file.write_text(ECHOES)
    play_into_silence(tapegraph.load(file).rendering(FS, 1).engine, FS, 60.0)
