"""A value that glides to its target, frame by frame: it sets off and arrives without a kink, whatever the block.

    s[i] = s[i-1] + a (target - s[i-1]),    v[i] = v[i-1] + a (s[i] - v[i-1]),    a = 1 - exp(-1 / (time_s fs))

Of a step (1 + t / time_s) exp(-t / time_s) is left after t: 1 % after 6.6 times time_s. It sets off at no speed at all,
and goes fastest, at 1 / (e time_s) of the step, after time_s. At rest it is the target itself, to the last bit.
Source: U. Zoelzer, DAFX, ch. 4 (smoothing of parameters).
"""

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

CLOSE: Final = 1e-9  # from the target, relative to it or to 1: it has arrived; rounding may keep it from coming closer


class Glide:
    """One value, of which each block has one for every frame.

    A node sets target in update(), calls jump() in reset(), and begin() before it reads a block of values.

    target: coefficient: where the value is to go
    values: state: the value at every frame of the block
    """

    def __init__(self, fs: float, frames: i64, time_s: float) -> None:
        self.a: float = -math.expm1(-1.0 / (time_s * fs))
        self.target: float = 0.0
        self.values: vec[float] = vec[float]([0.0] * frames)
        self.s: float = 0.0
        self.v: float = 0.0
        self.rests: bool = False  # whether all the values are the target

    def jump(self) -> None:
        """Be at the target."""
        self.s = self.v = self.target
        fill(self.values, self.target)
        self.rests = True

    def begin(self) -> None:
        """Find the values of a block."""
        if self.v == self.target and self.s == self.target:
            if not self.rests:
                self.jump()
            return
        self.rests = False
        self.s, self.v = approach(self.values, self.target, self.a, self.s, self.v)
        close = CLOSE * max(1.0, abs(self.target))
        if abs(self.target - self.s) < close and abs(self.target - self.v) < close:
            self.s = self.v = self.target


def fill(y: vec[float], value: float) -> None:
    n: i64 = len(y)
    i: i64 = 0
    while i < n:
        y[i] = value
        i += 1


def approach(y: vec[float], target: float, a: float, s: float, v: float) -> tuple[float, float]:
    n: i64 = len(y)
    i: i64 = 0
    while i < n:
        s += a * (target - s)
        v += a * (s - v)
        y[i] = v
        i += 1
    return s, v
