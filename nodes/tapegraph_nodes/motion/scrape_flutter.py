"""Scrape flutter: the roughness that friction at the heads makes, as it sets a free length of tape vibrating.

    y(t) = x(t - L - D(t)),    D' = A b,    b'' + 2 pi bandwidth_hz b' + (2 pi frequency_hz)^2 b = white noise'
    A such that the RMS of D' is depth_percent / 100;    f_out = f_in (1 - D')

The tape is pulled over a head in tiny jerks, and what lies free between two heads or guides, of the length l, rings as
a rod does: frequency_hz = c / (2 l), where c = sqrt(E / rho) is the speed of sound along the tape. With E = 4.5 GPa and
rho = 1.4 g/cm^3, as polyester has about, c is 1.8 km/s: 26 mm ring at 3.5 kHz, 90 mm at 1 kHz. The power spectrum of
the speed is that of a resonance of that bandwidth, 3 dB down at its edges. A tone gets a skirt of noise at a distance
of frequency_hz on both sides, which grows with the frequency of the tone; silence stays silent.

The deviation is normal, RMS depth_percent, peaks about 4 times as high, and the same for every channel. The resonance
is held under 0.49 of the sample rate. The mean delay L, 0.06 ms plus 8 frames, is the latency, so that a dry path is
aligned. The delay is interpolated at every sample, flat within 0.1 dB to 0.7 of the Nyquist frequency. Changed
parameters are reached in 5 ms or a block, whichever is longer. Sound under -600 dB is taken as silence.

Source: D. Manquen, How and why I got involved in measuring flutter, manquen.net/audio (meters of scrape flutter reach 5
kHz); Rayleigh, The Theory of Sound, ch. 7 (longitudinal vibrations of bars); E, rho and the form of the noise are ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.moving_delay import HALF, MovingDelay
from tapegraph_nodes._kernels.prewarp import prewarped
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.random_streams import RandomStream
from tapegraph_nodes._kernels.svf import filtered

MOST_PERCENT: Final = 1.0
LOWEST_HZ: Final = 200.0
PEAKS: Final = 7.0  # RMS values of D that fit into the mean delay


LAW_EXCEPTIONS: dict[str, object] = {"has_own_time": True}  # the tape moves, whatever is on it


class ScrapeFlutter(Node):
    KIND: ClassVar[str] = "scrape_flutter"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("depth_percent", 0.05, 0.0, MOST_PERCENT, "%", "RMS deviation of the speed"),
        Param("frequency_hz", 3500.0, LOWEST_HZ, 6000.0, "Hz", "resonance of the free length of tape", "log"),
        Param("bandwidth_hz", 500.0, 20.0, 4000.0, "Hz", "width of the resonance, between the points at -3 dB", "log"),
    )

    depth_percent: float  # parameter
    frequency_hz: float  # parameter
    bandwidth_hz: float  # parameter
    mean_frames: i64  # coefficient: L
    shape: Ramp  # g and R of the filter, and frames of delay for 1 at its low-pass
    stream: RandomStream  # state
    s1: float  # state of the filter
    s2: float  # state of the filter
    past: MovingDelay  # state
    delay: vec[float]  # a block of L + D, frames

    def prepare(self) -> None:
        rms_frames = MOST_PERCENT / 100.0 / (2.0 * math.pi * LOWEST_HZ) * self.fs
        self.mean_frames = HALF + math.ceil(PEAKS * rms_frames)
        self.shape = Ramp(self.fs, self.frames, 3, 1.0)
        self.stream = RandomStream(int(self.seed), self.name, 0, "scrape")
        self.past = MovingDelay(self.channels, 2 * self.mean_frames)
        self.delay = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        g = prewarped(self.frequency_hz, self.fs)
        R = self.bandwidth_hz / self.frequency_hz
        variance = g / (R * (1.0 + R * g + g * g))  # of the band-pass, for numbers of variance 1
        self.shape.target[0] = g
        self.shape.target[1] = R
        self.shape.target[2] = self.depth_percent / 100.0 / math.sqrt(variance) / (2.0 * g)

    def reset(self) -> None:
        self.shape.jump()
        self.stream.restart()
        self.s1 = 0.0
        self.s2 = 0.0
        self.past.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        shape = self.shape
        shape.begin()
        self.scrape(shape.start, shape.end)
        self.past.process(x[0].samples, y[0].samples, self.delay)
        shape.finish()

    def scrape(self, start: vec[float], end: vec[float]) -> None:
        """Write a block of delays: the low-pass is the integral of the band-pass, exactly, both being trapezoidal."""
        n: i64 = self.frames
        part = 1.0 / float(n)
        g, R, scale = start[0], start[1], start[2]
        g_step, R_step, scale_step = (end[0] - g) * part, (end[1] - R) * part, (end[2] - scale) * part
        s1, s2 = self.s1, self.s2
        mean = float(self.mean_frames)
        most = mean - HALF
        delay = self.delay
        stream = self.stream
        i: i64 = 0
        while i < n:
            g += g_step
            R += R_step
            scale += scale_step
            _, _, low, s1, s2 = filtered(stream.normal(), g, R, s1, s2)
            D = scale * low
            delay[i] = mean + min(max(D, -most), most)
            i += 1
        self.s1, self.s2 = s1, s2

    def latency(self) -> float:
        return float(self.mean_frames)

    def tail(self) -> float:
        return float(self.mean_frames + HALF) / self.fs
