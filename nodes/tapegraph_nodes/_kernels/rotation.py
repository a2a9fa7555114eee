"""The angle of something that turns, at a rate that wanders, as a capstan, a reel or a pinch roller does.

    p[i+1] = p[i] + f (1 + sigma n[i]) / fs,   f (1 + sigma n) held between f / 4 and 2 f

n is an Ornstein-Uhlenbeck process, wandering.py, of variance 1 and 1 s correlation time. f and sigma are ramped.
Source: M. Camras, Magnetic Recording Handbook, 1988 (wow and flutter come from what turns).
"""

from __future__ import annotations

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.random_streams import RandomStream
from tapegraph_nodes._kernels.wandering import Wandering

MEMORY_S: Final = 1.0  # correlation time
SLOWEST: Final = 0.25  # factors of the rate
FASTEST: Final = 2.0


class Rotation:
    """One rotation. It is the same for all channels.

    seed, name: of the graph and the node
    """

    def __init__(self, fs: float, frames: i64, seed: int, name: str) -> None:
        self.fs = fs
        self.turns = Ramp(fs, frames)  # in a frame: f / fs
        self.sigma = Ramp(fs, frames)
        self.wandering = Wandering(fs, MEMORY_S, RandomStream(seed, name, 0, "rotation"))
        self.p: float = 0.0  # state: turns, 0 to 1

    def aim(self, rate_hz: float, sigma: float) -> None:
        """Set where f and sigma are to go."""
        self.turns.target[0] = rate_hz / self.fs
        self.sigma.target[0] = sigma

    def restart(self) -> None:
        self.turns.jump()
        self.sigma.jump()
        self.wandering.restart()
        self.p = 0.0

    def turn(self, p: vec[float]) -> None:
        """Write the angle at each frame of a block into p, turns."""
        self.turns.begin()
        self.sigma.begin()
        self.wandering.write(p)
        self.p = advance(p, self.p, self.turns.start[0], self.turns.end[0], self.sigma.start[0], self.sigma.end[0])
        self.sigma.finish()
        self.turns.finish()


def advance(p: vec[float], angle: float, turns: float, turns_end: float, sigma: float, sigma_end: float) -> float:
    """Replace numbers n by angles, turns; return the angle after the block. f and sigma move in equal steps."""
    frames: i64 = len(p)
    step = (turns_end - turns) / float(frames)
    sigma_step = (sigma_end - sigma) / float(frames)
    i: i64 = 0
    while i < frames:
        turns += step
        sigma += sigma_step
        factor = 1.0 + sigma * p[i]
        if factor < SLOWEST:
            factor = SLOWEST
        elif factor > FASTEST:
            factor = FASTEST
        p[i] = angle
        angle += turns * factor
        if angle >= 1.0:
            angle -= 1.0
        i += 1
    return angle


def turns_per_second(rate_hz: float, speed: float, fs: float) -> float:
    """Return the rate of what turns with the tape, whose speed is relative to that at which rate_hz holds."""
    return min(rate_hz * speed, fs / 8.0)
