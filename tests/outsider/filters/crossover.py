"""Crossover: splits sound into low and high by Linkwitz-Riley filters of fourth order, 24 dB per octave.

    h[i] = (x[i] - (sqrt 2 + g) s1 - s2) / (1 + g sqrt 2 + g^2),    g = tan(pi cutoff_hz / fs)
    b[i] = g h[i] + s1,    s1 = b[i] + g h[i]
    l[i] = g b[i] + s2,    s2 = l[i] + g b[i]

h and l are Butterworth filters of second order; the high output is h of h, the low one l of l. Both are 6.02 dB down
at cutoff_hz, which is held under 0.49 fs, and in phase everywhere, so that their sum is flat. ln g moves to a new
value in equal steps over 5 ms or a block, whichever is longer.

Source: S. H. Linkwitz, Active crossover networks for noncoincident drivers, J. Audio Eng. Soc. 24, 1976;
V. Zavalishin, The Art of VA Filter Design, ch. 4 (state-variable filter).
"""

import math
from typing import ClassVar

import numpy as np

from tapegraph.node import AnyParam, Node, Param, Signal

RAMP_S = 0.005
LOW, HIGH = "low", "high"


class Crossover(Node):
    KIND: ClassVar[str] = "crossover"
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("cutoff_hz", 1000.0, 20.0, 20_000.0, "Hz", "where low and high are 6 dB down", "log"),
    )
    OUTPUTS: ClassVar[tuple[str, ...]] = (LOW, HIGH)
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()

    cutoff_hz: float  # parameter
    ramp_blocks: int  # coefficient: how long g takes to move, blocks
    target: float  # coefficient: ln g
    reached: float  # state: ln g at the last sample
    ramp_end: float  # state: ln g at the end of the last ramp
    blocks_left: int  # state: of the ramp
    low: list[list[list[float]]]  # state: s1, s2 of both filters, for each channel
    high: list[list[list[float]]]  # state: the same

    def prepare(self) -> None:
        self.ramp_blocks = math.ceil(RAMP_S * self.fs / float(self.frames))

    def update(self) -> None:
        self.target = math.log(math.tan(math.pi * min(self.cutoff_hz / self.fs, 0.49)))

    def reset(self) -> None:
        self.reached = self.ramp_end = self.target
        self.blocks_left = 0
        self.low = [[[0.0, 0.0], [0.0, 0.0]] for _ in range(self.channels)]
        self.high = [[[0.0, 0.0], [0.0, 0.0]] for _ in range(self.channels)]

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        g = self.ramp()
        low, high = [], []
        for c, sound in enumerate(x[0].array.tolist()):
            low.append(twice(sound, g, self.low[c], LOW))
            high.append(twice(sound, g, self.high[c], HIGH))
        y[0].put(np.array(low))
        y[1].put(np.array(high))

    def ramp(self) -> list[float]:
        """Return g at every frame of a block."""
        if self.ramp_end != self.target:
            self.ramp_end = self.target
            self.blocks_left = self.ramp_blocks
        if self.blocks_left == 0:
            return [math.exp(self.reached)] * int(self.frames)
        start = self.reached
        if self.blocks_left == 1:
            self.reached = self.ramp_end
        else:
            self.reached += (self.ramp_end - start) / self.blocks_left
        self.blocks_left -= 1
        step = (self.reached - start) / float(self.frames)
        return [math.exp(start + step * (i + 1)) for i in range(int(self.frames))]

    def tail(self) -> float:
        # Poles of fourth order, two by two in one place: (1 + x)^2 exp(-x) falls to 1e-6 at x = 20. At the Nyquist
        # frequency, where the bilinear transform squeezes them together, they take up to 300 frames more.
        return 20.0 * math.sqrt(2.0) / (2.0 * math.pi * self.cutoff_hz) + 300.0 / self.fs


def twice(x: list[float], g: list[float], states: list[list[float]], output: str) -> list[float]:
    """Filter a block by a Butterworth filter of second order two times over, each from and to its own states."""
    for s in states:
        x = butterworth(x, g, s, output)
    return x


def butterworth(x: list[float], g: list[float], s: list[float], output: str) -> list[float]:
    s1, s2 = s
    y = []
    for sample, g_i in zip(x, g, strict=True):
        h = (sample - (math.sqrt(2.0) + g_i) * s1 - s2) / (1.0 + g_i * (math.sqrt(2.0) + g_i))
        b = g_i * h + s1
        l = g_i * b + s2
        s1 = b + g_i * h
        s2 = l + g_i * b
        y.append(l if output == LOW else h)
    s[:] = audible(s1), audible(s2)
    return y


def audible(state: float) -> float:
    """Return a state, and from -600 dB on silence: smaller numbers become subnormal, which are slow."""
    return 0.0 if abs(state) < 1e-30 else state
