"""What is held still while a graph is measured, what is refused, and where signals enter."""

from __future__ import annotations

import numpy as np
import pytest

import tapegraph
from tapegraph import measure
from tapegraph.measure.tones import line, played


def refusal(graph: tapegraph.Graph, **words: object) -> str:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.Rig(graph, **words)  # type: ignore[arg-type]
    return str(caught.value)


def test_what_varies_stands_still_with_its_amounts_at_0_and_noise_is_left_out() -> None:
    rig = measure.Rig(tapegraph.load("tc260"))
    assert rig.changed == ("asperity", "wow.depth_percent = 0", "flutter.depth_percent = 0", "hiss")


def test_several_amounts_are_set_to_0_where_one_is_not_enough() -> None:
    rig = measure.Rig(tapegraph.chain(wow={"depth_percent": 0.1, "drift_percent": 0.1}))
    assert {"wow.depth_percent = 0", "wow.drift_percent = 0"} <= set(rig.changed)


def test_a_graph_that_stands_still_is_measured_as_it_is() -> None:
    graph = tapegraph.chain(gain={"gain_db": 3}, hysteresis={"oversample": 2}, playhead_loss={}, dc_blocker={})
    rig = measure.Rig(graph)
    assert rig.changed == ()
    assert rig.graph == graph.flat()


def test_what_is_rare_is_found_by_another_seed() -> None:
    """One dropout in 12 s at most, on average."""
    rig = measure.Rig(tapegraph.chain(dropouts={"rate_per_min": 3.0, "depth_um": 100.0}))
    assert rig.changed == ("dropouts.rate_per_min = 0",)


def test_tones_sound_until_late_echoes_have_come() -> None:
    graph = tapegraph.Graph(
        nodes={"late": {"kind": "delay", "time_s": 2.0}}, links=["input -> late -> output", "input -> output"]
    )
    rig = measure.Rig(graph)
    assert rig.changed == ()
    assert rig.settling_s == pytest.approx(2.1, abs=0.11)
    assert measure.dynamics(rig, (-20.0,)).gain_db[0] == pytest.approx(20.0 * np.log10(2.0), abs=1e-6)


def test_a_compressor_is_not_taken_for_something_that_varies() -> None:
    assert measure.Rig(tapegraph.chain(sliding_compander={}, compression={})).changed == ()


def test_an_oscillator_that_moves_a_parameter_is_left_out() -> None:
    graph = tapegraph.Graph(
        nodes={"lfo": {"kind": "lfo"}, "level": {"kind": "gain", "gain_db": -3.0}},
        links=["input -> level -> output", "lfo -> level.gain_db"],
    )
    rig = measure.Rig(graph)
    assert rig.changed == ("lfo",)
    assert measure.dynamics(rig, (-20.0,)).gain_db[0] == pytest.approx(-3.0, abs=1e-9)


def test_automation_is_left_out() -> None:
    graph = tapegraph.Graph(
        nodes={"level": {"kind": "gain", "gain_db": -3.0}},
        links=["input -> level -> output"],
        automation={"level.gain_db": [[0.0, 0.0], [5.0, -20.0]]},
    )
    rig = measure.Rig(graph)
    assert rig.changed == ("automation of level.gain_db",)
    assert measure.dynamics(rig, (-20.0,)).gain_db[0] == pytest.approx(-3.0, abs=1e-9)


def test_sound_goes_past_a_node_that_is_left_out() -> None:
    graph = tapegraph.Graph(
        nodes={"low": {"kind": "gain", "gain_db": -3.0}, "rough": {"kind": "asperity"}, "high": {"kind": "gain"}},
        links=["input -> low -> rough -> high -> output", "rough -> output"],
    )
    rig = measure.Rig(graph)
    assert rig.changed == ("rough",)
    assert measure.dynamics(rig, (-20.0,)).gain_db[0] == pytest.approx(-3.0 + 20.0 * np.log10(2.0), abs=1e-9)


def test_a_strict_rig_refuses_what_varies_by_name() -> None:
    assert refusal(tapegraph.load("tc260"), strict=True) == (
        "asperity, wow, flutter, hiss vary in time; only a graph that stands still can be measured"
    )
    assert refusal(tapegraph.chain(wow={}), strict=True) == (
        "wow varies in time; only a graph that stands still can be measured"
    )


def test_a_graph_that_only_makes_noise_can_only_be_measured_as_it_is() -> None:
    rig = measure.Rig(tapegraph.Graph(nodes={"hiss": {"kind": "noise"}}, links=["hiss -> output"]))
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.dynamics(rig)
    assert str(caught.value) == "nothing that enters the graph leaves it, so there is nothing to measure"
    assert measure.noise(rig).unweighted_dbfs[0] == pytest.approx(-40.0 + 3.01, abs=0.05)


def test_a_loop_that_goes_on_for_long_can_only_be_measured_as_it_is() -> None:
    graph = tapegraph.Graph(
        nodes={"late": {"kind": "delay", "time_s": 0.37}, "again": {"kind": "gain", "gain_db": -0.2}},
        links=["input -> late -> output", "late -> again -> late"],
    )
    rig = measure.Rig(graph)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.dynamics(rig)
    assert str(caught.value) == "the graph makes no steady sound of a steady tone in 8 s, so it cannot be measured"
    assert measure.flutter(rig).weighted_two_sigma_percent[0] < 1e-3


def test_signals_enter_at_the_input_of_a_node() -> None:
    graph = tapegraph.chain(
        before={"kind": "gain", "gain_db": -9.0},
        tape={"kind": "gain", "gain_db": 2.0},
        after={"kind": "gain", "gain_db": 1.0},
    )
    assert measure.dynamics(measure.Rig(graph, at="tape"), (-20.0,)).gain_db[0] == pytest.approx(3.0, abs=1e-9)
    assert refusal(graph, at="tap") == "no node is called tap; did you mean tape?"


def test_what_lies_before_the_node_where_signals_enter_is_not_held_still() -> None:
    assert measure.Rig(tapegraph.load("tc260"), at="replay_eq").changed == ("hiss",)


def test_a_node_is_tried_with_the_channels_that_it_has(toys: None) -> None:
    """A source of one channel in a graph of eight."""
    graph = tapegraph.Graph(
        nodes={"one": {"kind": "ones"}, "level": {"kind": "gain"}},
        links=["input -> level -> output", "one -> level.gain_db"],
    )
    assert measure.Rig(graph, channels=8).changed == ()


def test_one_channel_of_several_is_listened_to() -> None:
    graph = tapegraph.chain(balance={"balance_db": 6.0})
    for channel, gain_db in ((1, 6.0), (2, -6.0)):
        rig = measure.Rig(graph, channels=2, channel=channel)
        assert measure.dynamics(rig, (-20.0,)).gain_db[0] == pytest.approx(gain_db, abs=1e-9)
    assert refusal(graph, channels=2, channel=3) == "channel is 3; the graph has 2 channels at its output"


def test_a_tone_that_the_rate_does_not_hold_is_refused() -> None:
    rig = measure.Rig(tapegraph.chain(gain={}), 8000.0)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.thd(rig, (10_000.0,))
    assert str(caught.value) == "a tone is 10000 Hz; it must be 1 to 3600 Hz at a sample rate of 8000 Hz"


def test_tones_are_heard_once_the_graph_has_settled() -> None:
    """A high-pass rings for 0.1 s; steady means that the spectrum holds nothing beside the tone."""
    rig = measure.Rig(tapegraph.chain(dc_blocker={"cutoff_hz": 35.0}))
    A = np.abs(np.fft.rfft(played(rig, [line(rig, 1000.0)], 0.0)))
    assert np.max(np.delete(A, 1000)) < 1e-9 * A[1000]


def test_tones_that_a_low_rate_does_not_hold_are_left_out_of_the_usual_ones() -> None:
    rig = measure.Rig(tapegraph.chain(gain={}), 8000.0)
    assert set(measure.thd(rig, levels_dbfs=(-20.0,)).frequency_hz) == {60.0, 315.0, 400.0, 1000.0}
    assert measure.alias(rig, levels_dbfs=(-20.0,)).frequency_hz[-1] < 3600.0
