"""The Jiles-Atherton equation of magnetisation, and solvers that advance it by one sample.

    q = h + beta m,    x = delta (L(q) - m) where that is positive, else 0,    delta = sign of v
    dm = v [ x / (kappa - gamma x) + c L'(q) ] / (1 - beta c L'(q))

dm is the rise of m in one sample. In units of its own the equation has four constants and no sample rate:

    m = M / M_s               magnetisation, relative to saturation
    h = H / a, v = T dH/dt    field, and its rise in one sample T; both in cells of the Langevin table
    c                         reversible share, 0 to 1
    kappa = k / a             coercivity, cells
    beta = alpha M_s / a      mean field, cells
    gamma = beta / (1 - c)    mean field upon the irreversible share, cells

A solver is given the last sample (m, hp, vp) and the present field (h, v), and returns the present m. It raises
nothing; where the field leaps by many coercivities the result may be beyond saturation, even huge or NaN, which the
caller has to check. Each step of a channel has to wait for the step before. A processor fills the wait with the step of
another channel where that comes soon enough; runge_kutta is so long that it takes two channels in turns. To shorten the
wait, the cell of the Langevin table is taken from an m that was known earlier: beta m moves q by a part of a cell, so
that it is nearly always the right one, and a processor that bets on it has the coefficients at hand when m arrives.

Source: D. Jiles, D. Atherton, Theory of ferromagnetic hysteresis, J. Magn. Magn. Mater. 61, 1986; L and the solvers
as in J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, eq. 8 to 20.
Differs: kappa - gamma x stays positive. It would change sign, with a division by zero in between, where M_s x
exceeds (1 - c) k / alpha, which takes a jump from full magnetisation to nearly its opposite.
"""

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT, END, MIDDLE, ROUND


class Material:
    """The four constants of the equation."""

    def __init__(self) -> None:
        self.c: float = 0.0
        self.kappa: float = 1.0
        self.beta: float = 0.0
        self.gamma: float = 0.0


def slope(table: vec[float], material: Material, m: float, h: float, v: float, earlier: float) -> float:
    """Return dm, over a common denominator: a division takes as long as a dozen products.

    earlier: any m; the sooner it is known and the nearer to m, the less time it takes
    """
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
        L = table[k] + t * k1
        L1 = k1 + t * (k2 + k3)
    else:
        L1 = CELLS_PER_UNIT / (q * q)
        L = (1.0 if q > 0.0 else -1.0) - q * L1
    x = L - m if v >= 0.0 else m - L
    if not x > 0.0:
        x = 0.0
    D = kappa - gamma * x
    if D <= 0.0:
        D = 1e-3 * kappa
    e = c * L1
    return v * (x + e * D) / (D * (1.0 - beta * e))


def midpoint(
    table: vec[float],
    material: Material,
    m: float,
    hp: float,
    vp: float,
    h: float,
    v: float,
    earlier: float,
) -> float:
    """Runge-Kutta of second order: the midpoint rule. earlier: m of the sample before"""
    k1 = slope(table, material, m, hp, 0.5 * vp, earlier)
    return m + slope(table, material, m + k1, 0.5 * (hp + h), 0.5 * (vp + v), m)


def runge_kutta(
    table: vec[float],
    material: Material,
    ma: float,
    hpa: float,
    vpa: float,
    ha: float,
    va: float,
    earlier_a: float,
    mb: float,
    hpb: float,
    vpb: float,
    hb: float,
    vb: float,
    earlier_b: float,
) -> tuple[float, float]:
    """Runge-Kutta of fourth order, the classic, for two channels, a and b, in turns. earlier: m of the sample before"""
    h_mid_a = 0.5 * (hpa + ha)
    h_mid_b = 0.5 * (hpb + hb)
    v_mid_a = 0.25 * (vpa + va)  # k1 to k4 are half of the rise of m
    v_mid_b = 0.25 * (vpb + vb)
    k1a = slope(table, material, ma, hpa, 0.5 * vpa, earlier_a)
    k1b = slope(table, material, mb, hpb, 0.5 * vpb, earlier_b)
    k2a = slope(table, material, ma + k1a, h_mid_a, v_mid_a, ma)
    k2b = slope(table, material, mb + k1b, h_mid_b, v_mid_b, mb)
    k3a = slope(table, material, ma + k2a, h_mid_a, v_mid_a, ma)
    k3b = slope(table, material, mb + k2b, h_mid_b, v_mid_b, mb)
    k4a = slope(table, material, ma + (k3a + k3a), ha, 0.5 * va, ma)
    k4b = slope(table, material, mb + (k3b + k3b), hb, 0.5 * vb, mb)
    third = 1.0 / 3.0
    return ma + third * (k1a + 2.0 * (k2a + k3a) + k4a), mb + third * (k1b + 2.0 * (k2b + k3b) + k4b)


def newton(
    table: vec[float],
    material: Material,
    ma: float,
    hpa: float,
    vpa: float,
    ha: float,
    va: float,
    earlier_a: float,
    mb: float,
    hpb: float,
    vpb: float,
    hb: float,
    vb: float,
    earlier_b: float,
    iterations: i64,
    alone: bool,
) -> tuple[float, float]:
    """Solve m = mp + (dm(mp, hp, vp) + dm(m, h, v)) / 1.9 by Newton's method, for two channels, a and b, in turns.

    To 1e-12, or until iterations are spent; a channel that is there waits for the other.

    earlier: m of the sample before
    alone: whether there is no channel b
    """
    known_a, known_b = ma, mb
    start_a = ma + slope(table, material, ma, hpa, vpa, earlier_a) * (1.0 / 1.9)
    start_b = start_a if alone else mb + slope(table, material, mb, hpb, vpb, earlier_b) * (1.0 / 1.9)
    moving_a, moving_b = 1.0, 0.0 if alone else 1.0  # numbers: a processor would often guess a decision wrong
    i: i64 = 0
    while i < iterations:
        step_a = newton_step(table, material, ma, ha, va, start_a, known_a)
        ma -= moving_a * step_a
        if abs(step_a) < 1e-12:
            moving_a = 0.0
        if not alone:
            step_b = newton_step(table, material, mb, hb, vb, start_b, known_b)
            mb -= moving_b * step_b
            if abs(step_b) < 1e-12:
                moving_b = 0.0
        if moving_a + moving_b == 0.0:
            break
        i += 1
    return ma, mb


def newton_step(
    table: vec[float], material: Material, m: float, h: float, v: float, start: float, earlier: float
) -> float:
    """Return by how much m is above the solution of m = start + dm(m, h, v) / 1.9, to first order.

    dm = A / B, so that G = 1.9 (m - start) B - A has the same zero, and a step needs one division.
    A = v (x + e D),    B = D (1 - beta e),    D = kappa - gamma x,    e = c L'(q);    A1, B1 ... are slopes over m

    earlier: as in slope()
    """
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
        L = table[k] + t * k1
        L1 = k1 + t * (k2 + k3)
        L2 = 2.0 * (k2 + (k3 + k3))
    else:
        L1 = CELLS_PER_UNIT / (q * q)
        L = (1.0 if q > 0.0 else -1.0) - q * L1
        L2 = -2.0 * L1 / q
    if v >= 0.0:
        x = L - m
        x1 = beta * L1 - 1.0
    else:
        x = m - L
        x1 = 1.0 - beta * L1
    if not x > 0.0:
        x = 0.0
        x1 = 0.0
    e = c * L1
    e1 = beta * c * L2
    D = kappa - gamma * x
    D1 = -gamma * x1
    if D <= 0.0:
        D = 1e-3 * kappa
        D1 = 0.0
    B = D * (1.0 - beta * e)
    B1 = D1 * (1.0 - beta * e) - D * beta * e1
    A1 = v * (x1 + e * D1 + e1 * D)
    rest = 1.9 * (m - start)
    G1 = 1.9 * B + rest * B1 - A1
    if G1 < 0.9 * B:  # far from the solution: keep the direction, and do not divide by zero
        G1 = 0.9 * B
    return (rest * B - v * (x + e * D)) / G1
