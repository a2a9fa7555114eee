"""The voltage on the diodes of the Korg-35 by a network, as a state transition network has learned it from the solver.

    w = w_0 (1 + t^2 network(t, ln(1 + A) / 5)),    w_0 = M t,    t = A / sqrt(A^2 + M^2)
    A = |current| / (slope + B),    M = ln(1 + A) + ln(2 slope / B)

Symbols as in korg35.py; why the network is shown these is described in systems/ms20_filter.py. All is for currents
above 0, and mirrored below.
"""

import math

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes.kernels.korg35 import B
from tapegraph_nodes.kernels.network import run


def predicted_voltage(
    weights: vec[float],
    widths: vec[i64],
    inputs: vec[float],
    outputs: vec[float],
    asymptote: float,
    slope: float,
    current: float,
) -> float:
    """Return what diode_voltage() returns, by a network.

    weights, widths, inputs, outputs: of the network and room for it, as in network.run(); asymptote: ln(2 slope / B)
    """
    A = abs(current) / (slope + B)
    log = math.log(1.0 + A)
    M = log + asymptote
    t = A / math.sqrt(A * A + M * M)
    if len(weights) == 17 and len(widths) == 3:
        excess = run_2_4_1(weights, t, 0.2 * log)
    else:
        inputs[0] = t
        inputs[1] = 0.2 * log
        run(weights, widths, inputs, outputs)
        excess = outputs[0]
    w = M * t * (1.0 + t * t * excess)
    return w if current >= 0.0 else -w


def run_2_4_1(w: vec[float], x1: float, x2: float) -> float:
    """Return what network.run() gives for two inputs, a layer of four, and one output: written out for speed."""
    if len(w) != 17:  # once the compiler knows, it drops the check of every index
        return 0.0
    a1 = w[0] + w[1] * x1 + w[2] * x2
    a2 = w[3] + w[4] * x1 + w[5] * x2
    a3 = w[6] + w[7] * x1 + w[8] * x2
    a4 = w[9] + w[10] * x1 + w[11] * x2
    d1 = 1.0 + abs(a1)
    d2 = 1.0 + abs(a2)
    d3 = 1.0 + abs(a3)
    d4 = 1.0 + abs(a4)
    n12 = w[13] * a1 * d2 + w[14] * a2 * d1
    n34 = w[15] * a3 * d4 + w[16] * a4 * d3
    d12 = d1 * d2
    d34 = d3 * d4
    return w[12] + (n12 * d34 + n34 * d12) / (d12 * d34)
