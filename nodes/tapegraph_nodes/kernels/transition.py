"""Magnetisation by a network: what rises in a sample, as a state transition network has learned it from a solver.

    dm = v P + v_p Q,    (P, Q) = network(z, z_p, r, y, y_p)

    y = max(0, s (L(h) - (1 - beta L'(h)) m)) / kappa,    s = sign of v
    z = 3 c L'(h),    r = |v| / (kappa + |v|)

and y_p and z_p the same of hp and vp. Symbols and units as in jiles_atherton.py; features and why they are
these are described in systems/hysteresis.py.
Source: J. Parker, F. Esqueda, A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx
2019; inputs and gates are our own.
"""

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes.kernels.langevin import CELLS_PER_UNIT, END, MIDDLE, ROUND
from tapegraph_nodes.kernels.network import gated_5_4_4_2, run


def recall(table: vec[float], h: float, past: vec[float], j: i64) -> None:
    """Note L(h) and L'(h), per cell, of channel j in past: what predict() needs to know of the sample before."""
    if abs(h) < END:
        cell = h + ROUND - ROUND
        t = h - cell
        k = 4 * i64(cell) + MIDDLE
        k3 = t * table[k + 3]
        k2 = table[k + 2] + k3
        k1 = table[k + 1] + t * k2
        past[j + j] = table[k] + t * k1
        past[j + j + 1] = k1 + t * (k2 + k3)
    else:
        slope = CELLS_PER_UNIT / (h * h)
        past[j + j] = (1.0 if h > 0.0 else -1.0) - h * slope
        past[j + j + 1] = slope


def predict(
    table: vec[float],
    weights: vec[float],
    widths: vec[i64],
    inputs: vec[float],
    outputs: vec[float],
    past: vec[float],
    j: i64,
    c: float,
    kappa: float,
    beta: float,
    m: float,
    vp: float,
    h: float,
    v: float,
) -> float:
    """Return the m that is, from what was (m, vp, and past, which is brought up to h) and the field that is (h, v).

    weights, widths: of the network; inputs, outputs: room for it; j: the channel
    """
    Lp = past[j + j]
    slope_p = past[j + j + 1]
    recall(table, h, past, j)
    slope = past[j + j + 1]
    y = past[j + j] - (1.0 - beta * slope) * m
    yp = Lp - (1.0 - beta * slope_p) * m
    if v < 0.0:
        y = -y
    if vp < 0.0:
        yp = -yp
    rate = abs(v)
    over = 1.0 / (kappa * (kappa + rate))
    per_kappa = (CELLS_PER_UNIT * (kappa + rate)) * over
    r = rate * kappa * over
    z = 3.0 * CELLS_PER_UNIT * c
    zp = z * slope_p
    z *= slope
    y = y * per_kappa if y > 0.0 else 0.0
    yp = yp * per_kappa if yp > 0.0 else 0.0
    v *= 1.0 / CELLS_PER_UNIT
    vp *= 1.0 / CELLS_PER_UNIT
    if len(weights) == 54 and len(inputs) == 5:
        return m + gated_5_4_4_2(weights, z, zp, r, y, yp, v, vp)
    inputs[0] = z
    inputs[1] = zp
    inputs[2] = r
    inputs[3] = y
    inputs[4] = yp
    run(weights, widths, inputs, outputs)
    return m + v * outputs[0] + vp * outputs[1]
