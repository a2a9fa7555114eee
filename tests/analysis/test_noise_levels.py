"""Levels of noise: the quasi-peak meter against the bursts of its standard, RMS against integrals of the curves."""

from __future__ import annotations

import numpy as np
import pytest

from tapegraph.analysis.noise import noise_levels
from tapegraph.analysis.quasi_peak import quasi_peak
from tapegraph.analysis.spectrum import power_spectrum
from tapegraph.analysis.weighting import a_weighting, ccir_rms
from tapegraph.errors import TapegraphError

RATE = 48_000
# ITU-R BS.468-4, table 2: milliseconds, the reading in per cent of that of the steady tone, and its limits
SINGLE = [
    (1, 17.0, 13.5, 21.4),
    (2, 26.6, 22.4, 31.6),
    (5, 40.0, 34.0, 46.0),
    (10, 48.0, 41.0, 55.0),
    (20, 52.0, 44.0, 60.0),
    (50, 59.0, 50.0, 68.0),
    (100, 68.0, 58.0, 78.0),
    (200, 80.0, 68.0, 92.0),
]
# table 3: bursts of 5 ms in a second, the same
REPEATED = [(2, 48.0, 43.0, 53.0), (10, 77.0, 72.0, 82.0), (100, 97.0, 94.0, 100.0)]


def tone(hz: float, seconds: float, rate: float = RATE) -> np.ndarray:
    return np.asarray(np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate))


def reading(sound: np.ndarray, rate: float = RATE) -> float:
    return float(quasi_peak(sound[np.newaxis], rate)[0])


def percent_of_steady(gate: np.ndarray, rate: float) -> float:
    steady = tone(5000.0, len(gate) / rate, rate)
    return 100 * reading(steady * gate, rate) / reading(tone(5000.0, 3.0, rate), rate)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize(("burst_ms", "percent", "low", "high"), SINGLE)
def test_a_single_burst_of_5_khz_reads_what_the_standard_says(
    burst_ms: int, percent: float, low: float, high: float, rate: int
) -> None:
    found = percent_of_steady(np.arange(rate // 4) < burst_ms * 1e-3 * rate, rate)
    assert low < found < high
    assert found == pytest.approx(percent, rel=0.02)  # 0.17 dB


@pytest.mark.parametrize(("in_a_second", "percent", "low", "high"), REPEATED)
def test_repeated_bursts_of_5_ms_read_what_the_standard_says(
    in_a_second: int, percent: float, low: float, high: float
) -> None:
    found = percent_of_steady(np.arange(2 * RATE) % (RATE // in_a_second) < 0.005 * RATE, RATE)
    assert low < found < high
    assert found == pytest.approx(percent, rel=0.02)


@pytest.mark.parametrize(("hz", "gain_db"), [(1000.0, 0.0), (2000.0, 5.6), (6300.0, 12.2), (12_500.0, 0.0)])
def test_a_steady_tone_reads_its_level_by_the_curve(hz: float, gain_db: float) -> None:
    """Reversed too: the rectifier takes both half-waves."""
    for sign in (0.1, -0.1):
        assert 20 * np.log10(reading(sign * tone(hz, 3.0)) / 0.1) == pytest.approx(gain_db, abs=0.08)


def test_white_noise_has_the_levels_that_the_curves_and_their_bands_give() -> None:
    """The integrals of the curves over white noise of 0.01 RMS; the scatter of 30 s is 0.02 dB."""
    noise = np.random.default_rng(4).normal(0.0, 0.01, (2, 30 * RATE))
    found = noise_levels(noise, RATE)
    hz = np.linspace(20.0, 20_000.0, 200_001)
    for levels, gain in (
        (found.unweighted_dbfs, np.ones_like(hz)),
        (found.a_weighted_dbfs, a_weighting(hz)),
        (found.ccir_rms_dbfs, ccir_rms(hz)),
    ):
        power = 0.01**2 * np.mean(gain**2) * (20_000 - 20) / 24_000
        np.testing.assert_allclose(levels, 10 * np.log10(2 * power), rtol=0, atol=0.08)
    over_rms_db = found.quasi_peak_dbfs - (found.ccir_rms_dbfs + 5.63)
    assert np.all((over_rms_db > 4.0) & (over_rms_db < 5.0))


def test_the_reference_is_a_sine_of_full_scale() -> None:
    found = noise_levels(tone(1000.0, 3.0)[np.newaxis], RATE)
    assert found.unweighted_dbfs[0] == pytest.approx(0.0, abs=0.001)
    assert found.a_weighted_dbfs[0] == pytest.approx(0.0, abs=0.01)
    assert found.quasi_peak_dbfs[0] == pytest.approx(0.0, abs=0.01)
    assert found.ccir_rms_dbfs[0] == pytest.approx(-5.63, abs=0.01)


def test_silence_has_no_level_and_a_steady_voltage_is_no_noise() -> None:
    assert noise_levels(np.zeros((1, RATE)), RATE).quasi_peak_dbfs[0] == -np.inf
    assert noise_levels(np.zeros((1, RATE)), RATE).unweighted_dbfs[0] == -np.inf
    assert noise_levels(np.full((1, 2 * RATE), 0.5), RATE).unweighted_dbfs[0] < -200.0


def test_a_recording_that_is_too_short_is_refused() -> None:
    with pytest.raises(TapegraphError) as told:
        noise_levels(np.zeros((1, 2400)), RATE)
    assert str(told.value) == "the recording is 0.05 s long; a spectrum needs at least 0.1 s"


@pytest.mark.parametrize("frames", [RATE, 10 * RATE + 77, 12_345])
def test_the_lines_of_a_spectrum_add_up_to_the_power(frames: int) -> None:
    noise = np.random.default_rng(6).normal(0.0, 1.0, (1, frames))
    spectrum = power_spectrum(noise, RATE)
    assert len(spectrum.frequencies_hz) == spectrum.power.shape[1]
    assert spectrum.frequencies_hz[-1] == pytest.approx(RATE / 2, abs=spectrum.frequencies_hz[1])
    assert np.sum(spectrum.power) == pytest.approx(1.0, abs=6 / np.sqrt(frames))


@pytest.mark.parametrize("hz", [1000.0, 997.3, 31.5])
def test_a_tone_is_in_one_band_with_its_power(hz: float) -> None:
    spectrum = power_spectrum(0.1 * tone(hz, 5.0)[np.newaxis], RATE)
    edges_hz = np.array([hz * 2.0**octaves for octaves in (-1.5, -0.5, 0.5, 1.5)])
    below, around, above = spectrum.between(edges_hz[:-1], edges_hz[1:])[0]
    assert around == pytest.approx(0.005, rel=1e-3)
    assert max(below, above) < 1e-6 * around


def test_a_band_of_white_noise_has_the_power_of_its_width() -> None:
    spectrum = power_spectrum(np.random.default_rng(7).normal(0.0, 0.1, (1, 60 * RATE)), RATE)
    low_hz = np.array([500.0, 1000.0, 2000.0, 4000.0, 8000.0])
    widths = spectrum.between(low_hz, 2.0 * low_hz)[0] / (0.1**2 / (RATE / 2))
    np.testing.assert_allclose(widths, low_hz, rtol=0.02)
