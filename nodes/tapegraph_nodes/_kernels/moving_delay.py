"""A delay whose length moves from sample to sample, as tape whose speed varies.

    y[i] = sum over m of h[m] x[i - n - m],    n + d = delay[i], n whole,    h = sinc(m - d) in a Kaiser window of 16

Whole frames are exact (h is a single 1). h is tabulated for 512 steps of d, with linear interpolation in between, whose
error is under -100 dB. Between frames the response is flat within 0.1 dB, and the delay right within 0.0025 frames, up
to 0.7 of the Nyquist frequency.
Source: T. I. Laakso, V. Valimaki, M. Karjalainen, U. K. Laine, Splitting the unit delay, IEEE Signal Processing
Magazine 13, 1996 (windowed sinc).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence

HALF: Final = 8  # taps on either side of a place between frames; the shortest delay
TAPS: Final = 16
PHASES: Final = 512  # steps of d in the table
BETA: Final = 9.0  # of the Kaiser window
FAINTEST: Final = 1e-30  # -600 dB: what is fainter is stored as silence


class MovingDelay:
    """Every channel's past in a ring, stored twice in a row, so that taps never wrap around.

    longest_frames: of the delays, which start at HALF
    """

    def __init__(self, channels: i64, longest_frames: i64) -> None:
        self.channels: i64 = channels
        self.length: i64 = longest_frames + TAPS
        self.ring: vec[float] = vec[float]([0.0] * (2 * self.channels * self.length))
        self.table: vec[float] = vec[float](windowed_sincs())
        self.position: i64 = 0  # state: where the next frame is stored

    def clear(self) -> None:
        silence(self.ring)
        self.position = 0

    def process(self, x: vec[float], y: vec[float], delay: vec[float]) -> None:
        """Delay a block of every channel of x into y by delay[i] frames at frame i."""
        end = self.position
        c: i64 = 0
        while c < self.channels:
            end = read_moving(x, y, delay, self.ring, self.table, c, self.length, self.position)
            c += 1
        self.position = end


def windowed_sincs() -> list[float]:
    """Return the 16 weights of each d = 0, 1/512 ... 1, those for the oldest frame first."""
    d = np.arange(PHASES + 1)[:, None] / PHASES
    m = HALF - np.arange(TAPS) - d
    weights = np.sinc(m) * np.i0(BETA * np.sqrt(np.maximum(0.0, 1.0 - (m / HALF) ** 2)))
    weights[0] = m[0] == 0.0
    weights[-1] = m[-1] == 0.0
    return [float(weight) for weight in (weights / weights.sum(axis=1, keepdims=True)).reshape(-1)]


def read_moving(
    x: vec[float],
    y: vec[float],
    delay: vec[float],
    ring: vec[float],
    table: vec[float],
    channel: i64,
    length: i64,
    position: i64,
) -> i64:
    """Store a block of one channel of x in the ring and read it into y; return the next position."""
    n: i64 = len(delay)
    start = 2 * channel * length
    first = channel * n
    i: i64 = 0
    while i < n:
        v = x[first + i]
        if abs(v) < FAINTEST:
            v = 0.0
        ring[start + position] = v
        ring[start + position + length] = v
        whole: i64 = i64(delay[i])
        place = (delay[i] - float(whole)) * PHASES
        row: i64 = i64(place)
        part = place - float(row)
        k = position - whole - HALF
        if k < 0:
            k += length
        k += start
        h = row * TAPS
        end = h + TAPS
        below = 0.0
        above = 0.0
        while h < end:
            v = ring[k]
            below += table[h] * v
            above += table[h + TAPS] * v
            k += 1
            h += 1
        y[first + i] = below + part * (above - below)
        position += 1
        if position == length:
            position = 0
        i += 1
    return position
