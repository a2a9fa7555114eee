"""Places where dirt lifts a tape off its head: at random times, of random length and height.

    times      a Poisson process: independent of each other, with gaps of -ln(U) / rate
    lengths    log-normal, as sizes of dust are: length exp(N / 2), so the median is length
    heights    exponential: of n defects, n exp(-h / height) are higher than h
    shape      h (4 u (1 - u))^2,    u from 0 to 1 over the length

Lengths and heights that change count from the next place on. At most 16 places overlap; a further one is left out.
Source: W. C. Hinds, Aerosol Technology, ch. 4 (sizes of dust); Analysis of media defects in thick recording media, IEEE
Transactions on Magnetics, 1979 (the number of dropouts is exponential in a depth). The spread and the shape are ours.
"""

from __future__ import annotations

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence
from tapegraph_nodes._kernels.random_streams import RandomStream, logarithm

MOST: Final = 16
SPREAD: Final = 0.5  # standard deviation of the logarithm of the length


class LiftOffs:
    """The places on one track, or those that all tracks have in common.

    seed, name, channel, purpose: of the random numbers
    """

    def __init__(self, seed: int, name: str, channel: int, purpose: str) -> None:
        self.stream = RandomStream(seed, name, channel, purpose)
        self.wait: float = 0.0  # state: until the next place, in mean gaps
        self.count: i64 = 0  # state: of the places under the head
        self.u: vec[float] = vec[float]([0.0] * MOST)  # states of each: 0 to 1
        self.step: vec[float] = vec[float]([0.0] * MOST)  # what u grows by in a frame
        self.height: vec[float] = vec[float]([0.0] * MOST)

    def restart(self) -> None:
        self.stream.restart()
        self.wait = -logarithm(self.stream.uniform())
        self.count = 0

    def run(self, y: vec[float], rate: float, length: float, height: float) -> bool:
        """Write the spacing at each frame of a block into y, and tell whether there is any.

        rate: places in a frame; length: in frames; height: in the unit of y
        """
        n: i64 = len(y)
        if self.count == 0 and self.wait > rate * float(n + 1):
            i: i64 = 0
            while i < n:  # as below, to the last bit
                self.wait -= rate
                i += 1
            silence(y)
            return False
        i = 0
        while i < n:
            self.wait -= rate
            while self.wait <= 0.0 and rate > 0.0:
                self.begin(-self.wait / rate, length, height)
            y[i] = self.spacing() if self.count > 0 else 0.0
            i += 1
        return True

    def begin(self, late: float, length: float, height: float) -> None:
        """Begin a place, whose start came so many frames ago."""
        h = -height * logarithm(self.stream.uniform())
        step = 1.0 / (length * math.exp(SPREAD * self.stream.normal()))
        self.wait -= logarithm(self.stream.uniform())
        k = self.count
        if k < MOST:
            self.height[k] = h
            self.step[k] = step
            self.u[k] = late * step
            self.count = k + 1

    def spacing(self) -> float:
        """Return the sum of all places under the head, and move on by a frame."""
        total = 0.0
        k: i64 = 0
        while k < self.count:
            u = self.u[k]
            if u >= 1.0:
                last = self.count - 1
                self.count = last
                self.u[k] = self.u[last]
                self.step[k] = self.step[last]
                self.height[k] = self.height[last]
            else:
                p = 4.0 * u * (1.0 - u)
                total += self.height[k] * p * p
                self.u[k] = u + self.step[k]
                k += 1
        return total
