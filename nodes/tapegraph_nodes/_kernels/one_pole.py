"""One-pole filter: the RC circuit, 6 dB per octave, low-pass and high-pass at once, with a trapezoidal integrator.

    v = (x - s) G,    G = g / (1 + g),    g = tan(pi cutoff_hz / fs)
    l = v + s,    h = x - l
    s = l + v

    L(s) = 1 / (1 + s),    H(s) = s / (1 + s)

-3.01 dB falls exactly on cutoff_hz, which is held under 0.49 fs.
Source: V. Zavalishin, The Art of VA Filter Design, ch. 3.
"""

from tapegraph_nodes._kernels.prewarp import prewarped


def one_pole_gain(cutoff_hz: float, fs: float) -> float:
    """Return G, 0 to 1."""
    g = prewarped(cutoff_hz, fs)
    return g / (1.0 + g)


def one_pole(x: float, G: float, s: float) -> tuple[float, float, float]:
    """Return l, h and the next s, from a sample x and the state s. A caller uses what it needs."""
    v = (x - s) * G
    low = v + s
    return low, x - low, low + v
