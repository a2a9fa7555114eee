from __future__ import annotations

import numpy as np

from tapegraph.node import Node, Signal


class Upsampler(Node):
    def __init__(self, factor: int, phase: str) -> None:
        super().__init__()
        self.factor = factor

    def latency(self) -> float:
        return 0.0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        y[0].put(np.repeat(x[0].array, self.factor, axis=1))


class Downsampler(Node):
    def __init__(self, factor: int, phase: str) -> None:
        super().__init__()
        self.factor = factor

    def latency(self) -> float:
        return 0.0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        y[0].put(x[0].array[:, :: self.factor])
