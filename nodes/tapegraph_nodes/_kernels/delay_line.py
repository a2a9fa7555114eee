"""Delay line: the past of a sound, read block by block at any place, also between frames.

    y[i] = sum over m of h[m] x[i - n - m],    n + d = delay, n whole,    h = sinc(m - d) in a Kaiser window of 64

Whole frames are exact (h is a single 1); between frames the response is flat within 0.01 dB to 0.9 of the Nyquist
frequency. Under 32 frames h is Lagrange's, on frames that have already come: a straight line under one frame. Sound
under -600 dB is stored as silence: what decays on would come to subnormal numbers, which are slow.

The past is a ring of blocks, not one array, so that its allocation can be interrupted. Frame f of a channel c since
the last clear() is ring[f // frames % blocks].samples[c * frames + f % frames], f up to first + frames - 1: for a place
that moves from sample to sample.
Source: T. I. Laakso, V. Valimaki, M. Karjalainen, U. K. Laine, Splitting the unit delay, IEEE Signal Processing
Magazine 13, 1996 (windowed sinc; Lagrange interpolation, which is a sinc in a binomial window).
"""

from __future__ import annotations

import math
import time
from typing import Final

import numpy as np
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence

HALF: Final = 32  # taps on either side of a place between frames
BETA: Final = 8.0  # of the Kaiser window: ripples at -80 dB
FAINTEST: Final = 1e-30  # -600 dB
SAMPLES_AT_ONCE: Final = 1 << 14  # allocated between two turns of other threads: less than 0.1 ms


class Tap:
    """Where a delay line is read: weights on the frames from `newest` frames ago backwards.

    delay_frames: the place; taps: how many of the weights count
    """

    def __init__(self) -> None:
        self.weights: vec[float] = vec[float]([1.0] + [0.0] * (2 * HALF - 1))
        self.taps: i64 = 1
        self.newest: i64 = 0
        self.delay_frames: float = 0.0

    def place(self, delay_frames: float) -> None:
        """Go to a place, 0 or more frames ago."""
        self.delay_frames = delay_frames
        nearest: int = round(delay_frames)
        if abs(delay_frames - nearest) < 1e-6:
            self.newest = nearest
            self.taps = 1
            self.weights[0] = 1.0
            return
        whole: int = math.floor(delay_frames)
        half = min(HALF, whole + 1)
        self.newest = whole + 1 - half
        self.taps = 2 * half
        for m, weight in enumerate(windowed_sinc(half, delay_frames - whole)):
            self.weights[m] = weight


class Block:
    """The samples of one block of the past."""

    def __init__(self, samples: i64) -> None:
        self.samples: vec[float] = vec[float]([0.0] * samples)


class DelayLine:
    """Every channel's past, long enough for taps up to longest_frames ago.

    first: state: the number of the newest block's first frame, counted from the last clear()
    """

    def __init__(self, channels: i64, frames: i64, longest_frames: i64) -> None:
        self.channels: i64 = channels
        self.frames: i64 = frames
        self.ring: list[Block] = allocated(-(-(longest_frames + HALF) // frames) + 1, channels * frames)
        self.first: i64 = -frames

    def clear(self) -> None:
        """Forget: frames before the first are not read, whatever the ring holds."""
        self.first = -self.frames

    def write(self, x: vec[float]) -> None:
        """Take a block of every channel."""
        store(x, self.next_block())

    def next_block(self) -> vec[float]:
        """Begin a block of every channel and return the room for it, to be filled in place of a write()."""
        self.first += self.frames
        return self.ring[self.first // self.frames % len(self.ring)].samples

    def read(self, y: vec[float], tap: Tap) -> None:
        """Read a block of every channel into y; frame i of it lies the delay of the tap before frame i just written."""
        read(self.ring, y, self.channels, self.first, tap.newest, tap.weights, tap.taps)


def windowed_sinc(half: int, d: float) -> list[float]:
    """Return 2 half weights, which add up to 1, for a delay by half - 1 + d frames, d between 0 and 1."""
    m = np.arange(2 * half) - (half - 1 + d)
    if half == HALF:
        window = np.i0(BETA * np.sqrt(np.maximum(0.0, 1.0 - (m / half) ** 2)))
    else:
        window = np.array([float(math.comb(2 * half - 1, k)) for k in range(2 * half)])
    weights = np.sinc(m) * window
    return [float(weight) for weight in weights / weights.sum()]


def allocated(blocks: i64, samples: i64) -> list[Block]:
    """Return a ring of so many blocks. At high rates it takes many ms, while another graph may be playing."""
    ring: list[Block] = []
    taken: i64 = 0
    while len(ring) < blocks:
        ring.append(Block(samples))
        taken += samples
        if taken >= SAMPLES_AT_ONCE:
            taken = 0
            time.sleep(0.0)
    return ring


def store(x: vec[float], y: vec[float]) -> None:
    """Copy a block, without what is too faint."""
    n: i64 = len(x)
    i: i64 = 0
    while i < n:
        y[i] = 0.0 if abs(x[i]) < FAINTEST else x[i]
        i += 1


def read(
    ring: list[Block], y: vec[float], channels: i64, newest_block: i64, newest: i64, weights: vec[float], taps: i64
) -> None:
    """Read a block of every channel: weighted frames, the first of them `newest` frames before the one just written.

    newest_block: number of the first frame of the block just written; silence came before frame 0
    """
    silence(y)
    frames: i64 = len(y) // channels
    blocks: i64 = len(ring)
    m: i64 = 0
    while m < taps:
        first = newest_block - newest - m
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
