"""Harmonics: the second to the ninth over the frequency of the fundamental, one sweep for each level.

    harmonic n of f = |H_n(n f)| / |H_1(f)|

H_n is what a synchronised sweep finds of it, see sweep.py. A sweep and steady tones agree within 0.1 dB on graphs whose
memory is short beside the sweep, as that of tape is. Left blank are harmonics above 20 kHz, and those that come so soon
after the next one that its echoes cover them: of an echo of 0.3 s, all but the second. So are those that a sound which
comes early covers, by 0.1 s or more. thd() plays steady tones.

What aliases is no harmonic and is not counted, but where it meets one: the third, at fs - 3 f, is the second for
f = fs / 5 and stands out as a spike, within 2 %. It goes at a higher sample rate, and alias() measures it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.measure.result import FLOOR_DB, Result, decibels, over_frequency, table, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.measure.sheet import pens
from tapegraph.measure.sweep import LINES_S, every, grid, sweep
from tapegraph.run.sound import Array

LEVELS_DBFS = (-20.0, -12.0, -6.0)
ORDERS = range(2, 10)
PER_DECADE = 40
OCTAVE = 12  # in steps
LOWEST_HZ = 40.0
SILENT_DBFS = -200.0  # what is less is the rounding of numbers


@attrs.frozen
class Harmonics(Result):
    """Harmonics relative to the fundamental at the output: relative_db is (levels, orders, frequencies).

    frequency_hz: of the fundamental
    fundamental_dbfs: at the output, (levels, frequencies)
    """

    TITLE = "Harmonics"

    frequency_hz: Array
    level_dbfs: Array
    order: Array
    fundamental_dbfs: Array
    relative_db: Array

    def columns(self) -> dict[str, Array]:
        harmonics = ((f"h{n:.0f}_db", self.relative_db[:, k]) for k, n in enumerate(self.order))
        return table(
            ("level_dbfs", self.level_dbfs[:, np.newaxis]),
            ("frequency_hz", self.frequency_hz),
            ("fundamental_dbfs", self.fundamental_dbfs),
            *harmonics,
        )

    def summary(self) -> dict[str, Array]:
        """Return octaves."""
        octaves = every(OCTAVE, self.frequency_hz, PER_DECADE)
        return {
            name: values.reshape(len(self.level_dbfs), -1)[:, octaves].ravel()
            for name, values in self.columns().items()
        }

    def plot(self, ax: Any) -> None:
        """Draw the harmonics at the highest level, those that can be heard for an octave, if any."""
        loudest = int(np.argmax(self.level_dbfs))
        heard = np.count_nonzero(self.relative_db[loudest] > FLOOR_DB, axis=1)
        least = max(1, min(OCTAVE, int(np.max(heard))))
        for n, relative_db, points in reversed([*zip(self.order, self.relative_db[loudest], heard, strict=True)]):
            if points >= least:
                ax.plot(self.frequency_hz, relative_db, color=pens.of_harmonic(int(n)), label=f"H{n:.0f}")
        over_frequency(ax, f"dB, relative to a fundamental of {self.level_dbfs[loudest]:g} dBFS")
        pens.fit_relative(ax, FLOOR_DB)
        pens.name_curves(ax, reverse=True)
        if not np.any(heard):
            ax.set_title(f"less than {FLOOR_DB:g} dB")


def harmonics(graph: Measured, levels_dbfs: Sequence[float] = LEVELS_DBFS) -> Harmonics:
    """Return the harmonics of a graph, or on a rig, for fundamentals from 40 Hz to 20 kHz at each level.

    Raises TapegraphError where nothing comes out, or echoes cover them all.
    """
    rig = on_the_bench(graph)
    lines = grid(LOWEST_HZ, rig.highest_hz, PER_DECADE)
    relative = np.full((len(levels_dbfs), len(ORDERS), len(lines)), np.nan)
    fundamentals = np.empty((len(levels_dbfs), len(lines)))
    for i, level_dbfs in enumerate(levels_dbfs):
        found = sweep(rig, level_dbfs)
        fundamentals[i] = decibels(np.abs(found.harmonic(1)[lines]))
        if np.max(fundamentals[i]) + level_dbfs < SILENT_DBFS:
            continue
        for k, n in itertools.compress(enumerate(ORDERS), map(found.is_apart, ORDERS)):
            heard = n * lines <= LINES_S * rig.highest_hz
            relative[i, k, heard] = decibels(np.abs(found.harmonic(n)[n * lines[heard]])) - fundamentals[i, heard]
    levels = vector(levels_dbfs)
    fundamentals += levels[:, np.newaxis]
    if np.max(fundamentals) < SILENT_DBFS:
        raise TapegraphError("nothing of the sweep comes out of the graph")
    if np.isnan(relative).all():
        raise TapegraphError("echoes or noise of the graph cover the harmonics of the sweep; thd plays steady tones")
    return Harmonics(lines / LINES_S, levels, vector(ORDERS), fundamentals, relative, changed=rig.changed)
