"""Balance: raises one of two channels and lowers the other by as much.

    left[i] = exp(b[i]) left_in[i],    right[i] = exp(-b[i]) right_in[i],    b -> balance_db ln(10) / 20

A second one with the negative value undoes it but for rounding, also while both move: b reaches a new value in 5 ms or
a block, whichever is longer, in equal steps of a decibel. Between mid_side nodes it weighs mid against side. Two
channels are needed; with any other number all pass through.

Source: U. Zoelzer, DAFX, ch. 4 (dynamics), for the ramp; the law, without a loss in the middle, is ours.
"""

import math
from typing import ClassVar

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.ramp import Ramp


class Balance(Node):
    KIND: ClassVar[str] = "balance"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ("balance_db",)
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("balance_db", 0.0, -12.0, 12.0, "dB", "by how much left, or mid, is raised and right, or side, lowered"),
    )

    balance_db: float  # parameter
    b: Ramp  # ln of the gain of the first channel

    def prepare(self) -> None:
        self.b = Ramp(self.fs, self.frames)

    def update(self) -> None:
        self.b.target[0] = self.balance_db * math.log(10.0) / 20.0

    def reset(self) -> None:
        self.b.jump()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.b.begin()
        if self.channels == 2:
            weigh(x[0].samples, y[0].samples, 0, self.b.start[0], self.b.end[0])
            weigh(x[0].samples, y[0].samples, self.frames, -self.b.start[0], -self.b.end[0])
        else:
            y[0].put(x[0].array)
        self.b.finish()


def weigh(x: vec[float], y: vec[float], first: i64, start: float, end: float) -> None:
    """Scale half of x into y, from first on, by a gain whose logarithm moves from start to end in equal steps."""
    n: i64 = len(x) // 2
    step = (end - start) / float(n)
    b = start
    i: i64 = first
    stop = first + n
    while i < stop:
        b += step
        y[i] = math.exp(b) * x[i]
        i += 1
