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
from tapegraph_nodes.kernels.network import END, run


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
    a1 = END if a1 > END else -END if a1 < -END else a1
    a2 = END if a2 > END else -END if a2 < -END else a2
    a3 = END if a3 > END else -END if a3 < -END else a3
    a4 = END if a4 > END else -END if a4 < -END else a4
    s = a1 * a1
    n1 = a1 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d1 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = a2 * a2
    n2 = a2 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d2 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = a3 * a3
    n3 = a3 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d3 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = a4 * a4
    n4 = a4 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d4 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    n12 = w[13] * n1 * d2 + w[14] * n2 * d1
    n34 = w[15] * n3 * d4 + w[16] * n4 * d3
    d12 = d1 * d2
    d34 = d3 * d4
    return w[12] + (n12 * d34 + n34 * d12) / (d12 * d34)
