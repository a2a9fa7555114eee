"""Compression: raises what is quiet and holds back what is loud, as a noise reduction or a console before the tape.

    X = level in dB,    p = amount_db
    G = p                              where X is below -2 p
    G = ln(X + 2 p + 1) - p - X        above
    y = 10^(G / 20) x

Quiet sound comes out p dB louder. From -2 p dB on the output rises ever more slowly, from a slope of 1 to one of
1 / (X + 2 p + 1): at full scale it is ln(2 p + 1) - p dB. Under an amount of 1 dB what is held back is so in proportion
to the amount, so that 0 dB leaves any level as it is.

smooth      peak[i] = max(|x[i]|, peak[i-1] exp(-1 / (release_s fs))),    X from level[i]
            level[i] = level[i-1] + a (peak[i] - level[i-1]),    a = 1 - exp(-1 / (attack_s fs))
original    X from |x[i]|,    gain[i] = min(10^(G / 20), slow[i]),    slow follows 10^(G / 20), upwards in release_s / 2
            and downwards in attack_s / 2

smooth is what the names of the times say: a sound that sets in comes through at first, raised as if it were quiet; the
level of a steady sine is its peak; and after a sound the level falls by 8.7 dB in each release_s. original is the
behaviour of a known plug-in: the gain falls at once, whatever attack_s is, which clips each wave softly, and recovers
twice as fast as labelled; oversample it, for it distorts. It starts from rest, where the plug-in fades in. link takes
the level of each channel from the loudest of all. A changed amount, link or timing is reached in 5 ms or a block,
whichever is longer. Levels over 40 dB are taken as 40 dB. There is no latency.

Source: D. Giannoulis, M. Massberg, J. D. Reiss, Digital dynamic range compressor design: a tutorial and analysis,
Journal of the AES 60, 2012 (decoupled peak detector). The static curve is that of a known plug-in, not of a device.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal, silence
from tapegraph_nodes._kernels.mixing import fade
from tapegraph_nodes._kernels.prewarp import without_subnormal
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes.levels.envelope import find_loudest

DB: Final = 20.0 / math.log(10.0)  # decibels in a factor of e
HIGHEST: Final = 100.0  # level, 40 dB


class Compression(Node):
    KIND: ClassVar[str] = "compression"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ("link",)
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("amount_db", 0.0, 0.0, 9.0, "dB", "by how much quiet sound is raised; loud sound is held back"),
        Param("attack_s", 0.005, 0.0001, 0.05, "s", "time constant while the level rises", "log"),
        Param("release_s", 0.2, 0.01, 1.0, "s", "time constant while the level falls", "log"),
        Param("link", 0.0, 0.0, 1.0, "", "share of the loudest channel in the level of each; 1 keeps the stereo image"),
        Choice(
            "timing",
            "smooth",
            ("smooth", "original"),
            "smooth: a detector with these times; original: that of a known plug-in, which clips each wave softly",
        ),
    )

    amount_db: float  # parameter
    attack_s: float  # parameter
    release_s: float  # parameter
    link: float  # parameter
    timing: str  # parameter
    rise: float  # coefficient: of the level towards the peak, in a frame
    fall: float  # coefficient: of the peak, as a factor in a frame
    recover: float  # coefficient: of the slow gain upwards, in a frame
    sink: float  # coefficient: of the slow gain downwards, in a frame
    moves: Ramp  # p, link, share of the original timing
    loudest: vec[float]  # a block of the loudest channel, rectified
    rectified: vec[float]  # a block of |x|, for one channel
    level: vec[float]  # a block of level, for one channel
    gain: vec[float]  # a block of gains, for one channel
    fast: vec[float]  # a block of gains without timing, for one channel
    peaks: vec[float]  # state: peak of each channel
    levels: vec[float]  # state: level of each channel
    slow: vec[float]  # state: slow gain of each channel

    def prepare(self) -> None:
        self.moves = Ramp(self.fs, self.frames, 3)
        self.loudest = vec[float]([0.0] * self.frames)
        self.rectified = vec[float]([0.0] * self.frames)
        self.level = vec[float]([0.0] * self.frames)
        self.gain = vec[float]([0.0] * self.frames)
        self.fast = vec[float]([0.0] * self.frames)
        self.peaks = vec[float]([0.0] * self.channels)
        self.levels = vec[float]([0.0] * self.channels)
        self.slow = vec[float]([0.0] * self.channels)

    def update(self) -> None:
        self.rise = -math.expm1(-1.0 / (self.attack_s * self.fs))
        self.fall = math.exp(-1.0 / (self.release_s * self.fs))
        self.recover = -math.expm1(-2.0 / (self.release_s * self.fs))
        self.sink = -math.expm1(-2.0 / (self.attack_s * self.fs))
        self.moves.target[0] = self.amount_db
        self.moves.target[1] = self.link
        self.moves.target[2] = 1.0 if self.timing == "original" else 0.0

    def reset(self) -> None:
        self.moves.jump()
        silence(self.peaks)
        silence(self.levels)
        for c in range(self.channels):
            self.slow[c] = math.exp(self.amount_db / DB)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.moves.begin()
        find_loudest(x[0].samples, self.loudest)
        c: i64 = 0
        while c < self.channels:
            rectify(x[0].samples, c, self.loudest, self.moves.start[1], self.moves.end[1], self.rectified)
            self.find_gains(c)
            apply(self.gain, x[0].samples, y[0].samples, c)
            c += 1
        self.moves.finish()

    def find_gains(self, c: i64) -> None:
        """Find the gains of a channel in this block from its rectified sound."""
        p, p_end = self.moves.start[0], self.moves.end[0]
        original, original_end = self.moves.start[2], self.moves.end[2]
        peak, level = follow(self.rectified, self.level, self.rise, self.fall, self.peaks[c], self.levels[c])
        self.peaks[c], self.levels[c] = without_subnormal(peak), without_subnormal(level)
        if original < 1.0 or original_end < 1.0:
            curve(self.level, self.gain, p, p_end)
        if original > 0.0 or original_end > 0.0:
            curve(self.rectified, self.fast, p, p_end)
            self.slow[c] = hold(self.fast, self.recover, self.sink, self.slow[c])
            fade(self.fast, self.gain, original, original_end)
        else:
            self.slow[c] = self.gain[self.frames - 1]  # where a change of timing would take over


def rectify(x: vec[float], channel: i64, loudest: vec[float], start: float, end: float, y: vec[float]) -> None:
    """Write the magnitude of a channel of x into y, weighed with the loudest by a link that moves in equal steps."""
    n: i64 = len(y)
    step = (end - start) / float(n)
    link = start
    first = channel * n
    i: i64 = 0
    while i < n:
        link += step
        v = abs(x[first + i])
        v += link * (loudest[i] - v)
        y[i] = v if v < HIGHEST else HIGHEST  # also for what is not a number
        i += 1


def follow(x: vec[float], y: vec[float], rise: float, fall: float, peak: float, level: float) -> tuple[float, float]:
    """Write the level of x into y; return peak and level after it."""
    n: i64 = len(x)
    i: i64 = 0
    while i < n:
        peak *= fall
        if x[i] > peak:
            peak = x[i]
        level += rise * (peak - level)
        y[i] = level
        i += 1
    return peak, level


def curve(level: vec[float], gain: vec[float], start: float, end: float) -> None:
    """Write the gain of each level into gain, while p moves from start to end in equal steps.

    r = level / 10^(-2 p / 20), so that X + 2 p = 20 log10 r, and 10^(G / 20) = 10^(p / 20) (X + 2 p + 1)^(1 / DB) / r
    """
    n: i64 = len(level)
    step = (end - start) / float(n)
    p = start
    quiet = math.exp(p / DB)
    i: i64 = 0
    while i < n:
        if step != 0.0:
            p += step
            quiet = math.exp(p / DB)
        a = quiet
        r = level[i] * quiet * quiet
        if r > 1.0:
            held = math.exp(math.log(1.0 + DB * math.log(r)) / DB) / r
            a *= 1.0 - min(p, 1.0) * (1.0 - held)
        gain[i] = a
        i += 1


def hold(fast: vec[float], recover: float, sink: float, slow: float) -> float:
    """Hold gains down to one that follows them slowly, in place; return that."""
    n: i64 = len(fast)
    i: i64 = 0
    while i < n:
        d = fast[i] - slow
        slow += (recover if d > 0.0 else sink) * d
        if slow < fast[i]:
            fast[i] = slow
        i += 1
    return slow


def apply(gain: vec[float], x: vec[float], y: vec[float], channel: i64) -> None:
    """Write a channel of x, times the gains, into y."""
    n: i64 = len(gain)
    first = channel * n
    i: i64 = 0
    while i < n:
        y[first + i] = gain[i] * x[first + i]
        i += 1
