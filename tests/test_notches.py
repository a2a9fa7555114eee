"""The response of a graph to little sound, against the formulas of filters, and the notches in it."""

from __future__ import annotations

import notches
import numpy as np
import pytest
from harness import at_loudness, loudness_change
from notches import Response, response

import tapegraph
from tapegraph import demo
from tapegraph.analysis.loudness import integrated

RATE = 48_000
LINES_HZ = np.arange(20.0, 20_001.0, 2.0)


def echo(level: float, time_s: float = 0.0005, more: str = "", links: str = "") -> tapegraph.Graph:
    """The sound and a copy of it, later and at a level."""
    level_db = 20.0 * np.log10(level)
    return tapegraph.Graph.from_yaml(
        f"tapegraph: 1\nnodes: {{late: {{kind: delay, time_s: {time_s}}}, less: {{kind: gain, gain_db: {level_db}}}"
        f"{more}}}\nlinks: [input -> late -> less -> output, input -> output{links}]\n"
    )


@pytest.mark.parametrize("rate", [44_100, 48_000, 192_000])
def test_the_response_of_an_echo_is_exact_at_every_line(rate: int) -> None:
    time_s = 100 / rate
    found = response(echo(0.5, time_s).flat(), rate)
    expected = np.abs(1.0 + 0.5 * np.exp(-2j * np.pi * found.frequencies_hz * time_s)) ** 2
    np.testing.assert_allclose(found.power, [expected, expected], rtol=1e-6)
    assert (found.frequencies_hz[0], found.frequencies_hz[-1]) == pytest.approx(
        (20.0, min(20_000.0, 0.45 * rate)), abs=2
    )


def test_what_a_graph_makes_by_itself_is_not_part_of_its_response() -> None:
    plain = response(echo(0.5).flat(), RATE)
    noisy = response(echo(0.5, more=", hiss: {kind: noise}", links=", hiss -> output").flat(), RATE)
    np.testing.assert_allclose(noisy.power, plain.power, rtol=1e-6)


def test_a_graph_that_moves_sound_in_time_lets_all_of_it_through() -> None:
    places = np.geomspace(30.0, 15_000.0, 40)
    moved = response(tapegraph.chain(wow={"depth_percent": 0.5}).flat(), RATE)
    np.testing.assert_allclose(moved.smoothed_db(places), 0.0, atol=1.0)


def test_the_level_is_that_of_a_sine_of_full_scale_as_0_dbfs(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[float] = []

    def rendered(graph: object, sound: np.ndarray, sample_rate: float) -> np.ndarray:
        played.append(float(np.mean(sound[0, : RATE // 2] ** 2)))
        return sound

    monkeypatch.setattr(notches, "rendered", rendered)
    response(tapegraph.chain(gain={}).flat(), RATE, level_dbfs=-20.0)
    assert played == pytest.approx([0.0, 0.01 / 2.0])


def test_the_level_of_0_vu_is_its_loudness_in_stereo() -> None:
    tone = np.sin(2.0 * np.pi * 997.0 / RATE * np.arange(2 * RATE)) * 10.0 ** (-18.0 / 20.0)
    assert tapegraph.chain(gain={}).reference_dbfs == -18.0
    assert integrated(np.stack([tone, tone]), RATE) == pytest.approx(-18.0, abs=0.01)


@pytest.mark.parametrize("level", [0.2, 0.4, 0.6])
def test_an_echo_cuts_notches_as_deep_as_its_level_says(level: float) -> None:
    """Less what is averaged over a twelfth of an octave: half a dB of 12."""
    depth_db, at_hz = response(echo(level).flat(), RATE).deepest_notch(100.0, 8000.0)
    assert depth_db == pytest.approx(20.0 * np.log10((1.0 + level) / (1.0 - level)), abs=0.6)
    assert at_hz / 1000.0 == pytest.approx(round(at_hz / 1000.0), rel=0.02)
    assert round(at_hz / 1000.0) % 2 == 1


def test_edges_and_steps_are_no_notches() -> None:
    for power in (
        1.0 / (1.0 + (LINES_HZ / 1000.0) ** 24),
        1.0 / (1.0 + (1000.0 / LINES_HZ) ** 24),
        1.0 / (1.0 + (LINES_HZ / 8000.0) ** 48),
        (1.0 + 0.01 * (LINES_HZ / 1000.0) ** 8) / (1.0 + (LINES_HZ / 1000.0) ** 8),
    ):
        assert Response(LINES_HZ, power[np.newaxis]).deepest_notch(100.0, 8000.0)[0] < 0.1


@pytest.mark.parametrize("centre_hz", [100.0, 1000.0, 8000.0])
def test_a_notch_is_found_in_any_channel_and_at_both_ends_of_the_range(centre_hz: float) -> None:
    s = 1j * (LINES_HZ / centre_hz)
    dip = np.abs((s**2 + 0.1 * s + 1.0) / (s**2 + 1.0 * s + 1.0)) ** 2
    depth_db, at_hz = Response(LINES_HZ, np.stack([np.ones_like(dip), dip])).deepest_notch(100.0, 8000.0)
    assert at_hz == pytest.approx(centre_hz, rel=0.02)
    assert 15.0 < depth_db < 20.0


def test_a_change_of_loudness_is_that_of_the_level() -> None:
    sound = at_loudness(demo.music()[:, :RATE], RATE, -18.0)
    assert integrated(sound, RATE) == pytest.approx(-18.0, abs=1e-9)
    for gain_db in (-7.0, 2.5):
        out = tapegraph.chain(gain={"gain_db": gain_db}).render(sound, RATE)
        assert loudness_change(out, sound, RATE) == pytest.approx(gain_db, abs=1e-6)
    assert loudness_change(0.0 * sound, sound, RATE) == 0.0
