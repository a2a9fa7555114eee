"""Reels: stops and starts the tape, so that the sound sinks to a standstill and comes up to speed again.

    y(t) = v x(t - D(t)),    D' = 1 - v
    stop: v' = -1 / stop_s down to 0        start: v' = 1 / start_s up to 1

A brake and a motor of constant torque change the speed v along a straight line. The pitch is v times that of the
input, and so is the level, as the voltage of a replay head is proportional to the speed of the tape. At a standstill
the tape waits for as long as it has to; it starts at a place where it is back in time with the input as soon as it is
at speed. While it slows down it cannot start: it first comes to rest, as a machine that senses motion does. A start can
be broken off at any time. The speed has no steps, and a standstill is silent, so nothing clicks.

The tape starts ahead by start_s / 2, as it is slow at first: the latency is that and 8 frames, and start_s is read when
the stream starts. The delay is interpolated at every sample, flat within 0.1 dB to 0.7 of the Nyquist frequency.
Sound under -600 dB is taken as silence.

Source: ours; the voltage of a head as in M. Camras, Magnetic Recording Handbook, 1988, without its equaliser.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, silence
from tapegraph_nodes._kernels.delay_line import DelayLine
from tapegraph_nodes._kernels.moving_delay import HALF
from tapegraph_nodes._kernels.moving_tap import MovingTap, is_constant

LONGEST_STOP_S: Final = 5.0
LONGEST_START_S: Final = 2.0


LAW_EXCEPTIONS: dict[str, object] = {"continues_after_reset": True}  # the latency of start_s, read in prepare()


class Reels(Node):
    KIND: ClassVar[str] = "reels"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("run", 1.0, 0.0, 1.0, "", "1: the reels turn, 0: they stop", whole=True),
        Param("stop_s", 1.0, 0.05, LONGEST_STOP_S, "s", "time from full speed to a standstill", "log"),
        Param("start_s", 0.2, 0.01, LONGEST_START_S, "s", "time to full speed; read at the start of the stream", "log"),
    )

    run: float  # parameter
    stop_s: float  # parameter
    start_s: float  # parameter
    turning: bool  # coefficient
    rise: float  # coefficient: by how much the speed rises in a frame of a start
    fall: float  # coefficient: by how much it falls in a frame of a stop
    ahead_frames: float  # coefficient: by how much the tape starts ahead
    mean_frames: i64  # coefficient: delay at full speed
    v: float  # state: speed, 0 to 1
    D: float  # state: frames
    stops: bool  # state: whether it slows down or stands still
    line: DelayLine  # state
    tap: MovingTap
    speed: vec[float]  # a block of v
    delay: vec[float]  # a block of D

    def prepare(self) -> None:
        start_frames = max(1, round(self.start_s * self.fs))
        self.rise = 1.0 / float(start_frames)
        self.ahead_frames = 0.5 * float(start_frames - 1)
        self.mean_frames = HALF + math.ceil(self.ahead_frames)
        longest = self.mean_frames + math.ceil(0.5 * LONGEST_STOP_S * self.fs) + HALF
        self.line = DelayLine(self.channels, self.frames, longest)
        self.tap = MovingTap(self.frames)
        self.speed = vec[float]([0.0] * self.frames)
        self.delay = vec[float]([0.0] * self.frames)
        self.v = 0.0

    def update(self) -> None:
        self.turning = self.run >= 0.5
        self.fall = 1.0 / max(1.0, self.stop_s * self.fs)

    def reset(self) -> None:
        self.stops = not self.turning
        self.v = 0.0 if self.stops else 1.0
        self.D = float(self.mean_frames)
        self.line.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        out = y[0].samples
        self.line.write(x[0].samples)
        self.turn()
        silence(out)
        if self.speed[0] == 0.0 and is_constant(self.speed):
            return
        self.tap.add(self.line, out, self.delay, 1.0, 1.0)
        if self.speed[0] != 1.0 or not is_constant(self.speed):
            scale(out, self.speed)

    def turn(self) -> None:
        """Write a block of speeds and delays."""
        n: i64 = self.frames
        v, D, stops, turning = self.v, self.D, self.stops, self.turning
        mean = float(self.mean_frames)
        i: i64 = 0
        while i < n:
            if not turning:
                stops = True
            elif v == 0.0:
                stops = False
                D = mean - self.ahead_frames
            if stops:
                v = max(0.0, v - self.fall)
                if v > 0.0:
                    D += 1.0 - v
            elif v < 1.0:
                v = min(1.0, v + self.rise)
                D += 1.0 - v
                if v > 1.0 - 1e-9:
                    v = 1.0
                    D = mean
            self.speed[i] = v
            self.delay[i] = D
            i += 1
        self.v, self.D, self.stops = v, D, stops

    def memory_samples(self) -> float:
        return 0.5 * (LONGEST_STOP_S + self.start_s) * self.fs * float(self.channels)

    def latency(self) -> float:
        return float(self.mean_frames)

    def tail(self) -> float:
        return HALF / self.fs if self.turning else self.v * self.stop_s


def scale(y: vec[float], gains: vec[float]) -> None:
    """Multiply every channel of a block by a gain for each frame."""
    n: i64 = len(gains)
    k: i64 = 0
    while k < len(y):
        i: i64 = 0
        while i < n:
            y[k] *= gains[i]
            k += 1
            i += 1
