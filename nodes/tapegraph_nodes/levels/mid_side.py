"""Mid and side: turns left and right into what they share and what parts them, and back.

    encode    mid = (left + right) / sqrt(2),     side = (left - right) / sqrt(2)
    decode    left = (mid + side) / sqrt(2),      right = (mid - side) / sqrt(2)

The factor keeps the power: what both channels share is 3.01 dB louder in mid, and noise that comes in between spreads
evenly. The equations are their own inverse, so encoding and then decoding returns the input but for rounding; direction
says which is meant. Two channels are needed; with any other number all pass through.

Source: A. D. Blumlein, British Patent 394325, 1933 (sum and difference).
"""

from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Signal

ENCODED: Final = 0.5**0.5
DECODED: Final = 0.5 / ENCODED  # what takes that back, where it is rounded


class MidSide(Node):
    KIND: ClassVar[str] = "mid_side"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = None
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("direction", "encode", ("encode", "decode"), "to mid and side, or back to left and right"),
    )

    direction: str  # parameter
    a: float  # coefficient: the factor

    def update(self) -> None:
        self.a = ENCODED if self.direction == "encode" else DECODED

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        if self.channels == 2:
            turn(x[0].samples, y[0].samples, self.a)
        else:
            y[0].put(x[0].array)


def turn(x: vec[float], y: vec[float], a: float) -> None:
    """Write sum and difference of the two channels of x, each times a, into those of y."""
    n: i64 = len(x) // 2
    i: i64 = 0
    while i < n:
        y[i] = a * (x[i] + x[n + i])
        y[n + i] = a * (x[i] - x[n + i])
        i += 1
