"""The tail of a response, from its last tap on, as a sum of eight decays whose rates are fixed.

    h[t] = sum over j of c_j z_j^t,    z_j = exp(-2 pi f_j / fs),    f_j at equal ratios from 10 Hz to 3 kHz

exp(-k d) has a corner at 0 Hz, so its response dies away with the square of time, slower in the end than any decay; but
over the 0.02 s that matter these follow it, and the magnitude is off by less than 0.01 dB. The weights c are those of
least squares of the error relative to 1 / time.
Source: B. Bank, Direct design of parallel second-order filters for instrument body modeling, ICMC 2007 (fixed poles).
"""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LENGTH_S: Final = 0.02  # over which the weights are fitted
POLES: Final = 8
LOWEST_HZ: Final = 10.0
HIGHEST_HZ: Final = 3000.0


class Tail:
    """The decays at one sample rate."""

    def __init__(self, fs: float) -> None:
        self.length: int = math.ceil(LENGTH_S * fs)
        rates: Array = np.geomspace(LOWEST_HZ, HIGHEST_HZ, POLES) * (2.0 * math.pi / fs)
        self.z: Array = np.exp(-rates)
        self.decays: Array = np.exp(np.multiply.outer(-rates, np.arange(self.length)))
        self.silent_s: float = 9.0 / (2.0 * math.pi * LOWEST_HZ)  # the slowest has fallen by 78 dB, and was faint

    def weights(self, h: Array, taps: int) -> Array:
        """Return the weights for a response whose tail begins behind so many taps."""
        weight: Array = 1.0 / np.arange(float(taps), float(taps + self.length))
        decays = weight * self.decays
        c = np.linalg.solve(decays @ decays.T, decays @ (weight * h[taps : taps + self.length]))
        return np.asarray(c, np.float64)

    def states(self, past: Array) -> Array:
        """Return what the decays hold of a past, the newest sample last."""
        length = min(self.length, len(past))
        states: Array = self.decays[:, :length] @ past[len(past) - length :][::-1]
        return states


@functools.cache
def tail(fs: float) -> Tail:
    """Return the decays at a rate, made once."""
    return Tail(fs)
