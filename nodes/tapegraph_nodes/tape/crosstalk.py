"""Crosstalk: what a track hears of its neighbours, over the edge of its head and from core to core in the head stack.

    y_c = x_c + H (x_{c-1} + x_{c+1}),    H(f) = F exp(-k d) + C (i f / 1 kHz) / (1 + i f / 10 kHz),    k = 2 pi f / v
    F = 10^(fringing_db / 20),    C = 10^(level_db / 20),    d = guard_mm

The first part is the fringing of the head: the flux of a track spreads sideways by about its wavelength, so long waves
are read by the neighbouring head too, short ones not. The second is the coupling of the cores and windings, which
rises by 6 dB per octave and levels off above 10 kHz. Between them lies the quiet middle of a real crosstalk curve. A
track hears only the tracks next to it; with one channel nothing happens. There is no latency. Fringing follows its law
within 0.3 dB to 40 dB under F; coupling within 0.25 dB to 4 kHz and 1 dB above. Changed parameters
are reached in 5 ms or a block, whichever is longer.

Source: F. Jorgensen, The Complete Handbook of Magnetic Recording (side reading and crosstalk between tracks); the decay
exp(-k d) beside a track is that above it: R. L. Wallace, Bell Syst. Tech. J. 30, 1951. The corner at 10 kHz is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, silence
from tapegraph_nodes._kernels.distance import STATES, hear, heard_weights, memory, tail_of
from tapegraph_nodes._kernels.one_pole import one_pole
from tapegraph_nodes._kernels.prewarp import without_subnormal
from tapegraph_nodes._kernels.ramp import Ramp

LEVEL_HZ: Final = 1000.0  # where coupling has its level
CORNER_HZ: Final = 10_000.0  # above which it rises no more


class Crosstalk(Node):
    KIND: ClassVar[str] = "crosstalk"
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("level_db", -60.0, -120.0, -20.0, "dB", "coupling of neighbouring cores, at 1 kHz"),
        Param("fringing_db", -35.0, -120.0, -10.0, "dB", "what the head reads of a neighbouring track at long waves"),
        Param("guard_mm", 0.75, 0.1, 5.0, "mm", "width of the empty band between two tracks", "log"),
        Param("speed_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape", "log"),
    )

    level_db: float  # parameter
    fringing_db: float  # parameter
    guard_mm: float  # parameter
    speed_ips: float  # parameter
    G: float  # coefficient: of the high-pass of the coupling
    gains: Ramp  # of the fringing, and of the high-pass
    e: Ramp  # memory of the distance d
    weights: vec[float]  # coefficient: of the states, for exp(-k d)
    s: vec[float]  # state: of the distance, for each channel
    low: vec[float]  # state: what the high-pass takes away, for each channel
    far: vec[float]  # a block of every channel, heard from beside it

    def prepare(self) -> None:
        g = math.pi * CORNER_HZ / self.fs  # not prewarped: exact far below the corner, at every rate
        self.G = g / (1.0 + g)
        self.gains = Ramp(self.fs, self.frames, 2)
        self.e = Ramp(self.fs, self.frames)
        self.weights = heard_weights(1.0)
        self.s = vec[float]([0.0] * (STATES * self.channels))
        self.low = vec[float]([0.0] * self.channels)
        self.far = vec[float]([0.0] * (self.channels * self.frames))

    def update(self) -> None:
        self.gains.target[0] = 10.0 ** (self.fringing_db / 20.0)
        self.gains.target[1] = 10.0 ** (self.level_db / 20.0) * CORNER_HZ / LEVEL_HZ
        self.e.target[0] = memory(self.guard_mm * 1e-3 / (self.speed_ips * 0.0254) * self.fs)

    def reset(self) -> None:
        self.gains.jump()
        self.e.jump()
        silence(self.s)
        silence(self.low)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        tracks, out = x[0].samples, y[0].samples
        gains, e = self.gains, self.e
        gains.begin()
        e.begin()
        hear(tracks, self.far, self.weights, e.start[0], e.end[0], self.s)
        couple(tracks, self.far, self.low, self.G, gains.start, gains.end)
        spread(tracks, self.far, out, self.channels)
        e.finish()
        gains.finish()

    def tail(self) -> float:
        if self.channels == 1:
            return 0.0
        return tail_of(self.guard_mm * 1e-3 / (self.speed_ips * 0.0254))


def couple(x: vec[float], far: vec[float], low: vec[float], G: float, start: vec[float], end: vec[float]) -> None:
    """Replace what is heard from beside each track by all that its neighbours hear; gains move to their ends."""
    channels: i64 = len(low)
    n: i64 = len(x) // channels
    f_step = (end[0] - start[0]) / float(n)
    g_step = (end[1] - start[1]) / float(n)
    c: i64 = 0
    while c < channels:
        f = start[0]
        g = start[1]
        s = low[c]
        i: i64 = c * n
        stop = i + n
        while i < stop:
            f += f_step
            g += g_step
            _l, h, s = one_pole(x[i], G, s)
            far[i] = f * far[i] + g * h
            i += 1
        low[c] = without_subnormal(s)
        c += 1


def spread(x: vec[float], far: vec[float], y: vec[float], channels: i64) -> None:
    """Add to every channel of x what it hears of the one before it and the one after it, into y."""
    total: i64 = len(x)
    n: i64 = total // channels
    i: i64 = 0
    while i < total:
        v = x[i]
        if i >= n:
            v += far[i - n]
        if i + n < total:
            v += far[i + n]
        y[i] = v
        i += 1
