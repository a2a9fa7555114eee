"""Noise: what comes out of a machine while nothing goes in, by the weightings of data sheets, and its spectrum.

Silence is played through the graph as it is: hiss, hum and what else it makes by itself. Levels are re a sine of full
scale, see analysis/noise.py; a machine without noise has none, nor has the rounding of numbers, below -200 dBFS. Noise
that only a signal brings out is in THD+N.
The curve is the density of the power, from bands of a twelfth of an octave: hum stands out of hiss as lines.

    density = power in the band / its width,    0 dBFS/Hz: a sine of full scale, spread over 1 Hz
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from tapegraph.analysis.decibels import power_dbfs
from tapegraph.analysis.loudness import HIGHEST
from tapegraph.analysis.noise import BAND_HZ, noise_levels
from tapegraph.analysis.spectrum import power_spectrum
from tapegraph.errors import TapegraphError
from tapegraph.measure.result import Result, over_frequency
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.run.sound import Array, Audio, planar

PLAYED_S = 10.0
LINE_HZ = 0.25  # some in the lowest band
PER_OCTAVE = 12
ROUNDING = 1e-10  # what is smaller is silence
PICTURED_DB = 40.0  # at least


@attrs.frozen
class Noise(Result):
    """Levels: arrays of one value, but for the last two, which are the curve; of silence, minus infinity.

    unweighted_dbfs: RMS, 20 Hz to 20 kHz
    a_weighted_dbfs: RMS
    ccir_rms_dbfs: RMS by the curve of ITU-R BS.468, with 0 dB at 2 kHz
    quasi_peak_dbfs: dBq, ITU-R BS.468
    """

    unweighted_dbfs: Array
    a_weighted_dbfs: Array
    ccir_rms_dbfs: Array
    quasi_peak_dbfs: Array
    frequency_hz: Array
    density_dbfs_per_hz: Array

    def curve(self) -> dict[str, Array]:
        return {"frequency_hz": self.frequency_hz, "density_dbfs_per_hz": self.density_dbfs_per_hz}

    def plot(self, ax: Any) -> None:
        ax.plot(self.frequency_hz, self.density_dbfs_per_hz)
        over_frequency(ax, "dBFS/Hz")
        heard = self.density_dbfs_per_hz[np.isfinite(self.density_dbfs_per_hz)]
        if not len(heard):
            ax.set_title("silence")
            return
        highest = float(np.max(heard)) + 3.0
        ax.set_ylim(min(float(np.min(heard)), highest - PICTURED_DB), highest)
        ax.set_title(f"{self.unweighted_dbfs[0]:.1f} dBFS, A-weighted {self.a_weighted_dbfs[0]:.1f} dBFS")

    def figures(self) -> dict[str, str]:
        levels = {
            "Noise": self.unweighted_dbfs,
            "Noise, A-weighted": self.a_weighted_dbfs,
            "Noise, BS.468, RMS": self.ccir_rms_dbfs,
            "Noise, BS.468, quasi-peak": self.quasi_peak_dbfs,
        }
        return {name: f"{level[0]:.1f} dBFS" if np.isfinite(level[0]) else "silence" for name, level in levels.items()}


def noise(graph: Measured) -> Noise:
    """Return the noise of a graph, or on a rig."""
    rig = on_the_bench(graph)
    settling = round(rig.settling_s * rig.sample_rate)
    heard = rig.play(np.zeros(settling + round(PLAYED_S * rig.sample_rate)), moving=True)
    return noise_of(heard[settling:], rig.sample_rate)


def noise_of(sound: Audio, sample_rate: float) -> Noise:
    """Return the noise that a sound is, (frames,) or (1, frames). What is no sound, or beyond HIGHEST, is silence.

    Raises TapegraphError if it is shorter than 0.1 s, or has more channels.
    """
    one = planar(sound)
    if len(one) != 1:
        raise TapegraphError(f"the recording has {len(one)} channels; noise is measured on one of them")
    one = np.where((np.abs(one) >= ROUNDING) & (np.abs(one) < HIGHEST), one, 0.0)
    levels = noise_levels(one, sample_rate)
    centres_hz, low_hz, high_hz = bands(min(BAND_HZ[1], sample_rate / 2.0))
    power = power_spectrum(one, sample_rate, LINE_HZ).between(low_hz, high_hz)[0]
    return Noise(
        levels.unweighted_dbfs,
        levels.a_weighted_dbfs,
        levels.ccir_rms_dbfs,
        levels.quasi_peak_dbfs,
        centres_hz,
        power_dbfs(np.maximum(power, 0.0) / (high_hz - low_hz)),
    )


def bands(highest_hz: float) -> tuple[Array, Array, Array]:
    """Return centres and edges of the bands from 20 Hz up, as far as whole ones fit; one is centred at 1 kHz."""
    low, high = (PER_OCTAVE * np.log2(hz / 1000.0) for hz in (BAND_HZ[0], highest_hz))
    steps = np.arange(np.ceil(low + 0.5), np.floor(high - 0.5) + 1.0)
    centres, below, above = (1000.0 * 2.0 ** ((steps + side) / PER_OCTAVE) for side in (0.0, -0.5, 0.5))
    return centres, below, above
