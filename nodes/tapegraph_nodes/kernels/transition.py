"""Magnetisation by a network: what rises in a sample, as a state transition network has learned it from a solver.

    dm = v P + v_p Q,    (P, Q) = network(z, z_p, s r, s r_p, y, y_p),    s = sign of v

    y = max(0, s (L(h) - (1 - beta L'(h)) m)) / kappa,    z = 3 c L'(h),    r = v / (kappa + |v|)

and the same of hp and vp, with the sign of vp. Symbols and units as in jiles_atherton.py; features and why they are
these are described in systems/hysteresis.py.
Source: J. Parker, F. Esqueda, A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx
2019; inputs and gates are our own.
"""

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes.kernels.langevin import CELLS_PER_UNIT, END, ROUND
from tapegraph_nodes.kernels.network import gated_6_4_4_2, run


def predict(
    table: vec[float],
    weights: vec[float],
    widths: vec[i64],
    inputs: vec[float],
    outputs: vec[float],
    c: float,
    kappa: float,
    beta: float,
    m: float,
    hp: float,
    vp: float,
    h: float,
    v: float,
) -> float:
    """Return the m that is, from what was (m, hp, vp) and the field that is (h, v).

    weights, widths: of the network; inputs, outputs: room for it, or empty for the 2x4 that is written out
    """
    q = abs(h)
    if q < END:
        cell = q + ROUND - ROUND
        t = q - cell
        k = 4 * i64(cell)
        k1 = table[k + 1]
        k2 = table[k + 2]
        k3 = table[k + 3]
        L = table[k] + t * (k1 + t * (k2 + t * k3))
        slope = k1 + t * (2.0 * k2 + t * (3.0 * k3))
    else:
        L = 1.0 - CELLS_PER_UNIT / q
        slope = CELLS_PER_UNIT / (q * q)
    q = abs(hp)
    if q < END:
        cell = q + ROUND - ROUND
        t = q - cell
        k = 4 * i64(cell)
        k1 = table[k + 1]
        k2 = table[k + 2]
        k3 = table[k + 3]
        Lp = table[k] + t * (k1 + t * (k2 + t * k3))
        slope_p = k1 + t * (2.0 * k2 + t * (3.0 * k3))
    else:
        Lp = 1.0 - CELLS_PER_UNIT / q
        slope_p = CELLS_PER_UNIT / (q * q)
    y = (L if h >= 0.0 else -L) - (1.0 - beta * slope) * m
    yp = (Lp if hp >= 0.0 else -Lp) - (1.0 - beta * slope_p) * m
    if v < 0.0:
        y = -y
    if vp < 0.0:
        yp = -yp
    per_kappa = CELLS_PER_UNIT / kappa
    y = y * per_kappa if y > 0.0 else 0.0
    yp = yp * per_kappa if yp > 0.0 else 0.0
    z = 3.0 * CELLS_PER_UNIT * c * slope
    zp = 3.0 * CELLS_PER_UNIT * c * slope_p
    r = v / (kappa + abs(v))
    rp = vp / (kappa + abs(vp))
    if v < 0.0:
        r = -r
        rp = -rp
    v *= 1.0 / CELLS_PER_UNIT
    vp *= 1.0 / CELLS_PER_UNIT
    if len(weights) == 58 and len(inputs) == 6:
        return m + gated_6_4_4_2(weights, z, zp, r, rp, y, yp, v, vp)
    inputs[0] = z
    inputs[1] = zp
    inputs[2] = r
    inputs[3] = rp
    inputs[4] = y
    inputs[5] = yp
    run(weights, widths, inputs, outputs)
    return m + v * outputs[0] + vp * outputs[1]
