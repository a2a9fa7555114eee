"""Poles that work side by side, four in a loop: real ones, and ones that each stand for a pair of conjugates.

    s_k[i] = z_k s_k[i-1] + x[i],    y[i] += sum over k of Re(c_k s_k[i])

All four read the same x, so that a processor computes one while another waits. The state of a complex pole turns and
shrinks, whatever its frequency: z may move while sound plays, and a sum of such states never jumps.
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
    x: vec[float], x_at: i64, y: vec[float], y_at: i64, frames: i64, k: vec[float], k_at: i64, s: vec[float], s_at: i64
) -> None:
    """Add what four real poles make of x to y; from k_at on k describes them, from s_at on s holds their states."""
    z0, z1, z2, z3 = k[k_at], k[k_at + 2], k[k_at + 4], k[k_at + 6]
    c0, c1, c2, c3 = k[k_at + 1], k[k_at + 3], k[k_at + 5], k[k_at + 7]
    s0, s1, s2, s3 = s[s_at], s[s_at + 1], s[s_at + 2], s[s_at + 3]
    i: i64 = 0
    while i < frames:
        u = x[x_at + i]
        s0 = z0 * s0 + u
        s1 = z1 * s1 + u
        s2 = z2 * s2 + u
        s3 = z3 * s3 + u
        y[y_at + i] += (c0 * s0 + c1 * s1) + (c2 * s2 + c3 * s3)
        i += 1
    s[s_at] = without_subnormal(s0)
    s[s_at + 1] = without_subnormal(s1)
    s[s_at + 2] = without_subnormal(s2)
    s[s_at + 3] = without_subnormal(s3)


def add_four_complex(
    x: vec[float], x_at: i64, y: vec[float], y_at: i64, frames: i64, k: vec[float], k_at: i64, s: vec[float], s_at: i64
) -> None:
    """Add what four complex poles make of x to y; s holds the real and imaginary parts of their states."""
    zr0, zi0, cr0, ci0 = k[k_at], k[k_at + 1], k[k_at + 2], k[k_at + 3]
    zr1, zi1, cr1, ci1 = k[k_at + 4], k[k_at + 5], k[k_at + 6], k[k_at + 7]
    zr2, zi2, cr2, ci2 = k[k_at + 8], k[k_at + 9], k[k_at + 10], k[k_at + 11]
    zr3, zi3, cr3, ci3 = k[k_at + 12], k[k_at + 13], k[k_at + 14], k[k_at + 15]
    r0, q0, r1, q1 = s[s_at], s[s_at + 1], s[s_at + 2], s[s_at + 3]
    r2, q2, r3, q3 = s[s_at + 4], s[s_at + 5], s[s_at + 6], s[s_at + 7]
    i: i64 = 0
    while i < frames:
        u = x[x_at + i]
        r0, q0 = zr0 * r0 - zi0 * q0 + u, zr0 * q0 + zi0 * r0
        r1, q1 = zr1 * r1 - zi1 * q1 + u, zr1 * q1 + zi1 * r1
        r2, q2 = zr2 * r2 - zi2 * q2 + u, zr2 * q2 + zi2 * r2
        r3, q3 = zr3 * r3 - zi3 * q3 + u, zr3 * q3 + zi3 * r3
        y[y_at + i] += ((cr0 * r0 - ci0 * q0) + (cr1 * r1 - ci1 * q1)) + ((cr2 * r2 - ci2 * q2) + (cr3 * r3 - ci3 * q3))
        i += 1
    s[s_at] = without_subnormal(r0)
    s[s_at + 1] = without_subnormal(q0)
    s[s_at + 2] = without_subnormal(r1)
    s[s_at + 3] = without_subnormal(q1)
    s[s_at + 4] = without_subnormal(r2)
    s[s_at + 5] = without_subnormal(q2)
    s[s_at + 6] = without_subnormal(r3)
    s[s_at + 7] = without_subnormal(q3)
