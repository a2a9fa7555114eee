"""A delay by whole frames, with which the scheduler aligns parallel paths.

y[i] = x[i - delay_frames]
"""

from __future__ import annotations

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import Node, Signal, silence


class Aligner(Node):
    """Delays every channel by a whole number of frames, 1 or more."""

    def __init__(self, delay_frames: int) -> None:
        super().__init__()
        self.delay_frames: i64 = delay_frames
        self.ring: vec[float] = vec[float]([0.0])  # state: the last delay_frames of each channel
        self.position: i64 = 0  # state: index of the oldest frame

    def prepare(self) -> None:
        self.ring = vec[float]([0.0] * (self.channels * self.delay_frames))

    def reset(self) -> None:
        self.position = 0
        silence(self.ring)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.position = shift(x[0].samples, y[0].samples, self.ring, self.channels, self.delay_frames, self.position)


def shift(x: vec[float], y: vec[float], ring: vec[float], channels: i64, delay: i64, position: i64) -> i64:
    """Delay x into y by a ring of delay frames a channel; return the new position in it."""
    frames: i64 = len(x) // channels
    end: i64 = position
    c: i64 = 0
    while c < channels:
        k = position
        i = c * frames
        stop = i + frames
        start = c * delay
        while i < stop:
            y[i] = ring[start + k]
            ring[start + k] = x[i]
            k += 1
            if k == delay:
                k = 0
            i += 1
        end = k
        c += 1
    return end
