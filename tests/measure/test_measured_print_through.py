"""Print-through of graphs whose echoes are known: delays with a gain, and the node whose law and reel are known."""

from __future__ import annotations

import numpy as np
import pytest

import tapegraph
from tapegraph import measure

RATE = 8000.0


def echoing(before_db: float, after_db: float, hiss_db: float | None = None) -> tapegraph.Graph:
    """Return a graph that plays its input 1 s late, and at before_db at once and at after_db another 0.4 s later."""
    nodes = {
        "late": {"kind": "delay", "time_s": 1.0},
        "later": {"kind": "delay", "time_s": 0.4},
        "pre": {"kind": "gain", "gain_db": before_db},
        "post": {"kind": "gain", "gain_db": after_db},
    }
    links = ["input -> late -> output", "input -> pre -> output", "late -> later -> post -> output"]
    if hiss_db is not None:
        nodes |= {"hiss": {"kind": "hiss"}, "quiet": {"kind": "gain", "gain_db": hiss_db}}
        links += ["hiss -> quiet -> output"]
    return tapegraph.Graph(nodes=nodes, links=links)


def test_echoes_are_found_before_and_after_the_burst_with_their_levels_and_times() -> None:
    found = measure.print_through(measure.Rig(echoing(-50.0, -45.0), RATE), (-6.0, 0.0))
    assert list(found.level_dbfs) == [-6.0, 0.0]
    np.testing.assert_allclose(found.pre_db, -50.0, atol=0.01)
    np.testing.assert_allclose(found.post_db, -45.0, atol=0.01)
    np.testing.assert_allclose(found.pre_ms, 1000.0, atol=0.01)
    np.testing.assert_allclose(found.post_ms, 400.0, atol=0.01)
    np.testing.assert_array_equal(found.floor_db, -110.0)


def test_an_echo_is_relative_to_the_burst_as_it_comes_out(toys: None) -> None:
    """A machine that holds the burst down does not hold its echo down."""
    graph = tapegraph.Graph(
        nodes={
            "full": {"kind": "cubic", "third": -0.2},
            "late": {"kind": "delay", "time_s": 1.0},
            "print": {"kind": "gain", "gain_db": -40.0},
        },
        links=["input -> full -> output", "input -> late -> print -> output"],
    )
    quiet, loud = measure.print_through(measure.Rig(graph, RATE), (-40.0, 0.0)).post_db
    assert quiet == pytest.approx(-40.0, abs=0.01)
    assert loud == pytest.approx(-40.0 - 20.0 * np.log10(1.0 - 0.15 * 0.7292), abs=0.01)  # 35/48: int w^4 / int w^2


def test_noise_sets_a_floor_below_which_no_echo_is_found(toys: None) -> None:
    """White noise of the power s^2 leaves s^2 sum w^2 of itself behind the window w, the burst (sum w^2 / 2)^2."""
    found = measure.print_through(measure.Rig(echoing(-30.0, -80.0, hiss_db=-30.0), RATE))
    power, window = 1e-3 / 3.0, 0.375 * 0.2 * RATE
    median = np.log(2.0) * power * window / (0.5 * window) ** 2  # of power, which is spread exponentially
    assert found.floor_db[0] == pytest.approx(10.0 * np.log10(median) + 12.0, abs=1.0)
    assert found.pre_db[0] == pytest.approx(-30.0, abs=1.0)
    assert np.isnan([found.post_db[0], found.post_ms[0]]).all()


def test_sound_that_dies_away_is_no_echo() -> None:
    """A loop that rings at 1 kHz, 100 dB a second."""
    graph = tapegraph.Graph(
        nodes={"late": {"kind": "delay", "time_s": 0.01}, "again": {"kind": "gain", "gain_db": -1.0}},
        links=["input -> late -> output", "late -> again -> late"],
    )
    assert np.isnan(measure.print_through(measure.Rig(graph, RATE)).post_db[0])


def test_a_graph_without_print_through_has_no_values() -> None:
    for graph in (tapegraph.chain(gain={}), tapegraph.chain(dc_blocker={}, hysteresis={})):
        (row,) = measure.print_through(measure.Rig(graph, RATE)).rows()
        assert row == {
            "level_dbfs": 0.0,
            "pre_db": None,
            "pre_ms": None,
            "post_db": None,
            "post_ms": None,
            "floor_db": -110.0,
        }


@pytest.mark.parametrize(("storage", "grows"), [("tails_out", 1.0), ("heads_out", -1.0)])
def test_the_echoes_of_a_reel_have_the_level_and_the_time_of_its_law(storage: str, grows: float) -> None:
    """e k d exp(-k d) of the wavelength; a turn of the reel, whose radius grows or shrinks until the burst has come."""
    d, v, radius = 50e-6, 15.0 * 0.0254, 0.089
    settings = {"level_db": -50.0, "difference_db": 6.0, "position": 0.5, "storage": storage, "speed_ips": 15.0}
    found = measure.print_through(measure.Rig(tapegraph.chain(print_through={**settings, "pre_echoes": 1}), 32_000.0))
    kd = 2.0 * np.pi * 1000.0 * d / v
    law_db = -50.0 + 20.0 * np.log10(np.e * kd * np.exp(-kd))
    post_db, pre_db = (law_db, law_db - 6.0) if grows > 0.0 else (law_db - 6.0, law_db)
    assert found.post_db[0] == pytest.approx(post_db, abs=0.3)
    assert found.pre_db[0] == pytest.approx(pre_db, abs=0.3)
    began = 0.5 * radius**2 * (1.0 + 0.43**2)
    for found_ms, turns in ((found.post_ms[0], 1.0), (found.pre_ms[0], -1.0)):
        full_turn_s = 2.0 * np.pi * (radius + d) / v  # by so much everything is late, for the echo before the burst
        at_s = full_turn_s + 6.8 + turns * 1.13  # when the echo is heard
        r = np.sqrt(began + grows * d * v * at_s / np.pi)
        turn_ms = 2e3 * np.pi * (r - turns * grows * d / 2.0) / v
        assert found_ms == pytest.approx(turn_ms, abs=0.3)
