"""Magnetisation by a network that is given the field itself: banks in RTNeural's JSON hold such networks.

    M = M_p + network(s H, s H' / 60000, s H_p, s H'_p / 60000, M_p) 96000 / fs,    s = 0.7071 / a

with layers of tanh. The networks were trained on steps at 96 kHz; at another rate fs the step is scaled.
Symbols and units as in jiles_atherton.py: h and hp are the fields H and H_p by a, v and vp their rates by a and fs.
Source: J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, for a network in place of
the solver; the scales are those of the plugin that grew out of it.
"""

import math

from mypy_extensions import i64

from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT
from tapegraph_nodes._kernels.networks.network import Network, dense


def predict_from_field(
    network: Network, M_s: float, fs: float, m: float, hp: float, vp: float, h: float, v: float
) -> float:
    """Return the m that is, from what was (m, hp, vp) and the field that is (h, v).

    M_s: saturation magnetisation, the unit of m; fs: Hz
    """
    weights, widths, inputs, outputs = network.weights, network.widths, network.x, network.y
    s = 0.7071 / CELLS_PER_UNIT
    rate = s * fs / 60_000.0
    inputs[0] = s * h
    inputs[1] = rate * v
    inputs[2] = s * hp
    inputs[3] = rate * vp
    inputs[4] = M_s * m
    layers: i64 = len(widths)
    at: i64 = 0
    k: i64 = 1
    while k < layers:
        at = dense(weights, at, inputs, widths[k - 1], outputs, widths[k])
        if k < layers - 1:
            j: i64 = 0
            while j < widths[k]:
                inputs[j] = tanh(outputs[j])
                j += 1
        k += 1
    return m + outputs[0] * 96_000.0 / (fs * M_s)


def tanh(x: float) -> float:
    """Return the hyperbolic tangent, which is 1 to the last bit from 20 on."""
    if x > 20.0:
        return 1.0
    if x < -20.0:
        return -1.0
    return 1.0 - 2.0 / (math.exp(2.0 * x) + 1.0)
