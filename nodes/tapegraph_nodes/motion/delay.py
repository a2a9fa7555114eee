"""Delay: the sound again, time_s later.

    y[i] = sum over m of h[m] x[i - n - m],    n + d = time_s fs, n whole,    h = sinc(m - d) in a Kaiser window of 64

A time of whole frames is exact (h is a single 1); between frames the response is flat within 0.01 dB to 0.9 of the
Nyquist frequency. Under 32 frames h is Lagrange's, on what has already come: a straight line under one frame.
A changed time cross-fades from the old place on the tape to the new one in 0.02 s, without a change of pitch; a change
during a fade waits for its end. A delay may close a loop: what the loop itself takes is then taken off, so that the
echoes come every time_s, which can be no shorter than that. They end at -600 dB: what is fainter is taken as silence.
The delay is wanted, so it counts as no latency.

Source: T. I. Laakso, V. Valimaki, M. Karjalainen, U. K. Laine, Splitting the unit delay, IEEE Signal Processing
Magazine 13, 1996 (windowed sinc; Lagrange interpolation, which is a sinc in a binomial window).
"""

from __future__ import annotations

import math
import time
from typing import ClassVar, Final

import numpy as np
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, TapegraphError, silence

LONGEST_S = 10.0
FADE_S = 0.02
HALF = 32  # taps on either side of a place between frames
AT_ONCE: Final = 1 << 14  # samples that are allocated between two turns of other threads: less than 0.1 ms
BETA = 8.0  # of the Kaiser window: ripples at -80 dB
FAINTEST: Final = 1e-30  # -600 dB; echoes that fade on come to subnormal numbers, which are slow


class Tap:
    """Where a delay reads: weights on the frames from `newest` frames ago backwards."""

    def __init__(self, delay_frames: float) -> None:
        whole: int = round(delay_frames)
        if abs(delay_frames - whole) < 1e-6:
            self.newest: i64 = whole
            self.weights: vec[float] = vec[float]([1.0])
        else:
            whole = math.floor(delay_frames)
            half = min(HALF, whole + 1)
            self.newest = whole + 1 - half
            self.weights = vec[float](windowed_sinc(half, delay_frames - whole))


class Block:
    """A block of the past."""

    def __init__(self, samples: i64) -> None:
        self.samples: vec[float] = vec[float]([0.0] * samples)


class Delay(Node):
    KIND: ClassVar[str] = "delay"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("time_s", 0.1, 0.0, LONGEST_S, "s", "how much later the sound comes; in a loop, the time between echoes"),
    )
    BREAKS_LOOPS: ClassVar[bool] = True

    time_s: float  # parameter
    target_frames: float  # coefficient: delay without what a loop takes
    fade_frames: i64  # coefficient: length of a fade
    reached_frames: float  # state: delay that sounds, or is faded in
    tap: Tap  # state: where it is read
    tap_before: Tap  # state: where the delay that is faded out is read
    faded: i64  # state: frames since the start of the last fade
    ring: list[Block]  # the past; what it holds from before the last reset is never read
    heard: i64  # state: frames heard so far
    scratch: vec[float]  # a block that is faded out

    def prepare(self) -> None:
        if self.time_s * self.fs < float(self.loop_latency) - 1e-6:
            least = math.ceil(float(self.loop_latency) / self.fs * 1e7) / 1e7
            raise TapegraphError(
                f"time_s is {self.time_s:.10g} s; in a loop it must be at least {least:.10g} s "
                "(one block and what the loop takes)"
            )
        self.fade_frames = max(1, round(FADE_S * self.fs))
        longest: i64 = math.ceil(LONGEST_S * self.fs) + HALF
        self.ring = past(-(-longest // self.frames) + 1, self.channels * self.frames)
        self.scratch = vec[float]([0.0] * (self.channels * self.frames))
        self.update()
        self.reset()

    def update(self) -> None:
        self.target_frames = max(0.0, self.time_s * self.fs - float(self.loop_latency))

    def reset(self) -> None:
        self.reached_frames = self.target_frames
        self.tap = Tap(self.reached_frames)
        self.faded = self.fade_frames
        self.heard = 0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        if self.faded >= self.fade_frames and self.reached_frames != self.target_frames:
            self.reached_frames = self.target_frames
            self.tap_before = self.tap
            self.tap = Tap(self.reached_frames)
            self.faded = 0
        write(x[0].samples, self.ring[self.heard // self.frames % len(self.ring)].samples)
        self.read(y[0].samples, self.tap)
        if self.faded < self.fade_frames:
            self.read(self.scratch, self.tap_before)
            fade(self.scratch, y[0].samples, self.channels, self.faded, self.fade_frames)
            self.faded += self.frames
        self.heard += self.frames

    def read(self, y: vec[float], tap: Tap) -> None:
        read(self.ring, y, self.channels, self.heard, tap.newest, tap.weights)

    def tail(self) -> float:
        return self.time_s + HALF / self.fs


def windowed_sinc(half: int, d: float) -> list[float]:
    """Return 2 half weights, which add up to 1, for a delay by half - 1 + d frames, d between 0 and 1."""
    m = np.arange(2 * half) - (half - 1 + d)
    if half == HALF:
        window = np.i0(BETA * np.sqrt(np.maximum(0.0, 1.0 - (m / half) ** 2)))
    else:
        window = np.array([float(math.comb(2 * half - 1, k)) for k in range(2 * half)])
    weights = np.sinc(m) * window
    return [float(weight) for weight in weights / weights.sum()]


def past(blocks: i64, samples: i64) -> list[Block]:
    """Return room for so many blocks. At high rates it takes many ms: another graph may be playing meanwhile."""
    ring: list[Block] = []
    taken: i64 = 0
    while len(ring) < blocks:
        ring.append(Block(samples))
        taken += samples
        if taken >= AT_ONCE:
            taken = 0
            time.sleep(0.0)
    return ring


def write(x: vec[float], y: vec[float]) -> None:
    """Copy a block, without what is too faint."""
    n: i64 = len(x)
    i: i64 = 0
    while i < n:
        y[i] = 0.0 if abs(x[i]) < FAINTEST else x[i]
        i += 1


def read(ring: list[Block], y: vec[float], channels: i64, heard: i64, newest: i64, weights: vec[float]) -> None:
    """Read a block of every channel: weighted frames, the first of them `newest` frames before the one just written.

    heard: frames before this block; silence came before these
    """
    silence(y)
    frames: i64 = len(y) // channels
    blocks: i64 = len(ring)
    taps: i64 = len(weights)
    m: i64 = 0
    while m < taps:
        first = heard - newest - m
        i: i64 = max(0, -first)
        while i < frames:
            k = (first + i) % frames
            n = frames - max(i, k)  # to the end of one of the two blocks
            add(weights[m], ring[(first + i) // frames % blocks].samples, k, y, i, n, channels)
            i += n
        m += 1


def add(weight: float, x: vec[float], k: i64, y: vec[float], i: i64, n: i64, channels: i64) -> None:
    """Add n frames of x from k on, weighted, to those of y from i on."""
    frames: i64 = len(y) // channels
    c: i64 = 0
    while c < channels:
        target = c * frames + i
        source = c * frames + k
        end = target + n
        while target < end:
            y[target] += weight * x[source]
            target += 1
            source += 1
        c += 1


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
