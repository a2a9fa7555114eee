"""Mix: fades between a dry and a wet sound, and adds up any number of others by weight.

    y[i] = (1 - mix[i]) dry[i] + mix[i] wet[i] + sum over k of weight_k[i] in_k[i]

mix and the weights move from their last values to the new ones in equal steps over a block. The fade is linear: for
sounds that are alike, as dry and wet of an aligned graph are, it keeps the level.

Source: U. Zoelzer, DAFX, ch. 1 (wet and dry) for the fade of like sounds.
"""

from __future__ import annotations

from typing import ClassVar

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, NodeValue, Param, Signal

WEIGHT = "weight"
FULL = 1.0  # weight of an input for which none is set


class Mix(Node):
    KIND: ClassVar[str] = "mix"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("mix", 0.5, 0.0, 1.0, "", "share of wet against dry"),
        Param("weight#", FULL, -4.0, 4.0, "", "factor of the input of the same number; below 0 it is inverted"),
    )
    INPUTS: ClassVar[tuple[str, ...]] = ("dry", "wet", "in#")

    mix: float  # parameter
    weights: list[float]  # parameter: that of in1, in2 ... as far as any is set
    mix_reached: float  # state: mix at the last sample
    weights_reached: list[float]  # state: the weights at the last sample

    def __init__(self) -> None:
        self.weights = []
        self.weights_reached = []
        super().__init__()

    def set(self, name: str, value: NodeValue) -> None:
        number = name.removeprefix(WEIGHT)
        if number == "#":  # the default of them all, which FULL is
            return
        if number == name:
            super().set(name, value)
            return
        k = int(number)
        while len(self.weights) < k:
            self.weights.append(FULL)
        assert isinstance(value, float)
        self.weights[k - 1] = value

    def update(self) -> None:
        while len(self.weights_reached) < len(self.weights):
            self.weights_reached.append(FULL)

    def reset(self) -> None:
        self.mix_reached = self.mix
        self.weights_reached = self.weights.copy()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        out = y[0].samples
        crossfade(x[0].samples, x[1].samples, out, self.channels, self.mix_reached, self.mix)
        self.mix_reached = self.mix
        k = 0
        while k < len(x) - 2:
            if k < len(self.weights):
                add(x[k + 2].samples, out, self.channels, self.weights_reached[k], self.weights[k])
                self.weights_reached[k] = self.weights[k]
            else:
                add(x[k + 2].samples, out, self.channels, FULL, FULL)
            k += 1


def crossfade(dry: vec[float], wet: vec[float], y: vec[float], channels: i64, start: float, target: float) -> None:
    """Fade every channel from dry to wet into y, by a share of wet that moves from start to target in equal steps."""
    n: i64 = len(y) // channels
    step = (target - start) / float(n)
    c: i64 = 0
    while c < channels:
        a = start
        i: i64 = c * n
        end = i + n
        while i < end:
            a += step
            y[i] = (1.0 - a) * dry[i] + a * wet[i]
            i += 1
        c += 1


def add(x: vec[float], y: vec[float], channels: i64, start: float, target: float) -> None:
    """Add every channel of x to y, by a factor that moves from start to target in equal steps."""
    n: i64 = len(x) // channels
    step = (target - start) / float(n)
    c: i64 = 0
    while c < channels:
        a = start
        i: i64 = c * n
        end = i + n
        while i < end:
            a += step
            y[i] += a * x[i]
            i += 1
        c += 1
