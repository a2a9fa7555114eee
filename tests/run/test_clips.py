"""Clips through plans that are used again: equal to the bit to a plan of their own."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import tapegraph
from tapegraph import demo, resources
from tapegraph.run import clips
from tapegraph.run.clips import Clips
from tapegraph.run.rendering import Rendering
from tapegraph.run.sound import Array

X = demo.music()[:, 20_000:21_500]
RATE = 48_000


def fresh(graph: tapegraph.Graph, x: Array = X, rate: int = RATE) -> Array:
    return np.asarray(graph.render(x, rate, tail=0.0))


def planned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the plans that are made."""
    made: list[str] = []

    def noted(*args: Any, **kwargs: Any) -> Rendering:
        made.append("plan")
        return Rendering(*args, **kwargs)

    monkeypatch.setattr(clips, "Rendering", noted)
    return made


@pytest.mark.long
@pytest.mark.parametrize("preset", resources.presets())
def test_every_preset_sounds_alike_after_other_seeds_and_settings(preset: str) -> None:
    first, second = tapegraph.load(preset), tapegraph.load(preset)
    second.seed = 4
    moved = [name for name in second.controls if name not in ("Speed", "Reach")][:3]
    for name in moved:
        value = second.get(name)
        if isinstance(value, float):
            second.set(name, 0.9 * value)
    some = Clips()
    some.render(preset, first.flat(), X, RATE)
    assert np.array_equal(some.render(preset, second.flat(), X, RATE).samples, fresh(second))
    assert np.array_equal(some.render(preset, first.flat(), X, RATE).samples, fresh(first))


def test_a_plan_serves_again_where_parameters_and_seed_alone_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    made = planned(monkeypatch)
    some, graph = Clips(), tapegraph.load("tc260")
    for k in range(3):
        graph.set({"Drive": 0.3 + 0.1 * k, "Speed": 7.5 / (k + 1), "tape.solver": ("rk2", "nr8", "stn")[k]})
        graph.seed = k
        assert np.array_equal(some.render("tc260", graph.flat(), X, RATE).samples, fresh(graph))
    assert len(made) == 1


def test_a_setting_that_changes_the_latency_gets_a_plan_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made = planned(monkeypatch)
    some, graph = Clips(), tapegraph.load("tc260")
    latencies = []
    for reach_ms in (5.0, 9.0, 5.0):
        graph.set("wow.reach_ms", reach_ms)
        found = some.render("tc260", graph.flat(), X, RATE)
        latencies.append(found.latency)
        assert np.array_equal(found.samples, fresh(graph))
    assert len(made) == 3
    assert latencies[1] - latencies[0] == pytest.approx(4e-3 * RATE, abs=1)
    assert latencies[2] == latencies[0]


def test_another_structure_rate_or_number_of_channels_gets_a_plan_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made = planned(monkeypatch)
    some, graph = Clips(), tapegraph.chain(hysteresis={"oversample": 2})
    finer = tapegraph.chain(hysteresis={"oversample": 4})
    for one, x, rate in ((graph, X, RATE), (finer, X, RATE), (finer, X[:1], RATE), (finer, X, 44_100)):
        assert np.array_equal(some.render("m", one.flat(), x, rate).samples, fresh(one, x, rate))
    assert len(made) == 4


MOVED = """\
tapegraph: 1
nodes:
  slow: {kind: lfo, rate_hz: 20, depth: 3}
  send: {kind: gain}
  late: {kind: delay, time_s: 0.01}
  back: {kind: gain, gain_db: -6}
links:
  - input -> send -> output
  - send -> late -> back -> send
  - slow -> send.gain_db
automation: {back.gain_db: [[0, -6], [0.02, -3]]}
"""


def test_modulated_and_automated_parameters_and_loops_start_over(monkeypatch: pytest.MonkeyPatch) -> None:
    made = planned(monkeypatch)
    some, graph = Clips(), tapegraph.Graph.from_yaml(MOVED)
    for gain_db in (0.0, 3.0, 3.0, -2.0):
        graph.set("send.gain_db", gain_db)
        assert np.array_equal(some.render("m", graph.flat(), X, RATE).samples, fresh(graph))
    assert len(made) == 1


def test_a_modulated_parameter_that_a_plan_is_made_for_counts_as_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    made = planned(monkeypatch)
    graph = tapegraph.Graph(
        nodes={"slow": {"kind": "lfo", "rate_hz": 20, "depth": 5}, "wow": {"kind": "wow"}},
        links=["input -> wow -> output", "slow -> wow.reach_ms"],
    )
    some = Clips()
    for seed in range(3):
        graph.seed = seed
        assert np.array_equal(some.render("m", graph.flat(), X, RATE).samples, fresh(graph))
    assert len(made) == 1


def test_warnings_are_those_of_the_clip_alone() -> None:
    some, graph = Clips(), tapegraph.chain(gain={})
    broken = X.copy()
    broken[0, :3] = np.nan
    (warning,) = some.render("m", graph.flat(), broken, RATE).warnings
    assert warning.startswith("3 input samples were NaN")
    assert some.render("m", graph.flat(), X, RATE).warnings == ()
    assert some.render("m", graph.flat(), broken, RATE).warnings == (warning,)


def test_a_setting_that_a_node_refuses_is_an_error_and_leaves_nothing_behind() -> None:
    some = Clips()
    graph = tapegraph.Graph(
        nodes={"bias": {"kind": "bias_oscillator", "frequency_hz": 80_000, "oversample": 8}},
        links=["bias -> output"],
    )
    some.render("m", graph.flat(), X, RATE)
    refused = graph.copy()
    refused.set("bias.frequency_hz", 300_000)
    for _ in range(2):
        with pytest.raises(tapegraph.TapegraphError, match="bias"):
            some.render("m", refused.flat(), X, RATE)
    assert np.array_equal(some.render("m", graph.flat(), X, RATE).samples, fresh(graph))


def test_plans_are_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "MOST_KEPT", 3)
    some, graph = Clips(), tapegraph.chain(gain={}).flat()
    for name in "abcde":
        some.render(name, graph, X, RATE)
    assert [name for name, _, _ in some.kept] == ["c", "d", "e"]


def test_threads_that_share_plans_do_not_disturb_each_other() -> None:
    some, graph = Clips(), tapegraph.load("clean")
    graphs = []
    for seed in range(4):
        graph.seed = seed
        graphs.append(graph.copy())
    expected = [fresh(one) for one in graphs]
    found: dict[int, list[Array]] = {}

    def render(k: int) -> None:
        found[k] = [some.render("clean", graphs[k].flat(), X, RATE).samples for _ in range(4)]

    threads = [threading.Thread(target=render, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(one, expected[k]) for k in range(4) for one in found[k])
