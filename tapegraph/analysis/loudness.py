"""Loudness, and the gain at which two graphs are equally loud, so that they can be compared by their sound.

    L = -0.691 + 10 log10(sum of z over the channels)    in LKFS
    z = 1 / N^2 sum over k of |K(w[k])|^2 |X[k]|^2,    w[k] = 2 pi k / N,    X the discrete Fourier transform of x
    K = pre-filter (a shelf: the head) * RLB (a high-pass: the ear)

z is the mean square of the K-weighted sound; taken from its spectrum, the weighting is that of a sound that repeats.
Every channel counts as one in front. Measured over SHORT_TERM_S, as a short-term meter does, and without its gate.
Sources: ITU-R BS.1770-5, annex 1 (the tables hold at 48 kHz); EBU Tech 3341 for the 3 s. The filters at other rates:
B. De Man, Evaluation of Implementations of the EBU R128 Loudness Measurement, AES 145 (2018).
"""

from __future__ import annotations

import math

import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.run.engine import Engine
from tapegraph.run.sound import Array

SHORT_TERM_S = 3.0
QUIET_LKFS = -70.0  # the standard's absolute gate: sound below it is not matched

Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]


def match(reference: FlatGraph, graph: FlatGraph, sound: Array, sample_rate: float) -> float:
    """Return the gain, at most 1, at which a graph is no louder than the reference.

    sound: (channels, frames), which is rendered through both. Not for the audio thread: that takes time.
    """
    wanted, found = (loudness(rendered(some, sound, sample_rate), sample_rate) for some in (reference, graph))
    if min(wanted, found) < QUIET_LKFS:
        return 1.0
    return min(1.0, math.pow(10.0, (wanted - found) / 20.0))


def rendered(graph: FlatGraph, sound: Array, sample_rate: float) -> Array:
    """Return sound through a graph, rendered a block at a time: the GIL is free for the audio thread in between."""
    engine = Engine(graph, sample_rate, sound.shape[0])
    starts = range(0, sound.shape[1] - engine.block + 1, engine.block)
    blocks = [engine.process(sound[:, start : start + engine.block]) for start in starts]
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((engine.output_channels, 0))


def loudness(sound: Array, sample_rate: float) -> float:
    """Return the loudness of (channels, frames), LKFS; of silence, minus infinity."""
    frames = sound.shape[1]
    if not frames:
        return -math.inf
    power = np.abs(np.fft.rfft(sound, axis=1)) ** 2
    power[:, 1 : (frames + 1) // 2] *= 2.0  # the mirror image of each has as much
    w = 2.0 * np.pi * np.arange(power.shape[1]) / frames
    z = float(np.sum(power * k_weighting(w, sample_rate))) / frames**2
    return -0.691 + 10.0 * math.log10(z) if z > 0.0 else -math.inf


def k_weighting(w: Array, sample_rate: float) -> Array:
    """Return |K|^2 at the angular frequencies w, radians a frame."""
    unit = np.exp(-1j * w)
    response = np.ones(len(w), dtype=np.complex128)
    for b, a in (pre_filter(sample_rate), rlb(sample_rate)):
        response *= np.polyval(b[::-1], unit) / np.polyval(a[::-1], unit)
    return np.asarray(np.abs(response) ** 2)


def pre_filter(sample_rate: float) -> Biquad:
    """Return the coefficients (b, a) of the shelf: table 1 of the standard."""
    g, q = math.tan(math.pi * 1681.974450955533 / sample_rate), 0.7071752369554196
    top = 10.0 ** (3.999843853973347 / 20.0)
    middle = top**0.4996667741545416
    a0 = 1.0 + g / q + g * g
    b = (top + middle * g / q + g * g) / a0, 2.0 * (g * g - top) / a0, (top - middle * g / q + g * g) / a0
    return b, (1.0, 2.0 * (g * g - 1.0) / a0, (1.0 - g / q + g * g) / a0)


def rlb(sample_rate: float) -> Biquad:
    """Return the coefficients (b, a) of the high-pass: table 2 of the standard."""
    g, q = math.tan(math.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    a0 = 1.0 + g / q + g * g
    return (1.0, -2.0, 1.0), (1.0, 2.0 * (g * g - 1.0) / a0, (1.0 - g / q + g * g) / a0)
