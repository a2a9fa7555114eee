"""AC bias, played out: a sine of 80 kHz makes the hysteresis loud and linear, and too much of it takes level.

The Jiles-Atherton equation is rate independent: dM/dH depends on H, M and the sign of dH alone. So it is integrated
here once more over dH, in NumPy, on a continuous signal, with neither the node's estimate of dH/dt nor its table.
What the equation leaves out is the depth of the tape, through which over-bias erases more of the treble than of the
rest; here both lose alike.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from harness import Array, run

from tapegraph.node.registry import find

TONE_HZ, TREBLE_HZ, TONE_LEVEL, BIAS_HZ = 2000.0, 10_000.0, 0.25, 80_000.0
LEVELS = np.array([0.0, 0.05, 0.1, 0.2, 0.5, 0.8, 1.2])
UNDER, BEST, OVER = 0, 3, 6
PERIODS = 4  # of the tone; the bias fades in over the first, the last two are measured
DRIVE = SATURATION = 0.5


def recorded(fs: float, tone_hz: float) -> Array:
    """Return (bias level, frame): the tone with each level of bias."""
    t = np.arange(round(PERIODS * fs / tone_hz)) / fs
    bias = np.sin(2 * np.pi * BIAS_HZ * t) * np.minimum(1, t * tone_hz)
    return np.asarray(TONE_LEVEL * np.sin(2 * np.pi * tone_hz * t) + LEVELS[:, None] * bias)


def measured(M: Array, fs: float, tone_hz: float) -> tuple[Array, Array]:
    """Return the level of the tone against what went in, and that of its third harmonic against the tone, dB."""
    n = round(2 * fs / tone_hz)
    t = np.arange(n) / fs
    first, third = (np.abs(M[:, -n:] @ np.exp(-2j * np.pi * h * tone_hz * t)) * 2 / n for h in (1, 3))
    return 20 * np.log10(first / TONE_LEVEL), 20 * np.log10(third / first)


def integrated(H: Array, c: float) -> Array:
    """Return M by the classic Runge-Kutta rule over dH, one step from each sample of H to the next."""
    M_s, k, alpha = 0.5 + 1.5 * (1 - SATURATION), 0.47875, 1.6e-3
    a = M_s / (0.01 + 6 * DRIVE)

    def slope(M: Array, H: Array, delta: Array) -> Array:
        Q = (H + alpha * M) / a
        Q = np.where(np.abs(Q) < 1e-4, 1e-4, Q)
        lag = M_s * (1 / np.tanh(Q) - 1 / Q) - M
        f1 = (1 - c) * np.where(delta * lag > 0, lag, 0) / ((1 - c) * delta * k - alpha * lag)
        f2 = c * M_s / a * (1 / Q**2 - 1 / np.sinh(Q) ** 2)
        return np.asarray((f1 + f2) / (1 - alpha * f2))

    M = np.zeros_like(H)
    for i in range(1, H.shape[1]):
        Mp, Hp = M[:, i - 1], H[:, i - 1]
        dH = H[:, i] - Hp
        delta = np.where(dH >= 0, 1.0, -1.0)
        k1 = dH * slope(Mp, Hp, delta)
        k2 = dH * slope(Mp + k1 / 2, Hp + dH / 2, delta)
        k3 = dH * slope(Mp + k2 / 2, Hp + dH / 2, delta)
        k4 = dH * slope(Mp + k3, Hp + dH, delta)
        M[:, i] = Mp + (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return M


@functools.cache
def equation(bias: float, tone_hz: float = TONE_HZ) -> tuple[Array, Array]:
    fs = 48 * BIAS_HZ
    return measured(integrated(recorded(fs, tone_hz), max(0.0, np.sqrt(bias) - 0.01)), fs, tone_hz)


@functools.cache
def node(bias: float, solver: str, tone_hz: float = TONE_HZ) -> tuple[Array, Array]:
    fs = 16 * 48_000.0
    setting = {"drive": DRIVE, "saturation": SATURATION, "bias": bias, "makeup": False, "solver": solver}
    return measured(run(find("hysteresis"), recorded(fs, tone_hz), fs, frames=1024, **setting), fs, tone_hz)


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_the_node_with_a_bias_sine_does_what_the_equation_does(bias: float) -> None:
    """Within 0.15 dB of level and 1.5 dB of distortion, for ten samples a period; the bias moves them by 15 and 30."""
    np.testing.assert_allclose(node(bias, "rk4")[0], equation(bias)[0], atol=0.15)
    np.testing.assert_allclose(node(bias, "rk4")[1][:OVER], equation(bias)[1][:OVER], atol=1.5)


@pytest.mark.parametrize("solver", ["rk2", "rk4", "nr4", "nr8", "exponential_h"])
def test_bias_makes_a_wide_loop_loud_and_linear_and_too_much_of_it_takes_level(solver: str) -> None:
    level, third = node(0.0, solver)
    assert level[BEST] - level[UNDER] > 14
    assert third[UNDER] - third[BEST] > 30
    assert np.argmax(level) == BEST
    assert np.all(np.diff(level[BEST:]) < 0)
    assert level[BEST] - level[OVER] > 2.5


def test_too_much_bias_takes_treble_as_well() -> None:
    level, expected = node(0.0, "rk4", TREBLE_HZ)[0], equation(0.0, TREBLE_HZ)[0]
    np.testing.assert_allclose(level[BEST:], expected[BEST:], atol=0.3)
    best = np.argmax(level)
    assert best > BEST  # treble has few periods of bias to each of its own, and needs more of it
    assert level[best] - level[OVER] > 2
