"""A reel of tape: how long a turn takes while it runs.

    r^2 = r_0^2 +- d v t / pi,    T = 2 pi r / v,    D_n = 2 pi n (r -+ n d / 2) / v

The area of the wound tape grows by d v in a second, from the hub, at 0.43 of the full radius, to that; or it shrinks
(lower signs). D_n is the time in which the last n turns have passed, whose radii differ by d; for n below 0 it is
negative, of the next ones.
Source: geometry. The hub is that of a 10.5-inch reel, of 4.5 inches.
"""

from __future__ import annotations

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

HUB: Final = 0.43


class Reel:
    """A reel, and where it starts. Lengths are in metres.

    v: speed, m/s; d: thickness of the tape; radius: when full; position: part that has been played; grows: whether it
    is the one that takes the tape up
    """

    def __init__(self, fs: float, v: float, d: float, radius: float, position: float, grows: bool) -> None:
        self.fs: float = fs
        self.v: float = v
        self.d: float = d
        self.most: float = radius * radius
        self.least: float = HUB * HUB * self.most
        played = position * (self.most - self.least)
        self.start: float = self.least + played if grows else self.most - played
        self.growth: float = (d if grows else -d) * v / (math.pi * fs)  # of r^2, in a frame
        self.step: float = math.pi * (d if grows else -d) / v * fs  # half of what a turn takes longer than the last

    def same(self, other: Reel) -> bool:
        return (
            self.v == other.v and self.most == other.most and self.start == other.start and self.growth == other.growth
        )

    def run(self, turn: vec[float], played: i64) -> None:
        """Write T at each frame of a block, in frames, from so many frames after the start on."""
        n: i64 = len(turn)
        start, growth, least, most = self.start, self.growth, self.least, self.most
        factor = 2.0 * math.pi / self.v * self.fs
        i: i64 = 0
        while i < n:
            square = start + growth * float(played + i)
            if square < least:
                square = least
            elif square > most:
                square = most
            turn[i] = factor * math.sqrt(square)
            i += 1

    def delays(self, turn: vec[float], n: float, lead: float, y: vec[float]) -> None:
        """Write lead + D_n for each frame of a block into y, in frames."""
        frames: i64 = len(turn)
        lead -= n * n * self.step
        i: i64 = 0
        while i < frames:
            y[i] = lead + n * turn[i]
            i += 1
