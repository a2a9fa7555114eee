"""Equalizer: a low shelf, a bell and a high shelf, in a row.

    low shelf     H(s) = 1 + (A (A - 1) sqrt(2) s' + A^2 - 1) / D(s'),   s' = s sqrt(A),    1 / Q = sqrt(2)
    bell          H(s) = (s^2 + s A / Q + 1) / (s^2 + s / (A Q) + 1)
    high shelf    the low shelf with 1 / s for s
    A = 10^(gain / 40 dB),    s = j f / f_band,    D(s') = s'^2 + sqrt(2) s' + 1

A shelf reaches half of its gain, in dB, at its frequency, a bell all of it; 1 / mid_q is the bandwidth of the bell,
relative to its frequency, between the points of half its gain. Cut and boost by the same amount cancel. The filters
are bilinear transforms: they reach their gain at their frequency at every sample rate, and are narrower than analogue
ones close to the Nyquist frequency. Frequencies are held under 0.49 fs. Latency 0. Changed parameters are reached in
5 ms or a block, whichever is longer.

Source: R. Bristow-Johnson, Cookbook formulae for audio equalizer biquad filter coefficients, W3C note 2021, for the
prototypes; V. Zavalishin, The Art of VA Filter Design, ch. 4, for the filter that carries them.
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

BANDS: Final = 3
VALUES: Final = 5  # of a band: g, R, and the weights of the sound, of the band-pass and of the low-pass
ROOT_2: Final = math.sqrt(2.0)
FALL: Final = math.log(1e7)  # time constants for 140 dB


class Equalizer(Node):
    KIND: ClassVar[str] = "equalizer"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("low_db", 0.0, -18.0, 18.0, "dB", "gain of the low shelf"),
        Param("low_hz", 150.0, 20.0, 2000.0, "Hz", "where the low shelf has half of its gain", "log"),
        Param("mid_db", 0.0, -18.0, 18.0, "dB", "gain of the bell"),
        Param("mid_hz", 1000.0, 20.0, 20_000.0, "Hz", "middle of the bell", "log"),
        Param("mid_q", 0.7, 0.1, 20.0, "", "frequency of the bell over its bandwidth", "log"),
        Param("high_db", 0.0, -18.0, 18.0, "dB", "gain of the high shelf"),
        Param("high_hz", 5000.0, 500.0, 20_000.0, "Hz", "where the high shelf has half of its gain", "log"),
    )

    low_db: float  # parameter
    low_hz: float  # parameter
    mid_db: float  # parameter
    mid_hz: float  # parameter
    mid_q: float  # parameter
    high_db: float  # parameter
    high_hz: float  # parameter
    bands: Ramp  # VALUES of each band
    s: vec[float]  # state: s1, s2 of each channel, band after band

    def prepare(self) -> None:
        self.bands = Ramp(self.fs, self.frames, BANDS * VALUES)
        self.s = vec[float]([0.0] * (2 * BANDS * self.channels))

    def update(self) -> None:
        to = self.bands.target
        A = 10.0 ** (self.low_db / 40.0)
        set_band(to, 0, prewarped(self.low_hz, self.fs) / math.sqrt(A), ROOT_2, 1.0, ROOT_2 * (A - 1.0), A * A - 1.0)
        A = 10.0 ** (self.mid_db / 40.0)
        R = 1.0 / (self.mid_q * A)
        set_band(to, 1, prewarped(self.mid_hz, self.fs), R, 1.0, R * (A * A - 1.0), 0.0)
        A = 10.0 ** (self.high_db / 40.0)
        g = prewarped(self.high_hz, self.fs) * math.sqrt(A)
        set_band(to, 2, g, ROOT_2, A * A, ROOT_2 * A * (1.0 - A), 1.0 - A * A)

    def reset(self) -> None:
        self.bands.jump()
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        bands = self.bands
        bands.begin()
        out = y[0].samples
        run_band(x[0].samples, out, self.s, 0, bands.start, bands.end)
        run_band(out, out, self.s, 1, bands.start, bands.end)
        run_band(out, out, self.s, 2, bands.start, bands.end)
        bands.finish()

    def tail(self) -> float:
        to = self.bands.target
        low = ringing(to[0], to[1]) if self.low_db != 0.0 else 0.0
        mid = ringing(to[VALUES], to[VALUES + 1]) if self.mid_db != 0.0 else 0.0
        high = ringing(to[2 * VALUES], to[2 * VALUES + 1]) if self.high_db != 0.0 else 0.0
        return max(low, mid, high) / self.fs


def ringing(g: float, R: float) -> float:
    """Return after how many frames a filter has fallen by 140 dB: its poles are z = (1 + g s) / (1 - g s)."""
    if R < 2.0:
        radius = math.sqrt((1.0 + g * (g - R)) / (1.0 + g * (g + R)))
    else:
        root = math.sqrt(0.25 * R * R - 1.0)
        slow, fast = g * (0.5 * R - root), g * (0.5 * R + root)
        radius = max((1.0 - slow) / (1.0 + slow), abs((1.0 - fast) / (1.0 + fast)))
    return -FALL / math.log(max(radius, 1e-3))


def set_band(to: vec[float], band: i64, g: float, R: float, direct: float, b: float, low: float) -> None:
    """Store the values of a band: y = direct x + b times the band-pass + low times the low-pass."""
    first = band * VALUES
    to[first] = g
    to[first + 1] = R
    to[first + 2] = direct
    to[first + 3] = b
    to[first + 4] = low


def run_band(x: vec[float], y: vec[float], s: vec[float], band: i64, start: vec[float], end: vec[float]) -> None:
    """Filter every channel of x into y, which may be x, by one band, whose values move from start to end."""
    channels: i64 = len(s) // (2 * BANDS)
    n: i64 = len(x) // channels
    part = 1.0 / float(n)
    v = band * VALUES
    g_step = (end[v] - start[v]) * part
    R_step = (end[v + 1] - start[v + 1]) * part
    direct_step = (end[v + 2] - start[v + 2]) * part
    b_step = (end[v + 3] - start[v + 3]) * part
    low_step = (end[v + 4] - start[v + 4]) * part
    c: i64 = 0
    while c < channels:
        k = 2 * (BANDS * c + band)
        s1 = s[k]
        s2 = s[k + 1]
        g, R, direct, weight_b, weight_low = start[v], start[v + 1], start[v + 2], start[v + 3], start[v + 4]
        i: i64 = c * n
        stop = i + n
        while i < stop:
            g += g_step
            R += R_step
            direct += direct_step
            weight_b += b_step
            weight_low += low_step
            u = x[i]
            _h, b, low, s1, s2 = filtered(u, g, R, s1, s2)
            y[i] = direct * u + weight_b * b + weight_low * low
            i += 1
        s[k] = without_subnormal(s1)
        s[k + 1] = without_subnormal(s2)
        c += 1
