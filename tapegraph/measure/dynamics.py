"""Dynamics: output level over input level of a steady tone of 1 kHz, as a curve of what a machine does to loudness.

output_dbfs is the level of a sine with the RMS of all that comes out, distortion included; gain_db is its distance
from the input. What a compressor does in time is measured by attack.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.measure.result import Result, over_level, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.measure.sheet import pens
from tapegraph.measure.tones import dbfs, line, played
from tapegraph.run.sound import Array

LEVELS_DBFS = tuple(float(level) for level in range(-60, 7, 6))
TONE_HZ = 1000.0


@attrs.frozen
class Dynamics(Result):
    """Levels: arrays with a value for each level at the input."""

    TITLE = "Gain over level"

    level_dbfs: Array
    output_dbfs: Array
    gain_db: Array

    def plot(self, ax: Any) -> None:
        """Draw the gain, in which a fraction of a dB is seen."""
        ax.plot(self.level_dbfs, self.gain_db, marker=".")
        over_level(ax, "dB of gain")
        pens.fit_decibels(ax)


def dynamics(graph: Measured, levels_dbfs: Sequence[float] = LEVELS_DBFS, frequency_hz: float = TONE_HZ) -> Dynamics:
    """Return the output level of a graph, or on a rig, for tones at each level."""
    rig = on_the_bench(graph)
    k = line(rig, frequency_hz)
    output = vector(dbfs(np.sqrt(2.0 * np.mean(played(rig, [k], level_dbfs) ** 2))) for level_dbfs in levels_dbfs)
    levels = vector(levels_dbfs)
    return Dynamics(levels, output, output - levels, changed=rig.changed)
