"""The Jiles-Atherton equation as a relaxation over the field, solved exactly along straight lines.

    x = delta (L(q) - m),    dx = delta (1 - c) dL - [x where positive, else 0] |dh| / D,    D = kappa - gamma x
    m = L(q) - delta x

is the equation of jiles_atherton.py, in the same letters, after its reversible share c dL has been integrated. The
rate of the field is not in it. What is left is linear as long as D is constant: over a step from h to h + dh, with
z = |dh| / D, and with L taken as a straight line from its exact value at one end to that at the other,

    m rises by dL (1 - (1 - c) f) + delta x z f,    f = (1 - exp(-z)) / z

Where x begins below 0, it first has to rise to 0, and only the rest of the step counts.

Between samples the field is the parabola through the last three. Where that turns inside the step, m goes to the turn
first: a remanence depends on how far the field went, and the turn rarely falls on a sample.

Over a large step L is not a straight line, and D is not constant: a step of more than a / 2 is divided into up to four
equal parts. Time does not enter, so that equal parts of the field are right whatever it did in between.
Source: M. Hochbruck, A. Ostermann, Exponential integrators, Acta Numerica 19, 2010 (exponential Euler); exp(-z) is
the Pade approximant of degrees 2 and 3, within 0.002 and never outside 0 to 1.
"""

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.magnetics.jiles_atherton import Material
from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT, END, MIDDLE, ROUND

LARGE_STEP: Final = 32.0  # half of a, in cells
MOST_PARTS: Final = 4


def exponential(
    table: vec[float],
    material: Material,
    m: float,
    L: float,
    hpp: float,
    hp: float,
    h: float,
    earlier: float,
) -> tuple[float, float]:
    """Return m and L(q) at the field h, from those at hp; before that the field was hpp.

    earlier: m of the sample before, as in jiles_atherton.py
    """
    before = hp - hpp
    now = h - hp
    if (before + now) * (3.0 * now - before) < 0.0:  # the slopes of the parabola at hp and at h
        turn = hp - (before + now) * (before + now) / (8.0 * (now - before))
        m, L = traverse(table, material, m, L, turn - hp, turn, earlier)
        now = h - turn
    return traverse(table, material, m, L, now, h, earlier)


def traverse(
    table: vec[float], material: Material, m: float, L: float, dh: float, h: float, earlier: float
) -> tuple[float, float]:
    """Return m and L(q) at the field h, from those at h - dh; a large step is divided into equal parts."""
    if abs(dh) > LARGE_STEP:
        parts: i64 = min(MOST_PARTS, i64(abs(dh) * (1.0 / LARGE_STEP)) + 1)
        dh /= float(parts)
        while parts > 1:
            parts -= 1
            m, L = relax(table, material, m, L, dh, h - float(parts) * dh, m)
    return relax(table, material, m, L, dh, h, earlier)


def relax(
    table: vec[float], material: Material, m: float, L: float, dh: float, h: float, earlier: float
) -> tuple[float, float]:
    """Return m and L(q) at the field h, from those at h - dh."""
    c, kappa, beta, gamma = material.c, material.kappa, material.beta, material.gamma
    q = h + beta * m
    cell = h + beta * earlier + ROUND - ROUND
    t = q - cell
    if not abs(t) < 0.5:
        cell = q + ROUND - ROUND
        t = q - cell
    if abs(q) < END:
        k = 4 * i64(cell) + MIDDLE
        k3 = t * table[k + 3]
        k2 = table[k + 2] + k3
        k1 = table[k + 1] + t * k2
        end = table[k] + t * k1
        L1 = k1 + t * (k2 + k3)
    else:
        L1 = CELLS_PER_UNIT / (q * q)
        end = (1.0 if q > 0.0 else -1.0) - q * L1
    dL = end - L
    way = abs(dh)
    if dh < 0.0:
        x = m - L
        toward = c - 1.0
    else:
        x = L - m
        toward = 1.0 - c
    if x >= 0.0:
        D = kappa - gamma * x
        if D <= 0.0:
            D = 1e-3 * kappa
        share = decayed(way, D)
        f = D * share
        irreversible = dh * x * share
    else:
        rise = toward * dL
        f = 1.0
        irreversible = 0.0
        if rise > -x:
            left = 1.0 + x / rise
            f = 1.0 - left * (1.0 - kappa * decayed(left * way, kappa))
    held = 1.0 - (1.0 - c) * f
    dm = dL * held + irreversible
    # So far with the mean field of the old m. beta L' is under 0.004: two terms of the series are enough.
    w = beta * L1 * held
    dm *= 1.0 + w * (1.0 + w)
    return m + dm, end + beta * L1 * dm


def decayed(way: float, D: float) -> float:
    """Return (1 - exp(-z)) / way with z = way / D, by the approximant, with a single division."""
    square = D * D
    above = square + way * (0.1 * D + (1.0 / 60.0) * way)
    return above / (D * square + way * (0.6 * square + way * (0.15 * D + (1.0 / 60.0) * way)))


def langevin_at(table: vec[float], q: float) -> float:
    """Return L(q)."""
    if not abs(q) < END:
        return (1.0 if q > 0.0 else -1.0) - CELLS_PER_UNIT / q
    cell = q + ROUND - ROUND
    t = q - cell
    k = 4 * i64(cell) + MIDDLE
    return table[k] + t * (table[k + 1] + t * (table[k + 2] + t * table[k + 3]))
