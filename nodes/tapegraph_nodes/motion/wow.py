"""Wow: slow variation of the speed of a tape, as an eccentric reel or capstan makes it.

    y(t) = x(t - L - D(t)),    D = A (sin(2 pi p) + variance m) + E,    p' = r (1 + irregularity n)
    f_out = f_in (1 - D'),    A = depth_percent / 100 / (2 pi r),    standard deviation of E' = drift_percent / 100
    r = rate_hz speed_ips / nominal_ips,    at most an eighth of the sample rate

With a steady rate the peak deviation of a tone is depth_percent, upwards and downwards, at any speed of the tape: what
is eccentric turns slower with a slower tape, and is as eccentric as before. Three things are random, the
same for every channel, each an Ornstein-Uhlenbeck process with a mean of 0, a variance of 1 and a correlation time T:

    n  T = 1 s      irregularity: the rate wanders, and with it, in proportion, the deviation of the speed
    m  T = 0.1 s    variance: the tape jerks; low-passed at 10 Hz, which leaves a standard deviation of 0.94
    u  T = 2 s      drift: the speed wanders slowly, over some ten seconds; E = T drift_percent / 100 sqrt(2) v with
                    v' = (u - v) / T, a random walk that is drawn back to where it began

The rate is held between r / 4 and 2 r. The mean delay L, reach_ms plus 8 frames, is the latency, so that a
dry path is aligned. Where A and four standard deviations of what is random would exceed reach_ms, all of D is less: a
slow or deep wow needs a longer reach. The delay is interpolated at every sample, flat within 0.1 dB to 0.7 of the
Nyquist frequency. Changed parameters are reached in 5 ms or a block, whichever is longer; meanwhile the pitch deviates
by more. Sound under -600 dB is taken as silence.

Source: M. Camras, Magnetic Recording Handbook, 1988 (wow and flutter); D. T. Gillespie, Exact numerical simulation of
the Ornstein-Uhlenbeck process and its integral, Physical Review E 54, 1996. The times T are ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.one_pole import one_pole, one_pole_gain
from tapegraph_nodes._kernels.prewarp import prewarped
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.random_streams import RandomStream
from tapegraph_nodes._kernels.rotation import Rotation, turns_per_second
from tapegraph_nodes._kernels.svf import filtered
from tapegraph_nodes._kernels.swinging_delay import SwingingDelay
from tapegraph_nodes._kernels.wandering import Wandering

JERK_S: Final = 0.1  # T of m
JERK_HZ: Final = 10.0  # its low-pass
DRIFT_S: Final = 2.0  # T of u
RARE: Final = 4.0  # standard deviations that reach_ms has room for


LAW_EXCEPTIONS: dict[str, object] = {
    "has_own_time": True,  # the tape moves, whatever is on it
    "read_at_start": ("reach_ms",),
}


class Wow(Node):
    KIND: ClassVar[str] = "wow"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("depth_percent", 0.1, 0.0, 50.0, "%", "peak deviation of the speed", "dB"),
        Param("rate_hz", 1.0, 0.01, 6.0, "Hz", "turns of the reel or capstan in a second", "log"),
        Param("irregularity", 0.1, 0.0, 0.5, "", "standard deviation of the rate, relative to it"),
        Param("variance", 0.0, 0.0, 0.5, "", "standard deviation of random jerks of the tape, relative to the wow"),
        Param("drift_percent", 0.0, 0.0, 0.3, "%", "standard deviation of the slow drift of the speed"),
        Param("speed_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape", "log"),
        Param("nominal_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape at which it turns with rate_hz", "log"),
        Param(
            "reach_ms", 10.61, 1.0, 25.0, "ms", "largest displacement, and mean delay; read when a stream starts", "log"
        ),
    )

    depth_percent: float  # parameter
    rate_hz: float  # parameter
    irregularity: float  # parameter
    variance: float  # parameter
    drift_percent: float  # parameter
    speed_ips: float  # parameter
    nominal_ips: float  # parameter
    reach_ms: float  # parameter
    scales: Ramp  # of sin(2 pi p), of m and of v in D, frames
    rotation: Rotation  # state
    jerks: Wandering  # state: m
    jerk_g: float  # coefficient: of its low-pass
    jerk_s1: float  # state: the same
    jerk_s2: float  # state
    drift: Wandering  # state: u
    drift_gain: float  # coefficient: of the low-pass that makes v
    drift_s: float  # state: the same
    random: vec[float]  # a block of m or u
    past: SwingingDelay  # state

    def prepare(self) -> None:
        seed = int(self.seed)
        self.scales = Ramp(self.fs, self.frames, 3)
        self.rotation = Rotation(self.fs, self.frames, seed, self.name)
        self.jerks = Wandering(self.fs, JERK_S, RandomStream(seed, self.name, 0, "jerks"))
        self.drift = Wandering(self.fs, DRIFT_S, RandomStream(seed, self.name, 0, "drift"))
        self.jerk_g = prewarped(JERK_HZ, self.fs)
        self.drift_gain = one_pole_gain(1.0 / (2.0 * math.pi * DRIFT_S), self.fs)
        self.random = vec[float]([0.0] * self.frames)
        self.past = SwingingDelay(self.channels, self.frames, math.ceil(self.reach_ms * 1e-3 * self.fs))

    def update(self) -> None:
        r = turns_per_second(self.rate_hz, self.speed_ips / self.nominal_ips, self.fs)
        A = self.depth_percent / 100.0 * self.fs / (2.0 * math.pi * r)
        jerk = A * self.variance
        E = self.drift_percent / 100.0 * DRIFT_S * self.fs
        wanted = A + RARE * (jerk + E)
        held = 1.0 if wanted <= float(self.past.reach) else float(self.past.reach) / wanted
        self.scales.target[0] = held * A
        self.scales.target[1] = held * jerk
        self.scales.target[2] = held * E * math.sqrt(2.0)
        self.rotation.aim(r, self.irregularity)

    def reset(self) -> None:
        self.scales.jump()
        self.rotation.restart()
        self.past.clear()
        self.jerks.restart()
        self.jerk_s1 = 0.0
        self.jerk_s2 = self.jerks.n
        self.drift.restart()
        self.drift_s = 0.5 * (self.drift.n + self.drift.stream.normal())  # as v is distributed beside u

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        D = self.past.displacement
        scales = self.scales
        scales.begin()
        self.rotation.turn(D)
        displace(D, scales.start[0], scales.end[0])
        if scales.start[1] > 0.0 or scales.end[1] > 0.0:
            self.jerks.write(self.random)
            s1, s2 = self.jerk_s1, self.jerk_s2
            self.jerk_s1, self.jerk_s2 = add_jerks(D, self.random, self.jerk_g, s1, s2, scales.start[1], scales.end[1])
        if scales.start[2] > 0.0 or scales.end[2] > 0.0:
            self.drift.write(self.random)
            self.drift_s = add_drift(D, self.random, self.drift_gain, self.drift_s, scales.start[2], scales.end[2])
        self.past.process(x[0].samples, y[0].samples)
        scales.finish()

    def latency(self) -> float:
        return float(self.past.mean)

    def tail(self) -> float:
        return self.past.tail_s(self.fs)


def displace(p: vec[float], a: float, a_end: float) -> None:
    """Replace angles p, turns, by displacements a sin(2 pi p), frames; a moves to its end in equal steps."""
    n: i64 = len(p)
    step = (a_end - a) / float(n)
    i: i64 = 0
    while i < n:
        a += step
        p[i] = a * math.sin(2.0 * math.pi * p[i])
        i += 1


def add_jerks(
    D: vec[float], m: vec[float], g: float, s1: float, s2: float, a: float, a_end: float
) -> tuple[float, float]:
    """Add a times the low-passed m to displacements, from states that it returns; a moves to its end in equal steps."""
    n: i64 = len(D)
    step = (a_end - a) / float(n)
    R = math.sqrt(2.0)
    i: i64 = 0
    while i < n:
        a += step
        _h, _b, low, s1, s2 = filtered(m[i], g, R, s1, s2)
        D[i] += a * low
        i += 1
    return s1, s2


def add_drift(D: vec[float], u: vec[float], G: float, s: float, a: float, a_end: float) -> float:
    """Add a v, the low-passed u, to displacements, from the state s to the one returned; a moves in equal steps."""
    n: i64 = len(D)
    step = (a_end - a) / float(n)
    i: i64 = 0
    while i < n:
        a += step
        low, _h, s = one_pole(u[i], G, s)
        D[i] += a * low
        i += 1
    return s
