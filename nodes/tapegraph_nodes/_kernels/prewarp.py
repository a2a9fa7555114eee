"""The coefficient of trapezoidal integrators, with which analogue filters are carried over without a shift of cutoff.

    g = tan(pi cutoff_hz / fs)

cutoff_hz is held under 0.49 fs.
Source: V. Zavalishin, The Art of VA Filter Design, ch. 3 (prewarping of the bilinear transform).
"""

import math


def prewarped(cutoff_hz: float, fs: float) -> float:
    """Return g, above 0 and under 32."""
    return math.tan(math.pi * min(cutoff_hz / fs, 0.49))


def without_subnormal(state: float) -> float:
    """Return a state, and 0 for one under -600 dB: it would decay into subnormal numbers, which are slow."""
    return 0.0 if abs(state) < 1e-30 else state
