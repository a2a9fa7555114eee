"""Markers of a test tape: pairs of chirps that are found in a recording whatever its speed, level and polarity.

    x(t) = sin(2 pi ln(1 - k f0 t) / -k),    k = (1 / f0 - 1 / f1) / T,    f(t) = f0 / (1 - k f0 t)

The period of this chirp falls evenly from 1 / f0 to 1 / f1, so that a recording at another speed is the same chirp at
another time, and correlates with it as well. A chirp up and, behind a pause, the same chirp backwards are moved to
opposite sides by a wrong speed, and by filters to the same: the middle between the two is where the marker is. The
pause tells which marker it is.

The correlation is that of analytic signals, relative to the energy in the band of the chirp: 1 for the chirp itself.
Source: J. J. Kroszczynski, Pulse compression by means of linear-period modulation, Proc. IEEE 57 (1969).
"""

from __future__ import annotations

import attrs
import numpy as np

from tapegraph.measure.places import quick
from tapegraph.run.sound import Array

LOWEST_HZ = 400.0
HIGHEST_HZ = 5000.0
CHIRP_S = 0.25
PAUSE_S = 0.04  # more for each marker
FADE_S = 0.005
LEAST = 0.5  # correlation of what is taken for a chirp
FASTEST = 0.04  # difference of the speed that markers are found at


@attrs.frozen
class Found:
    """A marker in a recording.

    number: which of the test tape
    time_s: of its middle
    """

    number: int
    time_s: float


def highest_hz(sample_rate: float) -> float:
    """Return the upper end of the chirps on a test tape."""
    return min(HIGHEST_HZ, 0.35 * sample_rate)


def chirp(sample_rate: float, top_hz: float) -> Array:
    """Return the chirp up, of amplitude 1."""
    t = np.arange(round(CHIRP_S * sample_rate)) / sample_rate
    k = (1.0 / LOWEST_HZ - 1.0 / top_hz) / CHIRP_S
    x = np.sin(-2.0 * np.pi / k * np.log(1.0 - k * LOWEST_HZ * t))
    edge = np.clip(np.minimum(t, t[-1] - t) / FADE_S, 0.0, 1.0)
    return np.asarray(x * (0.5 - 0.5 * np.cos(np.pi * edge)))


def marker(number: int, sample_rate: float) -> Array:
    up = chirp(sample_rate, highest_hz(sample_rate))
    return np.concatenate([up, np.zeros(round(number * PAUSE_S * sample_rate)), up[::-1]])


def find(recording: Array, sample_rate: float, top_hz: float, count: int) -> list[Found]:
    """Return the markers in a recording of one channel, in time.

    top_hz: of the chirps; count: of markers on the test tape
    """
    low, rate = band(recording, sample_rate, top_hz)
    up = chirp(rate, top_hz)
    likeness = [correlation(low, x) for x in (up, up[::-1])]
    ups, downs = (peaks(c) for c in likeness)
    found: dict[int, tuple[float, Found]] = {}
    for place, height in ups:
        for other, other_height in downs:
            pause_s = (other - place - len(up)) / rate
            number = round(pause_s / PAUSE_S)
            wrong_s = abs(pause_s - number * PAUSE_S)
            if not 0 <= number < count or wrong_s > min(0.45 * PAUSE_S, 0.005 + FASTEST * (pause_s + 0.04)):
                continue
            both = height * other_height
            if number not in found or both > found[number][0]:
                found[number] = (both, Found(number, (place + other + len(up) - 1) / (2.0 * rate)))
    ordered = [mark for _, (_, mark) in sorted(found.items())]
    return [mark for k, mark in enumerate(ordered) if all(mark.time_s > before.time_s for before in ordered[:k])]


def band(recording: Array, sample_rate: float, top_hz: float) -> tuple[Array, float]:
    """Return a recording with what lies around the chirps alone, at a lower rate, and that rate."""
    step = 2 ** max(0, int(np.log2(sample_rate / (4.0 * top_hz))))
    frames = quick((len(recording) + round(sample_rate)) // step) * step
    spectrum = np.fft.rfft(recording, frames)[: frames // (2 * step) + 1]
    f = np.arange(len(spectrum)) * sample_rate / frames
    spectrum[(f < 0.8 * LOWEST_HZ) | (f > 1.2 * top_hz)] = 0.0
    return np.fft.irfft(spectrum, frames // step) / step, sample_rate / step


def correlation(sound: Array, pattern: Array) -> Array:
    """Return how much a sound is like a pattern that begins at each frame: 0 to 1."""
    frames = len(sound)
    cross = np.fft.rfft(sound) * np.conj(np.fft.rfft(pattern, frames))
    analytic = np.zeros(frames, np.complex128)
    analytic[: len(cross)] = 2.0 * cross
    energy = np.concatenate([[0.0], np.cumsum(sound**2)])
    local = np.full(frames, np.inf)
    local[: frames - len(pattern) + 1] = energy[len(pattern) :] - energy[: -len(pattern)]
    least = 1e-12 * len(pattern) + 1e-9 * float(np.max(local[np.isfinite(local)]))
    return np.asarray(np.abs(np.fft.ifft(analytic)) / np.sqrt(np.maximum(local, least) * np.sum(pattern**2)))


def peaks(likeness: Array) -> list[tuple[float, float]]:
    """Return places, between frames, and heights of the peaks above LEAST."""
    middle = likeness[1:-1]
    found = 1 + np.flatnonzero((middle > LEAST) & (middle >= likeness[:-2]) & (middle > likeness[2:]))
    before, here, after = likeness[found - 1], likeness[found], likeness[found + 1]
    places = found + 0.5 * (before - after) / (before - 2.0 * here + after)
    return list(zip(places.tolist(), here.tolist(), strict=True))
