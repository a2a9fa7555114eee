"""Gain: changes the level.

    y[i] = a[i] x[i],    a -> 10^(gain_db / 20)

A changed gain is reached in 5 ms or a block, whichever is longer, in equal steps.

Source: U. Zoelzer, DAFX, ch. 4 (dynamics), for the ramp; the decibel as in IEC 60027-3.
"""

from typing import ClassVar

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.ramp import Ramp


class Gain(Node):
    KIND: ClassVar[str] = "gain"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (Param("gain_db", 0.0, -96.0, 48.0, "dB", "level change"),)

    gain_db: float  # parameter
    a: Ramp  # the gain as a ratio

    def prepare(self) -> None:
        self.a = Ramp(self.fs, self.frames)

    def update(self) -> None:
        self.a.target[0] = 10.0 ** (self.gain_db / 20.0)

    def reset(self) -> None:
        self.a.jump()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.a.begin()
        scale(x[0].samples, y[0].samples, self.channels, self.a.start[0], self.a.end[0])
        self.a.finish()


def scale(x: vec[float], y: vec[float], channels: i64, start: float, end: float) -> None:
    """Scale every channel of x into y by a gain that moves from start to end in equal steps."""
    n: i64 = len(x) // channels
    step = (end - start) / float(n)
    i: i64 = 0
    if step == 0.0:  # at rest, where no sample waits for the one before
        while i < channels * n:
            y[i] = end * x[i]
            i += 1
        return
    c: i64 = 0
    while c < channels:
        a = start
        i = c * n
        stop = i + n
        while i < stop:
            a += step
            y[i] = a * x[i]
            i += 1
        c += 1
