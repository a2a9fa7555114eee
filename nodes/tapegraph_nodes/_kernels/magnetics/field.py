"""The magnetic field that a sound is, and its rate.

    T H' = 1.75 (H - H_p) - 0.75 T H'_p

from the samples H now and H_p one T ago: between the trapezoidal rule, which would ring, and the backward difference.
Source: J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, for the rule, in which his
alpha is 3/4.
"""


def clipped(field: float, clip: float) -> float:
    """Return a field of at most clip either way, and 0 for what is not a number."""
    if abs(field) <= clip:
        return field
    return clip if field > 0.0 else -clip if field < 0.0 else 0.0


def rise(H: float, Hp: float, Vp: float) -> float:
    """Return T H' from the field now, the field before, and T H' before."""
    V = 1.75 * (H - Hp) - 0.75 * Vp
    return 0.0 if abs(V) < 1e-30 else V  # subnormal numbers are slow
