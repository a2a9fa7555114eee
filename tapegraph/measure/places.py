"""Sound between its frames: what a recording is at any times, at a lower or a higher rate.

    y(t) = sum over k of x2[k] h(2 t - k),    h(t) = sinc(t) Kaiser window of 16, beta 11.2

x2 is the sound at twice its rate, made by its spectrum, without what lies above the band that is wanted. h passes that
band, a quarter of the doubled rate, within 1e-5, and keeps its images 110 dB down.
"""

from __future__ import annotations

import math

import numpy as np

from tapegraph.run.sound import Array

TAPS = 16
BETA = 11.2
PHASES = 1024  # of h, and lines between them
MARGIN = 4096  # frames beyond the outermost place


def kernel() -> Array:
    """Return h between two frames of x2: (taps, phases + 1)."""
    t = np.arange(TAPS)[:, np.newaxis] - (TAPS // 2 - 1) - np.arange(PHASES + 1) / PHASES
    inside = np.maximum(1.0 - (t / (TAPS // 2)) ** 2, 0.0)
    return np.asarray(np.sinc(t) * np.i0(BETA * np.sqrt(inside)) / np.i0(BETA))


def at_places(sound: Array, places: Array, highest: float = 0.5) -> Array:
    """Return a sound of (channels, frames) at places in frames, silent beyond its ends.

    highest: frequency that is kept, in cycles a frame
    """
    first = int(np.floor(np.min(places))) - MARGIN
    frames = int(np.ceil(np.max(places))) + MARGIN - first
    size = quick(frames)
    inside = slice(max(0, first), max(0, first + frames))
    piece = np.zeros((len(sound), size))
    cut = sound[:, inside]
    piece[:, inside.start - first : inside.start - first + cut.shape[1]] = cut
    spectrum = np.fft.rfft(piece)
    f = np.arange(spectrum.shape[1]) / size
    spectrum *= 0.5 + 0.5 * np.cos(np.pi * np.clip((f - 0.97 * highest) / (0.03 * highest), 0.0, 1.0))
    doubled = np.fft.irfft(spectrum, 2 * size) * 2.0
    whole = np.floor(2.0 * (places - first))
    phase, part = np.divmod((2.0 * (places - first) - whole) * PHASES, 1.0)
    left, start = phase.astype(np.int64), whole.astype(np.int64) - (TAPS // 2 - 1)
    out = np.zeros((len(sound), len(places)))
    for k, h in enumerate(kernel()):
        weight = h[left] + part * (h[left + 1] - h[left])
        out += weight * doubled[:, start + k]
    return out


def quick(frames: int) -> int:
    """Return a length, a little longer, whose spectrum is quick to compute: a few small factors, and a power of two."""
    step = 1 << max(0, math.ceil(math.log2(max(frames, 16))) - 4)
    return next(size for size in (8 * step, 9 * step, 10 * step, 12 * step, 15 * step, 16 * step) if size >= frames)
