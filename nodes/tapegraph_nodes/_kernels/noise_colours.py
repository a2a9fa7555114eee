"""Filters that turn white noise into pink and brown noise, whose density per hertz does not depend on the rate.

    pink     |H(f)|^2 = const / f      u[i] = x[i] + 0.18 x[i-1],    s_k[i] = a_k s_k[i-1] + u[i]
                                       y[i] = d u[i] + sum over k of c_k s_k[i]
    brown    |H(f)|^2 = const / f^2    u[i] = x[i] - x[i-1],    v[i] = u[i] + u[i-1] / 6
                                       y[i] = v[i] + p y[i-1] - q y[i-2]

Pink has 8 real poles at equal ratios from 4 Hz up, each followed by a zero halfway (in octaves) to the next pole; a_k,
c_k and d are the partial fractions. Brown has a Butterworth high-pass at 10 Hz, so that it does not drift away. Poles
and zeros are those of the analogue filters, mapped as exp(s / fs); the factors 0.18 and 1/6 correct the response near
the Nyquist frequency. From 20 Hz to 0.45 fs pink is within 0.15 dB and brown within 0.4 dB of its slope, at 44.1 to
192 kHz.
Source: J. O. Smith, H. F. Smith, Closed form fractional integration and differentiation via real exponentially spaced
pole-zero pairs, arXiv 1606.06154, 2016; N. J. Kasdin, Discrete simulation of colored noise and stochastic processes and
1/f^alpha power law noise generation, Proceedings of the IEEE 83, 1995.
"""

from __future__ import annotations

import cmath
import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

POLES: Final = 8  # of pink; even, for they are run in pairs
LOWEST_HZ: Final = 4.0  # pole of pink
HIGHEST: Final = 0.35  # of fs: where the pole after the last would be
PINK_TILT: Final = 0.18
BROWN_TILT: Final = 1.0 / 6.0
BROWN_HZ: Final = 10.0


class PinkFilter:
    """Pink noise from white, for one channel. gain_at() is that from white to pink."""

    def __init__(self, fs: float) -> None:
        ratio = (HIGHEST * fs / LOWEST_HZ) ** (1.0 / POLES)
        poles_hz = [LOWEST_HZ * ratio**k for k in range(POLES)]
        a = [math.exp(-2.0 * math.pi * f / fs) for f in poles_hz]
        b = [math.exp(-2.0 * math.pi * f * math.sqrt(ratio) / fs) for f in poles_hz]
        c = []
        d = 1.0
        for k in range(POLES):
            d *= b[k] / a[k]
            weight = 1.0 - b[k] / a[k]
            for j in range(POLES):
                if j != k:
                    weight *= (1.0 - b[j] / a[k]) / (1.0 - a[j] / a[k])
            c.append(weight)
        self.fs: float = fs
        self.a: vec[float] = vec[float](a)
        self.c: vec[float] = vec[float](c)
        self.d: float = d
        self.s: vec[float] = vec[float]([0.0] * POLES)  # state
        self.x1: float = 0.0  # state: the last sample of white noise

    def clear(self) -> None:
        self.x1 = 0.0
        k: i64 = 0
        while k < POLES:
            self.s[k] = 0.0
            k += 1

    def gain_at(self, hz: float) -> float:
        """Return the magnitude of the response at a frequency."""
        z = cmath.exp(-2j * math.pi * hz / self.fs)
        sections = sum(c / (1.0 - a * z) for a, c in zip(list(self.a), list(self.c), strict=True))
        return abs((1.0 + PINK_TILT * z) * (self.d + sections))

    def filter(self, x: vec[float], y: vec[float]) -> None:
        """Turn white noise x, which is overwritten, into pink noise y."""
        self.x1 = tilt(x, y, self.x1, self.d)
        k: i64 = 0
        while k < POLES:
            a0, a1, c0, c1 = self.a[k], self.a[k + 1], self.c[k], self.c[k + 1]
            self.s[k], self.s[k + 1] = add_two_poles(x, y, a0, a1, c0, c1, self.s[k], self.s[k + 1])
            k += 2


class BrownFilter:
    """Brown noise from white, for one channel. gain_at() is that from white to brown."""

    def __init__(self, fs: float) -> None:
        w = 2.0 * math.pi * BROWN_HZ / fs * math.sqrt(0.5)
        self.fs: float = fs
        self.p: float = 2.0 * math.exp(-w) * math.cos(w)
        self.q: float = math.exp(-2.0 * w)
        self.x1: float = 0.0  # states: the last sample of white noise, the last u, the last two samples of brown noise
        self.u1: float = 0.0
        self.y1: float = 0.0
        self.y2: float = 0.0

    def clear(self) -> None:
        self.x1 = self.u1 = self.y1 = self.y2 = 0.0

    def gain_at(self, hz: float) -> float:
        """Return the magnitude of the response at a frequency."""
        z = cmath.exp(-2j * math.pi * hz / self.fs)
        return abs((1.0 - z) * (1.0 + BROWN_TILT * z) / (1.0 - self.p * z + self.q * z * z))

    def filter(self, x: vec[float], y: vec[float]) -> None:
        """Turn white noise x into brown noise y."""
        p, q, x1, u1, y1, y2 = self.p, self.q, self.x1, self.u1, self.y1, self.y2
        n: i64 = len(x)
        i: i64 = 0
        while i < n:
            u = x[i] - x1
            v = u + BROWN_TILT * u1 + p * y1 - q * y2
            x1 = x[i]
            u1 = u
            y2 = y1
            y1 = v
            y[i] = v
            i += 1
        self.x1, self.u1, self.y1, self.y2 = x1, u1, y1, y2


def tilt(x: vec[float], y: vec[float], x1: float, d: float) -> float:
    """Replace x by u = x[i] + 0.18 x[i-1] and write d u into y; return the last sample of x."""
    n: i64 = len(x)
    i: i64 = 0
    while i < n:
        u = x[i] + PINK_TILT * x1
        x1 = x[i]
        x[i] = u
        y[i] = d * u
        i += 1
    return x1


def add_two_poles(
    u: vec[float], y: vec[float], a0: float, a1: float, c0: float, c1: float, s0: float, s1: float
) -> tuple[float, float]:
    """Add the output of two one-pole filters of u to y; return their states."""
    n: i64 = len(u)
    i: i64 = 0
    while i < n:
        s0 = a0 * s0 + u[i]
        s1 = a1 * s1 + u[i]
        y[i] += c0 * s0 + c1 * s1
        i += 1
    return s0, s1
