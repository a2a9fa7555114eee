"""A moving tape, and how long ago what is now under a head went past the beginning of the tape's way.

    P(t) - P(t - D(t)) = d(t),    P' = v

P is the length of tape that has gone past, v its speed and d the distance of the head. At a steady speed D = d / v.
After the speed has changed from v_1 to v_2, the old recording sounds v_2 / v_1 as fast, until the new one arrives.

    g[i] = g[i-1] + p[i] - (d[i] - d[i-1]),    while g >= p[k+1]: g -= p[k+1], k += 1,    D = i - k - g / p[k+1]

p[i] is the tape that moves in frame i. Lengths are whole numbers of 2^-48 inch, so that sums of them are exact: nothing
drifts, however long it runs. Between frames the speed is taken as constant.
Source: ours; the conservation of tape.
"""

from __future__ import annotations

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.delay_line import Block, DelayLine

FOR_EVER: Final = 1 << 60
UNITS: Final = 281474976710656.0  # in an inch: 2^48


class TapePath:
    """The speed of the tape in each frame of the past.

    steady: state: the tape that moved in each frame before the first
    calm: state: for how many frames the speed has been what it is
    """

    def __init__(self, frames: i64, longest_frames: i64) -> None:
        self.line = DelayLine(1, frames, longest_frames)
        self.steady: float = 1.0
        self.speed: float = 1.0  # state: the tape that moved in the last frame
        self.calm: i64 = FOR_EVER

    def restart(self, inches: float) -> None:
        """Begin, after the tape has moved at so many inches a frame for ever."""
        self.line.clear()
        self.steady = units(inches)
        self.speed = self.steady
        self.calm = FOR_EVER

    def move(self, inches: vec[float]) -> None:
        """Take how far the tape moves in each frame of a block, above 0 inches."""
        moved = self.line.next_block()
        n: i64 = len(inches)
        i: i64 = 0
        while i < n:
            moved[i] = units(inches[i])
            i += 1
        changed = last_change(moved, self.speed)
        self.calm = min(self.calm + n, FOR_EVER) if changed < 0 else n - changed
        self.speed = moved[n - 1]

    def moved(self) -> vec[float]:
        """Return how far the tape has moved in each frame of the block, in units."""
        line = self.line
        return line.ring[line.first // line.frames % len(line.ring)].samples


class Head:
    """One head on the way of the tape."""

    def __init__(self) -> None:
        self.frame: i64 = 0  # state: k
        self.gap: float = 0.0  # state: g
        self.distance: float = 0.0  # state: d

    def restart(self, inches: float, path: TapePath) -> None:
        """Be at this distance, where the tape has moved steadily."""
        self.distance = units(inches)
        delay = self.distance / path.steady
        whole = math.ceil(delay)
        self.frame = -1 - i64(whole)
        self.gap = float(math.floor((float(whole) - delay) * path.steady + 0.5))
        if self.gap >= path.steady:
            self.gap = 0.0
            self.frame += 1

    def follow(self, path: TapePath, delay: vec[float]) -> None:
        """Write D, frames, for a block that the tape has just moved, while the head stays where it is."""
        first = path.line.first
        way = first + len(delay) - 1 - self.frame  # frames in which the tape moved between record head and this one
        if way <= path.calm:
            fill(delay, float(first - 1 - self.frame) - self.gap / path.speed)
            self.frame += len(delay)
            return
        self.frame, self.gap = follow(path.line.ring, first, path.steady, path.moved(), delay, self.frame, self.gap)

    def shift(self, path: TapePath, inches: vec[float], delay: vec[float]) -> None:
        """Write D where the head moves; inches: its distance in each frame, which is overwritten."""
        self.distance = pull(path.moved(), inches, self.distance)
        first = path.line.first
        self.frame, self.gap = follow(path.line.ring, first, path.steady, inches, delay, self.frame, self.gap)


def last_change(values: vec[float], before: float) -> i64:
    """Return the last index whose value differs from the one before it, -1 where there is none."""
    i: i64 = len(values) - 1
    while i > 0:
        if values[i] != values[i - 1]:
            return i
        i -= 1
    return 0 if values[0] != before else -1


def fill(y: vec[float], value: float) -> None:
    n: i64 = len(y)
    i: i64 = 0
    while i < n:
        y[i] = value
        i += 1


def units(inches: float) -> float:
    """Return a length, 0 or more, as a whole number."""
    return float(i64(inches * UNITS + 0.5))


def pull(moved: vec[float], distances: vec[float], distance: float) -> float:
    """Replace distances, inches, by how far the tape moves against the head, and return the last of them, in units."""
    n: i64 = len(distances)
    i: i64 = 0
    while i < n:
        before = distance
        distance = units(distances[i])
        distances[i] = moved[i] - (distance - before)
        i += 1
    return distance


def follow(
    ring: list[Block], first: i64, steady: float, moves: vec[float], delay: vec[float], k: i64, gap: float
) -> tuple[i64, float]:
    """Write D for a block and return the next k and g.

    first: number of the block's first frame; moves: of the tape against the head, in each frame
    """
    n: i64 = len(delay)
    blocks: i64 = len(ring)
    number = (k + 1) // n  # of the block of frame k + 1
    index = k + 1 - number * n
    old = ring[max(0, number) % blocks].samples
    behind = steady if number < 0 else old[index]
    i: i64 = 0
    while i < n:
        gap += moves[i]
        while gap >= behind:
            gap -= behind
            k += 1
            index += 1
            if index == n:
                index = 0
                number += 1
                old = ring[max(0, number) % blocks].samples
            behind = steady if number < 0 else old[index]
        delay[i] = float(first + i - k) - gap / behind
        i += 1
    return k, gap
