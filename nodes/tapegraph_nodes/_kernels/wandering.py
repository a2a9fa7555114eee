"""A number that wanders around 0 and is always drawn back to it: an Ornstein-Uhlenbeck process.

    n'(t) = -n / T + sqrt(2 / T) w(t),    w white,    normal, variance 1, correlation exp(-|t| / T)

n is drawn exactly for every millisecond, with straight lines in between.
Source: D. T. Gillespie, Exact numerical simulation of the Ornstein-Uhlenbeck process and its integral, Physical
Review E 54, 1996.
"""

from __future__ import annotations

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.random_streams import RandomStream

GRID_S: Final = 0.001  # between numbers that are drawn


class Wandering:
    """One such number, drawn from a stream of its own. memory_s: T"""

    def __init__(self, fs: float, memory_s: float, stream: RandomStream) -> None:
        self.hold: i64 = max(1, round(GRID_S * fs))  # frames between numbers
        self.keep: float = math.exp(-float(self.hold) / (memory_s * fs))
        self.scatter: float = math.sqrt(1.0 - self.keep * self.keep)
        self.stream = stream
        self.n: float = 0.0  # state
        self.rise: float = 0.0  # state: what n rises by in a frame
        self.wait: i64 = 0  # state: frames until the next number

    def restart(self) -> None:
        self.stream.restart()
        self.n = self.stream.normal()
        self.rise = 0.0
        self.wait = 0

    def write(self, y: vec[float]) -> None:
        """Write n at each frame of a block into y."""
        frames: i64 = len(y)
        n, rise, wait = self.n, self.rise, self.wait
        i: i64 = 0
        while i < frames:
            if wait == 0:
                wait = self.hold
                rise = ((self.keep - 1.0) * n + self.scatter * self.stream.normal()) / float(wait)
            wait -= 1
            n += rise
            y[i] = n
            i += 1
        self.n, self.rise, self.wait = n, rise, wait
