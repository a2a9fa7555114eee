"""Wide-band compander: halves levels in dB before the tape, and doubles them after the tape.

    encode    e sqrt(p) = r E(x)                the encoded signal, to the tape
    decode    E(y) = e sqrt(p) / r              from the tape
    p' = (e^2 + f - p) / time_s,    r = 10^(reference_db / 20) / sqrt(2),    f = (r 10^(-most_gain_db / 20))^2
    E(s) = N (1 + k s / (s + 2 pi 1600 Hz)),    k = 10^(emphasis_db / 20) - 1,    |E| = 1 at 1 kHz

A steady tone at L dB, relative to reference_db, is encoded to (L + |E| dB) / 2 and decoded to 2 L - |E| dB: 2:1 and
1:2. A tone of 1 kHz at reference_db passes as it is. In silence encode amplifies by most_gain_db: f, added in the
detector, bends the law by under 0.05 dB where the encoded level is 20 dB above that of f, and limits it below. The
emphasis lifts treble before the tape, so that hiss is low beside loud bass. A gain of g dB between the halves becomes
2 g dB.

Both halves derive p from e alone, so with equal parameters and nothing between them decode returns what went into
encode, to rounding, whatever it is. p contains e at once, so encode solves for e:

    e[i]^2 = 2 X^2 / (b + sqrt(b^2 + 4 h X^2)),    X = r E(x[i]),    b = p[i-1] + h (f - p[i-1]),    p[i] = b + h e[i]^2

It is stable at any level, and p does not overshoot. After a step up from silence a tone is encoded higher than it will
be by (1 - exp(-2 t / time_s))^(-1/4), and decoded lower than it will be by (1 - exp(-t / time_s))^(1/2): 1 dB after 0.5
and 1.6 time_s. After a step down the gain moves by 4.34 dB in each time_s, by default 124 dB/s. p is the mean square,
with a ripple of 1 / (4 pi f time_s): 0.2 % at 1 kHz. A constant between the halves counts as sound: block it.

Latency 0. Input is clipped at 100. Changed parameters are reached in 5 ms or a block, whichever is longer; between the
sides e fades from what is solved for to the input.

Source: D. E. Blackmer, US 3789143 (compander) and US 3681618 (detector of the root mean square). The emphasis and the
solution for e are ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal
from tapegraph_nodes._kernels.companding import averaging, sample_of_sound, tone_power
from tapegraph_nodes._kernels.one_pole import one_pole_gain
from tapegraph_nodes._kernels.prewarp import prewarped, without_subnormal
from tapegraph_nodes._kernels.ramp import Ramp

EMPHASIS_HZ: Final = 1600.0
NEUTRAL_HZ: Final = 1000.0  # where the emphasis is 0 dB


class WideCompander(Node):
    KIND: ClassVar[str] = "wide_compander"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("side", "encode", ("encode", "decode"), "which half: encode before the tape, decode after it"),
        Param("reference_db", -18.0, -30.0, -6.0, "dB", "peak of a tone of 1 kHz that passes as it is"),
        Param("emphasis_db", 12.0, 0.0, 20.0, "dB", "by how much more treble than bass goes to the tape"),
        Param("most_gain_db", 40.0, 10.0, 60.0, "dB", "gain of encode in silence, and loss of decode"),
        Param("time_s", 0.035, 0.005, 0.2, "s", "time constant of the mean square", "log"),
    )

    side: str  # parameter
    reference_db: float  # parameter
    emphasis_db: float  # parameter
    most_gain_db: float  # parameter
    time_s: float  # parameter
    now: Ramp  # ln r^2, ln f, h, k, N, part of decode
    K: float  # coefficient: of the high-pass of the emphasis, from x - s to its output
    state: vec[float]  # state: of the emphasis, and p, for each channel

    def prepare(self) -> None:
        self.now = Ramp(self.fs, self.frames, 6)
        self.state = vec[float]([0.0] * (2 * self.channels))

    def update(self) -> None:
        self.K = 1.0 - one_pole_gain(EMPHASIS_HZ, self.fs)
        k = 10.0 ** (self.emphasis_db / 20.0) - 1.0
        u = prewarped(NEUTRAL_HZ, self.fs) / prewarped(EMPHASIS_HZ, self.fs)
        target = self.now.target
        target[0] = math.log(tone_power(self.reference_db))
        target[1] = target[0] - self.most_gain_db / 10.0 * math.log(10.0)
        target[2] = averaging(self.time_s, self.fs)
        target[3] = k
        target[4] = math.sqrt((1.0 + u * u) / (1.0 + (1.0 + k) ** 2 * u * u))
        target[5] = 1.0 if self.side == "decode" else 0.0

    def reset(self) -> None:
        self.now.jump()
        f = math.exp(self.now.target[1])
        for c in range(self.channels):
            self.state[2 * c] = 0.0
            self.state[2 * c + 1] = f

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.now.begin()
        compand(x[0].samples, y[0].samples, self.now, self.K, self.state)
        self.now.finish()

    def tail(self) -> float:
        """The time in which the emphasis, or what undoes it, falls by 120 dB, while the gain of encode rises."""
        w = 2.0 * math.pi * EMPHASIS_HZ
        if self.side == "decode":
            lift: float = 10.0 ** (self.emphasis_db / 20.0)
            return math.log(1e6) * lift / w
        return math.log(1e6) / (w - 0.5 / self.time_s)


def compand(x: vec[float], y: vec[float], now: Ramp, K: float, state: vec[float]) -> None:
    """Encode or decode every channel of x into y, from and to its states, while the values of the node move."""
    start, end = now.start, now.end
    channels: i64 = len(state) // 2
    n: i64 = len(x) // channels
    part = 1.0 / float(n)
    r2_ratio = math.exp((end[0] - start[0]) * part)
    f_ratio = math.exp((end[1] - start[1]) * part)
    h_step = (end[2] - start[2]) * part
    k_step = (end[3] - start[3]) * part
    N_step = (end[4] - start[4]) * part
    decoded_step = (end[5] - start[5]) * part
    G2 = 2.0 * (1.0 - K)
    c: i64 = 0
    while c < channels:
        s = state[2 * c]
        p = state[2 * c + 1]
        r2 = math.exp(start[0])
        f = math.exp(start[1])
        h = start[2]
        k = start[3]
        N = start[4]
        decoded = start[5]
        i: i64 = c * n
        stop = i + n
        while i < stop:
            r2 *= r2_ratio
            f *= f_ratio
            h += h_step
            k += k_step
            N += N_step
            decoded += decoded_step
            e = v = sample_of_sound(x[i])  # the encoded sound, and the sound before encode or after decode
            b = p + h * (f - p)
            if decoded < 1.0:
                X = N * (v + k * K * (v - s))
                over = math.sqrt(2.0 * r2 / (b + math.sqrt(b * b + 4.0 * h * r2 * X * X)))
                e = (1.0 - decoded) * X * over + decoded * v
            p = b + h * e * e
            if decoded > 0.0:
                v = (e * math.sqrt(p / r2) / N + k * K * s) / (1.0 + k * K)  # whose emphasis is e sqrt(p) / r
            s += G2 * (v - s)
            y[i] = (1.0 - decoded) * e + decoded * v
            i += 1
        state[2 * c] = without_subnormal(s)
        state[2 * c + 1] = p
        c += 1
