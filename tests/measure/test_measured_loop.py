"""Loops whose shape is known: of delays, of backlash, of what has no memory; and of magnetic tape as physics has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tapegraph
from tapegraph import measure
from tapegraph.__main__ import main

RATE = 8000.0


def test_what_has_no_memory_has_no_loop(toys: None) -> None:
    found = measure.loop(measure.Rig(tapegraph.chain(cubic={"second": 0.1, "third": -0.2}), RATE), (-6.0, 0.0))
    x = found.input_fullscale
    np.testing.assert_allclose(found.output_fullscale, x + 0.1 * x**2 - 0.2 * x**3, atol=1e-9)
    np.testing.assert_allclose(np.max(x, axis=1), [10.0 ** (-6.0 / 20.0), 1.0], rtol=1e-9)
    np.testing.assert_allclose(found.peak_fullscale[1], 0.9, rtol=1e-9)  # 1 - 0.1 - 0.2 < 1 + 0.1 - 0.2
    for figure in (found.remanence_fullscale, found.coercivity_fullscale, found.area_percent):
        np.testing.assert_allclose(figure, 0.0, atol=1e-9)


@pytest.mark.parametrize("resampler", ["linear", "minimum"])
def test_the_delay_of_resamplers_is_no_memory(resampler: str) -> None:
    """That of the minimum ones is no whole number of frames: what is left would open the loop by 0.002."""
    graph = tapegraph.Graph(
        nodes={"gain": {"kind": "gain", "oversample": 4}}, links=["input -> gain -> output"], resampler=resampler
    )
    found = measure.loop(graph, (0.0,))
    assert abs(found.remanence_fullscale[0]) < 1e-4
    assert abs(found.area_percent[0]) < 0.01


def test_a_delay_opens_the_loop_to_an_ellipse_by_its_phase() -> None:
    """The area of an ellipse is pi / 4 of its rectangle, times the sine of the phase."""
    found = measure.loop(measure.Rig(tapegraph.chain(delay={"time_s": 0.001}), RATE), (-20.0, 0.0))
    lag = np.sin(2.0 * np.pi * 100.0 * 0.001)
    np.testing.assert_allclose(found.remanence_fullscale, lag * np.array([0.1, 1.0]), rtol=1e-4)
    np.testing.assert_allclose(found.coercivity_fullscale, lag * np.array([0.1, 1.0]), rtol=1e-4)
    np.testing.assert_allclose(found.area_percent, 25.0 * np.pi * lag, rtol=1e-3)


def test_what_leads_has_a_loop_the_other_way_round() -> None:
    found = measure.loop(measure.Rig(tapegraph.chain(dc_blocker={"cutoff_hz": 20.0}), RATE), (0.0,))
    assert found.remanence_fullscale[0] < -0.1
    assert found.coercivity_fullscale[0] < -0.1
    assert found.area_percent[0] < -10.0


def test_the_loop_of_backlash_is_a_parallelogram(toys: None) -> None:
    """Width r on a sine of 1: 4 r (1 - r) of a rectangle of 2 by 2 (1 - r)."""
    found = measure.loop(measure.Rig(tapegraph.chain(play={"width": 0.2, "oversample": 1}), RATE), (0.0,))
    assert found.peak_fullscale[0] == pytest.approx(0.8, abs=0.005)
    assert found.remanence_fullscale[0] == pytest.approx(0.2, abs=0.005)
    assert found.coercivity_fullscale[0] == pytest.approx(0.2, abs=0.005)
    assert found.area_percent[0] == pytest.approx(20.0, abs=0.3)


def test_the_loop_is_that_of_the_node_which_the_signals_enter(toys: None) -> None:
    """Neither what is before that node nor what follows it is in it."""
    graph = tapegraph.chain(
        before={"kind": "gain", "gain_db": 9.0},
        loose={"kind": "play", "width": 0.5},
        after={"kind": "delay", "time_s": 0.003},
        again={"kind": "gain", "gain_db": -9.0},
    )
    found = measure.loop(measure.Rig(graph, RATE, at="loose"), (0.0,))
    assert found.peak_fullscale[0] == pytest.approx(0.5, abs=0.01)
    assert found.area_percent[0] == pytest.approx(50.0, abs=1.0)
    whole = measure.loop(measure.Rig(graph, RATE), (0.0,))
    assert whole.area_percent[0] > 60.0


def test_where_the_output_does_not_cross_zero_there_is_no_coercivity(toys: None) -> None:
    graph = tapegraph.Graph(
        nodes={"one": {"kind": "ones"}, "up": {"kind": "gain", "gain_db": 6.0}},
        links=["input -> output", "one -> up -> output"],
    )
    found = measure.loop(measure.Rig(graph, RATE), (0.0,))
    assert np.isnan(found.coercivity_fullscale[0])
    assert found.remanence_fullscale[0] == pytest.approx(0.0, abs=1e-9)
    assert found.peak_fullscale[0] == pytest.approx(1.0 + 10.0 ** (6.0 / 20.0), rel=1e-6)


def test_the_loop_of_tape_is_counterclockwise_symmetric_and_saturates() -> None:
    found = measure.loop(tapegraph.chain(hysteresis={"bias": 0.6, "oversample": 4}), (-6.0, 6.0, 18.0))
    np.testing.assert_allclose(np.roll(found.output_fullscale, 256, axis=1), -found.output_fullscale, atol=1e-3)
    assert np.all(np.diff(found.remanence_fullscale) > 0.0)
    assert np.all(np.diff(found.coercivity_fullscale) > 0.0)
    first, second, third = found.peak_fullscale
    assert third / second < 0.5 * second / first  # 12 dB more each time
    assert found.remanence_fullscale[2] / third < 0.2  # bias closes the loop


def test_a_table_has_every_point_and_people_read_a_row_for_each_loop() -> None:
    found = measure.loop(measure.Rig(tapegraph.chain(delay={"time_s": 0.001}), RATE), (-20.0, 0.0))
    assert len(found.rows()) == 2 * 512
    assert found.rows()[512 + 128] == {
        **{name: pytest.approx(values[1]) for name, values in found.summary().items()},
        "phase_deg": pytest.approx(90.0),
        "input_fullscale": pytest.approx(1.0),
        "output_fullscale": pytest.approx(np.cos(2.0 * np.pi * 100.0 * 0.001), rel=1e-4),
    }
    assert list(found.summary()["level_dbfs"]) == [-20.0, 0.0]


def test_the_command_says_that_a_loop_is_that_of_the_whole_graph(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = "tapegraph: 1\nnodes: {level: {kind: gain, gain_db: -6}}\nlinks: [input -> level -> output]\n"
    (tmp_path / "quiet.yaml").write_text(graph)
    words = ["measure", str(tmp_path / "quiet.yaml"), "loop", "--level", "0", "--rate", "8000"]
    assert main([*words, "--at", "level"]) == 0
    assert capsys.readouterr().err == ""
    assert main(words) == 0
    said = "warning: loop is that of the whole graph, and filters open it, too; --at NODE measures one node\n"
    assert capsys.readouterr().err == said


def test_a_node_that_is_left_out_has_no_loop() -> None:
    rig = measure.Rig(tapegraph.chain(rough={"kind": "asperity"}, level={"kind": "gain"}), RATE, at="rough")
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.loop(rig)
    assert str(caught.value) == "rough varies in time and is left out, so it has no loop"
