"""The branches of a polyphase filter: each filters one phase of the sound at the lower rate.

A branch reads a line, a signal with its past in front of it, and adds what it makes to a sum. Lines and sums are read
and written four frames at a time, so they go on for up to three frames behind the block.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence

FLUSH: Final = 1e-30  # -600 dB: below it a ringing filter comes to rest, before denormals slow the processor down


class Branch:
    """A filter at the lower rate.

    reach: how many frames of the past it reads
    """

    def __init__(self, reach: int) -> None:
        self.reach: i64 = reach

    def prepare(self, channels: int, frames: int) -> None:
        """Allocate for as many channels and frames a block."""

    def reset(self) -> None:
        """Set the state to silence."""

    def add(self, line: vec[float], at: i64, total: vec[float], frames: i64, channel: i64) -> None:
        """Add to total the response to one block of a channel, which begins at line[at]."""


class Delay(Branch):
    """total[n] += gain line[n - delay]: the phase in which a linear filter has its middle, the only tap there"""

    def __init__(self, gain: float, delay: int) -> None:
        super().__init__(delay)
        self.gain = gain

    def add(self, line: vec[float], at: i64, total: vec[float], frames: i64, channel: i64) -> None:
        accumulate(line, at - self.reach, total, self.gain, frames)


class Fir(Branch):
    """total[n] += sum over i of taps[i] line[n - delay - i]"""

    def __init__(self, taps: npt.NDArray[np.float64], delay: int) -> None:
        super().__init__(delay + len(taps) - 1)
        self.taps: vec[float] = vec[float](np.ascontiguousarray(taps))
        self.delay: i64 = delay

    def add(self, line: vec[float], at: i64, total: vec[float], frames: i64, channel: i64) -> None:
        convolve(line, at - self.delay, self.taps, total, frames)


class FoldedFir(Branch):
    """total[n] += sum over i of half[i] (line[n - delay - i] + line[n - reach + i]): symmetric taps, half the work."""

    def __init__(self, taps: npt.NDArray[np.float64], delay: int) -> None:
        super().__init__(delay + len(taps) - 1)
        self.half: vec[float] = vec[float](np.ascontiguousarray(taps[: len(taps) // 2]))
        self.delay: i64 = delay

    def add(self, line: vec[float], at: i64, total: vec[float], frames: i64, channel: i64) -> None:
        convolve_folded(line, at - self.delay, at - self.reach, self.half, total, frames)


class Allpass(Branch):
    """total[n] += gain (line through a chain of first-order all-passes)[n]

    of each section:  w[n] = a v[n] + v[n-1] - a w[n-1],    that is (a + z^-1) / (1 + a z^-1)
    """

    def __init__(self, coefficients: list[float], gain: float) -> None:
        super().__init__(0)
        self.a: vec[float] = vec[float](coefficients)
        self.gain = gain
        self.block: vec[float] = vec[float]([0.0])  # what passes along the chain
        self.past: vec[float] = vec[float]([0.0])  # state: of each channel, what went last into and out of each section

    def prepare(self, channels: int, frames: int) -> None:
        self.block = vec[float]([0.0] * frames)
        self.past = vec[float]([0.0] * (channels * (len(self.a) + 1)))

    def reset(self) -> None:
        silence(self.past)

    def add(self, line: vec[float], at: i64, total: vec[float], frames: i64, channel: i64) -> None:
        block = self.block
        copy(line, at, block, 0, frames)
        chain(block, self.a, self.past, channel * (len(self.a) + 1), frames)
        accumulate(block, 0, total, self.gain, frames)


def convolve(line: vec[float], at: i64, taps: vec[float], total: vec[float], frames: i64) -> None:
    """Add the sum of taps[i] line[at + n - i] to total[n], four frames at a time: each sample is read once for all."""
    n: i64 = 0
    while n < frames:
        t0 = total[n]
        t1 = total[n + 1]
        t2 = total[n + 2]
        t3 = total[n + 3]
        i = at + n
        x1 = line[i + 1]
        x2 = line[i + 2]
        x3 = line[i + 3]
        for h in taps:
            x0 = line[i]
            t0 += h * x0
            t1 += h * x1
            t2 += h * x2
            t3 += h * x3
            x3 = x2
            x2 = x1
            x1 = x0
            i -= 1
        total[n] = t0
        total[n + 1] = t1
        total[n + 2] = t2
        total[n + 3] = t3
        n += 4


def convolve_folded(line: vec[float], new: i64, old: i64, half: vec[float], total: vec[float], frames: i64) -> None:
    """Add the sum of half[i] (line[new + n - i] + line[old + n + i]) to total[n], four frames at a time."""
    n: i64 = 0
    while n < frames:
        t0 = total[n]
        t1 = total[n + 1]
        t2 = total[n + 2]
        t3 = total[n + 3]
        i = new + n
        x1 = line[i + 1]
        x2 = line[i + 2]
        x3 = line[i + 3]
        k = old + n
        y0 = line[k]
        y1 = line[k + 1]
        y2 = line[k + 2]
        k += 3
        for h in half:
            x0 = line[i]
            y3 = line[k]
            t0 += h * (x0 + y0)
            t1 += h * (x1 + y1)
            t2 += h * (x2 + y2)
            t3 += h * (x3 + y3)
            x3 = x2
            x2 = x1
            x1 = x0
            y0 = y1
            y1 = y2
            y2 = y3
            i -= 1
            k += 1
        total[n] = t0
        total[n + 1] = t1
        total[n + 2] = t2
        total[n + 3] = t3
        n += 4


def chain(block: vec[float], a: vec[float], past: vec[float], first: i64, frames: i64) -> None:
    """Run a block through a chain of all-passes, in place; past[first + k] is what last went into section k."""
    k = first
    v1 = past[k]
    for a_k in a:
        w1 = past[k + 1]
        v_last = v1
        v1 = w1
        past[k] = block[frames - 1]
        i: i64 = 0
        while i < frames:
            v = block[i]
            w = a_k * v + v_last - a_k * w1
            if -FLUSH < w < FLUSH:
                w = 0.0
            block[i] = w
            v_last = v
            w1 = w
            i += 1
        k += 1
    past[k] = block[frames - 1]


def accumulate(x: vec[float], x_at: i64, total: vec[float], gain: float, frames: i64) -> None:
    i: i64 = 0
    while i < frames:
        total[i] += gain * x[x_at + i]
        i += 1


def copy(x: vec[float], x_at: i64, y: vec[float], y_at: i64, frames: i64) -> None:
    i: i64 = 0
    while i < frames:
        y[y_at + i] = x[x_at + i]
        i += 1


def spread(x: vec[float], y: vec[float], at: i64, step: i64, frames: i64) -> None:
    """Copy x to every step-th sample of y."""
    i: i64 = 0
    while i < frames:
        y[at] = x[i]
        at += step
        i += 1


def gather(x: vec[float], at: i64, step: i64, y: vec[float], y_at: i64, frames: i64) -> None:
    """Copy every step-th sample of x to y."""
    i: i64 = 0
    while i < frames:
        y[y_at + i] = x[at]
        at += step
        i += 1
