"""The wow and flutter meter against tones whose speed varies as it was told to."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process
from scipy.integrate import quad
from scipy.interpolate import PchipInterpolator
from tapegraph_nodes.motion.flutter import Flutter
from tapegraph_nodes.motion.wow import Wow

from tapegraph.analysis.flutter import FlutterReading, measure_flutter
from tapegraph.analysis.flutter_weighting import WEIGHTING_DB, WEIGHTING_HZ, flutter_weighting
from tapegraph.errors import TapegraphError
from tapegraph.node import Node

RATE = 48_000
SECONDS = 20.0
SINE = np.sin(0.9545 * np.pi / 2)  # what two sigma reads of a sine of 1
PHASES = (0.0, 1.0, 2.0)


def varying(depth_percent: float, rate_hz: float, phase: float = 0.0, hz: float = 3150.0, rate: int = RATE) -> Array:
    """A tone whose frequency varies by a sine."""
    t = np.arange(round(SECONDS * rate)) / rate
    swing = hz * depth_percent / 100 / rate_hz
    return np.asarray(0.3 * np.sin(2 * np.pi * hz * t - swing * np.cos(2 * np.pi * rate_hz * t + phase)))


def weight(hz: float) -> float:
    return float(flutter_weighting(np.array([hz]))[0])


# The table, in figures of 0.1 %
@pytest.mark.parametrize(
    ("rate_hz", "db"), [(0.4, -15.0), (1.0, -4.2), (4.0, 0.0), (10.0, -2.1), (40.0, -10.4), (100.0, -17.3)]
)
def test_0_1_percent_reads_what_the_weighting_makes_of_it(rate_hz: float, db: float) -> None:
    for phase in PHASES:
        found = measure_flutter(varying(0.1, rate_hz, phase, rate=24_000), 24_000)
        wanted = 0.1 * 10 ** (db / 20)
        assert found.weighted_two_sigma_percent == pytest.approx(wanted * SINE, rel=0.006)
        assert found.weighted_two_sigma_percent == pytest.approx(wanted, rel=0.01)
        assert found.weighted_rms_percent == pytest.approx(wanted / np.sqrt(2), rel=0.01)
        slow = rate_hz <= 1.0  # few turns, which do not fit the recording
        assert found.unweighted_rms_percent == pytest.approx(0.1 / np.sqrt(2), rel=0.01 if slow else 3e-4)
        assert abs(found.speed_error_percent) < 1e-4  # a millionth


@pytest.mark.parametrize(
    ("depth_percent", "rate_hz", "reading"),
    [(0.1, 0.8, 0.0499), (1.0, 4.0, 0.997), (10.0, 4.0, 9.97), (0.1, 20.0, 0.0506)],
)
def test_it_reads_what_another_meter_says_of_its_test_tones(
    depth_percent: float, rate_hz: float, reading: float
) -> None:
    """Virtins, Wow and Flutter Measurement using Multi-Instrument: what should be read of its files."""
    found = measure_flutter(varying(depth_percent, rate_hz), RATE)
    assert found.weighted_two_sigma_percent == pytest.approx(reading, rel=0.003)


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
@pytest.mark.parametrize("hz", [3150.0, 3000.0])
def test_the_reading_does_not_depend_on_the_sample_rate_or_the_tone(rate: int, hz: float) -> None:
    found = measure_flutter(varying(0.1, 10.0, hz=hz, rate=rate), rate, hz)
    assert found.weighted_two_sigma_percent == pytest.approx(0.1 * weight(10.0) * SINE, rel=0.004)


@pytest.mark.parametrize("error", [0.0, 1e-6, -0.013, 0.05, -0.15])
def test_the_speed_is_found_to_a_millionth(error: float) -> None:
    t = np.arange(8 * RATE + 123) / RATE
    for noise in (0.0, 1e-3):
        tone = np.sin(2 * np.pi * 3150 * (1 + error) * t) + np.random.default_rng(1).normal(0.0, noise, len(t))
        found = measure_flutter(tone, RATE)
        assert found.speed_error_percent == pytest.approx(100 * error, abs=1e-4 if noise else 1e-7)
        assert found.tone_hz == pytest.approx(3150 * (1 + error), rel=1e-6)


def test_a_steady_tone_reads_nothing() -> None:
    found = measure_flutter(np.sin(2 * np.pi * 3150.7 * np.arange(10 * RATE) / RATE), RATE)
    assert found.weighted_two_sigma_percent < 1e-9
    assert found.unweighted_rms_percent < 1e-9


def test_noise_60_db_down_reads_what_its_phase_noise_is() -> None:
    """White noise of power N in a hertz turns the phase by 2 N in a hertz for a tone of amplitude 1."""
    t = np.arange(30 * RATE) / RATE
    sigma = np.sqrt(0.5) * 1e-3
    found = measure_flutter(np.sin(2 * np.pi * 3150 * t) + np.random.default_rng(3).normal(0.0, sigma, len(t)), RATE)
    density = 2 * sigma**2 * 2 / RATE / 3150**2
    weighted = np.sqrt(quad(lambda f: density * f**2 * weight(f) ** 2, 0.01, 400.0, limit=200)[0])
    unweighted = np.sqrt(density * 200.0**3 / 3)
    assert found.unweighted_rms_percent == pytest.approx(100 * unweighted, rel=0.03)
    assert found.weighted_rms_percent == pytest.approx(100 * weighted, rel=0.1)  # its band ends softly at 500 Hz
    assert found.weighted_two_sigma_percent == pytest.approx(2 * found.weighted_rms_percent, rel=0.02)  # a normal one
    assert found.weighted_two_sigma_percent < 2e-4


def played(node: Node) -> FlutterReading:
    t = np.arange(round(SECONDS * RATE)) / RATE
    return measure_flutter(process(node, 0.2 * np.sin(2 * np.pi * 3150 * t))[0], RATE)


def test_the_wow_node_has_the_depth_that_it_is_set_to() -> None:
    found = played(prepared(Wow, RATE, 1, 512, depth_percent=0.2, rate_hz=2.0, irregularity=0.0))
    assert found.unweighted_rms_percent == pytest.approx(0.2 / np.sqrt(2), rel=0.005)
    assert found.weighted_two_sigma_percent == pytest.approx(0.2 * weight(2.0) * SINE, rel=0.005)


def test_the_flutter_node_has_the_depth_that_it_is_set_to() -> None:
    plain = {"second": 0.0, "third": 0.0, "irregularity": 0.0}
    found = played(prepared(Flutter, RATE, 1, 512, depth_percent=0.1, rate_hz=25.0, **plain))
    assert found.unweighted_rms_percent == pytest.approx(0.1 / np.sqrt(2), rel=0.005)
    assert found.weighted_two_sigma_percent == pytest.approx(0.1 * weight(25.0) * SINE, rel=0.005)
    three = {"second": 0.5, "third": 0.25, "irregularity": 0.0}
    found = played(prepared(Flutter, RATE, 1, 512, depth_percent=0.7, rate_hz=10.0, **three))
    assert found.unweighted_rms_percent == pytest.approx(np.sqrt((0.4**2 + 0.2**2 + 0.1**2) / 2), rel=0.005)


def test_the_spectrum_has_a_line_at_each_rate_with_its_depth() -> None:
    t = np.arange(round(SECONDS * RATE)) / RATE
    turns = 3150 * t
    for rate_hz, depth in ((2.0, 0.001), (50.0, 0.0003)):
        turns -= 3150 * depth / (2 * np.pi * rate_hz) * np.cos(2 * np.pi * rate_hz * t)
    found = measure_flutter(np.sin(2 * np.pi * turns), RATE)
    for rate_hz, percent in ((2.0, 0.1), (50.0, 0.03)):
        near = np.abs(found.spectrum_hz - rate_hz) < 0.2
        assert np.max(found.spectrum_percent[near]) == pytest.approx(percent, rel=0.03)
    between = (found.spectrum_hz > 3.0) & (found.spectrum_hz < 49.0)
    assert np.max(found.spectrum_percent[between]) < 1e-4
    assert found.spectrum_hz[-1] == pytest.approx(200.0, abs=0.1)


def test_the_deviation_over_time_is_that_of_the_tone() -> None:
    found = measure_flutter(varying(0.1, 4.0), RATE)
    t = found.first_s + np.arange(len(found.deviation_percent)) / found.sample_rate_hz
    assert found.first_s == pytest.approx(0.5, abs=0.002)
    assert t[-1] == pytest.approx(SECONDS - 0.5, abs=0.003)
    np.testing.assert_allclose(found.deviation_percent, 0.1 * np.sin(2 * np.pi * 4 * t), atol=1e-3)


def test_dropouts_and_clicks_are_left_out() -> None:
    tone = varying(0.1, 4.0)
    whole = measure_flutter(tone, RATE)
    tone[5 * RATE : 5 * RATE + 3000] *= 0.1
    tone[8 * RATE] += 1.0
    tone[12 * RATE : 12 * RATE + 2400] = np.random.default_rng(2).normal(0.0, 0.3, 2400)
    tone[15 * RATE : 15 * RATE + 100] = np.nan
    found = measure_flutter(tone, RATE)
    assert whole.gated_s == 0.0
    assert 0.25 < found.gated_s < 0.8
    assert found.read_s == pytest.approx(SECONDS - 1.0 - found.gated_s, abs=0.01)
    assert found.weighted_two_sigma_percent == pytest.approx(whole.weighted_two_sigma_percent, rel=0.01)
    assert found.weighted_rms_percent == pytest.approx(whole.weighted_rms_percent, rel=0.02)


@pytest.mark.parametrize("disturbance", ["clicks", "dropouts", "bursts"])
def test_a_steady_tone_stays_steady_when_it_is_disturbed(disturbance: str) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 3150 * np.arange(10 * RATE) / RATE)
    noise = np.random.default_rng(2).normal(0.0, 1.0, 500)
    for start in range(RATE, 9 * RATE, RATE):
        if disturbance == "clicks":
            tone[start] += 0.5
        elif disturbance == "dropouts":
            tone[start : start + 9600] = 0.01 * np.sin(2 * np.pi * 3000 * np.arange(9600) / RATE)  # crosstalk remains
        else:
            tone[start : start + 500] += noise
    found = measure_flutter(tone, RATE)
    assert 8 * 0.04 < found.gated_s < 8 * 0.3
    assert found.weighted_two_sigma_percent < 1e-3
    assert found.unweighted_rms_percent < 1e-3
    assert abs(found.speed_error_percent) < 1e-4


def test_hum_and_harmonics_do_not_disturb_it() -> None:
    t = np.arange(round(SECONDS * RATE)) / RATE
    tone = varying(0.1, 4.0)
    found = measure_flutter(tone + 0.3 * np.sin(2 * np.pi * 50 * t) + 2.0 * tone**3, RATE)
    assert found.weighted_two_sigma_percent == pytest.approx(0.1 * SINE, rel=0.003)


def test_the_weighting_passes_smoothly_through_its_table() -> None:
    np.testing.assert_allclose(20 * np.log10(flutter_weighting(np.array(WEIGHTING_HZ))), WEIGHTING_DB, atol=1e-9)
    inside = np.linspace(np.log10(0.2), 2.0, 999)
    expected = PchipInterpolator(np.log10(WEIGHTING_HZ), WEIGHTING_DB)(inside)
    np.testing.assert_allclose(20 * np.log10(flutter_weighting(10**inside)), expected, atol=1e-9)
    beyond = 20 * np.log10(flutter_weighting(np.array([0.05, 400.0])))
    np.testing.assert_allclose(beyond, [-65.4, -28.7], atol=1e-9)


NO_TONE = "the recording has no steady tone between 2520 Hz and 3780 Hz; wow and flutter needs one"


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        (np.zeros(10 * RATE), NO_TONE),
        (np.full(10 * RATE, np.nan), NO_TONE),
        (np.random.default_rng(8).normal(0.0, 0.1, 10 * RATE), NO_TONE),
        (np.sin(2 * np.pi * 1000 * np.arange(10 * RATE) / RATE), NO_TONE),
        (1e-5 * varying(0.1, 4.0), NO_TONE),
        (varying(0.1, 4.0)[: 3 * RATE], "the recording is 3 s long; wow and flutter needs at least 6 s of a tone"),
        (np.zeros((2, 99)), "the recording has 2 channels; wow and flutter is measured on one of them"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(recording: Array, message: str) -> None:
    with pytest.raises(TapegraphError) as told:
        measure_flutter(recording, RATE)
    assert str(told.value) == message


def test_six_seconds_are_enough() -> None:
    for rate in (44_100, 48_000):
        found = measure_flutter(varying(0.1, 4.0, rate=rate)[: 6 * rate], rate)
        assert found.read_s == 5.0
        assert found.weighted_two_sigma_percent == pytest.approx(0.1 * SINE, rel=0.01)


def test_a_tone_that_is_mostly_gone_is_refused() -> None:
    tone = varying(0.1, 4.0)
    for start in range(0, len(tone), RATE // 4):
        tone[start : start + RATE // 10] = 0.0
    with pytest.raises(TapegraphError, match=r"^the tone is undisturbed for [23]\.[0-9]+ s; .* at least 5 s$"):
        measure_flutter(tone[: 10 * RATE], RATE)


def test_settings_that_leave_no_room_for_the_tone_are_refused() -> None:
    with pytest.raises(TapegraphError) as told:
        measure_flutter(np.zeros(100_000), 8000)
    assert str(told.value) == "the sample rate is 8000 Hz; a tone of 3150 Hz needs at least 8560 Hz"
    with pytest.raises(TapegraphError) as told:
        measure_flutter(np.zeros(100_000), RATE, 440.0)
    assert str(told.value) == "the nominal frequency is 440 Hz; it must be 1000 to 10000 Hz"
