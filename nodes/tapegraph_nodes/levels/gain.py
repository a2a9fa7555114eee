"""Gain, ramped across the block so that a moving control does not click.

    y[i] = a[i] x[i],    a[i] from the last gain to 10^(gain_db / 20), linear in i

Source: U. Zoelzer, DAFX, ch. 4 (dynamics), for the ramp; the decibel as in IEC 60027-3.
"""

from typing import ClassVar

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal


class Gain(Node):
    KIND: ClassVar[str] = "gain"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (Param("gain_db", 0.0, -96.0, 48.0, "dB", "level change"),)

    gain_db: float  # parameter
    target: float  # coefficient: the gain as a ratio
    a: float  # state: the gain reached by the last sample

    def update(self) -> None:
        self.target = 10.0 ** (self.gain_db / 20.0)

    def reset(self) -> None:
        self.a = self.target

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        scale(x[0].samples, y[0].samples, self.channels, self.a, self.target)
        self.a = self.target


def scale(x: vec[float], y: vec[float], channels: i64, start: float, target: float) -> None:
    """Scale every channel of x into y by a gain that moves from start to target in equal steps."""
    n: i64 = len(x) // channels
    step = (target - start) / float(n)
    c: i64 = 0
    while c < channels:
        a = start
        i: i64 = c * n
        end = i + n
        while i < end:
            a += step
            y[i] = a * x[i]
            i += 1
        c += 1
