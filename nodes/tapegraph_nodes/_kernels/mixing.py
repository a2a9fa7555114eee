"""Sums of sounds, and fades between them, by gains that move, so that a level that is turned does not click.

add     y[i] += g[i] x[i],    fade    y[i] = (1 - g[i]) y[i] + g[i] x[i],    g in equal steps from start to end
"""

from librt.vecs import vec
from mypy_extensions import i64


def add(x: vec[float], y: vec[float], channels: i64, start: float, end: float) -> None:
    """Add every channel of x to y, by a gain that moves from start to end in equal steps."""
    n: i64 = len(x) // channels
    step = (end - start) / float(n)
    c: i64 = 0
    while c < channels:
        g = start
        i: i64 = c * n
        stop = i + n
        while i < stop:
            g += step
            y[i] += g * x[i]
            i += 1
        c += 1


def fade(x: vec[float], y: vec[float], start: float, end: float) -> None:
    """Fade from y to x into y, by a share of x that moves from start to end in equal steps."""
    n: i64 = len(y)
    step = (end - start) / float(n)
    a = start
    i: i64 = 0
    while i < n:
        a += step
        y[i] = (1.0 - a) * y[i] + a * x[i]
        i += 1
