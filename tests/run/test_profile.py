"""The profile of a graph: its steps are those of the plan, run as rendering runs them. Nothing is timed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tapegraph
from tapegraph import demo
from tapegraph.run import profile as steps
from tapegraph.run.profile import profile

ECHO = """\
tapegraph: 1
nodes:
  send: {kind: gain}
  tape: {kind: hysteresis, oversample: 4}
  late: {kind: delay, time_s: 0.1}
  slow: {kind: lfo}
links:
  - input -> send -> tape -> output
  - send -> late -> output
  - slow -> send.gain_db
"""


def test_a_profile_has_every_step_of_the_plan_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "echo.yaml"
    file.write_text(ECHO)
    graph = tapegraph.load(file)
    x = demo.music()[:, :4800]
    found = profile(graph.flat(), x, 48_000)
    assert len(found.steps) == len(graph.rendering(48_000, 2).engine.plan.schedule.steps)
    latency = round(graph.rendering(48_000, 2).latency)
    assert [(cost.name, cost.kind, cost.oversample) for cost in found.steps] == [
        ("slow", "lfo", 1),
        ("send.gain_db", "modulation", 1),
        ("send", "gain", 1),
        ("send", "up by 4", 4),
        ("tape", "hysteresis", 4),
        ("late", "delay", 1),
        ("tape", "down by 4", 4),
        ("late", f"delay of {latency} frames", 1),  # as late as the resamplers make the tape
        ("tape + late", "sum", 1),
    ]


def test_the_parts_of_a_profile_add_up() -> None:
    found = profile(tapegraph.load("clean").flat(), demo.music()[:1, :4800], 48_000)
    parts = [*found.steps, found.rest]
    assert sum(cost.frame_ns for cost in parts) == pytest.approx(found.frame_ns)
    assert sum(cost.share for cost in parts) == pytest.approx(1.0)
    assert found.real_time == pytest.approx(1e9 / (48_000 * found.frame_ns))


def test_a_profile_runs_the_graph_as_rendering_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Step by step, the last block that reaches the output is that of the same sound rendered in one go."""
    graph, x = tapegraph.load("clean"), demo.music()[:, :4800]
    engine = graph.rendering(48_000, 2).engine
    monkeypatch.setattr(steps, "RUNS", 2)
    steps.steps_ns(engine, x, 4800 // engine.block)
    expected = graph.rendering(48_000, 2).engine.process(x)
    assert np.array_equal(engine.plan.schedule.sink.array, expected[:, -engine.block :])


def test_a_profile_needs_a_block_of_sound() -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        profile(tapegraph.load("clean").flat(), np.zeros((1, 10)), 48_000)
    assert str(caught.value) == "the sound has 10 frames; a profile needs a block of 64 or more"
