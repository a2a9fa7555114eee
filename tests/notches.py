"""What a graph does to little sound at each frequency, and how deep the notches are that it cuts into it.

    |H(f)|^2 = mean over the periods of |Y(f) - Y0(f)|^2 / |X(f)|^2

x repeats one period of pink noise, whose lines have the power 1 / f and phases that were drawn once; y is what the
graph makes of it from the second period on, and y0 what it makes of silence: its own noise, drawn from the same seed,
is not part of the response. Of a graph that is linear, stands still and has settled in a period H is exact at every
line; of one that moves it is the mean power.

A notch is a place with shoulders on both sides; the edge of a low-pass has one only:

    depth(f) = min(max of L(f 2^-a), max of L(f 2^a)) - L(f),    a from 0 to 2,

L is |H|^2 in dB, its power averaged over a twelfth of an octave. A delayed copy at the level g of the direct sound cuts
notches of 20 log10((1 + g) / (1 - g)), of which that averaging takes half a dB of 12.
Source: R. Pintelon, J. Schoukens, System Identification: A Frequency Domain Approach, 2nd ed., 2012 (random-phase
multisines, whole periods). The notch is ours.
"""

from __future__ import annotations

import attrs
import numpy as np

from tapegraph.analysis.matching import rendered
from tapegraph.document.flat import FlatGraph
from tapegraph.run.sound import Array

LEVEL_DBFS = -60.0  # where hysteresis is linear within half a dB
PERIOD_S = 0.5  # lines are 2 Hz apart
PERIODS = 2  # that are measured
LINES_HZ = (20.0, 20_000.0)
HIGHEST = 0.45  # of the sample rate
PHASES_SEED = 1970
SMOOTHED = 1.0 / 12.0  # octaves
SHOULDER = 2.0  # octaves to either side
GRID = 48  # places in an octave


@attrs.frozen
class Response:
    """What a graph does to little sound.

    frequencies_hz: of the lines
    power: |H|^2 of each output channel at each line
    """

    frequencies_hz: Array
    power: Array

    def gain_db(self, frequency_hz: float) -> Array:
        """Return the gain of each channel at the line next to a frequency."""
        line = int(np.argmin(np.abs(self.frequencies_hz - frequency_hz)))
        return np.asarray(10.0 * np.log10(np.maximum(self.power[:, line], 1e-30)))

    def smoothed_db(self, frequencies_hz: Array) -> Array:
        """Return the gain of each channel around some frequencies, its power averaged over SMOOTHED octaves."""
        sums = np.concatenate([np.zeros((len(self.power), 1)), np.cumsum(self.power, axis=1)], axis=1)
        half = 2.0 ** (SMOOTHED / 2.0)
        first = np.searchsorted(self.frequencies_hz, frequencies_hz / half)
        behind = np.searchsorted(self.frequencies_hz, frequencies_hz * half, side="right")
        behind = np.maximum(behind, first + 1)  # at least the next line
        return np.asarray(10.0 * np.log10(np.maximum((sums[:, behind] - sums[:, first]) / (behind - first), 1e-30)))

    def deepest_notch(self, low_hz: float, high_hz: float) -> tuple[float, float]:
        """Return the depth in dB, and the frequency, of the deepest notch of any channel in a range."""
        reach = round(GRID * SHOULDER)
        octaves = np.arange(-reach, round(GRID * np.log2(high_hz / low_hz)) + reach + 1) / GRID
        places_hz = low_hz * 2.0**octaves
        inside = (places_hz >= self.frequencies_hz[0]) & (places_hz <= self.frequencies_hz[-1])
        levels = np.full((len(self.power), len(places_hz)), -np.inf)
        levels[:, inside] = self.smoothed_db(places_hz[inside])
        windows = np.lib.stride_tricks.sliding_window_view(levels, 1 + reach, axis=1).max(axis=2)
        depths = np.minimum(windows[:, :-reach], windows[:, reach:]) - levels[:, reach:-reach]
        place = int(np.argmax(np.max(depths, axis=0)))
        return float(np.max(depths)), float(places_hz[reach + place])


def response(
    graph: FlatGraph, sample_rate: float, channels: int = 2, level_dbfs: float = LEVEL_DBFS, periods: int = PERIODS
) -> Response:
    """Return the response of a graph to the same sound in all channels, at an RMS level re a sine of full scale."""
    frames = round(PERIOD_S * sample_rate)
    low, high = (frames * f / sample_rate for f in (LINES_HZ[0], min(LINES_HZ[1], HIGHEST * sample_rate)))
    lines = np.arange(int(np.ceil(low)), int(high) + 1)
    spectrum = np.zeros(frames // 2 + 1, np.complex128)
    spectrum[lines] = np.exp(2j * np.pi * np.random.default_rng(PHASES_SEED).uniform(0.0, 1.0, len(lines))) / np.sqrt(
        lines
    )
    period = np.fft.irfft(spectrum, frames)
    scale = 10.0 ** (level_dbfs / 20.0) * np.sqrt(0.5) / np.sqrt(np.mean(period**2))
    needed = (1 + periods) * frames + graph.block
    sound = np.tile(np.resize(scale * period, needed), (channels, 1))
    alone = rendered(graph, np.zeros_like(sound), sample_rate)
    measured = (rendered(graph, sound, sample_rate) - alone)[:, frames : (1 + periods) * frames]
    found = np.fft.rfft(measured.reshape(len(measured), periods, frames))[:, :, lines]
    power = np.mean(np.abs(found) ** 2, axis=1) / np.abs(scale * spectrum[lines]) ** 2
    return Response(lines * sample_rate / frames, power)
