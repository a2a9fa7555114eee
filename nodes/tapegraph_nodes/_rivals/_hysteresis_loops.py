"""The rival in Numba: the loops of hysteresis.c in the same letters, as one would write them for Numba.

Importing this needs Numba, which compiles a function when it is first called.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., object])
compiled: Callable[[F], F] = numba.njit(error_model="numpy")  # divides as C does

RK2, RK4, MIDPOINT_H, EXPONENTIAL_H = 0, 1, 2, 3  # from 4 on the iterations of Newton


@compiled
def langevin(Q: float) -> tuple[float, float, float]:
    """Return the Langevin function and its derivatives."""
    if abs(Q) < 1e-3:
        return Q / 3.0, 1.0 / 3.0, -2.0 * Q / 15.0
    coth = 1.0 / math.tanh(Q)
    csch2 = coth * coth - 1.0
    return coth - 1.0 / Q, 1.0 / (Q * Q) - csch2, 2.0 * coth * csch2 - 2.0 / (Q * Q * Q)


@compiled
def slope(
    M_s: float, a: float, c: float, k: float, alpha: float, M: float, H: float, H_d: float, wanted: bool
) -> tuple[float, float]:
    """Return dM/dt and, where it is wanted, its derivative by M."""
    L, L1, L2 = langevin((H + alpha * M) / a)
    d = M_s * L - M
    delta = 1.0 if H_d >= 0.0 else -1.0
    fraction = 1.0 - c if d * delta > 0.0 else 0.0
    D = (1.0 - c) * delta * k - alpha * d
    f1 = fraction * d / D
    f2 = c * (M_s / a) * L1
    f3 = 1.0 - alpha * f2
    f = H_d * (f1 + f2) / f3
    if not wanted:
        return f, 0.0
    d1 = alpha * (M_s / a) * L1 - 1.0
    f1_M = fraction * (d1 / D + alpha * d * d1 / (D * D))
    f2_M = alpha * c * M_s / (a * a) * L2
    return f, (H_d * (f1_M + f2_M) + f * alpha * f2_M) / f3


@compiled
def decayed(path: float, D: float) -> float:
    """Return (1 - exp(-z)) / path with z = path / D; exp by the Pade approximant of degrees 2 and 3."""
    z = path / D
    return (1.0 + 0.1 * z + z * z / 60.0) / (D * (1.0 + 0.6 * z + 0.15 * z * z + z * z * z / 60.0))


@compiled
def relax(
    M_s: float, a: float, c: float, k: float, alpha: float, M: float, L: float, H: float, dH: float
) -> tuple[float, float]:
    """Return M and L at the field H, from those dH before."""
    end, L1, _ = langevin((H + alpha * M) / a)
    delta = math.copysign(1.0, dH)
    dL = M_s * (end - L)
    x = delta * (M_s * L - M)
    f, irreversible = 1.0, 0.0
    if x >= 0.0:
        D = k - alpha * x / (1.0 - c)
        fraction = decayed(abs(dH), D)
        f = D * fraction
        irreversible = dH * x * fraction
    else:
        rise = delta * (1.0 - c) * dL
        if rise > -x:
            left = 1.0 + x / rise
            f = 1.0 - left * (1.0 - k * decayed(left * abs(dH), k))
    held = 1.0 - (1.0 - c) * f
    w = alpha * (M_s / a) * L1 * held
    dM = (dL * held + irreversible) * (1.0 + w * (1.0 + w))
    return M + dM, end + L1 * alpha * dM / a


@compiled
def traverse(
    M_s: float, a: float, c: float, k: float, alpha: float, M: float, L: float, H: float, dH: float
) -> tuple[float, float]:
    """Return M and L at the field H, from those dH before, in parts of at most a / 2, as far as four suffice."""
    parts = int(min(4.0, 2.0 * abs(dH) / a + 1.0))
    for left in range(parts - 1, -1, -1):
        M, L = relax(M_s, a, c, k, alpha, M, L, H - left * dH / parts, dH / parts)
    return M, L


@compiled
def exponential(M_s: float, a: float, c: float, k: float, alpha: float, x: Array, y: Array) -> None:
    """Magnetise one channel of x into y, by way of the extremum where the field turns between samples."""
    M = L = Hpp = Hp = 0.0
    for i in range(len(x)):
        H = x[i]
        before, now = Hp - Hpp, H - Hp
        if (before + now) * (3.0 * now - before) < 0.0:
            turn = Hp - (before + now) * (before + now) / (8.0 * (now - before))
            M, L = traverse(M_s, a, c, k, alpha, M, L, turn, turn - Hp)
            now = H - turn
        M, L = traverse(M_s, a, c, k, alpha, M, L, H, now)
        y[i] = M
        Hpp, Hp = Hp, H


@compiled
def magnetise(
    M_s: float, a: float, c: float, k: float, alpha: float, T: float, method: int, x: Array, y: Array
) -> None:
    """Magnetise one channel of x into y."""
    if method == EXPONENTIAL_H:
        exponential(M_s, a, c, k, alpha, x, y)
        return
    M = Hp = H_d_p = 0.0
    for i in range(len(x)):
        H = x[i]
        H_d = (H - Hp) / T if method == MIDPOINT_H else 1.75 / T * (H - Hp) - 0.75 * H_d_p
        first = H_d if method == MIDPOINT_H else H_d_p
        H_mid, H_d_mid = (H + Hp) / 2.0, (H_d + first) / 2.0
        k1 = T * slope(M_s, a, c, k, alpha, M, Hp, first, False)[0]
        if method in (RK2, MIDPOINT_H):
            M += T * slope(M_s, a, c, k, alpha, M + k1 / 2.0, H_mid, H_d_mid, False)[0]
        elif method == RK4:
            k2 = T * slope(M_s, a, c, k, alpha, M + k1 / 2.0, H_mid, H_d_mid, False)[0]
            k3 = T * slope(M_s, a, c, k, alpha, M + k2 / 2.0, H_mid, H_d_mid, False)[0]
            k4 = T * slope(M_s, a, c, k, alpha, M + k3, H, H_d, False)[0]
            M += k1 / 6.0 + k2 / 3.0 + k3 / 3.0 + k4 / 6.0
        else:
            start = M + k1 / 1.9
            for _ in range(method):
                f, gradient = slope(M_s, a, c, k, alpha, M, H, H_d, True)
                M -= (M - start - T / 1.9 * f) / (1.0 - T / 1.9 * gradient)
        y[i] = M
        Hp = H
        H_d_p = H_d
