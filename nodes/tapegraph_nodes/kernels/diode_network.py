"""The voltage on the diodes of the Korg-35 by a network, as a state transition network has learned it from the solver.

    w = w_0 (1 + z network(2 ln slope, ln(1 + A) / 5)),    A = |current| / (slope + B)
    w_0 = sign of current A / (1 + A / 12),    z = A / (A + 5)

Symbols as in korg35.py; why the network is shown these is described in systems/ms20_filter.py.
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
    log_slope: float,
    slope: float,
    current: float,
) -> float:
    """Return what diode_voltage() returns, by a network.

    weights, widths, inputs, outputs: of the network and room for it, as in network.run(); log_slope: 2 ln slope
    """
    A = abs(current) / (slope + B)
    bent = A / ((1.0 + A * (1.0 / 12.0)) * (A + 5.0))  # w_0 / (A + 5)
    x = 0.2 * math.log(1.0 + A)
    if len(weights) == 37 and len(widths) == 4 and widths[1] == 4:
        y = run_2_4_4_1(weights, log_slope, x)
    else:
        inputs[0] = log_slope
        inputs[1] = x
        run(weights, widths, inputs, outputs)
        y = outputs[0]
    w = bent * (A + 5.0 + A * y)
    return w if current >= 0.0 else -w


def run_2_4_4_1(w: vec[float], x1: float, x2: float) -> float:
    """Return what network.run() gives for two inputs, two layers of four, and one output: written out for speed."""
    if len(w) != 37:  # once the compiler knows, it drops the check of every index
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
    d12 = d1 * d2
    d34 = d3 * d4
    over = 1.0 / (d12 * d34)
    over12 = over * d34
    over34 = over * d12
    a1 = n1 * d2 * over12
    a2 = n2 * d1 * over12
    a3 = n3 * d4 * over34
    a4 = n4 * d3 * over34
    b1 = w[12] + w[13] * a1 + w[14] * a2 + w[15] * a3 + w[16] * a4
    b2 = w[17] + w[18] * a1 + w[19] * a2 + w[20] * a3 + w[21] * a4
    b3 = w[22] + w[23] * a1 + w[24] * a2 + w[25] * a3 + w[26] * a4
    b4 = w[27] + w[28] * a1 + w[29] * a2 + w[30] * a3 + w[31] * a4
    b1 = END if b1 > END else -END if b1 < -END else b1
    b2 = END if b2 > END else -END if b2 < -END else b2
    b3 = END if b3 > END else -END if b3 < -END else b3
    b4 = END if b4 > END else -END if b4 < -END else b4
    s = b1 * b1
    n1 = b1 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d1 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = b2 * b2
    n2 = b2 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d2 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = b3 * b3
    n3 = b3 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d3 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = b4 * b4
    n4 = b4 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d4 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    d12 = d1 * d2
    d34 = d3 * d4
    over = 1.0 / (d12 * d34)
    over12 = over * d34
    over34 = over * d12
    return w[32] + w[33] * (n1 * d2 * over12) + w[34] * (n2 * d1 * over12) + w[35] * (n3 * d4 * over34) + w[36] * (n4 * d3 * over34)
