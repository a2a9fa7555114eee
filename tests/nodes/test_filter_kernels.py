"""The state-variable filter and the one-pole against SciPy's bilinear transform and the sums that they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from harness import Array
from scipy import signal
from tapegraph_nodes._kernels.one_pole import one_pole, one_pole_gain
from tapegraph_nodes._kernels.prewarp import prewarped, without_subnormal
from tapegraph_nodes._kernels.svf import filtered

FS = 48_000.0
NOISE: Array = np.random.default_rng(0).uniform(-1, 1, 4000)


def svf(x: Array, g: Array | float, R: float) -> Array:
    """Return high, band and low, (3, frames)."""
    s1 = s2 = 0.0
    out = []
    for sample, g_now in zip(x.tolist(), np.broadcast_to(g, x.shape).tolist(), strict=True):
        h, b, low, s1, s2 = filtered(sample, g_now, R, s1, s2)
        out.append((h, b, low))
    return np.array(out).T


def poles(x: Array, cutoff_hz: float) -> Array:
    """Return low and high of the one-pole, (2, frames)."""
    G, s = one_pole_gain(cutoff_hz, FS), 0.0
    out = []
    for sample in x.tolist():
        low, high, s = one_pole(sample, G, s)
        out.append((low, high))
    return np.array(out).T


@pytest.mark.parametrize("Q", [0.3, math.sqrt(0.5), 5.0])
@pytest.mark.parametrize("cutoff_hz", [30.0, 1000.0, 20_000.0])
def test_the_outputs_are_the_bilinear_transforms_of_the_analogue_filters(cutoff_hz: float, Q: float) -> None:
    w = 2 * FS * np.tan(np.pi * cutoff_hz / FS)
    den = [1.0, w / Q, w * w]
    outputs = svf(NOISE, prewarped(cutoff_hz, FS), 1 / Q)
    for y, num in zip(outputs, ([1.0, 0.0, 0.0], [w, 0.0], [w * w]), strict=True):
        np.testing.assert_allclose(y, signal.lfilter(*signal.bilinear(num, den, FS), NOISE), atol=1e-9)
    np.testing.assert_allclose(outputs[0] + outputs[1] / Q + outputs[2], NOISE, atol=1e-12)


def test_two_in_a_row_make_a_crossover_whose_bands_add_up_to_an_allpass() -> None:
    x = np.zeros(8192)
    x[0] = 1.0
    g, R = prewarped(1000.0, FS), math.sqrt(2)
    low = svf(svf(x, g, R)[2], g, R)[2]
    high = svf(svf(x, g, R)[0], g, R)[0]
    np.testing.assert_allclose(np.abs(np.fft.rfft(low + high)), 1.0, atol=1e-9)
    at_1_khz = np.exp(-2j * np.pi * 1000 / FS * np.arange(8192))
    assert 20 * math.log10(abs(low @ at_1_khz)) == pytest.approx(-6.0206, abs=1e-3)


@pytest.mark.parametrize("R", [0.1, math.sqrt(2), 4.0])
def test_without_input_its_energy_falls_however_g_jumps_from_sample_to_sample(R: float) -> None:
    """Trapezoidal integrators: s1^2 + s2^2 changes by -4 g R b^2 in a sample."""
    s1, s2 = 1.0, -0.5
    for g in np.random.default_rng(1).uniform(prewarped(20.0, FS), prewarped(23_000.0, FS), 200).tolist():
        energy = s1 * s1 + s2 * s2
        _, b, _, s1, s2 = filtered(0.0, g, R, s1, s2)
        assert s1 * s1 + s2 * s2 == pytest.approx(energy - 4 * g * R * b * b, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("cutoff_hz", [10.0, 1000.0, 20_000.0])
def test_a_one_pole_is_a_butterworth_of_first_order(cutoff_hz: float) -> None:
    for y, kind in zip(poles(NOISE, cutoff_hz), ("lowpass", "highpass"), strict=True):
        np.testing.assert_allclose(y, signal.lfilter(*signal.butter(1, cutoff_hz, kind, fs=FS), NOISE), atol=1e-12)


def test_a_one_pole_is_3_db_down_at_its_cutoff() -> None:
    x = np.zeros(48_000)
    x[0] = 1.0
    for y in poles(x, 100.0):
        assert 20 * np.log10(abs(np.fft.rfft(y)[100])) == pytest.approx(-3.0103, abs=1e-4)


def test_a_cutoff_beyond_the_nyquist_frequency_is_held_below_it() -> None:
    assert prewarped(1e9, FS) == prewarped(0.49 * FS, FS) == pytest.approx(math.tan(0.49 * math.pi))


def test_states_under_600_db_become_silence() -> None:
    assert [without_subnormal(s) for s in (1.1e-30, -1.1e-30, 0.9e-30, -5e-324)] == [1.1e-30, -1.1e-30, 0.0, 0.0]
