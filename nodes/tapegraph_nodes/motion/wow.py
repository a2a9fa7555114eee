"""Wow: slow variation of the speed of a tape, as an eccentric reel or capstan makes it.

    y(t) = x(t - L - D(t)),    D = A sin(2 pi p),    A = depth_percent / 100 / (2 pi rate_hz),    p' = rate_hz (1 + s n)
    f_out = f_in (1 - D')

With a steady rate the peak deviation of a tone is depth_percent, upwards and downwards. s is the irregularity and n an
Ornstein-Uhlenbeck process of variance 1 and 1 s correlation time, the same for every channel. The rate is held between
rate_hz / 4 and 2 rate_hz; the deviation of the speed varies in proportion to it. The mean delay L, 10.6 ms plus 8
frames, is the latency, so that a dry path is aligned. The delay is interpolated at every sample, flat within 0.1 dB to
0.7 of the Nyquist frequency. Changed parameters are reached in 5 ms or a block, whichever is longer; meanwhile the
pitch deviates by more. Sound under -600 dB is taken as silence.

Source: M. Camras, Magnetic Recording Handbook, 1988 (wow and flutter); D. T. Gillespie, Exact numerical simulation of
the Ornstein-Uhlenbeck process and its integral, Physical Review E 54, 1996.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.moving_delay import HALF, MovingDelay
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.rotation import Rotation

MOST_PERCENT: Final = 2.0
SLOWEST_HZ: Final = 0.3


LAW_EXCEPTIONS: dict[str, object] = {"has_own_time": True}  # the tape moves, whatever is on it


class Wow(Node):
    KIND: ClassVar[str] = "wow"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("depth_percent", 0.1, 0.0, MOST_PERCENT, "%", "peak deviation of the speed"),
        Param("rate_hz", 1.0, SLOWEST_HZ, 6.0, "Hz", "turns of the reel or capstan in a second", "log"),
        Param("irregularity", 0.1, 0.0, 0.5, "", "standard deviation of the rate, relative to it"),
    )

    depth_percent: float  # parameter
    rate_hz: float  # parameter
    irregularity: float  # parameter
    mean_frames: i64  # coefficient: L
    amplitude: Ramp  # A, frames
    rate: Ramp  # turns in a frame
    sigma: Ramp  # s
    rotation: Rotation  # state
    past: MovingDelay  # state
    delay: vec[float]  # a block of L + D, frames

    def prepare(self) -> None:
        self.mean_frames = HALF + math.ceil(MOST_PERCENT / 100.0 / (2.0 * math.pi * SLOWEST_HZ) * self.fs)
        self.amplitude = Ramp(self.fs, self.frames)
        self.rate = Ramp(self.fs, self.frames)
        self.sigma = Ramp(self.fs, self.frames)
        self.rotation = Rotation(self.fs, int(self.seed), self.name)
        self.past = MovingDelay(self.channels, 2 * self.mean_frames)
        self.delay = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        self.amplitude.target[0] = self.depth_percent / 100.0 * self.fs / (2.0 * math.pi * self.rate_hz)
        self.rate.target[0] = self.rate_hz / self.fs
        self.sigma.target[0] = self.irregularity

    def reset(self) -> None:
        self.amplitude.jump()
        self.rate.jump()
        self.sigma.jump()
        self.rotation.restart()
        self.past.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        amplitude, rate, sigma = self.amplitude, self.rate, self.sigma
        amplitude.begin()
        rate.begin()
        sigma.begin()
        self.rotation.turn(self.delay, rate.start[0], rate.end[0], sigma.start[0], sigma.end[0])
        displace(self.delay, float(self.mean_frames), amplitude.start[0], amplitude.end[0])
        self.past.process(x[0].samples, y[0].samples, self.delay)
        sigma.finish()
        rate.finish()
        amplitude.finish()

    def latency(self) -> float:
        return float(self.mean_frames)

    def tail(self) -> float:
        return float(self.mean_frames + HALF) / self.fs


def displace(p: vec[float], mean: float, a: float, a_end: float) -> None:
    """Replace angles p, turns, by delays mean + a sin(2 pi p), frames; a moves to its end in equal steps."""
    n: i64 = len(p)
    step = (a_end - a) / float(n)
    i: i64 = 0
    while i < n:
        a += step
        p[i] = mean + a * math.sin(2.0 * math.pi * p[i])
        i += 1
