"""Filters that make good the losses of a head up to a limit: two sections of second order, fitted to its magnitude.

    C(s) = product over both of (1 + Z s / z + s^2 / z^2) / (1 + P s / p + s^2 / p^2),    s = j tan(w/2) / tan(w_l/2)
    ln |C|^2 = sum of ln q(x, Z) over the zeros - sum of ln q(x, P) over the poles
    q(x, R) = (1 - x)^2 + R^2 x,    x = |s|^2 / c^2,    c = z or p

w is the angular frequency, rad/frame, and w_l the limit. One section lifts the treble in a wide sweep, the other
resonates above the limit, as the treble peaking circuit of a recording amplifier does. Of the eight constants six are
fitted, by least squares of ln |C|^2, in twelve steps from a typical recorder; all are above 0, so that every result is
stable and of minimum phase. The fit is in the variable of trapezoidal integrators: nothing is warped later.
Source: D. W. Marquardt, An algorithm for least-squares estimation of nonlinear parameters, J. SIAM 11, 1963; the form
of the sections is ours.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from tapegraph_nodes._kernels.head.head_response import Geometry, magnitude

Array = npt.NDArray[np.float64]

HIGHEST: Final = 0.41  # of the rate: above, a sound that is flat there needs sections of higher order
STEPS: Final = 12
# Where the curve is fitted, relative to the limit, and how much it weighs beyond, where the gain stays what it was.
BELOW: Final = np.concatenate([np.geomspace(0.008, 0.25, 6), np.linspace(0.3, 1.0, 10)])
BEYOND: Final = np.array([1.3, 2.0, 4.0, 10.0])  # in s
WEIGHTS: Final = np.concatenate([np.ones(len(BELOW)), np.full(len(BEYOND), 0.1)])
# z1, z2, p1, p2, then Z1, Z2, P1, P2 as logarithms; without losses zeros and poles meet.
TYPICAL: Final = np.log([0.045, 1.25, 0.25, 1.14, 2.9, 1.5, 10.0, 0.62])
FITTED: Final = np.array([0, 1, 2, 5, 6, 7])  # not p2 and Z1
SIGNS: Final = np.array([1.0, 1.0, -1.0, -1.0])


def compensation(head: Geometry, fs: float, limit_hz: float) -> list[tuple[float, float, float, float]]:
    """Return both sections as a1, a2, d1, d2 of (1 + a1 s + a2 s^2) / (1 + d1 s + d2 s^2), with s = j tan(w/2).

    The gain is 1 / |H| within 0.5 dB up to the limit, which is held under 0.41 fs, for losses up to 42 dB.
    """
    limit_hz = min(limit_hz, HIGHEST * fs)
    g = math.tan(math.pi * limit_hz / fs)
    f = limit_hz * np.append(BELOW, np.ones(len(BEYOND)))
    target = -2.0 * np.log(np.maximum(np.abs(magnitude(head, 2.0 * math.pi * f)), 1e-6))
    s = np.append(np.tan(f[: len(BELOW)] * (math.pi / fs)) / g, BEYOND)
    constants = np.exp(fitted(s * s, target))
    sections = []
    for zero, pole in ((0, 2), (1, 3)):
        z, p = constants[zero] * g, constants[pole] * g
        sections.append(
            (float(constants[zero + 4] / z), float(1.0 / z**2), float(constants[pole + 4] / p), float(1.0 / p**2))
        )
    return sections


def fitted(u: Array, target: Array) -> Array:
    """Return the logarithms of all constants, for ln |C|^2 to follow the target over u = |s|^2."""
    constants = TYPICAL
    level, slopes = curve(constants, u)
    error = WEIGHTS * (target - level)
    damping = 0.016
    for _ in range(STEPS):
        J = WEIGHTS[:, np.newaxis] * slopes
        step = np.linalg.solve(J.T @ J + damping * np.eye(len(FITTED)), J.T @ error)
        tried = constants.copy()
        tried[FITTED] += np.clip(step, -1.0, 1.0)
        level, slopes_there = curve(tried, u)
        error_there = WEIGHTS * (target - level)
        if error_there @ error_there < error @ error:
            constants, slopes, error = tried, slopes_there, error_there
            damping *= 0.2
        else:
            damping *= 5.0
    return constants


def curve(constants: Array, u: Array) -> tuple[Array, Array]:
    """Return ln |C|^2 over u, and how it changes with the logarithm of each constant that is fitted."""
    c, R = np.exp(constants[:4]), np.exp(constants[4:])
    x = u[:, np.newaxis] / (c * c)
    R2x = R * R * x
    q = (1.0 - x) ** 2 + R2x
    per_q = 2.0 * SIGNS / q
    slopes = np.concatenate([(2.0 * x * (1.0 - x) - R2x) * per_q, R2x * per_q], axis=1)
    return np.log(q) @ SIGNS, slopes[:, FITTED]
