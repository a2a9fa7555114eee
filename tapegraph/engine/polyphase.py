"""The branches of a polyphase filter: each filters one phase of the sound at the lower rate.

A branch reads a line, a signal with its past in front of it, and adds what it makes to a sum.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence

GROUP: Final = 8  # taps that are computed together
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

    def add(self, line: vec[float], at: i64, total: vec[float], to: i64, frames: i64, channel: i64) -> None:
        """Add to total, from total[to] on, the response to one block of a channel, which begins at line[at]."""


class Delay(Branch):
    """total[n] += gain line[n - delay]: the phase in which a linear filter has its middle, the only tap there"""

    def __init__(self, gain: float, delay: int) -> None:
        super().__init__(delay)
        self.gain = gain

    def add(self, line: vec[float], at: i64, total: vec[float], to: i64, frames: i64, channel: i64) -> None:
        accumulate(line, at - self.reach, total, to, self.gain, frames)


class Fir(Branch):
    """total[n] += sum over i of taps[i] line[n - delay - i]"""

    def __init__(self, taps: npt.NDArray[np.float64], delay: int) -> None:
        super().__init__(delay + len(taps) - 1)
        self.taps: vec[float] = vec[float](np.ascontiguousarray(taps))
        self.delay: i64 = delay

    def add(self, line: vec[float], at: i64, total: vec[float], to: i64, frames: i64, channel: i64) -> None:
        convolve(line, at - self.delay, self.taps, total, to, frames)


class FoldedFir(Branch):
    """total[n] += sum over i of half[i] (line[n - delay - i] + line[n - reach + i]): symmetric taps, half the work.

    taps: at least GROUP, an even number
    """

    def __init__(self, taps: npt.NDArray[np.float64], delay: int) -> None:
        super().__init__(delay + len(taps) - 1)
        half = taps[: len(taps) // 2]
        self.half: vec[float] = vec[float](np.concatenate([half, np.zeros(-len(half) % GROUP)]))
        self.delay: i64 = delay

    def add(self, line: vec[float], at: i64, total: vec[float], to: i64, frames: i64, channel: i64) -> None:
        convolve_folded(line, at - self.delay, at - self.reach, self.half, total, to, frames)


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

    def add(self, line: vec[float], at: i64, total: vec[float], to: i64, frames: i64, channel: i64) -> None:
        block = self.block
        copy(line, at, block, 0, frames)
        chain(block, self.a, self.past, channel * (len(self.a) + 1), frames)
        accumulate(block, 0, total, to, self.gain, frames)


def convolve(  # wide loop
    line: vec[float], at: i64, taps: vec[float], total: vec[float], to: i64, frames: i64
) -> None:
    """Add the sum of taps[i] line[at + n - i] to total[to + n].

    Eight taps at a time over all frames, a loop that compilers vectorise; each sum is in the order of the taps.
    """
    length: i64 = len(taps)
    i: i64 = 0
    while i + GROUP <= length:
        h0, h1, h2, h3 = taps[i], taps[i + 1], taps[i + 2], taps[i + 3]
        h4, h5, h6, h7 = taps[i + 4], taps[i + 5], taps[i + 6], taps[i + 7]
        k = at - i
        n: i64 = 0
        while n < frames:
            t = total[to + n] + h0 * line[k + n]
            t += h1 * line[k + n - 1]
            t += h2 * line[k + n - 2]
            t += h3 * line[k + n - 3]
            t += h4 * line[k + n - 4]
            t += h5 * line[k + n - 5]
            t += h6 * line[k + n - 6]
            t += h7 * line[k + n - 7]
            total[to + n] = t
            n += 1
        i += GROUP
    while i < length:
        accumulate(line, at - i, total, to, taps[i], frames)
        i += 1


def convolve_folded(  # wide loop
    line: vec[float], new: i64, old: i64, half: vec[float], total: vec[float], to: i64, frames: i64
) -> None:
    """Add the sum of half[i] (line[new + n - i] + line[old + n + i]) to total[to + n], as convolve() does.

    half: of a length that is a multiple of GROUP
    """
    length: i64 = len(half)
    i: i64 = 0
    while i < length:
        h0, h1, h2, h3 = half[i], half[i + 1], half[i + 2], half[i + 3]
        h4, h5, h6, h7 = half[i + 4], half[i + 5], half[i + 6], half[i + 7]
        a = new - i
        b = old + i
        n: i64 = 0
        while n < frames:
            t = total[to + n] + h0 * (line[a + n] + line[b + n])
            t += h1 * (line[a + n - 1] + line[b + n + 1])
            t += h2 * (line[a + n - 2] + line[b + n + 2])
            t += h3 * (line[a + n - 3] + line[b + n + 3])
            t += h4 * (line[a + n - 4] + line[b + n + 4])
            t += h5 * (line[a + n - 5] + line[b + n + 5])
            t += h6 * (line[a + n - 6] + line[b + n + 6])
            t += h7 * (line[a + n - 7] + line[b + n + 7])
            total[to + n] = t
            n += 1
        i += GROUP


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


def accumulate(x: vec[float], x_at: i64, total: vec[float], to: i64, gain: float, frames: i64) -> None:
    i: i64 = 0
    while i < frames:
        total[to + i] += gain * x[x_at + i]
        i += 1


def copy(x: vec[float], x_at: i64, y: vec[float], y_at: i64, frames: i64) -> None:
    i: i64 = 0
    while i < frames:
        y[y_at + i] = x[x_at + i]
        i += 1


def interleave(x: vec[float], length: i64, phases: i64, y: vec[float], at: i64, frames: i64) -> None:
    """Write blocks that begin length apart in x to every phases-th sample of y."""
    i: i64 = 0
    if phases == 2:  # the usual case, in a loop that compilers vectorise
        while i < frames:
            y[at + 2 * i] = x[i]
            y[at + 2 * i + 1] = x[length + i]
            i += 1
        return
    while i < frames:
        phase: i64 = 0
        while phase < phases:
            y[at + phase] = x[phase * length + i]
            phase += 1
        at += phases
        i += 1


def separate(x: vec[float], at: i64, phases: i64, y: vec[float], y_at: i64, length: i64, frames: i64) -> None:
    """Write every phases-th sample of x to blocks that begin length apart in y: the reverse of interleave()."""
    i: i64 = 0
    if phases == 2:
        while i < frames:
            y[y_at + i] = x[at + 2 * i]
            y[y_at + length + i] = x[at + 2 * i + 1]
            i += 1
        return
    while i < frames:
        phase: i64 = 0
        while phase < phases:
            y[y_at + phase * length + i] = x[at + phase]
            phase += 1
        at += phases
        i += 1
