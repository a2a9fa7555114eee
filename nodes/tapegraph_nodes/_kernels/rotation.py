"""The angle of something that turns, at a rate that wanders, as a capstan, a reel or a pinch roller does.

    p[i+1] = p[i] + f (1 + sigma n[i]) / fs,   f (1 + sigma n) held between f / 4 and 2 f
    n      an Ornstein-Uhlenbeck process: normal, variance 1, correlation exp(-|t| / 1 s)

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
MEMORY_S: Final = 1.0  # correlation time
SLOWEST: Final = 0.25  # factors of the rate
FASTEST: Final = 2.0


class Rotation:
    """One rotation. It is the same for all channels.

    seed, name: of the graph and the node
    """

    def __init__(self, fs: float, seed: int, name: str) -> None:
        self.hold: i64 = max(1, round(GRID_S * fs))  # frames between numbers
        self.keep: float = math.exp(-float(self.hold) / (MEMORY_S * fs))
        self.scatter: float = math.sqrt(1.0 - self.keep * self.keep)
        self.stream = RandomStream(seed, name, 0, "rotation")
        self.p: float = 0.0  # state: turns, 0 to 1
        self.n: float = 0.0  # state
        self.rise: float = 0.0  # state: what n rises by in a frame
        self.wait: i64 = 0  # state: frames until the next number

    def restart(self) -> None:
        self.stream.restart()
        self.p = 0.0
        self.n = self.stream.normal()
        self.rise = 0.0
        self.wait = 0

    def turn(self, p: vec[float], turns: float, turns_end: float, sigma: float, sigma_end: float) -> None:
        """Write the angle at each frame of a block into p, turns; parameters move to their ends in equal steps.

        turns: f / fs
        """
        frames: i64 = len(p)
        step = (turns_end - turns) / float(frames)
        sigma_step = (sigma_end - sigma) / float(frames)
        angle, n, rise, wait = self.p, self.n, self.rise, self.wait
        i: i64 = 0
        while i < frames:
            p[i] = angle
            turns += step
            sigma += sigma_step
            if wait == 0:
                wait = self.hold
                rise = ((self.keep - 1.0) * n + self.scatter * self.stream.normal()) / float(wait)
            wait -= 1
            n += rise
            factor = 1.0 + sigma * n
            if factor < SLOWEST:
                factor = SLOWEST
            elif factor > FASTEST:
                factor = FASTEST
            angle += turns * factor
            if angle >= 1.0:
                angle -= 1.0
            i += 1
        self.p, self.n, self.rise, self.wait = angle, n, rise, wait
