"""Hum: what the mains leave in the sound of a machine, from its transformer, its power supply and its rectifiers.

    y[i] = A (sin v + second sin 2v + third sin 3v + buzz B(v)),    v = 2 pi p[i],    p[i+1] = p[i] + mains_hz / fs
    B = b sign(sin v) max(0, |sin v| - c),    c = cos(15 deg)

sin v and sin 3v are the stray field of a transformer, sin 2v the ripple of a full-wave power supply, B the current of
rectifiers into a capacitor, which flows for 30 degrees around each crest of the mains: odd harmonics, of which the
ninth is 5 dB weaker than the third; above the fifteenth they fall by 12 dB per octave. b makes the RMS of B that of
sin v, and A the RMS of y level_db, relative to full scale, 0 dB for a square wave, whatever the harmonics are. The
output has one channel; p starts at 0. Level and harmonics are reached in 5 ms or a block, whichever is longer, and so
is the frequency, without a step in phase.

Source: O. H. Schade, Analysis of rectifier operation, Proceedings of the IRE 31, 1943 (conduction around the crests).
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.ramp import Ramp

HALF_ANGLE: Final = math.radians(15.0)  # for which a rectifier conducts before and after a crest
C: Final = math.cos(HALF_ANGLE)
S: Final = math.sin(HALF_ANGLE)
# Over a period: the mean square of the tips max(0, |sin v| - c), and their products with sin v and sin 3v.
SQUARE: Final = (HALF_ANGLE * (1.0 + 2.0 * C * C) - 3.0 * S * C) / math.pi
FIRST: Final = (HALF_ANGLE - S * C) / math.pi
THIRD: Final = -2.0 / 3.0 * S * S * S * C / math.pi
TIPS: Final = math.sqrt(0.5 / SQUARE)  # b


class Hum(Node):
    KIND: ClassVar[str] = "hum"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    INPUTS: ClassVar[tuple[str, ...]] = ()
    CHANNELS: ClassVar[int] = 1
    SOURCE: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("mains_hz", 50.0, 40.0, 70.0, "Hz", "frequency of the mains: 50 Hz, or 60 Hz in America"),
        Param("level_db", -60.0, -120.0, 0.0, "dB", "RMS, relative to full scale"),
        Param("second", 0.3, 0.0, 10.0, "", "ripple at twice the mains, relative to the fundamental"),
        Param("third", 0.3, 0.0, 10.0, "", "third harmonic, relative to the fundamental"),
        Param("buzz", 0.1, 0.0, 10.0, "", "RMS of the pulses of rectifiers, relative to that of the fundamental"),
    )

    mains_hz: float  # parameter
    level_db: float  # parameter
    second: float  # parameter
    third: float  # parameter
    buzz: float  # parameter
    rate: Ramp  # turns in a frame
    gains: Ramp  # of sin v, sin 2v, sin 3v and the tips
    p: float  # state: turns, 0 to 1

    def prepare(self) -> None:
        self.rate = Ramp(self.fs, self.frames)
        self.gains = Ramp(self.fs, self.frames, 4)

    def update(self) -> None:
        b = self.buzz * TIPS
        sines = 0.5 * (1.0 + self.second * self.second + self.third * self.third)
        square = sines + b * b * SQUARE + 2.0 * b * (FIRST + self.third * THIRD)
        A = 10.0 ** (self.level_db / 20.0) / math.sqrt(square)
        self.rate.target[0] = self.mains_hz / self.fs
        self.gains.target[0] = A
        self.gains.target[1] = A * self.second
        self.gains.target[2] = A * self.third
        self.gains.target[3] = A * b

    def reset(self) -> None:
        self.rate.jump()
        self.gains.jump()
        self.p = 0.0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.rate.begin()
        self.gains.begin()
        rate = self.rate
        self.p = sound(y[0].samples, self.p, rate.start[0], rate.end[0], self.gains.start, self.gains.end)
        self.gains.finish()
        self.rate.finish()


def sound(y: vec[float], p: float, turns: float, turns_end: float, start: vec[float], end: vec[float]) -> float:
    """Write a block of hum into y and return the phase after it; turns in a frame and gains move to their ends evenly.

    sin 2v = 2 sin v cos v,    sin 3v = (3 - 4 sin^2 v) sin v
    """
    frames: i64 = len(y)
    part = 1.0 / float(frames)
    g1, g2, g3, g4 = start[0], start[1], start[2], start[3]
    r1, r2, r3, r4 = (end[0] - g1) * part, (end[1] - g2) * part, (end[2] - g3) * part, (end[3] - g4) * part
    step = (turns_end - turns) * part
    i: i64 = 0
    while i < frames:
        g1 += r1
        g2 += r2
        g3 += r3
        g4 += r4
        v = 2.0 * math.pi * p
        s = math.sin(v)
        y[i] = s * (g1 + g2 * 2.0 * math.cos(v) + g3 * (3.0 - 4.0 * s * s))
        if s > C:
            y[i] += g4 * (s - C)
        elif s < -C:
            y[i] += g4 * (s + C)
        turns += step
        p += turns
        if p >= 1.0:
            p -= 1.0
        i += 1
    return p
