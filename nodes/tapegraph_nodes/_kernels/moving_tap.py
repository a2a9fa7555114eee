"""A tap on a delay line whose place moves from sample to sample, added to what other taps have read.

    y[i] += gain[i] sum over m of h[m] x[i - n - m],    n + d = delay[i], n whole,    h as in moving_delay.py

Weights are worked out once for all channels, and kept as long as d stays the same. For long delays; where there is one
short delay, a MovingDelay is simpler, and several taps on one past cost less on a DoubledLine.
Source: T. I. Laakso, V. Valimaki, M. Karjalainen, U. K. Laine, Splitting the unit delay, IEEE Signal Processing
Magazine 13, 1996 (windowed sinc).
"""

from __future__ import annotations

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.delay_line import Block, DelayLine
from tapegraph_nodes._kernels.moving_delay import HALF, PHASES, TAPS, windowed_sincs


class MovingTap:
    """Reads a delay line, in blocks of so many frames; it has no state."""

    def __init__(self, frames: i64) -> None:
        self.table: vec[float] = vec[float](windowed_sincs())
        self.weights: vec[float] = vec[float]([0.0] * TAPS)
        self.joined: vec[float] = vec[float]([0.0] * (frames + TAPS))

    def add(self, line: DelayLine, y: vec[float], delay: vec[float], gain: float, gain_end: float) -> None:
        """Add what lies delay[i] frames, at least HALF, before frame i of the block just written, to every channel.

        The gain moves to its end in equal steps.
        """
        if is_constant(delay):
            weights = self.weights
            whole: i64 = i64(delay[0])
            weigh(self.table, (delay[0] - float(whole)) * PHASES, weights)
            c: i64 = 0
            while c < line.channels:
                join(line.ring, line.first - whole - HALF, len(self.joined), c, len(delay), self.joined)
                add_half(self.joined, y, c, weights, 0, gain, gain_end)
                add_half(self.joined, y, c, weights, TAPS // 2, gain, gain_end)
                c += 1
            return
        add_moving(line.ring, line.first, y, delay, gain, gain_end, self.table, self.weights, self.joined)


def add_moving(
    ring: list[Block],
    first: i64,
    y: vec[float],
    delay: vec[float],
    gain: float,
    gain_end: float,
    table: vec[float],
    weights: vec[float],
    joined: vec[float],
) -> None:
    """Add a block of every channel; first: number of the first frame of the block just written, silence before 0.

    weights, joined: room for TAPS weights, and for a block and TAPS frames
    """
    frames: i64 = len(delay)
    channels: i64 = len(y) // frames
    blocks: i64 = len(ring)
    step = (gain_end - gain) / float(frames)
    weighed = -1.0  # the place in the table that the weights are for
    number: i64 = 0  # of the block that samples are of, counted as frames are
    samples = ring[0].samples
    i: i64 = 0
    while i < frames:
        gain += step
        whole: i64 = i64(delay[i])
        place = (delay[i] - float(whole)) * PHASES
        if place != weighed:
            weighed = place
            weigh(table, place, weights)
        oldest = first + i - whole - HALF
        k = oldest - number * frames
        if k < 0 or k >= frames:
            number = oldest // frames
            k = oldest - number * frames
            if number >= 0:
                samples = ring[number % blocks].samples
        c: i64 = 0
        while c < channels:
            if number >= 0 and k + TAPS <= frames:
                y[c * frames + i] += gain * weighted(samples, c * frames + k, weights)
            else:
                join(ring, oldest, TAPS, c, frames, joined)
                y[c * frames + i] += gain * weighted(joined, 0, weights)
            c += 1
        i += 1


def is_constant(delay: vec[float]) -> bool:
    """Tell whether all delays are equal."""
    i: i64 = len(delay) - 1
    while i > 0 and delay[i] == delay[0]:
        i -= 1
    return i == 0


def weigh(table: vec[float], place: float, weights: vec[float]) -> None:
    """Interpolate the weights at a place between two rows of the table."""
    row: i64 = i64(place)
    part = place - float(row)
    h = row * TAPS
    m: i64 = 0
    while m < TAPS:
        weights[m] = table[h] + part * (table[h + TAPS] - table[h])
        h += 1
        m += 1


def weighted(x: vec[float], k: i64, weights: vec[float]) -> float:
    """Return the sum of TAPS weighted frames from k on: in four sums, which a processor works out side by side."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    m: i64 = 0
    while m < 4:
        a += weights[m] * x[k + m]
        b += weights[m + 4] * x[k + m + 4]
        c += weights[m + 8] * x[k + m + 8]
        d += weights[m + 12] * x[k + m + 12]
        m += 1
    return (a + b) + (c + d)


def add_half(x: vec[float], y: vec[float], channel: i64, weights: vec[float], m: i64, gain: float, end: float) -> None:
    """Add half of the taps, from m on, to a block of a channel: x holds the block and TAPS frames."""
    frames: i64 = len(x) - TAPS
    step = (end - gain) / float(frames)
    w0, w1, w2, w3 = weights[m], weights[m + 1], weights[m + 2], weights[m + 3]
    w4, w5, w6, w7 = weights[m + 4], weights[m + 5], weights[m + 6], weights[m + 7]
    i: i64 = channel * frames
    last = i + frames
    while i < last:
        gain += step
        a = w0 * x[m] + w1 * x[m + 1] + w2 * x[m + 2] + w3 * x[m + 3]
        b = w4 * x[m + 4] + w5 * x[m + 5] + w6 * x[m + 6] + w7 * x[m + 7]
        y[i] += gain * (a + b)
        m += 1
        i += 1


def join(ring: list[Block], oldest: i64, n: i64, channel: i64, frames: i64, joined: vec[float]) -> None:
    """Copy n frames of a channel, from `oldest` on; before frame 0 was silence."""
    m: i64 = 0
    if oldest < 0:
        m = min(-oldest, n)
        i: i64 = 0
        while i < m:
            joined[i] = 0.0
            i += 1
    while m < n:
        number = (oldest + m) // frames
        samples = ring[number % len(ring)].samples
        k = channel * frames + oldest + m - number * frames
        end = min(n, (number + 1) * frames - oldest)
        while m < end:
            joined[m] = samples[k]
            k += 1
            m += 1
