"""Spectra in third octaves: what a machine adds and takes, over the whole of a song.

    band k = sum of |X|^2 from f[k] 2^(-1/6) to f[k] 2^(1/6),    f[k] = 1000 * 2^(k/3) Hz,    31.5 Hz to 16 kHz

X are Hann windows of 1/6 s that overlap by half (P. Welch, IEEE Trans. Audio Electroacoustics 15, 1967). A band that
holds less than -90 dB of the whole in either sound says nothing and is None: there a difference is that of noises.
"""

from __future__ import annotations

import numpy as np

from tapegraph.run.sound import Array

CENTRES_HZ = [1000.0 * 2.0 ** (k / 3.0) for k in range(-15, 13)]
LEAST = 1e-9  # of all power
MOST_DB = 60.0  # of a difference that is worth a number
WINDOW_S = 1.0 / 6.0


class Spectrum:
    """Measures the power of sound that comes in pieces, in bands of a third octave."""

    def __init__(self, sample_rate: float) -> None:
        self.half = round(WINDOW_S * sample_rate / 2.0)
        self.window = np.hanning(2 * self.half + 1)[:-1]
        self.hz = np.fft.rfftfreq(2 * self.half, 1.0 / sample_rate)
        self.power = np.zeros(self.half + 1)
        self.waiting: Array | None = None  # less than a window

    def add(self, sound: Array) -> None:
        """Measure (channels, frames) more."""
        x = sound if self.waiting is None else np.concatenate([self.waiting, sound], axis=1)
        start = 0
        while start + 2 * self.half <= x.shape[1]:
            spectra = np.fft.rfft(x[:, start : start + 2 * self.half] * self.window)
            self.power += np.sum(np.abs(spectra) ** 2, axis=0) / len(x)
            start += self.half
        self.waiting = x[:, start:].copy()

    def bands(self) -> list[float]:
        """Return the power of each band; 0 of those above half the sample rate."""
        edge = 2.0 ** (1.0 / 6.0)
        return [float(np.sum(self.power[(f / edge <= self.hz) & (self.hz < f * edge)])) for f in CENTRES_HZ]


def difference_db(a: Spectrum, b: Spectrum) -> tuple[float | None, ...]:
    """Return by how many dB each band of a is stronger than that of b."""
    least_a, least_b = (LEAST * float(np.sum(spectrum.power)) for spectrum in (a, b))
    differences: list[float | None] = []
    for p, q in zip(a.bands(), b.bands(), strict=True):
        known = p > least_a and q > least_b
        differences.append(10.0 * float(np.log10(p / q)) if known else None)
    return tuple(None if d is None else float(np.clip(d, -MOST_DB, MOST_DB)) for d in differences)
