"""Asperity noise: noise that is there with the sound only, as the roughness of the tape's surface modulates it.

    y[i] = x[i] (1 + A n[i]),    n[i+1] = rho n[i] + sqrt(1 - rho^2) z[i],    rho = exp(-v / (length fs))
    A = 10^(level_db / 20),    correlation of n over a distance s on the tape: exp(-|s| / length)

z is white and normal, so n is normal with variance 1: the noise has a power of level_db relative to that of the sound,
whatever the sound is, and is silent with it. Around a tone its power density, relative to the power of the tone, is

    S(f) = A^2 / (pi b (1 + (f / b)^2)),    b = v / (2 pi length)

at a distance of f to either side, so half of it lies within b of the tone. At 15 ips a length of 60 um gives 1 kHz.
Every channel has noise of its own, as every track has. n has no bounds, but at the loudest level 1 + A n turns negative
once in 30,000 frames only. A changed level is reached in 5 ms or a block, whichever is longer; speed and length change
how n goes on, without a step.

Source: D. J. Whitehouse, J. F. Archard, The properties of random surfaces of significance in their contact, Proc. R.
Soc. A 316, 1970 (normal heights, exponential correlation); D. T. Gillespie, Exact numerical simulation of the
Ornstein-Uhlenbeck process and its integral, Physical Review E 54, 1996. That all frequencies are modulated alike is
ours: of spacing alone the loss rises with frequency, of uneven coating it does not.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.random_streams import RandomStream

IPS: Final = 0.0254  # m/s


LAW_EXCEPTIONS: dict[str, object] = {
    "has_own_time": True,  # the tape is rough, whatever is on it
    "may_step": ("level_db", "speed_ips", "length_um"),  # none steps, but they change noise, which bends by itself
}


class Asperity(Node):
    KIND: ClassVar[str] = "asperity"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("level_db", -45.0, -90.0, -12.0, "dB", "power of the noise, relative to that of the sound"),
        Param("speed_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape; the noise is as wide as it is fast", "log"),
        Param("length_um", 60.0, 10.0, 2000.0, "um", "distance over which the surface is alike, to 1/e", "log"),
    )

    level_db: float  # parameter
    speed_ips: float  # parameter
    length_um: float  # parameter
    rho: float  # coefficient
    scatter: float  # coefficient: sqrt(1 - rho^2)
    A: Ramp
    streams: list[RandomStream]  # state: one for each channel
    n: vec[float]  # state: of each channel

    def prepare(self) -> None:
        seed, name, first = int(self.seed), self.name, int(self.first_channel)
        self.streams = [RandomStream(seed, name, first + c, "asperity") for c in range(self.channels)]
        self.A = Ramp(self.fs, self.frames)
        self.n = vec[float]([0.0] * self.channels)

    def update(self) -> None:
        apart = self.speed_ips * IPS / (1e-6 * self.length_um * self.fs)  # of two frames, in lengths
        self.rho = math.exp(-apart)
        self.scatter = math.sqrt(-math.expm1(-2.0 * apart))
        self.A.target[0] = 10.0 ** (self.level_db / 20.0)

    def reset(self) -> None:
        self.A.jump()
        for c in range(self.channels):
            self.streams[c].restart()
            self.n[c] = self.streams[c].normal()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.A.begin()
        start, end = self.A.start[0], self.A.end[0]
        c: i64 = 0
        while c < self.channels:
            stream, n = self.streams[c], self.n[c]
            self.n[c] = roughen(
                x[0].samples, y[0].samples, c, self.frames, stream, self.rho, self.scatter, n, start, end
            )
            c += 1
        self.A.finish()


def roughen(
    x: vec[float],
    y: vec[float],
    channel: i64,
    frames: i64,
    stream: RandomStream,
    rho: float,
    scatter: float,
    n: float,
    A: float,
    end: float,
) -> float:
    """Modulate a channel of x into y, while A moves to its end in equal steps; return n after the block."""
    step = (end - A) / float(frames)
    i = channel * frames
    stop = i + frames
    while i < stop:
        A += step
        y[i] = x[i] * (1.0 + A * n)
        n = rho * n + scatter * stream.normal()
        i += 1
    return n
