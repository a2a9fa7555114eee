"""The magnetic field, which is the input sound, and its rate.

    T H' = 1.75 (H - H_p) - 0.75 T H'_p

from the samples H now and H_p one T ago: a compromise between the trapezoidal rule, which would ring, and the backward
difference.
Source: J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, for the rule, in which his
alpha is 3/4.
"""


def clipped(x: float, clip: float) -> float:
    """Return a field, or a magnetisation, held within -clip to clip, and 0 for NaN."""
    if abs(x) <= clip:
        return x
    return clip if x > 0.0 else -clip if x < 0.0 else 0.0


def rise(H: float, Hp: float, Vp: float) -> float:
    """Return T H' from the field now, the field before, and T H' before."""
    V = 1.75 * (H - Hp) - 0.75 * Vp
    return 0.0 if abs(V) < 1e-30 else V  # subnormal numbers are slow
