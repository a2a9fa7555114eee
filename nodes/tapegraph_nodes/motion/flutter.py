"""Flutter: fast variation of the speed of a tape, as a capstan, a pinch roller and a motor make it.

    y(t) = x(t - L - D(t)),    D = A sum over k of a_k sin(2 pi k p) / k,    k = 1, 2, 3,    p' = rate_hz (1 + s n)
    A = depth_percent / 100 / (2 pi rate_hz),    a_1 = 1 / w, a_2 = second / w, a_3 = third / w, w = 1 + second + third
    f_out = f_in (1 - D')

With a steady rate the peak deviation of a tone is depth_percent: downwards, where the harmonics of the speed coincide.
s is the irregularity and n an Ornstein-Uhlenbeck process of variance 1 and 1 s correlation time, the same for every
channel. The rate is held between rate_hz / 4 and 2 rate_hz; the deviation of the speed varies in proportion to it. The
mean delay L, 0.32 ms plus 8 frames, is the latency, so that a dry path is aligned. The delay is interpolated at every
sample, flat within 0.1 dB to 0.7 of the Nyquist frequency. Changed parameters are reached in 5 ms or a block, whichever
is longer; meanwhile the pitch deviates by more. Sound under -600 dB is taken as silence.

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

MOST_PERCENT: Final = 1.0
SLOWEST_HZ: Final = 5.0
HARMONICS: Final = 3


LAW_EXCEPTIONS: dict[str, object] = {"has_own_time": True}  # the tape moves, whatever is on it


class Flutter(Node):
    KIND: ClassVar[str] = "flutter"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("depth_percent", 0.05, 0.0, MOST_PERCENT, "%", "peak deviation of the speed"),
        Param("rate_hz", 10.0, SLOWEST_HZ, 100.0, "Hz", "turns of the capstan in a second", "log"),
        Param("second", 0.5, 0.0, 1.0, "", "second harmonic of the speed, relative to the fundamental"),
        Param("third", 0.25, 0.0, 1.0, "", "third harmonic of the speed, relative to the fundamental"),
        Param("irregularity", 0.05, 0.0, 0.5, "", "standard deviation of the rate, relative to it"),
    )

    depth_percent: float  # parameter
    rate_hz: float  # parameter
    second: float  # parameter
    third: float  # parameter
    irregularity: float  # parameter
    mean_frames: i64  # coefficient: L
    amplitudes: Ramp  # A a_k / k, frames
    rate: Ramp  # turns in a frame
    sigma: Ramp  # s
    rotation: Rotation  # state
    past: MovingDelay  # state
    delay: vec[float]  # a block of L + D, frames

    def prepare(self) -> None:
        self.mean_frames = HALF + math.ceil(MOST_PERCENT / 100.0 / (2.0 * math.pi * SLOWEST_HZ) * self.fs)
        self.amplitudes = Ramp(self.fs, self.frames, HARMONICS)
        self.rate = Ramp(self.fs, self.frames)
        self.sigma = Ramp(self.fs, self.frames)
        self.rotation = Rotation(self.fs, int(self.seed), self.name)
        self.past = MovingDelay(self.channels, 2 * self.mean_frames)
        self.delay = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        A = self.depth_percent / 100.0 * self.fs / (2.0 * math.pi * self.rate_hz)
        a = A / (1.0 + self.second + self.third)
        self.amplitudes.target[0] = a
        self.amplitudes.target[1] = a * self.second / 2.0
        self.amplitudes.target[2] = a * self.third / 3.0
        self.rate.target[0] = self.rate_hz / self.fs
        self.sigma.target[0] = self.irregularity

    def reset(self) -> None:
        self.amplitudes.jump()
        self.rate.jump()
        self.sigma.jump()
        self.rotation.restart()
        self.past.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        amplitudes, rate, sigma = self.amplitudes, self.rate, self.sigma
        amplitudes.begin()
        rate.begin()
        sigma.begin()
        self.rotation.turn(self.delay, rate.start[0], rate.end[0], sigma.start[0], sigma.end[0])
        displace(self.delay, float(self.mean_frames), amplitudes.start, amplitudes.end)
        self.past.process(x[0].samples, y[0].samples, self.delay)
        sigma.finish()
        rate.finish()
        amplitudes.finish()

    def latency(self) -> float:
        return float(self.mean_frames)

    def tail(self) -> float:
        return float(self.mean_frames + HALF) / self.fs


def displace(p: vec[float], mean: float, start: vec[float], end: vec[float]) -> None:
    """Replace angles p, turns, by delays, frames; amplitudes of harmonics move from start to end in equal steps.

    sin 2v = 2 sin v cos v,    sin 3v = (3 - 4 sin^2 v) sin v
    """
    n: i64 = len(p)
    part = 1.0 / float(n)
    a1, a2, a3 = start[0], start[1], start[2]
    step1, step2, step3 = (end[0] - a1) * part, (end[1] - a2) * part, (end[2] - a3) * part
    i: i64 = 0
    while i < n:
        a1 += step1
        a2 += step2
        a3 += step3
        v = 2.0 * math.pi * p[i]
        s = math.sin(v)
        p[i] = mean + s * (a1 + a2 * 2.0 * math.cos(v) + a3 * (3.0 - 4.0 * s * s))
        i += 1
