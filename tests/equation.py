"""The Jiles-Atherton equation with the constants of the hysteresis node, integrated anew: slow, simple, with libm."""

from __future__ import annotations

import numpy as np
from harness import Array

K, ALPHA = 0.47875, 1.6e-3


def integrated(H: Array, drive: Array, bias: Array, saturation: Array) -> Array:
    """Return M for every setting by the classic Runge-Kutta rule over dH, a step from each sample of H to the next.

    The first step is that from no field and no magnetisation to the first sample.
    """
    M_s = 0.5 + 1.5 * (1 - saturation)
    a = M_s / (0.01 + 6 * drive)
    c = np.maximum(0, np.sqrt(bias) - 0.01)

    def slope(M: Array, H: float, delta: float) -> Array:
        L, L1 = langevin((H + ALPHA * M) / a)
        lag = M_s * L - M
        f1 = (1 - c) * np.where(delta * lag > 0, lag, 0) / ((1 - c) * delta * K - ALPHA * lag)
        f2 = c * M_s / a * L1
        return np.asarray((f1 + f2) / (1 - ALPHA * f2))

    M = np.zeros((len(H), len(drive)))
    for i in range(len(H)):
        Mp, Hp = (M[i - 1], H[i - 1]) if i else (np.zeros(len(drive)), 0.0)
        dH = H[i] - Hp
        delta = 1.0 if dH >= 0 else -1.0
        k1 = dH * slope(Mp, Hp, delta)
        k2 = dH * slope(Mp + k1 / 2, Hp + dH / 2, delta)
        k3 = dH * slope(Mp + k2 / 2, Hp + dH / 2, delta)
        k4 = dH * slope(Mp + k3, Hp + dH, delta)
        M[i] = Mp + (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return M.T


def langevin(Q: Array) -> tuple[Array, Array]:
    """Return the Langevin function and its slope, by their series where the formula would lose digits."""
    far = np.where(np.abs(Q) < 0.03, 1, Q)
    L = np.where(far == Q, 1 / np.tanh(far) - 1 / far, Q / 3 - Q**3 / 45 + 2 * Q**5 / 945)
    slope = np.where(far == Q, 1 / far**2 - 1 / np.sinh(far) ** 2, 1 / 3 - Q**2 / 15 + 2 * Q**4 / 189)
    return L, slope
