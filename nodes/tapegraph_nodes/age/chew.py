"""Chew: a tape that was eaten by its machine, whose creases lift it off the head for a moment, again and again.

    y = x + m (l - x),    l = low-pass of w at 5 kHz / depth, 6 dB per octave
    w = (1 - distortion) x 10^(-6 dB depth r / 20) + distortion sgn(x) |x|^(1 + depth r)

m moves to 1 in a crease and back to 0 behind it, each in 10 ms; at 0 the sound is the input itself. In a crease level
and treble fall; r, 1 to 3, is drawn anew every 30 ms, with straight lines in between. With distortion a power law bends
the sound instead, so that what is quiet gets lost; |x| from 1 on passes it unbent. There is no antialiasing: oversample
where the power law is to be clean. The times between creases, and in them, are uniform between

    clean     1 - q to 2 - 1.99 q                                     times s seconds,    q = frequency^0.1
    creased   1 - q to 1 + a - (1 + a - 0.001 - 0.01 depth) q         times s seconds,    a = 0.2 + 0.8 depth

where s = (2 u)^variance, u uniform in 0 to 1: 1 without variance. A frequency of 0 is a tape without creases, 1 one
that is all crease; at 0.1 a crease comes every 0.6 s, at 0.5 every 0.2 s. A time that is running becomes longer or
shorter in proportion when a knob is turned. All channels are creased together; what is drawn depends on seed and name
only. Depth and distortion are ramped over 5 ms or a block, whichever is longer. There is no latency.

Source: R. L. Wallace, The reproduction of magnetically recorded signals, Bell Syst. Tech. J. 30, 1951: what is lost by
spacing grows with frequency times distance, so that the cutoff is in inverse proportion to the depth. The times and the
power law are those of J. Chowdhury's CHOW Tape Model; the loss of level is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, silence
from tapegraph_nodes._kernels.one_pole import one_pole, one_pole_gain
from tapegraph_nodes._kernels.prewarp import without_subnormal
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.random_streams import RandomStream
from tapegraph_nodes._kernels.redrawn import Redrawn

FADE_S: Final = 0.01  # into a crease and out of it
ROUGH_S: Final = 0.03  # between two r
CUTOFF_HZ: Final = 5000.0  # of the deepest crease
HIGHEST_HZ: Final = 1e6  # of one without depth
LOSS: Final = 6.0 * math.log(10.0) / 20.0  # 6 dB, nepers
FAINTEST: Final = 1e-30  # -600 dB: what is fainter is silence after the power law


class Chew(Node):
    KIND: ClassVar[str] = "chew"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("depth", 0.5, 0.0, 1.0, "", "how far the creases lift the tape off the head"),
        Param("frequency", 0.1, 0.0, 1.0, "", "how often creases come: 0 never, 1 all the time"),
        Param("variance", 0.5, 0.0, 1.0, "", "how much the times between creases, and in them, differ"),
        Param(
            "distortion", 0.0, 0.0, 1.0, "", "0: creases lose level and treble; 1: they distort instead of losing level"
        ),
    )

    depth: float  # parameter
    frequency: float  # parameter
    variance: float  # parameter
    distortion: float  # parameter
    amounts: Ramp  # depth, distortion, gain of the low-pass
    fade: float  # coefficient: what m moves by in a frame
    times: RandomStream  # state
    creased: bool  # state: whether m moves to 1
    done: float  # state: part of the running time that has passed, 0 to 1
    place: float  # state: of that time in the range that it is drawn from, 0 to 1
    scale: float  # state: 2 u of it
    m: float  # state
    roughness: Redrawn  # state: (r - 1) / 2
    s: vec[float]  # state of the low-pass, for each channel
    fraction: vec[float]  # a block of m
    gain: vec[float]  # a block of (r - 1) / 2, then of 10^(-6 dB depth r / 20)
    exponent: vec[float]  # a block of 1 + depth r

    def prepare(self) -> None:
        seed = int(self.seed)
        self.amounts = Ramp(self.fs, self.frames, 3)
        self.fade = 1.0 / (FADE_S * self.fs)
        self.times = RandomStream(seed, self.name, 0, "creases")
        self.roughness = Redrawn(self.fs, ROUGH_S, ROUGH_S, RandomStream(seed, self.name, 0, "roughness"))
        self.s = vec[float]([0.0] * self.channels)
        self.fraction = vec[float]([0.0] * self.frames)
        self.gain = vec[float]([0.0] * self.frames)
        self.exponent = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        self.amounts.target[0] = self.depth
        self.amounts.target[1] = self.distortion
        self.amounts.target[2] = one_pole_gain(min(CUTOFF_HZ / max(self.depth, 1e-9), HIGHEST_HZ), self.fs)

    def reset(self) -> None:
        self.amounts.jump()
        self.times.restart()
        self.roughness.restart()
        self.creased = False
        self.m = 1.0 if self.frequency == 1.0 else 0.0
        self.next_time()
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        amounts = self.amounts
        amounts.begin()
        self.crease(self.fraction)
        self.roughness.write(self.gain)
        weigh(self.fraction, self.gain, self.exponent, amounts.start[0], amounts.end[0])
        c: i64 = 0
        while c < self.channels:
            out = y[0].samples
            self.s[c] = lift(
                x[0].samples, out, c, self.fraction, self.gain, self.exponent, amounts.start, amounts.end, self.s[c]
            )
            c += 1
        amounts.finish()

    def next_time(self) -> None:
        """Draw the next time."""
        self.done = 0.0
        self.place = self.times.uniform()
        self.scale = 2.0 * self.times.uniform()

    def rate(self) -> float:
        """Return the part of the running time that passes in a frame."""
        q = math.pow(self.frequency, 0.1)
        width = 1.0 - 0.99 * q
        if self.creased:
            a = 0.2 + 0.8 * self.depth
            width = a - (a - 0.001 - 0.01 * self.depth) * q
        time_s = (1.0 - q + self.place * width) * math.pow(self.scale, self.variance)
        return 1.0 / max(time_s * self.fs, 1.0)

    def crease(self, m: vec[float]) -> None:
        """Write m at each frame of a block."""
        frames: i64 = len(m)
        comes_and_goes = 0.0 < self.frequency < 1.0
        if not comes_and_goes:
            self.creased = self.frequency == 1.0
        rate = self.rate() if comes_and_goes else 0.0
        i: i64 = 0
        while i < frames:
            self.done += rate
            if self.done >= 1.0:
                self.creased = not self.creased
                self.next_time()
                rate = self.rate()
            if self.creased:
                self.m = min(self.m + self.fade, 1.0)
            else:
                self.m = max(self.m - self.fade, 0.0)
            m[i] = self.m
            i += 1


def weigh(m: vec[float], u: vec[float], exponent: vec[float], depth: float, depth_end: float) -> None:
    """Replace u by the gains of a block, and write its exponents, where m is above 0; depth moves in equal steps."""
    n: i64 = len(m)
    step = (depth_end - depth) / float(n)
    i: i64 = 0
    while i < n:
        depth += step
        if m[i] > 0.0:
            lift = depth * (1.0 + 2.0 * u[i])
            exponent[i] = 1.0 + lift
            u[i] = math.exp(-LOSS * lift)
        i += 1


def lift(
    x: vec[float],
    y: vec[float],
    channel: i64,
    m: vec[float],
    gain: vec[float],
    exponent: vec[float],
    start: vec[float],
    end: vec[float],
    s: float,
) -> float:
    """Lift a channel of x off the head into y; return the state of the low-pass.

    start, end: depth, which is not used here, distortion k and G, before the block and at the end of it
    """
    n: i64 = len(m)
    part = 1.0 / float(n)
    k, k_step = start[1], (end[1] - start[1]) * part
    G, G_step = start[2], (end[2] - start[2]) * part
    first = channel * n
    i: i64 = 0
    while i < n:
        k += k_step
        G += G_step
        v = x[first + i]
        w = v
        if m[i] > 0.0:
            w = gain[i] * v
            if k > 0.0:
                bent = v
                a = abs(v)
                if a < 1.0:
                    bent = math.copysign(math.pow(a, exponent[i]), v) if a > FAINTEST else 0.0
                w += k * (bent - w)
        low, _h, s = one_pole(w, G, s)
        s = without_subnormal(s)
        y[first + i] = v + m[i] * (low - v)
        i += 1
    return s
