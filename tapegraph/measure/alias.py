"""Aliases: what a tone makes that is not harmonic, over frequency and level.

The graph is held still and the tone fits a stretch, so that all it makes stands on lines, and noise on none of them
beyond the rounding of numbers. The number of cycles in a stretch has no divisor in common with the stretch: a harmonic
that folds back from half the sample rate falls between the harmonics that do not. All other lines, 20 Hz to 20 kHz, are
aliases; their power is summed, and the strongest is named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np

from tapegraph.measure.machine import Machine
from tapegraph.measure.result import FLOOR_DB, HEARING_HZ, Result, hertz, table, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.measure.tones import amplitudes, dbfs, line, lines_hz, played, rms, stretch_frames, usual
from tapegraph.run.sound import Array

MINUS = "\N{MINUS SIGN}"
FREQUENCIES_HZ = (100.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6300.0, 8000.0, 10_000.0, 12_000.0, 15_000.0, 18_000.0)
LEVELS_DBFS = (-24.0, -18.0, -12.0, -6.0, 0.0, 6.0)


@attrs.frozen
class Alias(Result):
    """Aliases relative to the fundamental at the output: arrays of (levels, frequencies)."""

    TITLE = "Aliases"

    IS_MAP: ClassVar[bool] = True

    frequency_hz: Array
    level_dbfs: Array
    alias_db: Array
    strongest_db: Array
    strongest_hz: Array

    def columns(self) -> dict[str, Array]:
        return table(
            ("level_dbfs", self.level_dbfs[:, np.newaxis]),
            ("frequency_hz", self.frequency_hz),
            ("alias_db", self.alias_db),
            ("strongest_db", self.strongest_db),
            ("strongest_hz", self.strongest_hz),
        )

    def plot(self, ax: Any) -> None:
        """Draw a map, a field for each tone with its number: frequency to the right, level upwards."""
        shown = np.maximum(self.alias_db, FLOOR_DB)
        ax.pcolormesh(shown, vmin=FLOOR_DB, vmax=0.0)
        for (row, column), value in np.ndenumerate(shown):
            number = f"{value:.0f}".replace("-", MINUS) if value > FLOOR_DB else ""
            colour = "black" if value > 0.4 * FLOOR_DB else "white"
            ax.text(column + 0.5, row + 0.5, number, ha="center", va="center", color=colour, fontsize="x-small")
        ax.set_xticks(
            np.arange(len(self.frequency_hz)) + 0.5,
            [f"{f / 1000.0:.2g}k" if f >= 1000.0 else f"{f:.0f}" for f in self.frequency_hz],
        )
        ax.set_yticks(
            np.arange(len(self.level_dbfs)) + 0.5, [f"{level:g}".replace("-", MINUS) for level in self.level_dbfs]
        )
        ax.set_xlabel("Hz")
        ax.set_ylabel("dBFS at the input; dB, relative to the tone")

    def figures(self) -> dict[str, str]:
        """Return the worst."""
        i, j = np.unravel_index(int(np.argmax(self.alias_db)), self.alias_db.shape)
        return {
            f"Aliases, {hertz(self.frequency_hz[j])}, {self.level_dbfs[i]:g} dBFS": f"{self.alias_db[i, j]:.1f} dB",
        }


def alias(
    graph: Measured, frequencies_hz: Sequence[float] | None = None, levels_dbfs: Sequence[float] = LEVELS_DBFS
) -> Alias:
    """Return the aliases of a graph, or on a rig, for tones near the frequencies, at each level.

    frequencies_hz: FREQUENCIES_HZ, as far as the sample rate holds them, where it is None
    """
    rig = on_the_bench(graph)
    cycles = [foreign_line(rig, f) for f in frequencies_hz or usual(rig, FREQUENCIES_HZ)]
    found = np.array([[tone(rig, k, level_dbfs) for k in cycles] for level_dbfs in levels_dbfs])
    return Alias(lines_hz(rig)[cycles], vector(levels_dbfs), *np.moveaxis(found, 2, 0), changed=rig.changed)


def foreign_line(rig: Machine, frequency_hz: float) -> int:
    """Return the line next to a frequency whose number has no divisor in common with the frames of a stretch."""
    k = line(rig, frequency_hz)
    while math.gcd(k, stretch_frames(rig)) > 1:
        k += 1
    return k


def tone(rig: Machine, k: int, level_dbfs: float) -> tuple[float, float, float]:
    """Return the aliases in dB, and level and frequency of the strongest."""
    f = lines_hz(rig)
    A = amplitudes(played(rig, [k], level_dbfs))
    others = (f >= HEARING_HZ[0]) & (f <= rig.highest_hz) & (np.arange(len(f)) % k != 0)
    aliases = np.where(others, A, 0.0)
    strongest = int(np.argmax(aliases))
    fundamental = dbfs(A[k])
    return dbfs(rms(aliases)) - fundamental, dbfs(aliases[strongest]) - fundamental, float(f[strongest])
