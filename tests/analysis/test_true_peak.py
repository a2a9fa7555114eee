"""True peak against the signals of EBU Tech 3341, exact waveforms, and ffmpeg."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter, resample_poly

from tapegraph.analysis import true_peak
from tapegraph.analysis.loudness import loudness_range
from tapegraph.analysis.true_peak import true_peak_dbtp

RATE = 48_000
# EBU Tech 3341, table 1, signals 15 to 19: part of the sample rate, amplitude, degrees, dBTP
STEADY = [(4, 0.5, 0.0, -6.0), (4, 0.5, 45.0, -6.0), (6, 0.5, 60.0, -6.0), (8, 0.5, 67.5, -6.0), (4, 1.41, 45.0, 3.0)]


def within(found_dbtp: float, expected_dbtp: float) -> bool:
    return expected_dbtp - 0.4 <= found_dbtp <= expected_dbtp + 0.2


@pytest.mark.parametrize(("part", "amplitude", "degrees", "dbtp"), STEADY)
def test_steady_tones_of_ebu_tech_3341_have_their_true_peak(
    part: int, amplitude: float, degrees: float, dbtp: float
) -> None:
    """The edges of the test files fade; so does this."""
    n = np.arange(3 * RATE)
    fade = np.clip(np.minimum(n, n[::-1]) / 960, 0, 1)
    tone = amplitude * fade * np.sin(2 * np.pi * n / part + np.radians(degrees))
    found = float(true_peak_dbtp(tone[np.newaxis])[0])
    assert within(found, dbtp)
    assert found == pytest.approx(20 * np.log10(amplitude), abs=0.01)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_short_burst_has_its_peak_wherever_it_lies_between_the_samples(quarters: int) -> None:
    """As signals 20 to 23 of EBU Tech 3341, whose recipe is not at hand: a quarter of the rate, 0 dBTP."""
    n = np.arange(-200, 200) - quarters / 4
    burst = np.where(np.abs(n) < 40, np.cos(np.pi * n / 80) ** 2, 0) * np.cos(np.pi * n / 2)
    found = float(true_peak_dbtp(burst[np.newaxis])[0])
    assert within(found, 0.0)
    assert found == pytest.approx(0.0, abs=0.01)
    assert quarters == 0 or np.max(np.abs(burst)) < 10 ** (-0.6 / 20)


@pytest.mark.parametrize("part", [0.05, 0.1, 0.25, 0.4])
def test_a_peak_between_the_four_reads_low_by_the_cosine_of_an_eighth_of_a_frame(part: float) -> None:
    n = np.arange(-400, 400) - 0.125
    tone = np.cos(2 * np.pi * part * n) * np.exp(-((n / 100) ** 2))
    expected = 20 * np.log10(np.cos(np.pi * part / 4))
    assert float(true_peak_dbtp(tone[np.newaxis])[0]) == pytest.approx(expected, abs=0.01)


def test_noise_has_the_peak_that_a_finer_interpolation_finds() -> None:
    noise = np.random.default_rng(9).normal(0.0, 0.1, (2, RATE))
    music = lfilter([1.0], [1.0, -0.9], noise)
    finer = 20 * np.log10(np.max(np.abs(resample_poly(music, 32, 1, axis=1)), axis=1))
    found = true_peak_dbtp(music)
    assert np.all(found <= finer + 0.02)
    assert np.all(found > finer - 0.2)


def test_long_sound_is_measured_in_pieces_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = np.random.default_rng(3).normal(0.0, 0.1, (2, 20_000))
    whole = true_peak_dbtp(sound)
    for piece in (777, 20_000, 1000):
        monkeypatch.setattr(true_peak, "PIECE", piece)
        np.testing.assert_allclose(true_peak_dbtp(sound), whole, rtol=0, atol=1e-9)


def test_silence_has_no_peak_and_what_is_no_sound_does_not_count() -> None:
    assert true_peak_dbtp(np.zeros((1, 99)))[0] == -np.inf
    assert true_peak_dbtp(np.zeros((1, 0)))[0] == -np.inf
    assert true_peak_dbtp(np.array([[0.0, np.nan, np.inf, 1e200, 0.0]]))[0] == -np.inf
    alone = np.zeros((1, 200))
    alone[0, 100] = 0.5
    assert true_peak_dbtp(alone.astype(np.float32))[0] == pytest.approx(20 * np.log10(0.5), abs=1e-9)


FFMPEG = shutil.which("ffmpeg")


@pytest.mark.skipif(FFMPEG is None, reason="there is no ffmpeg to compare with; EBU's signals are tested without")
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_ffmpeg_finds_the_same_true_peak_and_loudness_range(rate: int, tmp_path: Path) -> None:
    """ffmpeg prints tenths."""
    noise = lfilter([1.0], [1.0, -0.8], np.random.default_rng(5).normal(0.0, 0.05, (2, 20 * rate)))
    sound = noise * np.interp(np.arange(20 * rate) / rate, [0, 5, 10, 15, 20], [0.05, 1.0, 0.2, 1.2, 0.1])
    soundfile.write(tmp_path / "x.wav", sound.T, rate, "FLOAT")
    options = ["-nostats", "-i", "x.wav", "-af", "ebur128=peak=true", "-f", "null", "-"]
    told = subprocess.run([str(FFMPEG), *options], cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    peak = float(re.findall(r"Peak: +(-?[0-9.]+) dBFS", told)[-1])
    wide = float(re.findall(r"LRA: +([0-9.]+) LU", told)[-1])
    assert float(np.max(true_peak_dbtp(sound))) == pytest.approx(peak, abs=0.15)
    assert loudness_range(sound, rate) == pytest.approx(wide, abs=0.15)
