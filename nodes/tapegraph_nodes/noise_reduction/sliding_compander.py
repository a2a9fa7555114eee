"""Sliding-band compander: boosts quiet treble before the tape, and after the tape cuts it, and the hiss, by as much.

    encode    e = x + a h                       the encoded signal, to the tape
    decode    y = e - a h                       from the tape
    h = s / (s + w) e,    a = 1 - 10^(-boost_db / 20)
    w = 2 pi corner_hz (1 + p / p0),    p0 = (r 10^(threshold_db / 20))^2 / 2,    r = 10^(reference_db / 20)
    m' = (d^2 - m) / attack_s,    p = m where m is above p, else p' = (m - p) / release_s
    d = sqrt(10) s / (s + 2 pi 15 kHz) h        1 times h at 5 kHz

Both halves derive h and p from e alone, so with equal parameters and nothing between them decode returns what went into
encode, to rounding, whatever it is. In encode e is solved for; p acts from the next sample on. Quiet sound gets a shelf
of boost_db from corner_hz to corner_hz / (1 - a): with the defaults 2.6 dB at 500 Hz, 5.5 dB at 1 kHz, 9.6 dB at 5 kHz.
Loud treble slides the corner up, until nothing is boosted: h grows with the third root of e. A gain between the halves
scales quiet sound by as much; where the corner slides, decoded treble deviates by more.

Any x gives a finite e: between them lies a low-pass at w / (1 - a), stable however w moves. p reads the mean square of
treble; in bass under 500 Hz, whose period is not short beside attack_s, up to twice that. At rates from 44.1 kHz steady
tones up to 12 kHz keep to the law within 0.2 dB. At 0.95 fs the corner stays, and h is lowered instead.

Latency 0. Input is clipped at 100. Changed parameters are reached in 5 ms or a block, whichever is longer; between the
sides e fades from what is solved for to the input.

Source: R. M. Dolby, US 3631365 (a filter that the level of its output slides) and US 3972010 (halves that derive from
the encoded signal what they add and subtract). The laws of w and d are ours: tones come within 1.5 dB, the tolerance,
of the encode characteristics in the data sheet of such a circuit, the NTE2003.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal, silence
from tapegraph_nodes._kernels.companding import averaging, sample_of_sound, tone_power
from tapegraph_nodes._kernels.one_pole import one_pole
from tapegraph_nodes._kernels.prewarp import without_subnormal
from tapegraph_nodes._kernels.ramp import Ramp

STATES: Final = 4
WEIGHTED_HZ: Final = 15_000.0  # up to here the detector rises with the frequency
WEIGHT_SQUARED: Final = 10.0  # of the detector, so that it is 1 at 5 kHz
HIGHEST: Final = 3.0  # corner, radians a frame / 2: almost fs


class SlidingCompander(Node):
    KIND: ClassVar[str] = "sliding_compander"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("side", "encode", ("encode", "decode"), "which half: encode before the tape, decode after it"),
        Param("reference_db", -18.0, -30.0, -6.0, "dB", "peak of a tone at 0 VU, relative to full scale"),
        Param("boost_db", 10.0, 0.0, 20.0, "dB", "boost of quiet treble on encode, and its cut on decode"),
        Param("corner_hz", 500.0, 100.0, 5000.0, "Hz", "frequency above which quiet sound is boosted", "log"),
        Param("threshold_db", -26.0, -60.0, 0.0, "dB", "encoded 5 kHz that doubles the corner, re 0 VU"),
        Param("attack_s", 0.002, 0.0005, 0.1, "s", "time constant while treble gets louder", "log"),
        Param("release_s", 0.1, 0.01, 1.0, "s", "time constant while treble gets quieter", "log"),
    )

    side: str  # parameter
    reference_db: float  # parameter
    boost_db: float  # parameter
    corner_hz: float  # parameter
    threshold_db: float  # parameter
    attack_s: float  # parameter
    release_s: float  # parameter
    now: Ramp  # a, ln g of the lowest corner, ln of what slides it for each p, averaging of m and p, part of decode
    weighting: float  # coefficient: G of the detector's high-pass
    state: vec[float]  # state: of h, of d, m and p, for each channel

    def prepare(self) -> None:
        self.now = Ramp(self.fs, self.frames, 6)
        self.state = vec[float]([0.0] * (STATES * self.channels))

    def update(self) -> None:
        g = math.pi * WEIGHTED_HZ / self.fs  # not prewarped, as it has to be true below the corner
        self.weighting = g / (1.0 + g)
        target = self.now.target
        target[0] = 1.0 - 10.0 ** (-self.boost_db / 20.0)
        target[1] = math.log(math.pi * self.corner_hz / self.fs)
        target[2] = math.log(WEIGHT_SQUARED / tone_power(self.reference_db + self.threshold_db))
        target[3] = averaging(self.attack_s, self.fs)
        target[4] = averaging(self.release_s, self.fs)
        target[5] = 1.0 if self.side == "decode" else 0.0

    def reset(self) -> None:
        self.now.jump()
        silence(self.state)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.now.begin()
        compand(x[0].samples, y[0].samples, self.now, self.weighting, self.state)
        self.now.finish()

    def tail(self) -> float:
        """The time in which the filter of h falls by 120 dB, at its lowest corner."""
        faster = 10.0 ** (self.boost_db / 20.0) if self.side == "encode" else 1.0
        return math.log(1e6) / (2.0 * math.pi * self.corner_hz * faster)


def compand(x: vec[float], y: vec[float], now: Ramp, weighting: float, state: vec[float]) -> None:
    """Encode or decode every channel of x into y, from and to its states, while the values of the node move."""
    start, end = now.start, now.end
    channels: i64 = len(state) // STATES
    n: i64 = len(x) // channels
    part = 1.0 / float(n)
    a_step = (end[0] - start[0]) * part
    corner_ratio = math.exp((end[1] - start[1]) * part)
    slide_ratio = math.exp((end[2] - start[2]) * part)
    attack_step = (end[3] - start[3]) * part
    release_step = (end[4] - start[4]) * part
    decoded_step = (end[5] - start[5]) * part
    c: i64 = 0
    while c < channels:
        k = STATES * c
        s = state[k]
        sd = state[k + 1]
        m = state[k + 2]
        p = state[k + 3]
        a = start[0]
        corner = math.exp(start[1])
        slide = math.exp(start[2])
        attack = start[3]
        release = start[4]
        decoded = start[5]
        i: i64 = c * n
        stop = i + n
        while i < stop:
            a += a_step
            corner *= corner_ratio
            slide *= slide_ratio
            attack += attack_step
            release += release_step
            decoded += decoded_step
            g = corner + corner * slide * p
            rest = 1.0  # of h, where the corner has come to its end
            if g > HIGHEST:
                rest = HIGHEST / g
                g = HIGHEST
            most = a * rest
            e = sample_of_sound(x[i])
            if decoded < 1.0:
                e += (1.0 - decoded) * most * (e - s) / (1.0 + g - most)  # in encode so that e - a h = x
            h = (e - s) / (1.0 + g)
            s += 2.0 * g * h
            h *= rest
            _low, d, sd = one_pole(h, weighting, sd)
            m += attack * (d * d - m)
            p = m if m > p else p + release * (m - p)
            y[i] = e - decoded * a * h
            i += 1
        state[k] = without_subnormal(s)
        state[k + 1] = without_subnormal(sd)
        state[k + 2] = without_subnormal(m)
        state[k + 3] = without_subnormal(p)
        c += 1
