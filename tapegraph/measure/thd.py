"""THD: total harmonic distortion of steady tones, with and without noise, and the second and third harmonic alone.

    THD   = sqrt(A2^2 + A3^2 + ...) / A1              harmonics up to 20 kHz
    THD+N = RMS of the rest / RMS of all              20 Hz to 20 kHz, the rest without an octave around the tone

A are amplitudes at the output. THD is that of the graph held still; THD+N is that of the graph as it is, with its noise
and its flutter, but for what lies within the octave, as with the notch of AES17.
Sources: IEC 60268-3 (THD relative to the fundamental). The octave is the notch of REW for AES17-2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.measure.machine import Machine
from tapegraph.measure.result import HEARING_HZ, Result, hertz, over_level, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.measure.sheet import pens
from tapegraph.measure.tones import amplitudes, dbfs, line, lines_hz, percent, played, rms, stretch, tones, usual
from tapegraph.run.sound import Array

FREQUENCIES_HZ = (60.0, 315.0, 400.0, 1000.0, 10_000.0)
LEVELS_DBFS = (-30.0, -20.0, -10.0, -6.0, -3.0, 0.0)
FIGURES_HZ, FIGURES_DBFS = 1000.0, -10.0  # of the tone that stands for all of them
THIRD_OF_TAPE_PERCENT = 3.0  # at what is called the maximum output level of a tape
HALF_NOTCH = 2.0**0.5  # half an octave to either side


@attrs.frozen
class Thd(Result):
    """Distortion of tones: one-dimensional arrays, a value for each tone."""

    TITLE = "Third harmonic"

    frequency_hz: Array
    level_dbfs: Array
    output_dbfs: Array
    thd_percent: Array
    thd_plus_noise_percent: Array
    second_percent: Array
    third_percent: Array

    def plot(self, ax: Any) -> None:
        """Draw the third harmonic over level."""
        for frequency_hz in np.unique(self.frequency_hz):
            tone = self.frequency_hz == frequency_hz
            pens.plot_percents(ax, self.level_dbfs[tone], self.third_percent[tone], label=hertz(frequency_hz))
        over_level(ax, f"%, dotted: {THIRD_OF_TAPE_PERCENT:g} %")
        pens.fit_percents(ax, mark=THIRD_OF_TAPE_PERCENT)
        pens.name_curves(ax)

    def figures(self) -> dict[str, str]:
        """Return the distortion of the usual tone, and the level at which the third harmonic is that of full tape."""
        tone = self.frequency_hz == self.frequency_hz[np.argmin(np.abs(self.frequency_hz - FIGURES_HZ))]
        f, level, third = self.frequency_hz[tone][0], self.level_dbfs[tone], self.third_percent[tone]
        usual = int(np.argmin(np.abs(level - FIGURES_DBFS)))
        found = {f"THD, {hertz(f)}, {level[usual]:g} dBFS": f"{self.thd_percent[tone][usual]:.2f} %"}
        crossing = np.flatnonzero((third[:-1] < THIRD_OF_TAPE_PERCENT) & (third[1:] >= THIRD_OF_TAPE_PERCENT))
        if len(crossing):
            k = int(crossing[0])
            at = np.interp(np.log(THIRD_OF_TAPE_PERCENT), np.log(np.maximum(third[k : k + 2], 1e-20)), level[k : k + 2])
            found[f"Third harmonic of 3 %, {hertz(f)}"] = f"{at:.1f} dBFS"
        return found


def thd(
    graph: Measured, frequencies_hz: Sequence[float] | None = None, levels_dbfs: Sequence[float] = LEVELS_DBFS
) -> Thd:
    """Return the distortion of tones, each frequency at each level.

    frequencies_hz: moved to whole Hz; FREQUENCIES_HZ, as far as the sample rate holds them, where it is None
    levels_dbfs: at the input, a sine of full scale is 0 dBFS
    """
    rig = on_the_bench(graph)
    cycles = [line(rig, frequency_hz) for frequency_hz in frequencies_hz or usual(rig, FREQUENCIES_HZ)]
    found = np.array([tone(rig, k, level_dbfs) for k in cycles for level_dbfs in levels_dbfs])
    return Thd(*found.T, changed=rig.changed)


def tone(rig: Machine, k: int, level_dbfs: float) -> Array:
    """Return a row: the distortion of the tone with k cycles in a stretch."""
    f = lines_hz(rig)
    A = amplitudes(played(rig, [k], level_dbfs))
    harmonics = A[2 * k : int(np.searchsorted(f, rig.highest_hz, side="right")) : k]
    second, third = (harmonics[n] if len(harmonics) > n else np.nan for n in (0, 1))
    whole = rms(harmonics) if len(harmonics) else np.nan
    return vector(
        (
            f[k],
            level_dbfs,
            dbfs(A[k]),
            percent(whole, A[k]),
            with_noise(rig, k, level_dbfs),
            percent(second, A[k]),
            percent(third, A[k]),
        )
    )


def with_noise(rig: Machine, k: int, level_dbfs: float) -> float:
    """Return THD+N in percent, of the graph as it is.

    A window keeps a tone that flutters from spreading over the whole spectrum.
    """
    f = lines_hz(rig)
    sound = stretch(rig, rig.play(tones(rig, [k], level_dbfs), moving=True))
    power = np.abs(np.fft.rfft(sound * np.blackman(len(sound)))) ** 2
    heard = (f >= HEARING_HZ[0]) & (f <= min(HEARING_HZ[1], rig.highest_hz))
    rest = heard & ((f < f[k] / HALF_NOTCH) | (f > f[k] * HALF_NOTCH))
    return percent(np.sqrt(np.sum(power[rest])), np.sqrt(np.sum(power[heard])))
