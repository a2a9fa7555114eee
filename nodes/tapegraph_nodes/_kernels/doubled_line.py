"""A delay line at twice the rate, which many taps read whose places move from sample to sample.

    y[i] += gain[i] sum over m of h[m](d) z[j - n - m],    n + d = 2 delay[i], n whole,    m = -2 ... 3
    z[2 i] = x[i],    z[2 i + 1] = sum over m of g[m] (x[i - m] + x[i + 1 + m]),    m = 0 ... 6

z is the sound at twice the rate, worked out once for all taps, and j its place at frame i. g is a sinc at 1/2 in a
Kaiser window. h is Lagrange's, for which six frames are enough there, and no table is needed: weights are worked out
once for all channels, and kept as long as d stays the same. Whole frames are exact. Between frames the response is flat
within 0.1 dB, and the delay right within 0.001 frames, up to 0.7 of the Nyquist frequency; the error is under -55 dB to
0.5, and under -75 dB to 0.3 of it. Where there is a single tap, a MovingTap is simpler.
Source: T. I. Laakso, V. Valimaki, M. Karjalainen, U. K. Laine, Splitting the unit delay, IEEE Signal Processing
Magazine 13, 1996 (windowed sinc, Lagrange interpolation); R. E. Crochiere, L. R. Rabiner, Multirate Digital Signal
Processing, 1983 (half-band filters).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence
from tapegraph_nodes._kernels.delay_line import FAINTEST, Block, DelayLine
from tapegraph_nodes._kernels.moving_tap import join

HALF: Final = 8  # frames: the shortest delay
PAIRS: Final = 7  # of taps, g
LATE: Final = 7  # frames by which z comes later than x, as g looks ahead
TAPS: Final = 6
BETA: Final = 7.0  # of the Kaiser window: flat within 0.003 dB to 0.7 of the Nyquist frequency


class DoubledLine:
    """Every channel's past, in blocks of so many frames; longest_frames: of the delays, which start at HALF."""

    def __init__(self, channels: i64, frames: i64, longest_frames: i64) -> None:
        self.line = DelayLine(channels, 2 * frames, 2 * longest_frames)
        self.g: vec[float] = vec[float](half_band())
        self.recent: list[Block] = [Block(frames + 2 * PAIRS - 1) for _ in range(channels)]
        self.joined: vec[float] = vec[float]([0.0] * TAPS)

    def clear(self) -> None:
        self.line.clear()
        for block in self.recent:
            silence(block.samples)

    def write(self, x: vec[float]) -> None:
        """Take a block of every channel."""
        z = self.line.next_block()
        c: i64 = 0
        while c < self.line.channels:
            double(x, z, c, self.recent[c].samples, self.g)
            c += 1

    def add(self, y: vec[float], delay: vec[float], gain: float, gain_end: float) -> None:
        """Add what lies delay[i] frames, at least HALF, before frame i of the block just written, to every channel.

        The gain moves to its end in equal steps.
        """
        add(self.line.ring, self.line.first, y, delay, gain, gain_end, self.joined)


def half_band() -> list[float]:
    """Return g."""
    m = np.arange(PAIRS) + 0.5
    weights = np.sinc(m) * np.i0(BETA * np.sqrt(1.0 - (m / PAIRS) ** 2))
    return [float(weight) for weight in weights / (2.0 * weights.sum())]


def double(x: vec[float], z: vec[float], channel: i64, recent: vec[float], g: vec[float]) -> None:
    """Write a block of a channel at twice the rate; recent: the last frames before it, and room for it."""
    before: i64 = 2 * PAIRS - 1
    frames: i64 = len(recent) - before
    k = channel * frames
    i: i64 = 0
    while i < frames:
        v = x[k]
        recent[before + i] = 0.0 if abs(v) < FAINTEST else v
        k += 1
        i += 1
    g0, g1, g2, g3, g4, g5, g6 = g[0], g[1], g[2], g[3], g[4], g[5], g[6]
    k = 2 * channel * frames
    i = 0
    while i < frames:
        near = g0 * (recent[i + 6] + recent[i + 7]) + g1 * (recent[i + 5] + recent[i + 8])
        middle = g2 * (recent[i + 4] + recent[i + 9]) + g3 * (recent[i + 3] + recent[i + 10])
        far = g4 * (recent[i + 2] + recent[i + 11]) + g5 * (recent[i + 1] + recent[i + 12])
        z[k] = recent[i + 6]
        z[k + 1] = near + middle + (far + g6 * (recent[i] + recent[i + 13]))
        k += 2
        i += 1
    i = 0
    while i < before:
        recent[i] = recent[frames + i]
        i += 1


def add(
    ring: list[Block], first: i64, y: vec[float], delay: vec[float], gain: float, gain_end: float, joined: vec[float]
) -> None:
    """Add a block of every channel; first: number in z of the first frame of the block just written, silence before 0.

    joined: room for TAPS frames
    """
    frames: i64 = len(delay)
    channels: i64 = len(y) // frames
    doubled = 2 * frames
    blocks: i64 = len(ring)
    step = (gain_end - gain) / float(frames)
    per_12, per_24, per_120 = 1.0 / 12.0, 1.0 / 24.0, 1.0 / 120.0  # divisions would cost more than all else
    d = -1.0  # what the weights are for
    h0, h1, h2, h3, h4, h5 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0  # of the oldest frame first
    number: i64 = 0  # of the block that samples are of
    start: i64 = 0  # of that block
    samples = ring[0].samples
    i: i64 = 0
    while i < frames:
        gain += step
        back = 2.0 * delay[i]
        whole: i64 = i64(back)
        part = back - float(whole)
        if part != d:
            d = part
            a = d + 2.0
            b = d + 1.0
            c = d - 1.0
            e = d - 2.0
            f = d - 3.0
            ab = a * b
            ef = e * f
            dc = d * c
            h0 = per_120 * (ab * dc * e)
            h1 = -per_24 * (ab * dc * f)
            h2 = per_12 * (ab * d * ef)
            h3 = -per_12 * (ab * c * ef)
            h4 = per_24 * (a * dc * ef)
            h5 = -per_120 * (b * dc * ef)
        oldest = first + 2 * (i + LATE) - whole - 3
        k = oldest - start
        if k < 0 or k >= doubled:
            number = oldest // doubled
            start = number * doubled
            k = oldest - start
            if number >= 0:
                samples = ring[number % blocks].samples
        j = i
        if number >= 0 and k + TAPS <= doubled:
            end: i64 = len(y)
            while j < end:
                near = h2 * samples[k + 2] + h3 * samples[k + 3]
                far = h0 * samples[k] + h5 * samples[k + 5] + (h1 * samples[k + 1] + h4 * samples[k + 4])
                y[j] += gain * (near + far)
                k += doubled
                j += frames
        else:
            channel: i64 = 0
            while channel < channels:
                join(ring, oldest, TAPS, channel, doubled, joined)
                near = h2 * joined[2] + h3 * joined[3]
                far = h0 * joined[0] + h5 * joined[5] + (h1 * joined[1] + h4 * joined[4])
                y[j] += gain * (near + far)
                j += frames
                channel += 1
        i += 1
