"""Tape heard from a distance: a head that lies d away from the magnetised layer loses short wavelengths.

    |H| = exp(-k d) = exp(-2 pi f tau),    k = 2 pi f / v,    tau = d / v      (54.6 d / wavelength in dB)

    s_j[i] = s_j[i-1] + (1 - e^(2^j)) (x[i] - s_j[i-1]),    e = exp(-0.2 / (tau fs)),    j = 0 ... 5
    y[i] = sum over j of w_j s_j[i]

The poles 0.2 2^j / tau are fixed multiples of 1 / tau, so one set of weights serves every distance; it is fitted to |H|
within 0.3 dB down to -40 dB. From the surface (tau = 0, e = 0) all s_j are x. They are mere averages of x, so nothing
rings or clicks while the distance moves. Where tau is a few frames or less, the sampled poles add up to 0.5 dB of error
at a quarter of the rate. With the weights -0.2 2^j w_j the same states give i k d exp(-k d), the field that a layer
makes at another one.
Source: R. L. Wallace, The reproduction of magnetically recorded signals, Bell Syst. Tech. J. 30, 1951. The weights are
ours.
"""

from __future__ import annotations

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.prewarp import without_subnormal

STATES: Final = 6  # of each channel
SLOWEST: Final = 0.2  # tau times the lowest pole
W0: Final = 0.7010  # their sum is 1, that of 2^j w_j is 0, so that H falls on as 1 / f^2
W1: Final = -0.6553
W2: Final = 2.6156
W3: Final = -2.2384
W4: Final = 0.6508
W5: Final = -0.0737
LONGEST_S: Final = 0.001  # of tau, where the distance moves: 54.6 dB at 1 kHz, at which there is nothing left to hear


def memory(tau_frames: float) -> float:
    """Return e for a distance that takes so many frames to pass."""
    return math.exp(-SLOWEST / tau_frames) if tau_frames > 0.0 else 0.0


def tail_of(tau_s: float) -> float:
    """Return for how long the slowest state goes on from a distance, s."""
    return math.log(1e6) / SLOWEST * tau_s


def heard_weights(gain: float) -> vec[float]:
    """Return the weights of gain exp(-k d)."""
    return vec[float]([gain * W0, gain * W1, gain * W2, gain * W3, gain * W4, gain * W5])


def printed_weights(gain: float) -> vec[float]:
    """Return the weights of gain k d exp(1 - k d), which peaks at gain where the wavelength is 2 pi d."""
    g = -gain * math.e * SLOWEST
    return vec[float]([g * W0, 2.0 * g * W1, 4.0 * g * W2, 8.0 * g * W3, 16.0 * g * W4, 32.0 * g * W5])


def hear(x: vec[float], y: vec[float], w: vec[float], e: float, e_end: float, s: vec[float]) -> None:
    """Hear every channel of x from a distance into y, with weights w; e moves to its end in equal steps.

    s: the states of every channel
    """
    n: i64 = len(x) * STATES // len(s)
    w0, w1, w2, w3, w4, w5 = w[0], w[1], w[2], w[3], w[4], w[5]
    step = (e_end - e) / float(n)
    first: i64 = 0
    k: i64 = 0
    while k < len(s):
        s0, s1, s2, s3, s4, s5 = s[k], s[k + 1], s[k + 2], s[k + 3], s[k + 4], s[k + 5]
        e1 = e
        i = first
        while i < first + n:
            e1 += step
            e2 = e1 * e1
            e4 = e2 * e2
            e8 = e4 * e4
            e16 = e8 * e8
            v = x[i]
            s0 = v + e1 * (s0 - v)
            s1 = v + e2 * (s1 - v)
            s2 = v + e4 * (s2 - v)
            s3 = v + e8 * (s3 - v)
            s4 = v + e16 * (s4 - v)
            s5 = v + e16 * e16 * (s5 - v)
            y[i] = w0 * s0 + w1 * s1 + w2 * s2 + w3 * s3 + w4 * s4 + w5 * s5
            i += 1
        keep(s, k, s0, s1, s2, s3, s4, s5)
        first += n
        k += STATES


def lift(x: vec[float], y: vec[float], tau: vec[float], c: i64, s: vec[float]) -> None:
    """Hear a channel of x from a distance that moves into the same one of y; at 0 it passes unchanged.

    tau: of each frame, in frames; s: the states of every channel
    """
    n: i64 = len(tau)
    k = STATES * c
    s0, s1, s2, s3, s4, s5 = s[k], s[k + 1], s[k + 2], s[k + 3], s[k + 4], s[k + 5]
    first = c * n
    i: i64 = 0
    while i < n:
        v = x[first + i]
        t = tau[i]
        if t > 0.0:
            e1 = math.exp(-SLOWEST / t)
            e2 = e1 * e1
            e4 = e2 * e2
            e8 = e4 * e4
            e16 = e8 * e8
            s0 = v + e1 * (s0 - v)
            s1 = v + e2 * (s1 - v)
            s2 = v + e4 * (s2 - v)
            s3 = v + e8 * (s3 - v)
            s4 = v + e16 * (s4 - v)
            s5 = v + e16 * e16 * (s5 - v)
            y[first + i] = W0 * s0 + W1 * s1 + W2 * s2 + W3 * s3 + W4 * s4 + W5 * s5
        else:
            s0 = s1 = s2 = s3 = s4 = s5 = v
            y[first + i] = v
        i += 1
    keep(s, k, s0, s1, s2, s3, s4, s5)


def keep(s: vec[float], k: i64, s0: float, s1: float, s2: float, s3: float, s4: float, s5: float) -> None:
    """Store the states of a channel after a block."""
    s[k] = without_subnormal(s0)
    s[k + 1] = without_subnormal(s1)
    s[k + 2] = without_subnormal(s2)
    s[k + 3] = without_subnormal(s3)
    s[k + 4] = without_subnormal(s4)
    s[k + 5] = without_subnormal(s5)
