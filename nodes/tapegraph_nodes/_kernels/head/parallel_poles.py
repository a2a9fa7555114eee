"""Poles that work side by side, four in a loop and for two channels: real ones, and pairs of conjugates.

    s_k[i] = z_k s_k[i-1] + x[i],    y[i] += sum over k of Re(c_k s_k[i])

All four read the same x, so that a processor computes one while another waits, and the two channels share the poles,
so that compilers put them into one register. A channel alone is given twice, with equal states. The state of a complex
pole turns and shrinks, whatever its frequency: z may move while sound plays, and a sum of such states never jumps.
Source: B. Bank, Direct design of parallel second-order filters for instrument body modeling, ICMC 2007.
"""

from __future__ import annotations

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.prewarp import without_subnormal

FOUR_REAL: Final = 8  # numbers that describe four poles, z and c of each in turn
FOUR_COMPLEX: Final = 16  # real and imaginary part of z, then of c


def add_four_real(
    x: vec[float],
    xa: i64,
    xb: i64,
    y: vec[float],
    ya: i64,
    yb: i64,
    frames: i64,
    ka: vec[float],
    kb: vec[float],
    k: i64,
    s: vec[float],
    at: i64,
) -> None:
    """Add what four real poles make of two channels of x, from xa and xb on, to those of y.

    ka, kb: describe the poles from k on, with their weights for each channel
    s: holds the states from at on, those of both channels beside each other
    """
    z0, z1, z2, z3 = ka[k], ka[k + 2], ka[k + 4], ka[k + 6]
    a0, a1, a2, a3 = ka[k + 1], ka[k + 3], ka[k + 5], ka[k + 7]
    b0, b1, b2, b3 = kb[k + 1], kb[k + 3], kb[k + 5], kb[k + 7]
    s0, t0, s1, t1, s2, t2, s3, t3 = s[at], s[at + 1], s[at + 2], s[at + 3], s[at + 4], s[at + 5], s[at + 6], s[at + 7]
    i: i64 = 0
    while i < frames:
        u, v = x[xa + i], x[xb + i]
        s0, t0 = z0 * s0 + u, z0 * t0 + v
        s1, t1 = z1 * s1 + u, z1 * t1 + v
        s2, t2 = z2 * s2 + u, z2 * t2 + v
        s3, t3 = z3 * s3 + u, z3 * t3 + v
        u = y[ya + i] + ((a0 * s0 + a1 * s1) + (a2 * s2 + a3 * s3))
        v = y[yb + i] + ((b0 * t0 + b1 * t1) + (b2 * t2 + b3 * t3))
        y[ya + i], y[yb + i] = u, v
        i += 1
    s[at], s[at + 1], s[at + 2], s[at + 3] = s0, t0, s1, t1
    s[at + 4], s[at + 5], s[at + 6], s[at + 7] = s2, t2, s3, t3
    rest(s, at, 8)


def add_four_complex(
    x: vec[float],
    xa: i64,
    xb: i64,
    y: vec[float],
    ya: i64,
    yb: i64,
    frames: i64,
    k: vec[float],
    k_at: i64,
    s: vec[float],
    at: i64,
) -> None:
    """Add what four complex poles make of two channels; s holds the real and imaginary parts of their states."""
    zr0, zi0, cr0, ci0 = k[k_at], k[k_at + 1], k[k_at + 2], k[k_at + 3]
    zr1, zi1, cr1, ci1 = k[k_at + 4], k[k_at + 5], k[k_at + 6], k[k_at + 7]
    zr2, zi2, cr2, ci2 = k[k_at + 8], k[k_at + 9], k[k_at + 10], k[k_at + 11]
    zr3, zi3, cr3, ci3 = k[k_at + 12], k[k_at + 13], k[k_at + 14], k[k_at + 15]
    r0, t0, q0, p0 = s[at], s[at + 1], s[at + 2], s[at + 3]
    r1, t1, q1, p1 = s[at + 4], s[at + 5], s[at + 6], s[at + 7]
    r2, t2, q2, p2 = s[at + 8], s[at + 9], s[at + 10], s[at + 11]
    r3, t3, q3, p3 = s[at + 12], s[at + 13], s[at + 14], s[at + 15]
    i: i64 = 0
    while i < frames:
        u, v = x[xa + i], x[xb + i]
        r0, t0, q0, p0 = zr0 * r0 - zi0 * q0 + u, zr0 * t0 - zi0 * p0 + v, zr0 * q0 + zi0 * r0, zr0 * p0 + zi0 * t0
        r1, t1, q1, p1 = zr1 * r1 - zi1 * q1 + u, zr1 * t1 - zi1 * p1 + v, zr1 * q1 + zi1 * r1, zr1 * p1 + zi1 * t1
        r2, t2, q2, p2 = zr2 * r2 - zi2 * q2 + u, zr2 * t2 - zi2 * p2 + v, zr2 * q2 + zi2 * r2, zr2 * p2 + zi2 * t2
        r3, t3, q3, p3 = zr3 * r3 - zi3 * q3 + u, zr3 * t3 - zi3 * p3 + v, zr3 * q3 + zi3 * r3, zr3 * p3 + zi3 * t3
        u = ((cr0 * r0 - ci0 * q0) + (cr1 * r1 - ci1 * q1)) + ((cr2 * r2 - ci2 * q2) + (cr3 * r3 - ci3 * q3))
        v = ((cr0 * t0 - ci0 * p0) + (cr1 * t1 - ci1 * p1)) + ((cr2 * t2 - ci2 * p2) + (cr3 * t3 - ci3 * p3))
        u += y[ya + i]
        v += y[yb + i]
        y[ya + i], y[yb + i] = u, v
        i += 1
    s[at], s[at + 1], s[at + 2], s[at + 3] = r0, t0, q0, p0
    s[at + 4], s[at + 5], s[at + 6], s[at + 7] = r1, t1, q1, p1
    s[at + 8], s[at + 9], s[at + 10], s[at + 11] = r2, t2, q2, p2
    s[at + 12], s[at + 13], s[at + 14], s[at + 15] = r3, t3, q3, p3
    rest(s, at, 16)


def rest(s: vec[float], at: i64, states: i64) -> None:
    """Let states come to rest before subnormal numbers slow the processor down."""
    i = at
    while i < at + states:
        s[i] = without_subnormal(s[i])
        i += 1
