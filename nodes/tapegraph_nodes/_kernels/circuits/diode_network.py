"""The voltage on the diodes of the Korg-35 by a network that was trained on the solver.

    w = w_0 (1 + t^2 network(t, ln(1 + A) / 5)),    w_0 = M t,    t = A / sqrt(A^2 + M^2)
    A = |current| / (slope + B),    M = ln(1 + A) + ln(2 slope / B)

Symbols as in korg35.py; why the network is given these is described in _systems/ms20_filter.py. This is for currents
above 0; for those below, w has the other sign.
"""

import math

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.circuits.korg35 import B
from tapegraph_nodes._kernels.networks.network import run


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
    if len(weights) == 33 and len(inputs) == 8:
        excess = run_2_8_1(weights, inputs, t, 0.2 * log)
    else:
        inputs[0] = t
        inputs[1] = 0.2 * log
        run(weights, widths, inputs, outputs)
        excess = outputs[0]
    w = M * t * (1.0 + t * t * excess)
    return w if current >= 0.0 else -w


def run_2_8_1(w: vec[float], a: vec[float], x1: float, x2: float) -> float:
    """Return what network.run() gives for two inputs, a layer of eight, and one output: written out for speed.

    a: room for the layer; what lies side by side in it is computed side by side
    """
    if len(w) != 33 or len(a) != 8:  # once the compiler knows, it drops the check of every index
        return 0.0
    a1 = w[0] + w[8] * x1 + w[16] * x2
    a2 = w[1] + w[9] * x1 + w[17] * x2
    a3 = w[2] + w[10] * x1 + w[18] * x2
    a4 = w[3] + w[11] * x1 + w[19] * x2
    a5 = w[4] + w[12] * x1 + w[20] * x2
    a6 = w[5] + w[13] * x1 + w[21] * x2
    a7 = w[6] + w[14] * x1 + w[22] * x2
    a8 = w[7] + w[15] * x1 + w[23] * x2
    a1 = abs(a1 + 1.0) - abs(a1 - 1.0)
    a2 = abs(a2 + 1.0) - abs(a2 - 1.0)
    a3 = abs(a3 + 1.0) - abs(a3 - 1.0)
    a4 = abs(a4 + 1.0) - abs(a4 - 1.0)
    a5 = abs(a5 + 1.0) - abs(a5 - 1.0)
    a6 = abs(a6 + 1.0) - abs(a6 - 1.0)
    a7 = abs(a7 + 1.0) - abs(a7 - 1.0)
    a8 = abs(a8 + 1.0) - abs(a8 - 1.0)
    a[0] = a1 * (4.0 - abs(a1))
    a[1] = a2 * (4.0 - abs(a2))
    a[2] = a3 * (4.0 - abs(a3))
    a[3] = a4 * (4.0 - abs(a4))
    a[4] = a5 * (4.0 - abs(a5))
    a[5] = a6 * (4.0 - abs(a6))
    a[6] = a7 * (4.0 - abs(a7))
    a[7] = a8 * (4.0 - abs(a8))
    even = (w[25] * a[0] + w[27] * a[2]) + (w[29] * a[4] + w[31] * a[6])
    odd = (w[26] * a[1] + w[28] * a[3]) + (w[30] * a[5] + w[32] * a[7])
    return w[24] + (even + odd)
