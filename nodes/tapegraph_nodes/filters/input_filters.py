"""Input filters: keep the band between a low cut and a high cut, and hand out what they remove.

    below = 1 / D^2,    above = s^4 / D^2,    A = below + above = (s^2 - sqrt(2) s + 1) / D,    D = s^2 + sqrt(2) s + 1
    out = below_H above_L x,    s relative to the cutoff of the low cut L or the high cut H
    flat     low = A_H below_L x,     high = above_H above_L x,     out + low + high = A_H A_L x
    exact    low = x - above_L x,     high = above_L x - out,       out + low + high = x

The cuts are Linkwitz-Riley filters of fourth order, 24 dB per octave and 6.02 dB down at their cutoff. Summed flat, the
removed bands fall as steeply and are in phase with the kept one: together they have every level of the input, with a
shift of phase around each cutoff, and still add up smoothly where the kept band comes back louder or softer. Summed
exactly, they are the input again but for rounding, as long as nothing changes the kept band. What is removed then falls
by 6 dB per octave only, rises by 4.3 dB next to the cutoff, and a kept band that comes back louder leaves a dip there.
The cutoffs glide to new values, of which 1 % is left after 0.033 s, and the exact sum holds meanwhile; a change of the
sum fades in the same way. high_cut_hz is held under 0.48 fs. There is no latency.

Source: S. H. Linkwitz, Active crossover networks for noncoincident drivers, Journal of the AES 24, 1976; V. Zavalishin,
The Art of VA Filter Design, ch. 4 (state-variable filter). That low goes through A_H too is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal, silence
from tapegraph_nodes._kernels.glide import Glide
from tapegraph_nodes._kernels.prewarp import prewarped, without_subnormal
from tapegraph_nodes._kernels.svf import filtered

GLIDE_S: Final = 0.005
HIGHEST: Final = 0.48  # of the cutoffs, relative to the rate
R: Final = math.sqrt(2.0)
STATES: Final = 10  # of a channel: two filters at each cutoff, and the allpass


LAW_EXCEPTIONS: dict[str, object] = {
    "rings": ("high",),  # by default it has what is above 22 kHz
    "shows_latency": {"low_cut_hz": 20.0},  # above 2 kHz alone, noise looks most like itself half a wave later
}


class InputFilters(Node):
    KIND: ClassVar[str] = "input_filters"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("low_cut_hz", 20.0, 20.0, 2000.0, "Hz", "what is below goes to low; 6 dB down there", "log"),
        Param("high_cut_hz", 22_000.0, 2000.0, 22_000.0, "Hz", "what is above goes to high; 6 dB down there", "log"),
        Choice(
            "sum",
            "flat",
            ("flat", "exact"),
            "flat: steep bands in phase, whose sum has the levels of the input; exact: the sum is the input itself",
        ),
    )
    OUTPUTS: ClassVar[tuple[str, ...]] = ("out", "low", "high")

    low_cut_hz: float  # parameter
    high_cut_hz: float  # parameter
    sum: str  # parameter
    g_low: Glide  # g of the low cut
    g_high: Glide  # g of the high cut
    share: Glide  # of the exact sum
    s: vec[float]  # state: STATES of each channel

    def prepare(self) -> None:
        self.g_low = Glide(self.fs, self.frames, GLIDE_S)
        self.g_high = Glide(self.fs, self.frames, GLIDE_S)
        self.share = Glide(self.fs, self.frames, GLIDE_S)
        self.s = vec[float]([0.0] * (STATES * self.channels))

    def update(self) -> None:
        self.g_low.target = prewarped(min(self.low_cut_hz, HIGHEST * self.fs), self.fs)
        self.g_high.target = prewarped(min(self.high_cut_hz, HIGHEST * self.fs), self.fs)
        self.share.target = 1.0 if self.sum == "exact" else 0.0

    def reset(self) -> None:
        for glide in (self.g_low, self.g_high, self.share):
            glide.jump()
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.g_low.begin()
        self.g_high.begin()
        self.share.begin()
        split(
            x[0].samples,
            y[0].samples,
            y[1].samples,
            y[2].samples,
            self.s,
            self.g_low.values,
            self.g_high.values,
            self.share.values,
        )

    def tail(self) -> float:
        # Poles of fourth order, two by two in one place: (1 + t)^2 exp(-t) falls to 1e-6 at t = 20, which is
        # pi sqrt(2) cutoff_hz times the seconds; two of the cuts in a row, at one cutoff, take 26.
        return 26.0 / (math.pi * R * min(self.low_cut_hz, HIGHEST * self.fs))


def split(
    x: vec[float],
    out: vec[float],
    low: vec[float],
    high: vec[float],
    s: vec[float],
    gs_low: vec[float],
    gs_high: vec[float],
    shares: vec[float],
) -> None:
    """Split every channel of x into three bands, from and to its states in s.

    gs_low, gs_high, shares: g of both cuts, and the share of the exact sum, at every frame
    """
    channels: i64 = len(s) // STATES
    n: i64 = len(x) // channels
    c: i64 = 0
    while c < channels:
        k = STATES * c
        a1, a2, b1, b2 = s[k], s[k + 1], s[k + 2], s[k + 3]  # low cut
        c1, c2, d1, d2 = s[k + 4], s[k + 5], s[k + 6], s[k + 7]  # high cut
        e1, e2 = s[k + 8], s[k + 9]  # allpass of what is below the low cut
        first = c * n
        i: i64 = 0
        while i < n:
            g, share = gs_low[i], shares[i]
            v = x[first + i]
            h, b, l, a1, a2 = filtered(v, g, R, a1, a2)
            turned = h - R * b + l
            h, b, l, b1, b2 = filtered(l, g, R, b1, b2)
            below, above = l, turned - l

            g = gs_high[i]
            h, b, l, c1, c2 = filtered(above, g, R, c1, c2)
            turned = h - R * b + l
            h, b, l, d1, d2 = filtered(l, g, R, d1, d2)
            kept, removed = l, turned - l
            h, b, l, e1, e2 = filtered(below, g, R, e1, e2)
            below = h - R * b + l

            out[first + i] = kept
            low[first + i] = (1.0 - share) * below + share * (v - above)
            high[first + i] = (1.0 - share) * removed + share * (above - kept)
            i += 1
        s[k], s[k + 1], s[k + 2], s[k + 3] = a1, a2, b1, b2
        s[k + 4], s[k + 5], s[k + 6], s[k + 7] = c1, c2, d1, d2
        s[k + 8], s[k + 9] = e1, e2
        c += 1
    j: i64 = 0
    while j < len(s):
        s[j] = without_subnormal(s[j])
        j += 1
