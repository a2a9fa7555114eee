"""Envelope follower: the level of its input as a signal, to modulate parameters with.

    peak    y[i] = y[i-1] + g (x[i] - y[i-1]),      g = 1 - exp(-1 / (T fs))
    rms     y[i]^2 = y[i-1]^2 + h (x[i]^2 - y[i-1]^2),    h = 1 - exp(-2 / (T fs))
    T = attack_s where x is above y, release_s otherwise,    x = |the loudest channel|

After a step from silence to 1, peak reaches 1 - 1/e = 0.63 in attack_s and rms sqrt(1 - 1/e^2) = 0.93; after the sound
ends both fall by 8.7 dB in each release_s. With equal times rms is the root mean square in an exponential window; with
a shorter attack it reads higher. The peak of a sine is reached only if the attack is far shorter than a period. Full
scale is 1; every channel of the output carries the same level. Changed times are reached in 5 ms or a block, whichever
is longer; a change of detector cross-fades in the same time. Levels under -600 dB are taken as silence.

Source: D. Giannoulis, M. Massberg, J. D. Reiss, Digital dynamic range compressor design: a tutorial and analysis,
Journal of the AES 60, 2012 (branching peak detector).
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal
from tapegraph_nodes._kernels.ramp import Ramp

FAINTEST: Final = 1e-30  # -600 dB
FALL: Final = math.log(1e6)  # release times for 120 dB


LAW_EXCEPTIONS: dict[str, object] = {"output_is_a_level": True}


class Envelope(Node):
    KIND: ClassVar[str] = "envelope"
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("detector", "peak", ("peak", "rms"), "which level: that of the peaks, or the root mean square"),
        Param("attack_s", 0.005, 0.0001, 1.0, "s", "time constant while the level rises", "log"),
        Param("release_s", 0.05, 0.001, 1.0, "s", "time constant while the level falls", "log"),
    )

    detector: str  # parameter
    attack_s: float  # parameter
    release_s: float  # parameter
    speeds: Ramp  # g and h of the attack, g and h of the release
    rms_fraction: Ramp  # 0: peak, 1: rms
    loudest: vec[float]  # a block of |x|
    peak: float  # state: y of the peak detector
    square: float  # state: y^2 of the rms detector

    def prepare(self) -> None:
        self.speeds = Ramp(self.fs, self.frames, 4)
        self.rms_fraction = Ramp(self.fs, self.frames)
        self.loudest = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        self.speeds.target[0] = -math.expm1(-1.0 / (self.attack_s * self.fs))
        self.speeds.target[1] = -math.expm1(-2.0 / (self.attack_s * self.fs))
        self.speeds.target[2] = -math.expm1(-1.0 / (self.release_s * self.fs))
        self.speeds.target[3] = -math.expm1(-2.0 / (self.release_s * self.fs))
        self.rms_fraction.target[0] = 1.0 if self.detector == "rms" else 0.0

    def reset(self) -> None:
        self.speeds.jump()
        self.rms_fraction.jump()
        self.peak = 0.0
        self.square = 0.0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        out = y[0].samples
        self.speeds.begin()
        self.rms_fraction.begin()
        find_loudest(x[0].samples, self.loudest)
        peak, square = follow(
            self.loudest,
            out,
            self.speeds.start,
            self.speeds.end,
            self.rms_fraction.start[0],
            self.rms_fraction.end[0],
            self.peak,
            self.square,
        )
        self.peak = 0.0 if peak < FAINTEST else peak
        self.square = 0.0 if square < FAINTEST * FAINTEST else square
        repeat(out, self.frames)
        self.rms_fraction.finish()
        self.speeds.finish()

    def tail(self) -> float:
        return FALL * self.release_s


def find_loudest(x: vec[float], loudest: vec[float]) -> None:
    """Write the largest magnitude of all channels of x into loudest, frame by frame."""
    n: i64 = len(loudest)
    total: i64 = len(x)
    i: i64 = 0
    while i < n:
        loudest[i] = abs(x[i])
        i += 1
    while i < total:
        k: i64 = 0
        while k < n:
            v = abs(x[i])
            if v > loudest[k]:
                loudest[k] = v
            k += 1
            i += 1


def follow(
    x: vec[float],
    y: vec[float],
    start: vec[float],
    end: vec[float],
    rms_start: float,
    rms_end: float,
    peak: float,
    square: float,
) -> tuple[float, float]:
    """Follow x with both detectors and write their mixture into the first channel of y; return their states.

    start, end: g and h of the attack, then of the release, before the block and at the end of it
    """
    n: i64 = len(x)
    part = 1.0 / float(n)
    rise, rise_step = start[0], (end[0] - start[0]) * part
    rise2, rise2_step = start[1], (end[1] - start[1]) * part
    fall, fall_step = start[2], (end[2] - start[2]) * part
    fall2, fall2_step = start[3], (end[3] - start[3]) * part
    a, a_step = rms_start, (rms_end - rms_start) * part
    i: i64 = 0
    while i < n:
        rise += rise_step
        rise2 += rise2_step
        fall += fall_step
        fall2 += fall2_step
        a += a_step
        d = x[i] - peak
        peak += (rise if d > 0.0 else fall) * d
        d = x[i] * x[i] - square
        square += (rise2 if d > 0.0 else fall2) * d
        y[i] = (1.0 - a) * peak + a * math.sqrt(square)
        i += 1
    return peak, square


def repeat(y: vec[float], frames: i64) -> None:
    """Copy the first channel of y to all others."""
    n: i64 = len(y)
    i = frames
    while i < n:
        y[i] = y[i - frames]
        i += 1
