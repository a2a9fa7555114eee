"""Noise of any smooth spectrum: white noise through a filter whose poles stay, so that another spectrum fades in.

    y[i] = sum over t of d_t u[i-t] + sum over k of c_k s_k[i],    s_k[i] = a_k s_k[i-1] + u[i]
    phase(x) = 1/pi integral of (d ln|H| / dx') ln coth(|x - x'| / 2) dx',    x = ln tan(pi f / fs)

u is white. The 20 poles a_k = exp(-2 pi f_k / fs) are real, f_k at equal ratios from 8 Hz to 20 kHz or 0.3 fs; with
them are 4 taps. Their weights c and d are those of least squares, relative to |H|, for the response of minimum phase
with the wanted magnitude |H|; what lies 60 dB under its peak, or above 20 kHz, counts less. Slopes of up to 6 dB per
octave are met within 0.5 dB from 20 Hz to 20 kHz or 0.45 fs, and edges between them are rounded: real poles do not
resonate. The phase is exact for straight lines between 8 points per octave, on the axis x of the bilinear transform,
which keeps minimum phase.
Source: H. W. Bode, Network Analysis and Feedback Amplifier Design, 1945, ch. 14 (phase from magnitude); B. Bank, Direct
design of parallel second-order filters for instrument body modeling, ICMC 2007 (least squares with fixed poles).
"""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.random_streams import RandomStream

Array = npt.NDArray[np.float64]

POLES: Final = 20  # run four at a time
TAPS: Final = 4
LOWEST_HZ: Final = 8.0
HIGHEST: Final = 0.3  # of fs, but not above
HIGHEST_HZ: Final = 20_000.0
END: Final = 0.495  # of fs: where the grid ends
PER_OCTAVE: Final = 8
FAINT: Final = 1e-3  # of the largest magnitude


class SpectrumFit:
    """Finds the weights of the filter for a magnitude, and the magnitude for weights, at one sample rate.

    hz: the grid on which magnitudes are given
    """

    def __init__(self, fs: float) -> None:
        low, high = math.tan(math.pi * LOWEST_HZ / fs), math.tan(math.pi * END)
        points = math.ceil(PER_OCTAVE * math.log2(high / low)) + 1
        x = np.linspace(math.log(low), math.log(high), points)
        w = 2.0 * np.arctan(np.exp(x))
        self.hz: Array = np.asarray(w * (fs / (2.0 * math.pi)), np.float64)
        self.a: Array = np.exp(-2.0 * math.pi / fs * np.geomspace(LOWEST_HZ, min(HIGHEST * fs, HIGHEST_HZ), POLES))
        self.heard: Array = np.minimum(1.0, (HIGHEST_HZ / self.hz) ** 2)
        self.phase: Array = phase_matrix(points, float(x[1] - x[0]))
        delayed = np.exp(-1j * w)[:, np.newaxis]
        parts = np.concatenate([delayed ** np.arange(TAPS), 1.0 / (1.0 - self.a * delayed)], axis=1)
        # The parts are almost dependent on each other; their orthogonal combinations Q are not.
        self.Q, R = np.linalg.qr(np.concatenate([parts.real, parts.imag]))
        self.from_Q: Array = np.linalg.inv(R)
        self.to_Q: Array = R

    def weights(self, nepers: Array) -> Array:
        """Return d and c for the natural logarithm of |H| at each frequency of the grid."""
        turn = self.phase @ nepers
        magnitude = np.exp(nepers)
        wanted = np.concatenate([magnitude * np.cos(turn), magnitude * np.sin(turn)])
        importance = np.tile(self.heard / (magnitude + FAINT * np.max(magnitude)), 2)
        Q = self.Q * importance[:, np.newaxis]
        fitted: Array = self.from_Q @ np.linalg.solve(Q.T @ Q, Q.T @ (wanted * importance))
        return fitted

    def power(self, weights: Array) -> Array:
        """Return |H|^2 at each frequency of the grid."""
        real, imaginary = (self.Q @ (self.to_Q @ weights)).reshape(2, -1)
        power: Array = real * real + imaginary * imaginary
        return power


@functools.cache
def spectrum_fit(fs: float) -> SpectrumFit:
    """Return the fit for a sample rate, made once."""
    return SpectrumFit(fs)


def phase_matrix(points: int, step: float) -> Array:
    """Return what turns ln |H| at points with equal steps of x into the phase there; beyond the ends |H| is constant.

    Between two points the slope is constant, so the integral of ln coth(|x| / 2) is needed at multiples of the step:
    pi^2 / 4 - 2 sum over odd n of exp(-n x) / n^2.
    """
    n = np.arange(1, 801, 2)
    k = np.arange(points)
    integral = math.pi**2 / 4.0 - 2.0 * np.sum(np.exp(-np.multiply.outer(k * step, n)) / n**2, axis=1)
    integral[0] = 0.0
    apart = k[:, np.newaxis] - k
    reached = np.sign(apart) * integral[np.abs(apart)]
    slope = (reached[:, :-1] - reached[:, 1:]) / (math.pi * step)
    phase = np.zeros((points, points))
    phase[:, 1:] += slope
    phase[:, :-1] -= slope
    return phase


class SpectrumNoise:
    """Independent noise of one spectrum for every channel. It starts from silence; the lowest octave takes 0.1 s.

    A node calls aim() in update(), restart() in reset(), and process() for each block; a new spectrum is reached in
    5 ms or a block, whichever is longer.
    """

    def __init__(self, fs: float, frames: i64, channels: i64, seed: int, name: str, first_channel: int) -> None:
        self.gain: float = math.sqrt(0.5 * fs)  # of numbers with a variance of 1, for a density of 1 per hertz
        self.frames: i64 = frames
        self.fit: SpectrumFit = spectrum_fit(fs)
        self.a: vec[float] = vec[float](self.fit.a)
        self.weights: Ramp = Ramp(fs, frames, TAPS + POLES)  # d, then c
        self.u: vec[float] = vec[float]([0.0] * frames)  # a block of one channel
        self.streams: list[RandomStream] = [
            RandomStream(seed, name, first_channel + c, "noise") for c in range(channels)
        ]
        self.past: vec[float] = vec[float]([0.0] * ((TAPS - 1) * channels))  # state: the last u of each, newest first
        self.s: vec[float] = vec[float]([0.0] * (POLES * channels))  # state

    def aim(self, weights: Array) -> None:
        """Set the spectrum to go to, by weights with which |H|^2 is the density per hertz."""
        for k in range(TAPS + POLES):
            self.weights.target[k] = self.gain * float(weights[k])

    def restart(self) -> None:
        """Begin again with the first number."""
        self.weights.jump()
        silence(self.past)
        silence(self.s)
        for stream in self.streams:
            stream.restart()

    def process(self, y: vec[float]) -> None:
        """Write a block of every channel into y."""
        self.weights.begin()
        start, end = self.weights.start, self.weights.end
        c: i64 = 0
        while c < len(self.streams):
            self.streams[c].fill(self.u)
            weigh_taps(self.u, y, c, start, end, self.past)
            k: i64 = 0
            while k < POLES:
                add_four_poles(self.u, y, c, k, self.a, start, end, self.s)
                k += 4
            c += 1
        self.weights.finish()


def weigh_taps(
    u: vec[float], y: vec[float], channel: i64, start: vec[float], end: vec[float], past: vec[float]
) -> None:
    """Write the sum of the taps of u into a channel of y, and the last samples of u into the past of that channel."""
    frames: i64 = len(u)
    part = 1.0 / float(frames)
    d0, d1, d2, d3 = start[0], start[1], start[2], start[3]
    r0, r1, r2, r3 = (end[0] - d0) * part, (end[1] - d1) * part, (end[2] - d2) * part, (end[3] - d3) * part
    at = (TAPS - 1) * channel
    u1, u2, u3 = past[at], past[at + 1], past[at + 2]
    first = channel * frames
    i: i64 = 0
    while i < frames:
        d0 += r0
        d1 += r1
        d2 += r2
        d3 += r3
        x = u[i]
        y[first + i] = d0 * x + d1 * u1 + d2 * u2 + d3 * u3
        u3 = u2
        u2 = u1
        u1 = x
        i += 1
    past[at], past[at + 1], past[at + 2] = u1, u2, u3


def add_four_poles(
    u: vec[float], y: vec[float], channel: i64, k: i64, a: vec[float], start: vec[float], end: vec[float], s: vec[float]
) -> None:
    """Add the outputs of the poles k to k + 3, by weights that move from start to end, to a channel of y."""
    frames: i64 = len(u)
    part = 1.0 / float(frames)
    a0, a1, a2, a3 = a[k], a[k + 1], a[k + 2], a[k + 3]
    w = TAPS + k
    c0, c1, c2, c3 = start[w], start[w + 1], start[w + 2], start[w + 3]
    r0, r1 = (end[w] - c0) * part, (end[w + 1] - c1) * part
    r2, r3 = (end[w + 2] - c2) * part, (end[w + 3] - c3) * part
    at = POLES * channel + k
    s0, s1, s2, s3 = s[at], s[at + 1], s[at + 2], s[at + 3]
    i: i64 = 0
    first = channel * frames
    while i < frames:
        c0 += r0
        c1 += r1
        c2 += r2
        c3 += r3
        x = u[i]
        s0 = a0 * s0 + x
        s1 = a1 * s1 + x
        s2 = a2 * s2 + x
        s3 = a3 * s3 + x
        y[first + i] += c0 * s0 + c1 * s1 + c2 * s2 + c3 * s3
        i += 1
    s[at], s[at + 1], s[at + 2], s[at + 3] = s0, s1, s2, s3
