"""A staircase: a steady tone that gets louder in steps, of each of which its level and its third harmonic are read.

The steps rise, so that each magnetises a tape more than all before it. Each sounds for as long as the graph takes to
settle, and is then read for a stretch that holds whole cycles. A window fades its ends: where recordings still move a
little, or the next step is a few ms early, they would be taken for a third harmonic.

A step is heard if its tone stands out of what lies beside it. Of a machine that is a gate the steps begin with the
first one that is heard; they end before one that is not any more, as where a part of a recording is missing.

Which steps are played depends on nothing that comes out: what lies between them is read from cubics through them,
within 0.02 dB for steps of 3 dB on machines of ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from tapegraph.analysis.flutter_weighting import through_points
from tapegraph.errors import TapegraphError
from tapegraph.measure.machine import Machine
from tapegraph.measure.result import amplitude, decibels, vector
from tapegraph.measure.tones import AFTERWARDS_S, dbfs, line, stretch_frames
from tapegraph.run.sound import Array

LEAST_DB = -120.0  # of a third harmonic: less is rounding
STRETCH_S = 0.2  # lines are 5 Hz apart
FEWEST = 4  # steps
FINE_DB = 0.02
BESIDE = 10  # lines on each side of a tone, of which
NEAR = 2  # those next to it have some of it: the window is so wide
HEARD = 4.0  # times the median of the lines beside it: of noise alone 1 line in 60 000 is as strong
SILENT = 1e-10  # -200 dBFS: the rounding of numbers
FLAT_DB = 0.1  # a last step that gives less than this more has reached the largest output


@attrs.frozen
class Staircase:
    """What came out of a tone, at each level at the input at which it is heard: some FEWEST levels, or none.

    output_dbfs: the fundamental
    third_db: the third harmonic relative to it, LEAST_DB or more; not a number where it is too high to be measured
    from_dbfs, up_to_dbfs: the first and the last level, where nothing is heard of those below or above
    """

    frequency_hz: float
    level_dbfs: Array
    output_dbfs: Array
    third_db: Array
    from_dbfs: float = -np.inf
    up_to_dbfs: float = np.inf

    def output_at(self, level_dbfs: float) -> float:
        """Return the output for a level at the input; not a number where that is not a number, or not heard."""
        return between(self.level_dbfs, self.output_dbfs, self.if_heard(level_dbfs))

    def third_at(self, level_dbfs: float) -> float:
        """Return the third harmonic for a level at the input; not a number where that is not a number, or not heard."""
        return between(self.level_dbfs, self.third_db, self.if_heard(level_dbfs))

    def if_heard(self, level_dbfs: float) -> float:
        """Return a level at the input; not a number where nothing is heard of it."""
        return level_dbfs if self.from_dbfs <= level_dbfs <= self.up_to_dbfs else np.nan

    def level_for_output(self, output_dbfs: float) -> float:
        """Return the lowest level at the input that gives an output; not a number where none does."""
        return rises_to(self.level_dbfs, self.output_dbfs, output_dbfs)

    def level_for_third(self, third_db: float) -> float:
        """Return the level at the input from which on the third harmonic is stronger; not a number where it is not.

        Below the level with the least of it, as where noise covers it, none is looked for.
        """
        return rises_to(self.level_dbfs, self.third_db, third_db)

    def largest_output_dbfs(self) -> float:
        """Return the largest output, of the parabola through the largest step and its neighbours.

        Not a number where it still rises at the highest level.
        """
        if not len(self.level_dbfs):
            return np.nan
        most = int(np.argmax(self.output_dbfs))
        largest = float(self.output_dbfs[most])
        if most == 0:
            return largest
        if most == len(self.output_dbfs) - 1:
            return largest if largest - self.output_dbfs[-2] < FLAT_DB else np.nan
        x, y = (10.0 ** (levels[most - 1 : most + 2] / 20.0) for levels in (self.level_dbfs, self.output_dbfs))
        a, b, c = np.polyfit(x, y, 2)
        return dbfs(c - b * b / (4.0 * a))


def staircase(rig: Machine, frequency_hz: float, levels_dbfs: Sequence[float]) -> Staircase:
    """Play a tone near a frequency at rising levels."""
    levels = vector(levels_dbfs)
    if len(levels) < FEWEST or not np.all(np.diff(levels) > 0.0):
        raise TapegraphError(f"the levels of a staircase must be {FEWEST} or more, and rise")
    frames = stretch_frames(rig, STRETCH_S)
    k = line(rig, frequency_hz, STRETCH_S)
    settling = round(rig.settling_s * rig.sample_rate)
    n = np.arange(len(levels) * (settling + frames) + round(AFTERWARDS_S * rig.sample_rate))
    step = np.minimum(n // (settling + frames), len(levels) - 1)
    heights = vector(map(amplitude, levels))
    out = rig.play(heights[step] * np.sin(2.0 * np.pi * k * n / frames))
    window = np.hanning(frames + 1)[:-1]
    steps = out[: len(levels) * (settling + frames)].reshape(len(levels), -1)[:, settling:]
    A = np.abs(np.fft.rfft(steps * window, axis=1)) * 2.0 / np.sum(window)
    third = np.full(len(levels), np.nan)
    if 3 * k * rig.sample_rate / frames <= rig.highest_hz:
        third = np.maximum(decibels(A[:, 3 * k]) - decibels(A[:, k]), LEAST_DB)
    kept = heard(A, k)
    return Staircase(
        k * rig.sample_rate / frames,
        levels[kept],
        decibels(A[kept, k]),
        third[kept],
        from_dbfs=levels[kept.start] if kept.start > 0 else -np.inf,
        up_to_dbfs=levels[kept.stop - 1] if kept.stop < len(levels) else np.inf,
    )


def heard(amplitudes: Array, k: int) -> slice:
    """Return the steps, FEWEST or none, from the first one with a tone at line k up to one without."""
    beside = [n for n in range(max(k - BESIDE, 0), k + BESIDE + 1) if abs(n - k) > NEAR]
    least = np.maximum(HEARD * np.median(amplitudes[:, beside], axis=1), SILENT)
    tones = np.flatnonzero(np.diff(amplitudes[:, k] > least, prepend=False, append=False))
    if not len(tones) or tones[1] - tones[0] < FEWEST:
        return slice(0, 0)
    return slice(int(tones[0]), int(tones[1]))


def between(x: Array, y: Array, at: float) -> float:
    return float(through_points(x, y, np.array([at]))[0]) if len(x) and np.isfinite(at) else np.nan


def rises_to(x: Array, y: Array, wanted: float) -> float:
    """Return where y first rises to a value, from its lowest point on; not a number where it does not."""
    if not len(y) or not np.isfinite(y).all() or y.min() > wanted:
        return np.nan
    fine = np.arange(x[int(np.argmin(y))], x[-1] + FINE_DB, FINE_DB)
    values = through_points(x, y, np.minimum(fine, x[-1]))
    above = np.flatnonzero(values >= wanted)
    if not len(above):
        return np.nan
    i = max(int(above[0]), 1)
    return float(np.interp(wanted, values[i - 1 : i + 1], fine[i - 1 : i + 1]))
