"""The Jiles-Atherton equation of magnetisation, and solvers that take it one sample further.

    q = h + beta m,    d = L(q) - m,    delta = sign of v,    delta_M = 1 where d and delta have one sign, else 0
    D = delta (1 - c) kappa - beta d
    dm = v [ (1 - c) delta_M d / D + c L'(q) ] / (1 - beta c L'(q))

dm is what m rises by in a sample. In units of its own the equation has three constants and no sample rate:

    m = M / M_s               magnetisation, by that of saturation
    h = H / a, v = T dH/dt    field, and what it rises by in a sample T; both in cells of the Langevin table
    c                         reversible share, 0 to 1
    kappa = k / a             coercivity, cells
    beta = alpha M_s / a      mean field, cells

A solver knows what was (m, hp, vp) and the field that is (h, v), and returns the m that is. It raises nothing; for
fields that jump far beyond the loop the result may be wild or not a number, which the caller has to look after.

Source: D. Jiles, D. Atherton, Theory of ferromagnetic hysteresis, J. Magn. Magn. Mater. 61, 1986; L and the solvers
as in J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, eq. 8 to 20.
Differs: D keeps the sign of delta. It would change it, and divide by zero on the way, where d exceeds (1 - c) k /
(alpha M_s), which takes a leap from full magnetisation to nearly its opposite.
"""

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes.kernels.langevin import CELLS_PER_UNIT, END, ROUND


def slope(table: vec[float], c: float, kappa: float, beta: float, m: float, h: float, v: float) -> float:
    """Return dm, put over one denominator: a division takes as long as a dozen products."""
    q = h + beta * m
    s = abs(q)
    if s < END:
        cell = s + ROUND - ROUND
        t = s - cell
        k = 4 * i64(cell)
        k1 = table[k + 1]
        k2 = table[k + 2]
        k3 = table[k + 3]
        L = table[k] + t * (k1 + t * (k2 + t * k3))
        L1 = k1 + t * (2.0 * k2 + t * (3.0 * k3))
    else:
        L = 1.0 - CELLS_PER_UNIT / s
        L1 = CELLS_PER_UNIT / (s * s)
    d = (L if q >= 0.0 else -L) - m
    pinning = (1.0 - c) * kappa if v >= 0.0 else (c - 1.0) * kappa
    D = pinning - beta * d
    if D * pinning <= 0.0:
        D = 1e-3 * pinning
    irreversible = (1.0 - c) * d if d * pinning > 0.0 else 0.0
    return v * (irreversible + c * L1 * D) / (D * (1.0 - beta * c * L1))


def midpoint(
    table: vec[float], c: float, kappa: float, beta: float, m: float, hp: float, vp: float, h: float, v: float
) -> float:
    """Runge-Kutta of second order: the midpoint rule."""
    k1 = slope(table, c, kappa, beta, m, hp, vp)
    return m + slope(table, c, kappa, beta, m + 0.5 * k1, 0.5 * (hp + h), 0.5 * (vp + v))


def runge_kutta(
    table: vec[float], c: float, kappa: float, beta: float, m: float, hp: float, vp: float, h: float, v: float
) -> float:
    """Runge-Kutta of fourth order, the classic."""
    h_mid = 0.5 * (hp + h)
    v_mid = 0.5 * (vp + v)
    k1 = slope(table, c, kappa, beta, m, hp, vp)
    k2 = slope(table, c, kappa, beta, m + 0.5 * k1, h_mid, v_mid)
    k3 = slope(table, c, kappa, beta, m + 0.5 * k2, h_mid, v_mid)
    k4 = slope(table, c, kappa, beta, m + k3, h, v)
    return m + (k1 + k4) * (1.0 / 6.0) + (k2 + k3) * (1.0 / 3.0)


def newton(
    table: vec[float],
    c: float,
    kappa: float,
    beta: float,
    m: float,
    hp: float,
    vp: float,
    h: float,
    v: float,
    iterations: i64,
) -> float:
    """Solve m = mp + (dm(mp, hp, vp) + dm(m, h, v)) / 1.9 by Newton's method, to 1e-12 or until iterations are spent.

    slope of dm over m = [ v ((1 - c) delta_M d' delta (1 - c) kappa / D^2 + e) + dm beta e ] / (1 - beta c L')
    d' = beta L'(q) - 1,    e = beta c L''(q)
    """
    start = m + slope(table, c, kappa, beta, m, hp, vp) * (1.0 / 1.9)
    pinning = (1.0 - c) * kappa if v >= 0.0 else (c - 1.0) * kappa
    i: i64 = 0
    while i < iterations:
        q = h + beta * m
        s = abs(q)
        if s < END:
            cell = s + ROUND - ROUND
            t = s - cell
            k = 4 * i64(cell)
            k1 = table[k + 1]
            k2 = table[k + 2]
            k3 = table[k + 3]
            L = table[k] + t * (k1 + t * (k2 + t * k3))
            L1 = k1 + t * (2.0 * k2 + t * (3.0 * k3))
            L2 = 2.0 * k2 + t * (6.0 * k3)
        else:
            L = 1.0 - CELLS_PER_UNIT / s
            L1 = CELLS_PER_UNIT / (s * s)
            L2 = -2.0 * L1 / s
        d = (L if q >= 0.0 else -L) - m
        e = beta * c * (L2 if q >= 0.0 else -L2)
        D = pinning - beta * d
        if D * pinning <= 0.0:
            D = 1e-3 * pinning
        share = 1.0 - c if d * pinning > 0.0 else 0.0
        f3 = 1.0 - beta * c * L1
        over = 1.0 / (D * f3)
        over_D = f3 * over
        over_f3 = D * over
        dm = v * (share * d + c * L1 * D) * over
        gradient = (v * (share * (beta * L1 - 1.0) * pinning * over_D * over_D + e) + dm * beta * e) * over_f3
        if gradient > 1.0:  # far off the solution: keep the direction, and from dividing by zero
            gradient = 1.0
        step = (1.9 * (m - start) - dm) / (1.9 - gradient)
        m -= step
        if abs(step) < 1e-12:
            break
        i += 1
    return m
