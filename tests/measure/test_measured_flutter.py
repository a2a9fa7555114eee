"""Wow and flutter through graphs whose speed varies as they were told to, and of recorded test tones."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest

import tapegraph
from tapegraph import measure

RATE = 16_000
SINE = np.sin(0.9545 * np.pi / 2)  # what two sigma reads of a sine of 1


def at_4_hz(depth_percent: float) -> tapegraph.Graph:
    """4 Hz, where the weighting is 0 dB."""
    return tapegraph.chain(wow={"depth_percent": depth_percent, "rate_hz": 4.0, "irregularity": 0.0})


def tone(hz: float, seconds: float = 8.0, depth_percent: float = 0.0, rate_hz: float = 4.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    swing = hz * depth_percent / 100 / rate_hz
    return np.asarray(0.3 * np.sin(2 * np.pi * hz * t - swing * np.cos(2 * np.pi * rate_hz * t)))


def test_a_graph_is_measured_as_it_is_and_reads_its_depth() -> None:
    rig = measure.Rig(at_4_hz(0.2), RATE)
    assert rig.changed == ("wow.depth_percent = 0",)
    found = measure.flutter(rig)
    assert found.changed == ()
    assert found.weighted_two_sigma_percent[0] == pytest.approx(0.2 * SINE, rel=0.005)
    assert found.weighted_rms_percent[0] == pytest.approx(0.2 / np.sqrt(2), rel=0.005)
    assert found.unweighted_rms_percent[0] == pytest.approx(0.2 / np.sqrt(2), rel=0.005)
    assert found.strongest_hz[0] == pytest.approx(4.0, abs=0.05)
    assert found.strongest_percent[0] == pytest.approx(0.2, rel=0.03)
    assert found.speed_error_percent[0] == pytest.approx(0.0, abs=1e-3)
    assert (found.nominal_hz[0], found.lost_s[0]) == (3150.0, 0.0)


def test_the_tone_is_read_once_it_has_come() -> None:
    found = measure.flutter(measure.Rig(tapegraph.chain(delay={"time_s": 2.0}), RATE))
    assert found.lost_s[0] == 0.0
    assert found.weighted_two_sigma_percent[0] < 1e-3


def test_the_curve_has_a_line_where_the_speed_varies_and_little_elsewhere() -> None:
    found = measure.flutter(measure.Rig(at_4_hz(0.2), RATE))
    assert list(found.curve()) == ["frequency_hz", "peak_percent"]
    assert "frequency_hz" not in found.columns()
    far = np.abs(np.log2(found.frequency_hz / 4.0)) > 0.5
    assert np.max(found.peak_percent[far]) < 2e-3
    assert (found.frequency_hz[0], found.frequency_hz[-1]) == pytest.approx((0.25, 200.0), abs=0.1)
    assert np.all(np.diff(np.floor(24 * np.log2(found.frequency_hz / 0.2))) > 0)


def test_a_tape_that_is_slow_reads_its_speed_error() -> None:
    found = measure.flutter_of(tone(3150.0 * 0.985), RATE)
    assert found.nominal_hz[0] == 3150.0
    assert found.speed_error_percent[0] == pytest.approx(-1.5, abs=1e-6)
    assert found.tone_hz[0] == pytest.approx(3102.75, abs=1e-4)


def test_the_tone_of_another_standard_is_found_unless_it_is_named() -> None:
    recorded = tone(3000.0 * 1.004, depth_percent=0.1)
    found = measure.flutter_of(recorded, RATE)
    assert found.nominal_hz[0] == 3000.0
    assert found.speed_error_percent[0] == pytest.approx(0.4, abs=1e-4)
    assert found.weighted_two_sigma_percent[0] == pytest.approx(0.1 * SINE, rel=0.005)
    named = measure.flutter_of(recorded, RATE, 3150.0)
    assert named.speed_error_percent[0] == pytest.approx(100 * (3012.0 / 3150.0 - 1), abs=1e-4)


def test_for_how_long_the_tone_was_lost_is_told() -> None:
    recorded = tone(3150.0, depth_percent=0.1)
    recorded[3 * RATE : 4 * RATE] *= 0.01
    found = measure.flutter_of(recorded, RATE)
    assert 1.05 < found.lost_s[0] < 1.25  # 25 ms more on both sides, and its steep edges
    assert found.weighted_two_sigma_percent[0] == pytest.approx(0.1 * SINE, rel=0.02)


def test_a_graph_without_a_tone_at_its_output_is_refused() -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.flutter(measure.Rig(tapegraph.chain(gain={"gain_db": -96.0}), RATE))
    assert str(caught.value) == (
        "the recording has no steady tone between 2520 Hz and 3780 Hz; wow and flutter needs one"
    )


def test_a_rate_that_does_not_hold_the_tone_is_refused() -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.flutter(measure.Rig(tapegraph.chain(gain={}), 8000.0))
    assert str(caught.value) == "the sample rate is 8000 Hz; a tone of 3150 Hz needs at least 8560 Hz"


def test_the_panel_shows_the_spectrum_and_its_title_the_reading() -> None:
    ax = MagicMock()
    measure.flutter_of(tone(3150.0, depth_percent=0.1), RATE).plot(ax)
    x, y = ax.plot.call_args.args
    assert x[np.argmax(y)] == pytest.approx(4.0, abs=0.1)
    ax.set_title.assert_called_once_with("\N{PLUS-MINUS SIGN}0.100 % weighted")
