"""Values that move to their targets in equal steps, so that a parameter that is turned does not click.

    end = start + (target - start) / blocks_left    while more than one block is left, else target

A block moves in a straight line from start to end; after a new target this takes 5 ms or one block, whichever is
longer. A target that is new in one block after the other, as an LFO moves it, does not start that time again: after 5
ms the value is there at the end of every block. At rest start and end are the target itself, to the last bit.
Source: U. Zoelzer, DAFX, ch. 4 (smoothing of parameters).
"""

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

RAMP_S: Final = 0.005


class Ramp:
    """One or several values, which arrive at their targets together.

    A node sets targets in update(), calls jump() in reset(), begin() and finish() around the work of process().

    target: coefficient: where each value is to go
    start, end: state: each value at the last sample before a block, and at the last sample of it
    moving: state: whether any value differs between these
    blocks_left: state: blocks until the values have arrived, this one included
    following: state: whether the targets were new in the last block
    """

    def __init__(self, fs: float, frames: i64, values: i64 = 1, value: float = 0.0) -> None:
        self.blocks: i64 = math.ceil(RAMP_S * fs / float(frames))  # from one target to another
        self.target: vec[float] = vec[float]([value] * values)
        self.aim: vec[float] = vec[float]([value] * values)  # the target that blocks_left counts to
        self.start: vec[float] = vec[float]([value] * values)
        self.end: vec[float] = vec[float]([value] * values)
        self.moving: bool = False
        self.blocks_left: i64 = 0
        self.following: bool = False

    def jump(self) -> None:
        """Be at the targets."""
        copy(self.target, self.aim)
        copy(self.target, self.start)
        copy(self.target, self.end)
        self.moving = False
        self.blocks_left = 0
        self.following = False

    def begin(self) -> None:
        """Begin a block: work out its end."""
        new = not equal(self.target, self.aim)
        if new:
            copy(self.target, self.aim)
            self.blocks_left = max(self.blocks_left, 1) if self.following else self.blocks
        self.following = new
        if self.blocks_left > 1:
            approach(self.start, self.target, float(self.blocks_left), self.end)
        elif self.blocks_left == 1:
            copy(self.target, self.end)
        self.moving = self.blocks_left > 0 and not equal(self.start, self.end)

    def finish(self) -> None:
        """End a block: the next one starts where this one ended."""
        if self.blocks_left > 0:
            self.blocks_left -= 1
            copy(self.end, self.start)


def equal(x: vec[float], y: vec[float]) -> bool:
    n: i64 = len(x)
    i: i64 = 0
    while i < n:
        if x[i] != y[i]:
            return False
        i += 1
    return True


def copy(x: vec[float], y: vec[float]) -> None:
    n: i64 = len(x)
    i: i64 = 0
    while i < n:
        y[i] = x[i]
        i += 1


def approach(start: vec[float], target: vec[float], blocks_left: float, end: vec[float]) -> None:
    n: i64 = len(start)
    i: i64 = 0
    while i < n:
        end[i] = start[i] + (target[i] - start[i]) / blocks_left
        i += 1
