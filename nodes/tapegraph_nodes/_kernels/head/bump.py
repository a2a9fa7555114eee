"""The bumps of a playback head with minimum phase: poles that are fitted once, and move with the speed of the tape.

    |B(a)| = 1 + b edges(a),    a = k p = w T,    T = p / v
    B(a) = 1 + sum over k of g_k / (j a - p_k)    within 0.09 dB for a from 0.05 on

B is one function of a, so its poles p_k are constants: four real ones, and eight with their conjugates, one for each
ripple that can be heard. Only the weights g_k depend on b. Those of least squares for six b, for the minimum phase that
belongs to |B|, give polynomials in 1 - sqrt(1 - b), for all b. In frames of 1 / fs

    s_k[i] = z_k s_k[i-1] + h x[i],    z_k = exp(h p_k),    h = 1 / (T fs)
    y[i] = d x[i] + sum over k of Re(g_k s_k[i])

samples the impulse response of B, and d, 1 for slow poles, makes the gain at 0 Hz exact. The first pole decays in
1 / (2 pi 8 Hz) at the latest, the others in 1 / (2 pi 3 Hz): what is slower cannot be heard.
Another speed or length only changes h and z, another height only g: they move to it in 5 ms or a block, whichever is
longer, in steps of 4 frames, while the states go on.
Source: B. Gustavsen, A. Semlyen, Rational approximation of frequency domain responses by vector fitting, IEEE Trans.
Power Delivery 14, 1999, for the poles; L. R. Rabiner, B. Gold, Theory and Application of Digital Signal Processing,
ch. 4 (impulse invariance).
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
from tapegraph_nodes._kernels.head.head_response import BESSEL_END, HIGHEST_DB, edges, strength
from tapegraph_nodes._kernels.head.parallel_poles import FOUR_COMPLEX, FOUR_REAL, add_four_complex, add_four_real
from tapegraph_nodes._kernels.ramp import Ramp

Array = npt.NDArray[np.float64]

REAL: Final = np.array([-0.0713, -0.4075, -2.3047, -8.0])
COMPLEX: Final = np.array(
    [
        *(-3.1873 + 2.9853j, -2.4535 + 8.8834j, -2.2708 + 14.6633j, -2.0644 + 20.4012j),
        *(-1.7750 + 26.2027j, -1.4345 + 32.1049j, -1.0751 + 38.1172j, -0.7249 + 44.3749j),
    ]
)
# Values of a at which the weights are fitted: most of them around the largest bump, and where the ripples end.
FITTED: Final = np.concatenate(
    [np.geomspace(0.05, 1.0, 30), np.linspace(1.5, 4.0, 400), np.linspace(5.0, 40.0, 300), np.linspace(45.0, 58.0, 300)]
)
LEAST_HZ: Final = np.array([8.0] + 11 * [3.0])  # of each pole
DEGREE: Final = 4  # of the polynomials
HEIGHTS: Final = 6  # for which weights are fitted
LAST: Final = FOUR_REAL + 2 * FOUR_COMPLEX - 4  # where the last pole stands
H: Final = LAST + 4  # where h and d stand, behind the poles
D: Final = H + 1
STEP: Final = 4  # frames
STATES: Final = 4 + 2 * 8  # of a channel
SILENT: Final = 14.0  # time constants in which a pole falls by 120 dB


@functools.cache
def polynomials() -> npt.NDArray[np.complex128]:
    """Return the coefficients of the weights of all poles, real ones first, (DEGREE, poles), made once."""
    n = 3 << 13
    a = np.linspace(0.0, BESSEL_END, n // 2, endpoint=False)
    fitted = np.unique(np.rint(FITTED / a[1]).astype(int))
    s = 1j * a[fitted][:, np.newaxis]
    of_pairs, back = 1.0 / (s - COMPLEX), 1.0 / (s - COMPLEX.conj())
    parts = np.concatenate([1.0 / (s - REAL), (of_pairs + back) / 2.0, (of_pairs - back) * 0.5j], axis=1)
    u = np.arange(1, HEIGHTS + 1) / HEIGHTS * (1.0 - math.sqrt(1.0 - strength(HIGHEST_DB)))
    weights = []
    for b in 1.0 - (1.0 - u) ** 2:
        B = minimum_phase(1.0 + b * edges(a))[fitted]
        rows, wanted = parts / np.abs(B)[:, np.newaxis], (B - 1.0) / np.abs(B)
        rows, wanted = np.concatenate([rows.real, rows.imag]), np.concatenate([wanted.real, wanted.imag])
        weights.append(np.linalg.lstsq(rows, wanted, rcond=None)[0])
    powers = u[:, np.newaxis] ** np.arange(1, DEGREE + 1)
    of_powers = np.linalg.lstsq(powers, np.array(weights), rcond=None)[0]
    real, pairs = of_powers[:, : len(REAL)], of_powers[:, len(REAL) :].reshape(DEGREE, 2, -1)
    return np.concatenate([real, pairs[:, 0] + 1j * pairs[:, 1]], axis=1)


def minimum_phase(magnitude: Array) -> npt.NDArray[np.complex128]:
    """Return the response of minimum phase with a magnitude at even steps from 0 on, by folding its real cepstrum."""
    n = 2 * len(magnitude)
    cepstrum = np.fft.irfft(np.log(np.append(magnitude, magnitude[-1])), n)
    cepstrum[1 : n // 2] *= 2.0
    cepstrum[n // 2 + 1 :] = 0.0
    return np.exp(np.fft.rfft(cepstrum))[:-1]


class Bump:
    """The bumps of all channels. A node calls aim() in update(), jump() in reset(), and process() for each block."""

    def __init__(self, fs: float, frames: i64, channels: i64) -> None:
        self.fs = fs
        self.frames: i64 = frames
        self.channels: i64 = channels
        self.polynomials = polynomials()
        self.k: Ramp = Ramp(fs, frames, D + 1)
        self.now: vec[float] = vec[float]([0.0] * len(self.k.target))
        self.s: vec[float] = vec[float]([0.0] * (STATES * channels))  # state
        self.x: vec[float] = vec[float]([0.0] * frames)  # h x of a channel
        self.heard: bool = False  # coefficient: whether there is a bump
        self.sounds: bool = False  # state: whether there is one, or was one a block ago

    def aim(self, T: float, b: float) -> None:
        """Set the bump to go to."""
        h = 1.0 / (T * self.fs)
        u = 1.0 - math.sqrt(1.0 - b)
        g = u ** np.arange(1, DEGREE + 1) @ self.polynomials
        p = np.concatenate([REAL, COMPLEX])
        z = np.exp(h * p)
        d = 1.0 - float(np.sum(g * (1.0 / p + h / (1.0 - z))).real)
        z *= np.minimum(1.0, np.exp(-2.0 * math.pi / self.fs * LEAST_HZ) / np.abs(z))
        k = self.k.target
        for i in range(len(REAL)):
            k[2 * i], k[2 * i + 1] = z[i].real, g[i].real
        for i in range(len(REAL), len(p)):
            at = 4 * i - 2 * len(REAL)
            k[at], k[at + 1], k[at + 2], k[at + 3] = z[i].real, z[i].imag, g[i].real, g[i].imag
        k[H], k[D] = h, d
        self.heard = b > 0.0

    def tail(self) -> float:
        """Return after which time it is silent, s."""
        k = self.k.target
        slowest = max(k[0], math.hypot(k[LAST], k[LAST + 1]))  # of the real poles, and of the others
        return SILENT / (-math.log(slowest) * self.fs) if self.heard else 0.0

    def jump(self) -> None:
        """Be there, without a past."""
        self.k.jump()
        silence(self.s)

    def process(self, y: vec[float]) -> None:
        """Add the bumps to a block of every channel."""
        self.k.begin()
        if self.k.moving:
            start: i64 = 0
            while start < self.frames:
                end = min(start + STEP, self.frames)
                mix(self.k.start, self.k.end, float(end) / float(self.frames), self.now)
                self.add(y, start, end - start, self.now)
                start = end
            self.sounds = True
        elif self.heard:
            self.add(y, 0, self.frames, self.k.end)
        elif self.sounds:
            silence(self.s)
            self.sounds = False
        self.k.finish()

    def add(self, y: vec[float], start: i64, frames: i64, k: vec[float]) -> None:
        c: i64 = 0
        while c < self.channels:
            at, s = c * self.frames + start, STATES * c
            split(y, at, frames, k[D], k[H], self.x)
            add_four_real(self.x, 0, y, at, frames, k, 0, self.s, s)
            add_four_complex(self.x, 0, y, at, frames, k, FOUR_REAL, self.s, s + 4)
            add_four_complex(self.x, 0, y, at, frames, k, FOUR_REAL + FOUR_COMPLEX, self.s, s + 12)
            c += 1


def mix(start: vec[float], end: vec[float], part: float, now: vec[float]) -> None:
    i: i64 = 0
    while i < len(now):
        now[i] = start[i] + part * (end[i] - start[i])
        i += 1


def split(y: vec[float], at: i64, frames: i64, d: float, h: float, x: vec[float]) -> None:
    """Write h y into x, and d y into y."""
    i: i64 = 0
    while i < frames:
        u = y[at + i]
        x[i] = h * u
        y[at + i] = d * u
        i += 1
