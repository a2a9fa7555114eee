"""DC blocker: a Butterworth high-pass of fourth order, 24 dB per octave, two state-variable filters in a row.

    h[i] = (x[i] - (1/Q + g) s1 - s2) / (1 + g/Q + g^2),    g = tan(pi cutoff_hz / fs),    y[i] = h[i] of the second
    b[i] = g h[i] + s1,    s1 = b[i] + g h[i]
    l[i] = g b[i] + s2,    s2 = l[i] + g b[i]

Q is 1.307 in the first and 0.541 in the second. -3.01 dB falls on cutoff_hz, which is held under 0.49 fs. The
integrators are trapezoidal, so the filter is the bilinear transform of the analogue one, but it keeps its accuracy
where the cutoff is a millionth of the rate, and stays stable while g moves, in equal steps over a block.

Source: V. Zavalishin, The Art of VA Filter Design, ch. 4 (state-variable filter), ch. 8 (Butterworth cascades).
"""

from __future__ import annotations

import math
from typing import ClassVar

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal

DAMPING_1 = 2.0 * math.sin(math.pi / 8.0)  # 1/Q of the first filter
DAMPING_2 = 2.0 * math.cos(math.pi / 8.0)  # 1/Q of the second


class DcBlocker(Node):
    KIND: ClassVar[str] = "dc_blocker"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("cutoff_hz", 35.0, 1.0, 500.0, "Hz", "where the level is 3 dB down; all below goes", "log"),
    )

    cutoff_hz: float  # parameter
    target: float  # coefficient: g
    g: float  # state: g reached by the last sample
    between: vec[float]  # the block between the two filters
    s_1: vec[float]  # state: s1, s2 of the first filter, for each channel
    s_2: vec[float]  # state: s1, s2 of the second

    def prepare(self) -> None:
        self.between = vec[float]([0.0] * (self.channels * self.frames))
        self.update()
        self.reset()

    def update(self) -> None:
        self.target = math.tan(math.pi * min(self.cutoff_hz / self.fs, 0.49))

    def reset(self) -> None:
        self.g = self.target
        self.s_1 = vec[float]([0.0] * (2 * self.channels))
        self.s_2 = vec[float]([0.0] * (2 * self.channels))

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        highpass(x[0].samples, self.between, self.s_1, DAMPING_1, self.g, self.target)
        highpass(self.between, y[0].samples, self.s_2, DAMPING_2, self.g, self.target)
        self.g = self.target

    def tail(self) -> float:
        # The slowest poles fall as exp(-pi cutoff_hz DAMPING_1 t); all together start from 3 at most, for a step.
        return math.log(3e6) / (math.pi * self.cutoff_hz * DAMPING_1)


def highpass(x: vec[float], y: vec[float], s: vec[float], damping: float, start: float, target: float) -> None:
    """Filter every channel of x into y, from and to its two states in s, while g moves from start to target."""
    channels: i64 = len(s) // 2
    n: i64 = len(x) // channels
    step = (target - start) / float(n)
    c: i64 = 0
    while c < channels:
        s1 = s[2 * c]
        s2 = s[2 * c + 1]
        g = start
        i: i64 = c * n
        end = i + n
        while i < end:
            g += step
            h = (x[i] - (damping + g) * s1 - s2) / (1.0 + g * (damping + g))
            y[i] = h
            v = g * h
            b = v + s1
            s1 = b + v
            v = g * b
            s2 = v + s2 + v
            i += 1
        if s1 * s1 + s2 * s2 < 1e-60:  # -600 dB: silence, before the numbers grow so small that they slow the loop
            s1 = 0.0
            s2 = 0.0
        s[2 * c] = s1
        s[2 * c + 1] = s2
        c += 1
