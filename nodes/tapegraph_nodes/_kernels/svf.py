"""State-variable filter: low-pass, band-pass and high-pass of second order at once, with trapezoidal integrators.

    h = (x - (R + g) s1 - s2) / (1 + R g + g^2),    R = 1 / Q,    g = tan(pi cutoff_hz / fs)
    b = g h + s1,    s1 = b + g h
    l = g b + s2,    s2 = l + g b

    h + R b + l = x,    H(s) = s^2 / D,    B(s) = s / D,    L(s) = 1 / D,    D = s^2 + R s + 1

It is the bilinear transform of the analogue filter, but keeps its accuracy where the cutoff is a millionth of the
rate, and stays stable while g moves. Two low-passes with R = sqrt(2) in a row, and two high-passes, are the bands of a
Linkwitz-Riley crossover of fourth order: they add up to an allpass.
Source: V. Zavalishin, The Art of VA Filter Design, ch. 4 (trapezoidal state-variable filter).
"""


def filtered(x: float, g: float, R: float, s1: float, s2: float) -> tuple[float, float, float, float, float]:
    """Return h, b, l and the next s1 and s2, from a sample x and the states s1 and s2.

    g: above 0, as of prewarp.py; R: above 0. A caller uses what it needs: the compiler drops the rest
    """
    twice = g + g
    h = (x - (R + g) * s1 - s2) * (1.0 / (1.0 + g * (R + g)))
    b = g * h + s1
    return h, b, g * b + s2, s1 + twice * h, s2 + twice * b
