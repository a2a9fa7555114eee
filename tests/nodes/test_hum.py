"""Hum: its lines by the Fourier transform of whole periods, against the coefficients of a rectifier's current."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from tapegraph_nodes.noise.hum import Hum

FS = 48_000.0


def lines(fs: float = FS, mains_hz: float = 50.0, count: int = 60, **params: float) -> Array:
    """Return the amplitudes of the sines at multiples of the mains, with their signs; that of 0 first."""
    y = process(prepared(Hum, fs, 1, 50, mains_hz=mains_hz, **params), length=int(fs))[0][0]
    spectrum = -np.imag(np.fft.rfft(y)) * 2 / y.size
    return np.asarray(spectrum[:: int(mains_hz)][:count])


def rms_db(y: Array) -> float:
    return float(10 * np.log10(np.mean(y**2)))


@pytest.mark.parametrize("fs", [44_100.0, 48_000.0, 192_000.0])
@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_without_buzz_it_is_three_sines_of_the_mains(mains_hz: float, fs: float) -> None:
    """An amplitude of 0.1 sqrt(2) is -20 dB; 1, 0.5 and 0.25 have together the power of 1.3125."""
    found = lines(fs, mains_hz, level_db=-20.0, second=0.5, third=0.25, buzz=0.0)
    expected = np.zeros(found.size)
    expected[1:4] = 0.1 * np.sqrt(2 / 1.3125) * np.array([1.0, 0.5, 0.25])
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("params", [{}, {"buzz": 10.0}, {"buzz": 1.0, "third": 10.0}, {"second": 10.0, "third": 0.0}])
def test_the_rms_is_the_level_whatever_the_harmonics_are(params: dict[str, Any]) -> None:
    y = process(prepared(Hum, FS, 1, level_db=-30.0, **params), length=int(FS))[0][0]
    assert rms_db(y) == pytest.approx(-30.0, abs=1e-3)


def test_buzz_has_the_harmonics_of_a_rectifier_that_conducts_for_30_degrees() -> None:
    """Fourier coefficients of tips of a cosine, as of a class C stage, with alternating signs around sine crests.

    2 / pi (sin n q cos q - n cos n q sin q) / (n (n^2 - 1)) for each polarity; for n = 1, (q - sin q cos q) / pi.
    """
    with_buzz, without = (lines(level_db=0.0, second=0.0, third=0.0, buzz=buzz) for buzz in (1.0, 0.0))
    fundamental = without[1]
    q = np.radians(15.0)
    n = np.arange(3, 60, 2)
    tips = 4 / np.pi * (np.sin(n * q) * np.cos(q) - n * np.cos(n * q) * np.sin(q)) / (n * (n**2 - 1))
    first = 2 / np.pi * (q - np.sin(q) * np.cos(q))
    signs = np.where(n % 4 == 1, 1.0, -1.0)
    tips_rms = np.sqrt(np.sum(np.append(tips, first) ** 2) / 2)  # lines above the 59th have a thousandth of the power
    scale = fundamental / np.sqrt(2) / tips_rms
    expected = scale * signs * tips
    ratio = with_buzz[3::2] / (with_buzz[1] / (1 + scale * first / fundamental) / fundamental)
    np.testing.assert_allclose(ratio, expected, rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(with_buzz[::2], 0.0, atol=1e-9)


def test_buzz_does_not_alias() -> None:
    """At 50 Hz and 44.1 kHz, 882 frames a period: what folds back falls upon the lines, and moves them by nothing."""
    coarse, fine = (lines(fs, level_db=0.0, buzz=10.0) for fs in (44_100.0, 192_000.0))
    np.testing.assert_allclose(coarse, fine, atol=3e-5)


def test_it_starts_at_phase_0_and_is_the_same_again_after_a_reset() -> None:
    node = prepared(Hum, FS)
    first = process(node, length=640)[0]
    assert first[0, 0] == 0.0
    node.reset()
    np.testing.assert_array_equal(process(node, length=640)[0], first)


def test_the_frequency_changes_without_a_step_in_phase() -> None:
    """A sine of 60 Hz moves by at most 2 pi 60 / 48000 of its amplitude in a frame."""
    node = prepared(Hum, FS, 1, level_db=-20.0, second=0.0, third=0.0, buzz=0.0)
    before = process(node, length=960)[0][0]
    node.set("mains_hz", 60.0)
    node.update()
    steps = np.abs(np.diff(np.append(before, process(node, length=4800)[0][0])))
    assert np.max(steps) == pytest.approx(0.1 * np.sqrt(2) * 2 * np.pi * 60 / FS, rel=1e-3)
