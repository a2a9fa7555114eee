"""Degrade: an old, worn tape: noise, dull treble and an unsteady level.

    y = G v,    v = low-pass of x + g e (U - 1/2), 6 dB per octave,    g = depth amount / 2 sqrt(fs / 48 kHz)
    cutoff = f (1 + variance (u - 1/2) / 0.6),    f = 200 Hz 100^(1 - amount)
    G = min(10^(-24 dB depth / 20) 10^(36 dB variance (w - 1/2) / 20), 10^(3 dB / 20))

U is uniform in 0 to 1, of each sample and channel: the noise before the low-pass has a density of g^2 / 12 / 24 kHz
at 48 kHz, and the same at any rate. u, of each channel, and w, of all, are uniform in 0 to 1 too; they are drawn
anew every 42.7 ms (2048 frames at 48 kHz), counted from the start of the sound, and move to that in 5 ms. The cutoff is
held under 0.49 fs. e is 1 where envelope is 0. Above it the noise follows the sound: e is its level, from the mean of
|x| over the channels, which rises in 10 ms and falls in 20 ms 250^(1 - envelope^0.8), 5 s to 20 ms. Changed parameters
are reached in 5 ms or a block, whichever is longer. There is no latency. Levels under -600 dB are taken as silence.

Source: the laws are those of J. Chowdhury's CHOW Tape Model; V. Zavalishin, The Art of VA Filter Design, ch. 3, for the
low-pass; D. Giannoulis, M. Massberg, J. D. Reiss, Digital dynamic range compressor design, Journal of the AES 60, 2012,
for the level (branching detector). That the noise keeps its density at other rates than 48 kHz is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, silence
from tapegraph_nodes._kernels.one_pole import one_pole, one_pole_gain
from tapegraph_nodes._kernels.prewarp import without_subnormal
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.random_streams import RandomStream
from tapegraph_nodes._kernels.redrawn import Redrawn

RATE_HZ: Final = 48_000.0  # of which g is the peak to peak level of the noise
HOLD_S: Final = 2048.0 / RATE_HZ
MOVE_S: Final = 0.005
ATTACK_S: Final = 0.01
FASTEST_RELEASE_S: Final = 0.02
LOUDEST: Final = 10.0 ** (3.0 / 20.0)
SWING: Final = 36.0 * math.log(10.0) / 20.0  # of the level, nepers
FAINTEST: Final = 1e-30  # -600 dB


class Degrade(Node):
    KIND: ClassVar[str] = "degrade"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ("envelope",)
    SOURCE: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("depth", 0.1, 0.0, 1.0, "", "how much noise there is, and how much level is lost"),
        Param("amount", 0.3, 0.0, 1.0, "", "how much noise there is, and how much treble is lost"),
        Param("variance", 0.2, 0.0, 1.0, "", "how unsteady level and treble are"),
        Param(
            "envelope",
            0.0,
            0.0,
            1.0,
            "",
            "0: steady noise; above: noise that follows the level, faster at higher values",
        ),
    )

    depth: float  # parameter
    amount: float  # parameter
    variance: float  # parameter
    envelope: float  # parameter
    moving: Ramp  # amount, variance
    gains: Ramp  # g, gain without variance
    following: Ramp  # 0: e is 1, 1: e is the level; speed of the release
    rise: float  # coefficient: speed of the attack
    e: float  # state: the level
    w: Redrawn  # state
    u: list[Redrawn]  # state: one for each channel
    streams: list[RandomStream]  # state: U, one for each channel
    s: vec[float]  # state of the low-pass, for each channel
    noise: vec[float]  # a block of the level, then of g e
    level: vec[float]  # a block of w, then of G
    cutoff: vec[float]  # a block of u, then of the gain of the low-pass

    def prepare(self) -> None:
        seed, name, first = int(self.seed), self.name, int(self.first_channel)
        self.moving = Ramp(self.fs, self.frames, 2)
        self.gains = Ramp(self.fs, self.frames, 2)
        self.following = Ramp(self.fs, self.frames, 2)
        self.rise = -math.expm1(-1.0 / (ATTACK_S * self.fs))
        self.w = Redrawn(self.fs, HOLD_S, MOVE_S, RandomStream(seed, name, 0, "level"))
        self.u = []
        self.streams = []
        for c in range(first, first + self.channels):
            self.u.append(Redrawn(self.fs, HOLD_S, MOVE_S, RandomStream(seed, name, int(c), "cutoff")))
            self.streams.append(RandomStream(seed, name, int(c), "noise"))
        self.s = vec[float]([0.0] * self.channels)
        self.noise = vec[float]([0.0] * self.frames)
        self.level = vec[float]([0.0] * self.frames)
        self.cutoff = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        self.moving.target[0] = self.amount
        self.moving.target[1] = self.variance
        self.gains.target[0] = 0.5 * self.depth * self.amount * math.sqrt(self.fs / RATE_HZ)
        self.gains.target[1] = 10.0 ** (-24.0 * self.depth / 20.0)
        release_s = FASTEST_RELEASE_S * math.pow(250.0, 1.0 - math.pow(self.envelope, 0.8))
        self.following.target[0] = 1.0 if self.envelope > 0.0 else 0.0
        self.following.target[1] = -math.expm1(-1.0 / (release_s * self.fs))

    def reset(self) -> None:
        self.moving.jump()
        self.gains.jump()
        self.following.jump()
        self.e = 0.0
        self.w.restart()
        for u in self.u:
            u.restart()
        for stream in self.streams:
            stream.restart()
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        moving, gains, following = self.moving, self.gains, self.following
        moving.begin()
        gains.begin()
        following.begin()
        average(x[0].samples, self.noise)
        e = follow(self.noise, self.rise, following.start, following.end, gains.start[0], gains.end[0], self.e)
        self.e = 0.0 if e < FAINTEST else e
        self.w.write(self.level)
        vary_level(self.level, gains.start[1], gains.end[1], moving.start[1], moving.end[1])
        c: i64 = 0
        while c < self.channels:
            self.u[c].write(self.cutoff)
            vary_cutoff(self.cutoff, self.fs, moving.start, moving.end)
            out = y[0].samples
            self.s[c] = wear(x[0].samples, out, c, self.streams[c], self.noise, self.cutoff, self.level, self.s[c])
            c += 1
        following.finish()
        gains.finish()
        moving.finish()

    def tail(self) -> float:
        lowest_hz = cutoff_hz(self.amount, self.variance, 0.0)
        return math.log(1e6) / (2.0 * math.pi * lowest_hz)  # of the low-pass; the noise goes on


def cutoff_hz(amount: float, variance: float, u: float) -> float:
    return 200.0 * math.pow(100.0, 1.0 - amount) * (1.0 + variance * (u - 0.5) / 0.6)


def average(x: vec[float], y: vec[float]) -> None:
    """Write the mean of the magnitudes of all channels of x into y, frame by frame."""
    n: i64 = len(y)
    total: i64 = len(x)
    part = float(n) / float(total)
    silence(y)
    i: i64 = 0
    while i < total:
        k: i64 = 0
        while k < n:
            y[k] += part * abs(x[i])
            k += 1
            i += 1


def follow(
    loud: vec[float], rise: float, start: vec[float], end: vec[float], g: float, g_end: float, e: float
) -> float:
    """Replace levels by the gain of the noise; return the level followed. What is ramped moves in equal steps.

    start, end: how much the noise follows, speed of the release
    """
    n: i64 = len(loud)
    part = 1.0 / float(n)
    k, k_step = start[0], (end[0] - start[0]) * part
    fall, fall_step = start[1], (end[1] - start[1]) * part
    g_step = (g_end - g) * part
    i: i64 = 0
    while i < n:
        k += k_step
        fall += fall_step
        g += g_step
        d = loud[i] - e
        e += (rise if d > 0.0 else fall) * d
        loud[i] = g * (1.0 - k + k * e)
        i += 1
    return e


def vary_level(w: vec[float], gain: float, gain_end: float, variance: float, variance_end: float) -> None:
    """Replace numbers w by gains G; it is computed where w or a parameter moves."""
    n: i64 = len(w)
    step = (gain_end - gain) / float(n)
    variance_step = (variance_end - variance) / float(n)
    rests = gain == gain_end and variance == variance_end
    before = -1.0
    G = 0.0
    i: i64 = 0
    while i < n:
        gain += step
        variance += variance_step
        if w[i] != before or not rests:
            before = w[i]
            G = gain * math.exp(SWING * variance * (before - 0.5))
            if G > LOUDEST:
                G = LOUDEST
        w[i] = G
        i += 1


def vary_cutoff(u: vec[float], fs: float, start: vec[float], end: vec[float]) -> None:
    """Replace numbers u by gains of the low-pass; start, end: amount, variance."""
    n: i64 = len(u)
    amount, amount_step = start[0], (end[0] - start[0]) / float(n)
    variance, variance_step = start[1], (end[1] - start[1]) / float(n)
    rests = start[0] == end[0] and start[1] == end[1]
    before = -1.0
    gain = 0.0
    i: i64 = 0
    while i < n:
        amount += amount_step
        variance += variance_step
        if u[i] != before or not rests:
            before = u[i]
            gain = one_pole_gain(cutoff_hz(amount, variance, before), fs)
        u[i] = gain
        i += 1


def wear(
    x: vec[float],
    y: vec[float],
    channel: i64,
    stream: RandomStream,
    noise: vec[float],
    cutoff: vec[float],
    level: vec[float],
    s: float,
) -> float:
    """Write a channel of x into y, with noise, dulled and by a level; return the state of the low-pass."""
    n: i64 = len(noise)
    first = channel * n
    i: i64 = 0
    while i < n:
        v = x[first + i] + noise[i] * (stream.uniform() - 0.5)
        low, _h, s = one_pole(v, cutoff[i], s)
        s = without_subnormal(s)
        y[first + i] = level[i] * low
        i += 1
    return s
