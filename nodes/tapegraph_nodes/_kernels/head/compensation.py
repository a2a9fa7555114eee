"""Filters that make good the losses of a head up to a limit: two sections of second order, fitted to its magnitude.

    C(s) = product over both of (1 + Z s / z + s^2 / z^2) / (1 + P s / p + s^2 / p^2),    s = j tan(w/2) / tan(w_l/2)
    ln |C|^2 = sum of ln q(x, Z) over the zeros - sum of ln q(x, P) over the poles
    q(x, R) = (1 - x)^2 + R^2 x,    x = |s|^2 / c^2,    c = z or p

w is the angular frequency, rad/frame, and w_l the limit. One section lifts the treble in a wide sweep, the other
resonates above the limit, as the treble peaking circuit of a recording amplifier does. Of the eight constants six are
fitted, by least squares of ln |C|^2, in twelve steps from a typical recorder; all are above 0, so that every result is
stable and of minimum phase. To be far from that recorder counts as an error, too: so constants on which the response
hardly depends stay near it, and filters for similar heads are similar, and can be turned into each other while they
sound. The fit is in the variable of trapezoidal integrators: nothing is warped later.
Source: D. W. Marquardt, An algorithm for least-squares estimation of nonlinear parameters, J. SIAM 11, 1963; the form
of the sections is ours.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.head.head_response import Geometry, magnitude

Array = npt.NDArray[np.float64]

HIGHEST: Final = 0.41  # of the rate: above, a sound that is flat there needs sections of higher order
STEPS: Final = 12
# Where the curve is fitted, relative to the limit, and how much it weighs beyond, where the gain stays what it was.
BELOW: Final = np.concatenate([np.geomspace(0.008, 0.25, 6), np.linspace(0.3, 1.0, 10)])
BEYOND: Final = np.array([1.3, 2.0, 4.0, 10.0])  # in s
WEIGHTS: Final = vec[float]([1.0] * len(BELOW) + [0.1] * len(BEYOND))
# z1, z2, p1, p2, then Z1, Z2, P1, P2; without losses zeros and poles meet.
TYPICAL: Final = [0.045, 1.25, 0.25, 1.14, 2.9, 1.5, 10.0, 0.62]
FITTED: Final = [0, 1, 2, 5, 6, 7]  # not p2 and Z1
FREE: Final = 6
AWAY: Final = 0.04  # error of a constant e times that of the recorder, relative to one of ln |C|^2 by 1, both squared


def compensation(head: Geometry, fs: float, limit_hz: float) -> list[tuple[float, float, float, float]]:
    """Return both sections as a1, a2, d1, d2 of (1 + a1 s + a2 s^2) / (1 + d1 s + d2 s^2), with s = j tan(w/2).

    The gain is 1 / |H| within 0.5 dB up to the limit, which is held under 0.41 fs, for losses up to 42 dB; for large
    losses with a limit over 0.3 fs within 1.2 dB.
    """
    limit_hz = min(limit_hz, HIGHEST * fs)
    g = math.tan(math.pi * limit_hz / fs)
    f = limit_hz * np.append(BELOW, np.ones(len(BEYOND)))
    target: Array = -2.0 * np.log(np.maximum(np.abs(magnitude(head, 2.0 * math.pi * f)), 1e-6))
    u: Array = np.append(np.tan(f[: len(BELOW)] * (math.pi / fs)) / g, BEYOND) ** 2
    k = fitted(vec[float](u), vec[float](target))
    sections = []
    for zero in range(2):
        z, p = math.exp(k[zero]) * g, math.exp(k[zero + 2]) * g
        sections.append((math.exp(k[zero + 4]) / z, 1.0 / (z * z), math.exp(k[zero + 6]) / p, 1.0 / (p * p)))
    return sections


def fitted(u: vec[float], target: vec[float]) -> vec[float]:
    """Return the logarithms of all constants, for ln |C|^2 to follow the target over u = |s|^2."""
    points = len(u)
    k = vec[float]([math.log(value) for value in TYPICAL])
    tried = vec[float]([0.0] * len(k))
    error, error_there = vec[float]([0.0] * points), vec[float]([0.0] * points)
    slopes, slopes_there = vec[float]([0.0] * (points * FREE)), vec[float]([0.0] * (points * FREE))
    J = vec[float]([0.0] * (FREE * FREE))
    step = vec[float]([0.0] * FREE)
    worst = compared(k, u, target, error, slopes)
    damping = 0.016
    for _ in range(STEPS):
        normal_equations(slopes, error, k, damping, J, step)
        solve(J, step)
        for j in range(8):
            tried[j] = k[j]
        for i, j in enumerate(FITTED):
            tried[j] += min(max(step[i], -1.0), 1.0)
        there = compared(tried, u, target, error_there, slopes_there)
        if there < worst:
            k, tried = tried, k
            error, error_there = error_there, error
            slopes, slopes_there = slopes_there, slopes
            worst = there
            damping *= 0.2
        else:
            damping *= 5.0
    return k


def compared(k: vec[float], u: vec[float], target: vec[float], error: vec[float], slopes: vec[float]) -> float:
    """Set the errors of ln |C|^2 and its slopes over what is fitted, all weighted; return the sum of squared errors.

    k: the logarithms of all constants, whose distance from the typical ones is part of the sum
    """
    per_z1, per_z2 = math.exp(-2.0 * k[0]), math.exp(-2.0 * k[1])
    per_p1, per_p2 = math.exp(-2.0 * k[2]), math.exp(-2.0 * k[3])
    Z1, Z2, P1, P2 = math.exp(2.0 * k[4]), math.exp(2.0 * k[5]), math.exp(2.0 * k[6]), math.exp(2.0 * k[7])
    total = 0.0
    for r in range(FREE):
        away = away_from_typical(k, r)
        total += AWAY * away * away
    n: i64 = len(u)
    i: i64 = 0
    while i < n:
        x1, x2, x3, x4 = u[i] * per_z1, u[i] * per_z2, u[i] * per_p1, u[i] * per_p2
        q1 = (1.0 - x1) * (1.0 - x1) + Z1 * x1
        q2 = (1.0 - x2) * (1.0 - x2) + Z2 * x2
        q3 = (1.0 - x3) * (1.0 - x3) + P1 * x3
        q4 = (1.0 - x4) * (1.0 - x4) + P2 * x4
        weight = WEIGHTS[i]
        e = weight * (target[i] - math.log(q1 * q2 / (q3 * q4)))
        error[i] = e
        total += e * e
        twice = 2.0 * weight
        at = i * FREE
        slopes[at] = twice * x1 * (2.0 * (1.0 - x1) - Z1) / q1
        slopes[at + 1] = twice * x2 * (2.0 * (1.0 - x2) - Z2) / q2
        slopes[at + 2] = -twice * x3 * (2.0 * (1.0 - x3) - P1) / q3
        slopes[at + 3] = twice * Z2 * x2 / q2
        slopes[at + 4] = -twice * P1 * x3 / q3
        slopes[at + 5] = -twice * P2 * x4 / q4
        i += 1
    return total


def away_from_typical(k: vec[float], r: i64) -> float:
    """Return by how much the r-th constant that is fitted is above the typical one, in nepers."""
    j = FITTED[r]
    return k[j] - math.log(TYPICAL[j])


def normal_equations(
    slopes: vec[float], error: vec[float], k: vec[float], damping: float, J: vec[float], step: vec[float]
) -> None:
    """Set J to slopes^T slopes + AWAY + damping, and step to slopes^T error - AWAY times the way from the recorder."""
    n: i64 = len(error)
    r: i64 = 0
    while r < FREE:
        c: i64 = 0
        while c <= r:
            total = AWAY + damping if c == r else 0.0
            i: i64 = 0
            while i < n:
                total += slopes[i * FREE + r] * slopes[i * FREE + c]
                i += 1
            J[r * FREE + c] = total
            c += 1
        total = -AWAY * away_from_typical(k, r)
        i = 0
        while i < n:
            total += slopes[i * FREE + r] * error[i]
            i += 1
        step[r] = total
        r += 1


def solve(J: vec[float], step: vec[float]) -> None:
    """Solve J x = step in place, for a symmetric positive J of which the lower half is given, by Cholesky's method."""
    n: i64 = len(step)
    r: i64 = 0
    while r < n:
        c: i64 = 0
        while c <= r:
            total = J[r * n + c]
            i: i64 = 0
            while i < c:
                total -= J[r * n + i] * J[c * n + i]
                i += 1
            J[r * n + c] = math.sqrt(total) if c == r else total / J[c * n + c]
            c += 1
        total = step[r]
        i = 0
        while i < r:
            total -= J[r * n + i] * step[i]
            i += 1
        step[r] = total / J[r * n + r]
        r += 1
    while r > 0:
        r -= 1
        total = step[r]
        i = r + 1
        while i < n:
            total -= J[i * n + r] * step[i]
            i += 1
        step[r] = total / J[r * n + r]
