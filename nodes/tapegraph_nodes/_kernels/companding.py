"""What both halves of a compander need: its reference level, its averages, and sound that is fit to be squared.

    <x^2> = 10^(peak_db / 10) / 2               of a tone
    m[i] = m[i-1] + h (x[i]^2 - m[i-1]),    h = 1 - exp(-1 / (T fs))

m is the mean square in an exponential window of the time constant T.
Source: D. Giannoulis, M. Massberg, J. D. Reiss, Digital dynamic range compressor design: a tutorial and analysis,
Journal of the AES 60, 2012 (smoothing of levels).
"""

import math
from typing import Final

MOST: Final = 100.0  # sample that comes in, 40 dB over full scale: an expander doubles that in dB


def tone_power(peak_db: float) -> float:
    """Return the mean square of a tone whose peak is so many dB relative to full scale."""
    square: float = 10.0 ** (peak_db / 10.0)
    return 0.5 * square


def averaging(time_s: float, fs: float) -> float:
    """Return h, 0 to 1."""
    return -math.expm1(-1.0 / (time_s * fs))


def sample_of_sound(x: float) -> float:
    """Return a sample, held within MOST, and 0 for what is not a number: it would stay in an average for ever."""
    if abs(x) <= MOST:
        return x
    return MOST if x > 0.0 else -MOST if x < 0.0 else 0.0
