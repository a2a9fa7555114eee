"""A place in a delay line that glides slowly, as the echo on a reel does.

    y[i] = x[i - n] + d (x[i - n - 1] - x[i - n]),    n + d = delay[i], n whole

Straight lines between frames take up to 0.1 dB at a twentieth of the rate, and more above: it is for sounds that are
low-passed. The delay may change by half a frame at every frame.
Source: U. Zoelzer, DAFX, ch. 3 (fractional delays).
"""

from __future__ import annotations

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.delay_line import Block, DelayLine

SHORTEST: Final = 2.0  # delay, frames


class GlidingTap:
    """Reads one delay line at any number of places.

    longest: delay that the line holds, frames; others are held between SHORTEST and that
    """

    def __init__(self, line: DelayLine, longest: float) -> None:
        self.line: DelayLine = line
        self.longest: float = longest
        self.past: vec[float] = vec[float]([0.0] * (2 * line.frames + 8))  # of one channel, around a block

    def read(self, y: vec[float], delay: vec[float]) -> None:
        """Read a block of every channel into y, delay[i] before frame i of the block just written; delay is changed."""
        line = self.line
        deepest, shallowest = hold(delay, SHORTEST, self.longest)
        start = line.first - i64(deepest) - 1
        frames = min(len(self.past), line.frames + i64(deepest) - i64(shallowest) + 1)
        c: i64 = 0
        while c < line.channels:
            copy_past(line.ring, self.past, c, line.frames, start, frames)
            interpolate(self.past, y, c, delay, line.first - start)
            c += 1


def hold(delay: vec[float], least: float, most: float) -> tuple[float, float]:
    """Hold delays between two, and return the longest and the shortest of them."""
    deepest = least
    shallowest = most
    i: i64 = 0
    while i < len(delay):
        v = delay[i]
        if v < least:
            v = least
        elif v > most:
            v = most
        delay[i] = v
        if v > deepest:
            deepest = v
        if v < shallowest:
            shallowest = v
        i += 1
    return deepest, shallowest


def copy_past(ring: list[Block], y: vec[float], c: i64, block: i64, start: i64, n: i64) -> None:
    """Copy n frames of a channel from a delay line into y, from the frame number start on; silence came before 0."""
    blocks: i64 = len(ring)
    i: i64 = 0
    while i < n and start + i < 0:
        y[i] = 0.0
        i += 1
    while i < n:
        frame = start + i
        k = frame % block
        source = ring[frame // block % blocks].samples
        stop = min(n, i + block - k)
        k += c * block
        while i < stop:
            y[i] = source[k]
            k += 1
            i += 1


def interpolate(past: vec[float], y: vec[float], c: i64, delay: vec[float], now: i64) -> None:
    """Read a block of channel c into y; now is the place in past of the first frame of the block."""
    n: i64 = len(delay)
    first = c * n
    i: i64 = 0
    while i < n:
        whole: i64 = i64(delay[i])
        k = now + i - whole
        y[first + i] = past[k] + (delay[i] - float(whole)) * (past[k - 1] - past[k])
        i += 1
