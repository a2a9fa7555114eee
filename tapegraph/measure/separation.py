"""Separation of a stereo pair: how far the undriven channel lies under the driven one, over frequency.

    left_to_right = |H(left, left)| / |H(left, right)|
    right_to_left = |H(right, right)| / |H(right, left)|

H(d, t) is what comes out of channel t over a sweep that goes into channel d alone, see crosstalk.py, which asks another
question: what is wrong with a track beside its own sound, whichever tracks it comes from. In a machine with two equal
channels both give the same figures, with opposite signs. Of more than two channels the first two are the pair. Channels
with nothing between them have no values. A rig of one channel gets two for this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.measure.crosstalk import LEVELS_DBFS, NOTHING_DB, lines_of, octaves, paths
from tapegraph.measure.result import Result, decibels, over_frequency, table, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.measure.sweep import LINES_S, Spectrum
from tapegraph.run.sound import Array


@attrs.frozen
class Separation(Result):
    """Separation: arrays of (levels, frequencies)."""

    frequency_hz: Array
    level_dbfs: Array
    left_to_right_db: Array
    right_to_left_db: Array

    def columns(self) -> dict[str, Array]:
        return table(
            ("level_dbfs", self.level_dbfs[:, np.newaxis]),
            ("frequency_hz", self.frequency_hz),
            ("left_to_right_db", self.left_to_right_db),
            ("right_to_left_db", self.right_to_left_db),
        )

    def summary(self) -> dict[str, Array]:
        return octaves(self.columns())

    def plot(self, ax: Any) -> None:
        """Draw both ways, at the highest level."""
        loudest = int(np.argmax(self.level_dbfs))
        ax.plot(self.frequency_hz, self.left_to_right_db[loudest], label="left to right")
        ax.plot(self.frequency_hz, self.right_to_left_db[loudest], label="right to left")
        over_frequency(ax, "dB")
        ax.legend()
        if not np.isfinite([self.left_to_right_db[loudest], self.right_to_left_db[loudest]]).any():
            ax.set_title("nothing crosses over")


def separation(graph: Measured, levels_dbfs: Sequence[float] = LEVELS_DBFS) -> Separation:
    """Return the separation of a graph, or on a rig, from 40 Hz to 15 kHz at each level."""
    rig = on_the_bench(graph).with_channels(2)
    lines = lines_of(rig)
    levels = [paths(rig, level_dbfs, lines) for level_dbfs in levels_dbfs]
    return Separation(
        lines / LINES_S,
        vector(levels_dbfs),
        *(np.array([apart(H, driven, 1 - driven) for H in levels]) for driven in (0, 1)),
        changed=rig.changed,
    )


def apart(H: Spectrum, driven: int, other: int) -> Array:
    """Return by how many dB one channel lies under the driven one; not a number where nothing arrives in it."""
    reached, arrived = (decibels(np.abs(H[driven, channel])) for channel in (driven, other))
    return np.where(arrived < NOTHING_DB, np.nan, reached - arrived)
