"""Delay: the sound again, time_s later.

    y[i] = sum over m of h[m] x[i - n - m],    n + d = time_s fs, n whole,    h = sinc(m - d) in a Kaiser window of 64

A time of whole frames is exact (h is a single 1); between frames the response is flat within 0.01 dB to 0.9 of the
Nyquist frequency. Under 32 frames h is Lagrange's, on frames that have already come: a straight line under one frame.
A changed time cross-fades from the old place to the new one in 0.02 s, without a change of pitch; a change during a
fade waits for its end. A delay may close a loop: the time of the loop itself is then subtracted, so that an echo comes
every time_s, which can be no shorter than that. Echoes end at -600 dB: what is fainter is taken as silence. The delay
is intentional, so it is not reported as latency and is not compensated.

Source: T. I. Laakso, V. Valimaki, M. Karjalainen, U. K. Laine, Splitting the unit delay, IEEE Signal Processing
Magazine 13, 1996 (windowed sinc; Lagrange interpolation, which is a sinc in a binomial window).
"""

from __future__ import annotations

import math
from typing import ClassVar

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, TapegraphError
from tapegraph_nodes._kernels.delay_line import HALF, DelayLine, Tap

LONGEST_S = 10.0
FADE_S = 0.02


LAW_EXCEPTIONS: dict[str, object] = {"shows_latency": {"time_s": 0.0}}


class Delay(Node):
    KIND: ClassVar[str] = "delay"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("time_s", 0.1, 0.0, LONGEST_S, "s", "how much later the sound comes; in a loop, the time between echoes"),
    )
    BREAKS_LOOPS: ClassVar[bool] = True

    time_s: float  # parameter
    target_frames: float  # coefficient: delay without the time of a loop
    fade_frames: i64  # coefficient: length of a fade
    line: DelayLine  # state: the past
    tap: Tap  # state: the delay that sounds, or is faded in
    tap_before: Tap  # state: the delay that is faded out
    faded: i64  # state: frames since the start of the last fade
    scratch: vec[float]  # a block that is faded out

    def prepare(self) -> None:
        if self.time_s * self.fs < float(self.loop_latency) - 1e-6:
            least = math.ceil(float(self.loop_latency) / self.fs * 1e7) / 1e7
            raise TapegraphError(
                f"time_s is {self.time_s:.10g} s; in a loop it must be at least {least:.10g} s "
                "(one block and what the loop takes)"
            )
        self.fade_frames = max(1, round(FADE_S * self.fs))
        self.line = DelayLine(self.channels, self.frames, math.ceil(LONGEST_S * self.fs))
        self.tap = Tap()
        self.tap_before = Tap()
        self.faded = self.fade_frames
        self.scratch = vec[float]([0.0] * (self.channels * self.frames))

    def update(self) -> None:
        self.target_frames = max(0.0, self.time_s * self.fs - float(self.loop_latency))

    def reset(self) -> None:
        self.tap.place(self.target_frames)
        self.faded = self.fade_frames
        self.line.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        if self.faded >= self.fade_frames and self.tap.delay_frames != self.target_frames:
            self.tap, self.tap_before = self.tap_before, self.tap
            self.tap.place(self.target_frames)
            self.faded = 0
        self.line.write(x[0].samples)
        self.line.read(y[0].samples, self.tap)
        if self.faded < self.fade_frames:
            self.line.read(self.scratch, self.tap_before)
            fade(self.scratch, y[0].samples, self.channels, self.faded, self.fade_frames)
            self.faded += self.frames

    def memory_samples(self) -> float:
        return LONGEST_S * self.fs * float(self.channels)

    def tail(self) -> float:
        return self.time_s + HALF / self.fs


def fade(before: vec[float], y: vec[float], channels: i64, faded: i64, fade_frames: i64) -> None:
    """Fade from before to y, which keeps the result, after `faded` of the frames of a fade."""
    frames: i64 = len(y) // channels
    step = 1.0 / float(fade_frames)
    c: i64 = 0
    while c < channels:
        part = float(faded) * step
        i: i64 = c * frames
        end = i + min(frames, fade_frames - faded)
        while i < end:
            part += step
            y[i] = before[i] + part * (y[i] - before[i])
            i += 1
        c += 1
