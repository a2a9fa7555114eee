"""Power spectra: how the power of a sound is spread over frequency, in lines and in bands.

    P_k = mean over the segments of c |X_k|^2 / (N sum of w^2),    c = 2, and 1 at 0 Hz and at the Nyquist frequency

X is the spectrum of a segment of N frames under the Hann window w; segments overlap by half. The sum of all lines is
the mean square of the sound, so that noise needs no correction, and a tone is the sum of the three lines around it. A
band takes of the lines at its edges the part that lies inside: it is ideal, steeper than the filters that the standard
allows. Power is relative to full scale 1: a sine of full scale has the power 1 / 2.

Source: P. D. Welch, The use of fast Fourier transform for the estimation of power spectra, IEEE Trans. Audio
Electroacoust. 15 (1967).
"""

from __future__ import annotations

import attrs
import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.quantity import format_number
from tapegraph.run.sound import Array, Audio

LINE_HZ = 1.0
SHORTEST_S = 0.1


@attrs.frozen
class PowerSpectrum:
    """The power of a sound by frequency.

    frequencies_hz: of the lines, from 0 to the Nyquist frequency, evenly spaced
    power: mean square of each channel in each line: (channels, lines)
    """

    frequencies_hz: Array
    power: Array

    def between(self, low_hz: Array | float, high_hz: Array | float) -> Array:
        """Return the power of each channel in bands from low_hz to high_hz: (channels, bands), or (channels,)."""
        line_hz = self.frequencies_hz[1]
        edges = np.concatenate([self.frequencies_hz - line_hz / 2.0, self.frequencies_hz[-1:] + line_hz / 2.0])
        below = np.concatenate([np.zeros((len(self.power), 1)), np.cumsum(self.power, axis=1)], axis=1)
        return np.array([np.interp(high_hz, edges, row) - np.interp(low_hz, edges, row) for row in below])

    def weighted(self, gains: Array) -> PowerSpectrum:
        """Return the spectrum behind a filter whose gain at each line is given, as a ratio."""
        return PowerSpectrum(self.frequencies_hz, self.power * gains**2)


def power_spectrum(sound: Audio, sample_rate: float, line_hz: float = LINE_HZ) -> PowerSpectrum:
    """Return the power spectrum of (channels, frames), with lines line_hz apart.

    A sound shorter than 1 / line_hz is one segment, whose lines are farther apart. Raises TapegraphError if it is
    shorter than SHORTEST_S.
    """
    frames = sound.shape[1]
    if frames < SHORTEST_S * sample_rate:
        found, needed = (format_number(s, "s") for s in (round(frames / sample_rate, 3), SHORTEST_S))
        raise TapegraphError(f"the recording is {found} long; a spectrum needs at least {needed}")
    size = min(frames, round(sample_rate / line_hz))
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    power = np.zeros((sound.shape[0], size // 2 + 1))
    starts = range(0, frames - size + 1, max(1, size // 2))
    for start in starts:
        power += np.abs(np.fft.rfft(sound[:, start : start + size] * window)) ** 2
    power *= 2.0 / (len(starts) * size * np.sum(window**2))
    power[:, 0] /= 2.0
    if size % 2 == 0:
        power[:, -1] /= 2.0
    return PowerSpectrum(np.arange(size // 2 + 1) * sample_rate / size, power)
