"""Mix: fades between a dry and a wet sound, and adds up any number of others by weight.

    y[i] = (1 - mix[i]) dry[i] + mix[i] wet[i] + sum over k of weight_k[i] in_k[i]

A changed mix or weight is reached in 5 ms or a block, whichever is longer, in equal steps. The fade is linear: for
sounds that are alike, as dry and wet of an aligned graph are, it keeps the level.

Source: U. Zoelzer, DAFX, ch. 1 (wet and dry) for the fade of like sounds.
"""

from __future__ import annotations

from typing import ClassVar

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, NodeValue, Param, Signal
from tapegraph_nodes._kernels.mixing import add
from tapegraph_nodes._kernels.ramp import Ramp

WEIGHT = "weight"
FULL = 1.0  # weight of an input for which none is set


class Mix(Node):
    KIND: ClassVar[str] = "mix"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("mix", 0.5, 0.0, 1.0, "", "share of the wet sound, the rest is dry"),
        Param("weight#", FULL, -4.0, 4.0, "", "gain of the input of the same number; below 0 inverts it"),
    )
    INPUTS: ClassVar[tuple[str, ...]] = ("dry", "wet", "in#")

    mix: float  # parameter
    weights: list[float]  # parameter: that of in1, in2 ... up to the last that has been set
    mix_ramp: Ramp
    weight_ramps: list[Ramp]  # one for each of the weights

    def __init__(self) -> None:
        self.weights = []
        self.weight_ramps = []
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
            self.weight_ramps.append(Ramp(self.fs, self.frames, 1, FULL))
        assert isinstance(value, float)
        self.weights[k - 1] = value

    def prepare(self) -> None:
        self.mix_ramp = Ramp(self.fs, self.frames)
        self.weight_ramps = [Ramp(self.fs, self.frames, 1, FULL) for _ in self.weights]

    def update(self) -> None:
        self.mix_ramp.target[0] = self.mix
        for ramp, weight in zip(self.weight_ramps, self.weights, strict=True):
            ramp.target[0] = weight

    def reset(self) -> None:
        self.mix_ramp.jump()
        for ramp in self.weight_ramps:
            ramp.jump()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        out = y[0].samples
        ramp = self.mix_ramp
        ramp.begin()
        crossfade(x[0].samples, x[1].samples, out, self.channels, ramp.start[0], ramp.end[0])
        ramp.finish()
        k = 0
        while k < len(x) - 2:
            if k < len(self.weight_ramps):
                ramp = self.weight_ramps[k]
                ramp.begin()
                add(x[k + 2].samples, out, self.channels, ramp.start[0], ramp.end[0])
                ramp.finish()
            else:
                add(x[k + 2].samples, out, self.channels, FULL, FULL)
            k += 1


def crossfade(dry: vec[float], wet: vec[float], y: vec[float], channels: i64, start: float, end: float) -> None:
    """Fade every channel from dry to wet into y, by a share of wet that moves from start to end in equal steps."""
    n: i64 = len(y) // channels
    step = (end - start) / float(n)
    c: i64 = 0
    while c < channels:
        a = start
        i: i64 = c * n
        stop = i + n
        while i < stop:
            a += step
            y[i] = (1.0 - a) * dry[i] + a * wet[i]
            i += 1
        c += 1
