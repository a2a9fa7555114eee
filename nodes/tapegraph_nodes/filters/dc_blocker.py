"""DC blocker: a Butterworth high-pass of fourth order, 24 dB per octave, two state-variable filters in a row.

    h[i] = (x[i] - (1/Q + g) s1 - s2) / (1 + g/Q + g^2),    g = tan(pi cutoff_hz / fs),    y[i] = h[i] of the second
    b[i] = g h[i] + s1,    s1 = b[i] + g h[i]
    l[i] = g b[i] + s2,    s2 = l[i] + g b[i]

Q is 1.307 in the first and 0.541 in the second. -3.01 dB falls on cutoff_hz, which is held under 0.49 fs. The
integrators are trapezoidal, so the filter is the bilinear transform of the analogue one, but it keeps its accuracy
where the cutoff is a millionth of the rate, and stays stable while g moves, in equal steps over 5 ms or a block,
whichever is longer.

Source: V. Zavalishin, The Art of VA Filter Design, ch. 4 (state-variable filter), ch. 8 (Butterworth cascades).
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, silence
from tapegraph_nodes._kernels.prewarp import prewarped, without_subnormal
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.svf import filtered

DAMPING_1: Final = 2.0 * math.sin(math.pi / 8.0)  # 1/Q of the first filter
DAMPING_2: Final = 2.0 * math.cos(math.pi / 8.0)  # 1/Q of the second


class DcBlocker(Node):
    KIND: ClassVar[str] = "dc_blocker"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("cutoff_hz", 35.0, 1.0, 500.0, "Hz", "where the level is 3 dB down; everything below is removed", "log"),
    )

    cutoff_hz: float  # parameter
    g: Ramp
    s: vec[float]  # state: s1, s2 of the first filter, then of the second, for each channel

    def prepare(self) -> None:
        self.g = Ramp(self.fs, self.frames)
        self.s = vec[float]([0.0] * (4 * self.channels))

    def update(self) -> None:
        self.g.target[0] = prewarped(self.cutoff_hz, self.fs)

    def reset(self) -> None:
        self.g.jump()
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.g.begin()
        highpass(x[0].samples, y[0].samples, self.s, self.g.start[0], self.g.end[0])
        self.g.finish()

    def tail(self) -> float:
        # The slowest poles fall as exp(-pi cutoff_hz DAMPING_1 t); all together start from 3 at most, for a step.
        return math.log(3e6) / (math.pi * self.cutoff_hz * DAMPING_1)


def highpass(x: vec[float], y: vec[float], s: vec[float], start: float, end: float) -> None:
    """Filter every channel of x into y, from and to its four states in s, while g moves from start to end.

    Both filters of two channels run in one loop: while one waits for its state, the others work.
    """
    channels: i64 = len(s) // 4
    n: i64 = len(x) // channels
    step = (end - start) / float(n)
    R1, R2 = DAMPING_1, DAMPING_2
    a: i64 = 0
    while a < channels:
        b = a + 1 if a + 1 < channels else a  # an odd last channel goes with itself
        p, q = 4 * a, 4 * b
        a1, a2, a3, a4 = s[p], s[p + 1], s[p + 2], s[p + 3]
        b1, b2, b3, b4 = s[q], s[q + 1], s[q + 2], s[q + 3]
        g = start
        i: i64 = a * n
        j: i64 = b * n
        stop = i + n
        while i < stop:
            g += step
            u, v = x[i], x[j]
            u, _b, _l, a1, a2 = filtered(u, g, R1, a1, a2)
            v, _b, _l, b1, b2 = filtered(v, g, R1, b1, b2)
            u, _b, _l, a3, a4 = filtered(u, g, R2, a3, a4)
            v, _b, _l, b3, b4 = filtered(v, g, R2, b3, b4)
            y[i], y[j] = u, v
            i += 1
            j += 1
        s[p], s[p + 1] = without_subnormal(a1), without_subnormal(a2)
        s[p + 2], s[p + 3] = without_subnormal(a3), without_subnormal(a4)
        s[q], s[q + 1] = without_subnormal(b1), without_subnormal(b2)
        s[q + 2], s[q + 3] = without_subnormal(b3), without_subnormal(b4)
        a += 2
