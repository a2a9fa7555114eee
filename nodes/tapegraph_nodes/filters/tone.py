"""Tone: a first-order shelf for bass and one for treble, and its exact inverse: pre-emphasis and de-emphasis.

    v = (x - s) G,    l = v + s,    h = x - l,    s' = l + v,    G = g / (1 + g)
    y = B l + T h,    B = 10^(bass_db / 20),    T = 10^(treble_db / 20)
    H(s) = (T s / rho + B) / (s / rho + 1),    rho = sqrt(T / B),    g = rho tan(pi transition_hz / fs)

Far below transition_hz the level changes by bass_db, far above by treble_db, and there by their mean. The inverse
solves the same equations for x: x - s = (y - B s) / (B G + T (1 - G)). So a tone, and another with the same settings
and inverse on, return their input but for rounding, also while settings move: both take every step together, as long
as nothing between them has latency. B, T and G glide to new settings, of which 1 % is left after 0.033 s; inverse fades
in the same way. transition_hz is held under 0.49 fs.

Source: V. Zavalishin, The Art of VA Filter Design, ch. 3 (one-pole filter); the exact inverse is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, Switch, silence
from tapegraph_nodes._kernels.glide import Glide
from tapegraph_nodes._kernels.prewarp import prewarped, without_subnormal

GLIDE_S: Final = 0.005


class Tone(Node):
    KIND: ClassVar[str] = "tone"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("bass_db", 0.0, -18.0, 18.0, "dB", "level far below the transition"),
        Param("treble_db", 0.0, -18.0, 18.0, "dB", "level far above the transition"),
        Param("transition_hz", 500.0, 100.0, 4000.0, "Hz", "middle of the slope between bass and treble", "log"),
        Switch("inverse", False, "undo a tone of the same settings"),
    )

    bass_db: float  # parameter
    treble_db: float  # parameter
    transition_hz: float  # parameter
    inverse: bool  # parameter
    G: Glide
    B: Glide
    T: Glide
    share: Glide  # of the inverse
    s: vec[float]  # state: s of the shelf, then of its inverse, for each channel

    def prepare(self) -> None:
        self.G = Glide(self.fs, self.frames, GLIDE_S)
        self.B = Glide(self.fs, self.frames, GLIDE_S)
        self.T = Glide(self.fs, self.frames, GLIDE_S)
        self.share = Glide(self.fs, self.frames, GLIDE_S)
        self.s = vec[float]([0.0] * (2 * self.channels))

    def update(self) -> None:
        g = prewarped(self.transition_hz, self.fs) * 10.0 ** ((self.treble_db - self.bass_db) / 40.0)
        self.G.target = g / (1.0 + g)
        self.B.target = 10.0 ** (self.bass_db / 20.0)
        self.T.target = 10.0 ** (self.treble_db / 20.0)
        self.share.target = 1.0 if self.inverse else 0.0

    def reset(self) -> None:
        for glide in (self.G, self.B, self.T, self.share):
            glide.jump()
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.G.begin()
        self.B.begin()
        self.T.begin()
        self.share.begin()
        shape(x[0].samples, y[0].samples, self.s, self.G.values, self.B.values, self.T.values, self.share.values)

    def tail(self) -> float:
        G, B, T = self.G.target, self.B.target, self.T.target
        if self.inverse:
            G *= B / (B * G + T * (1.0 - G))
        pole = max(abs(1.0 - 2.0 * G), 1e-9)  # by which s falls in a frame
        return math.log(1e6) / -math.log(pole) / self.fs


def shape(
    x: vec[float],
    y: vec[float],
    s: vec[float],
    Gs: vec[float],
    Bs: vec[float],
    Ts: vec[float],
    shares: vec[float],
) -> None:
    """Filter every channel of x into y by the shelf and its inverse, from and to their states in s.

    Gs, Bs, Ts, shares: at every frame
    """
    channels: i64 = len(s) // 2
    n: i64 = len(x) // channels
    c: i64 = 0
    while c < channels:
        s1, s2 = s[2 * c], s[2 * c + 1]
        first = c * n
        i: i64 = 0
        while i < n:
            G, B, share = Gs[i], Bs[i], shares[i]
            v = x[first + i]
            slope = B * G + Ts[i] * (1.0 - G)
            d = v - s1
            shelved = B * s1 + slope * d
            s1 += 2.0 * G * d
            d = (v - B * s2) / slope
            undone = s2 + d
            s2 += 2.0 * G * d
            y[first + i] = (1.0 - share) * shelved + share * undone
            i += 1
        s[2 * c], s[2 * c + 1] = without_subnormal(s1), without_subnormal(s2)
        c += 1
