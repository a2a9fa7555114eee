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
another channel where that comes soon enough; runge_kutta is so long that it takes two channels in turns.

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


def slope(table: vec[float], material: Material, m: float, h: float, v: float) -> float:
    """Return dm, over a common denominator: a division takes as long as a dozen products."""
    c, kappa, beta, gamma = material.c, material.kappa, material.beta, material.gamma
    q = h + beta * m
    if abs(q) < END:
        cell = q + ROUND - ROUND
        t = q - cell
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
) -> float:
    """Runge-Kutta of second order: the midpoint rule."""
    k1 = slope(table, material, m, hp, 0.5 * vp)
    return m + slope(table, material, m + k1, 0.5 * (hp + h), 0.5 * (vp + v))


def runge_kutta(
    table: vec[float],
    material: Material,
    ma: float,
    hpa: float,
    vpa: float,
    ha: float,
    va: float,
    mb: float,
    hpb: float,
    vpb: float,
    hb: float,
    vb: float,
) -> tuple[float, float]:
    """Runge-Kutta of fourth order, the classic, for two channels, a and b, in turns."""
    h_mid_a = 0.5 * (hpa + ha)
    h_mid_b = 0.5 * (hpb + hb)
    v_mid_a = 0.25 * (vpa + va)  # k1 to k4 are half of the rise of m
    v_mid_b = 0.25 * (vpb + vb)
    k1a = slope(table, material, ma, hpa, 0.5 * vpa)
    k1b = slope(table, material, mb, hpb, 0.5 * vpb)
    k2a = slope(table, material, ma + k1a, h_mid_a, v_mid_a)
    k2b = slope(table, material, mb + k1b, h_mid_b, v_mid_b)
    k3a = slope(table, material, ma + k2a, h_mid_a, v_mid_a)
    k3b = slope(table, material, mb + k2b, h_mid_b, v_mid_b)
    k4a = slope(table, material, ma + (k3a + k3a), ha, 0.5 * va)
    k4b = slope(table, material, mb + (k3b + k3b), hb, 0.5 * vb)
    third = 1.0 / 3.0
    return ma + third * (k1a + 2.0 * (k2a + k3a) + k4a), mb + third * (k1b + 2.0 * (k2b + k3b) + k4b)


def newton(
    table: vec[float],
    material: Material,
    m: float,
    hp: float,
    vp: float,
    h: float,
    v: float,
    iterations: i64,
) -> float:
    """Solve m = mp + (dm(mp, hp, vp) + dm(m, h, v)) / 1.9 by Newton's method, to 1e-12 or until iterations are spent.

    dm = A / B, so that G = 1.9 (m - start) B - A has the same zero, and a step needs one division.
    A = v (x + e D),    B = D (1 - beta e),    D = kappa - gamma x,    e = c L'(q);    A1, B1 ... are slopes over m
    """
    c, kappa, beta, gamma = material.c, material.kappa, material.beta, material.gamma
    start = m + slope(table, material, m, hp, vp) * (1.0 / 1.9)
    rising = v >= 0.0
    i: i64 = 0
    while i < iterations:
        q = h + beta * m
        if abs(q) < END:
            cell = q + ROUND - ROUND
            t = q - cell
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
        if rising:
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
        step = (rest * B - v * (x + e * D)) / G1
        m -= step
        if abs(step) < 1e-12:
            break
        i += 1
    return m
