"""Noise: white, pink or brown, normally distributed, as hiss, rumble or a test signal.

    y[i] = sum over k of g_k[i] n_k[i],    g_k -> 10^(level_db / 20) G_k for the colour, 0 for the others
    S(f) = A^2 / 19980 Hz (white),    A^2 / (f ln 1000) (pink),    A^2 / (f^2 (1/20 - 1/20000) s) (brown)

S is the power density per hertz, A = 10^(level_db / 20): the noise between 20 Hz and 20 kHz has an RMS of level_db,
relative to full scale, at any sample rate; what lies outside that band adds to it (white at 48 kHz: 0.8 dB). The
slopes, 0, -3.01 and -6.02 dB per octave, hold from 20 Hz to 0.45 fs within 0.5 dB. The distribution is normal: one
sample in 370 exceeds 3 times the RMS, one in 16000 exceeds 4 times; the crest factor of a minute is about 14 dB. Pink
and brown noise start from silence and take 0.1 s to build up their lowest frequencies. A changed level or colour, or a
change between common and independent noise, cross-fades in 5 ms or a block, whichever is longer.

Source: N. J. Kasdin, Discrete simulation of colored noise and stochastic processes and 1/f^alpha power law noise
generation, Proceedings of the IEEE 83, 1995; the filters are in _kernels/noise_colours.py.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal, Switch
from tapegraph_nodes._kernels.mixing import fade
from tapegraph_nodes._kernels.noise_colours import BrownFilter, PinkFilter
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.random_streams import RandomStream

COLOURS: Final = ("white", "pink", "brown")
LOW_HZ: Final = 20.0  # level_db is the RMS from here
HIGH_HZ: Final = 20_000.0  # to here
MATCHED_HZ: Final = 1000.0  # where the filters of pink and brown noise are exact


class Noise(Node):
    KIND: ClassVar[str] = "noise"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    INPUTS: ClassVar[tuple[str, ...]] = ()
    SOURCE: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("colour", "white", COLOURS, "slope of the spectrum: 0, -3 or -6 dB per octave"),
        Param("level_db", -40.0, -120.0, 0.0, "dB", "RMS from 20 Hz to 20 kHz, relative to full scale"),
        Switch("common", False, "whether all channels get the same noise, instead of independent noise"),
    )

    colour: str  # parameter
    level_db: float  # parameter
    common: bool  # parameter
    pink_gain: float  # coefficient: of the filtered noise, for an RMS of 1
    brown_gain: float  # coefficient: the same
    white_gain: float  # coefficient: of numbers with a variance of 1, the same
    gains: Ramp  # of white, pink and brown noise
    shared: Ramp  # fraction of the noise that is common to all channels
    streams: list[RandomStream]  # state: one for each channel
    common_stream: RandomStream  # state
    pink: list[PinkFilter]  # state: one for each channel
    brown: list[BrownFilter]  # state: one for each channel
    white_noise: vec[float]  # a block of one channel
    common_noise: vec[float]  # a block
    coloured_noise: vec[float]  # a block of one channel

    def prepare(self) -> None:
        seed, name, first = int(self.seed), self.name, int(self.first_channel)
        self.streams = [RandomStream(seed, name, first + c, "noise") for c in range(self.channels)]
        self.common_stream = RandomStream(seed, name, 0, "common noise")
        self.pink = [PinkFilter(self.fs) for _ in range(self.channels)]
        self.brown = [BrownFilter(self.fs) for _ in range(self.channels)]
        variance = self.fs / 2.0  # of numbers whose density is 1 per hertz
        pink = MATCHED_HZ * math.log(HIGH_HZ / LOW_HZ)
        brown = MATCHED_HZ**2 * (1.0 / LOW_HZ - 1.0 / HIGH_HZ)
        self.white_gain = math.sqrt(variance / (HIGH_HZ - LOW_HZ))
        self.pink_gain = math.sqrt(variance / pink) / self.pink[0].gain_at(MATCHED_HZ)
        self.brown_gain = math.sqrt(variance / brown) / self.brown[0].gain_at(MATCHED_HZ)
        self.gains = Ramp(self.fs, self.frames, len(COLOURS))
        self.shared = Ramp(self.fs, self.frames)
        self.white_noise = vec[float]([0.0] * self.frames)
        self.common_noise = vec[float]([0.0] * self.frames)
        self.coloured_noise = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        A = 10.0 ** (self.level_db / 20.0)
        self.gains.target[0] = A * self.white_gain if self.colour == "white" else 0.0
        self.gains.target[1] = A * self.pink_gain if self.colour == "pink" else 0.0
        self.gains.target[2] = A * self.brown_gain if self.colour == "brown" else 0.0
        self.shared.target[0] = 1.0 if self.common else 0.0

    def reset(self) -> None:
        self.gains.jump()
        self.shared.jump()
        self.common_stream.restart()
        for stream in self.streams:
            stream.restart()
        for pink in self.pink:
            pink.clear()
        for brown in self.brown:
            brown.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        out = y[0].samples
        gains, shared = self.gains, self.shared
        gains.begin()
        shared.begin()
        start, end = shared.start[0], shared.end[0]
        white = self.white_noise
        if start > 0.0 or end > 0.0:
            self.common_stream.fill(self.common_noise)
        c: i64 = 0
        while c < self.channels:
            if start < 1.0 or end < 1.0:
                self.streams[c].fill(white)
            if start > 0.0 or end > 0.0:
                fade(self.common_noise, white, start, end)
            write(white, out, c, gains.start[0], gains.end[0])
            if gains.start[2] > 0.0 or gains.end[2] > 0.0:
                self.brown[c].filter(white, self.coloured_noise)
                add(self.coloured_noise, out, c, gains.start[2], gains.end[2])
            if gains.start[1] > 0.0 or gains.end[1] > 0.0:
                self.pink[c].filter(white, self.coloured_noise)
                add(self.coloured_noise, out, c, gains.start[1], gains.end[1])
            c += 1
        gains.finish()
        shared.finish()


def write(x: vec[float], y: vec[float], channel: i64, start: float, end: float) -> None:
    """Write x into a channel of y, by a gain that moves from start to end in equal steps."""
    n: i64 = len(x)
    step = (end - start) / float(n)
    g = start
    first = channel * n
    i: i64 = 0
    while i < n:
        g += step
        y[first + i] = g * x[i]
        i += 1


def add(x: vec[float], y: vec[float], channel: i64, start: float, end: float) -> None:
    """Add x to a channel of y, by a gain that moves from start to end in equal steps."""
    n: i64 = len(x)
    step = (end - start) / float(n)
    g = start
    first = channel * n
    i: i64 = 0
    while i < n:
        g += step
        y[first + i] += g * x[i]
        i += 1
