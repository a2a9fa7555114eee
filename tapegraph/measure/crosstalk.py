"""Crosstalk: what an undriven track receives from the others, over frequency, relative to its own sound.

    H(d, t) = what comes out at track t over a sweep that goes into track d alone, see sweep.py
    worst   = the largest |H(d, t)| / |H(t, t)|
    all     = sqrt(sum of |H(d, t)|^2) / |H(t, t)|,    d all tracks but t

Of a track, H(t, t) is the sound that it should give at that level, so that crosstalk is what is wrong with it beside
what is right. all adds up powers, as those of different music in all other tracks do. Only what has the frequency of
the sweep counts, as behind the band-pass filter that service manuals prescribe: neither noise nor harmonics. A graph
without crosstalk has no values. A rig of one channel gets two for this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph.measure.machine import Machine
from tapegraph.measure.result import Result, decibels, over_frequency, table, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.measure.sweep import LINES_S, Spectrum, every, grid, sweep_one
from tapegraph.run.sound import Array

LEVELS_DBFS = (-20.0,)
PER_DECADE = 40
OCTAVE = 12  # in steps
RANGE_HZ = (40.0, 15_000.0)
NOTHING_DB = -200.0  # what lies below is the rounding of numbers


@attrs.frozen
class Crosstalk(Result):
    """Crosstalk: all_db, worst_db and worst_track are arrays of (levels, tracks, frequencies).

    worst_track: from which track most comes; tracks count from 1
    """

    frequency_hz: Array
    level_dbfs: Array
    track: Array
    all_db: Array
    worst_db: Array
    worst_track: Array

    def columns(self) -> dict[str, Array]:
        return table(
            ("level_dbfs", self.level_dbfs[:, np.newaxis, np.newaxis]),
            ("track", self.track[:, np.newaxis]),
            ("frequency_hz", self.frequency_hz),
            ("all_db", self.all_db),
            ("worst_db", self.worst_db),
            ("worst_track", self.worst_track),
        )

    def summary(self) -> dict[str, Array]:
        return octaves(self.columns())

    def plot(self, ax: Any) -> None:
        """Draw what each track receives from all others, at the highest level; tracks that receive the same once."""
        loudest = self.all_db[int(np.argmax(self.level_dbfs))]
        alike: dict[tuple[float, ...], list[int]] = {}  # in tenths of a dB
        for k, all_db in enumerate(loudest):
            alike.setdefault(tuple(np.nan_to_num(all_db.round(1))), []).append(k)
        for tracks in alike.values():
            numbers = ", ".join(f"{self.track[k]:.0f}" for k in tracks)
            ax.plot(self.frequency_hz, loudest[tracks[0]], label=f"track{'s' * (len(tracks) > 1)} {numbers}")
        over_frequency(ax, f"dB, at {np.max(self.level_dbfs):g} dBFS")
        ax.legend()
        if not np.isfinite(loudest).any():
            ax.set_title("nothing crosses over")


def crosstalk(graph: Measured, levels_dbfs: Sequence[float] = LEVELS_DBFS) -> Crosstalk:
    """Return the crosstalk of a graph, or on a rig, from 40 Hz to 15 kHz for each of its tracks."""
    rig = on_the_bench(graph).with_channels(2)
    lines = lines_of(rig)
    levels = [ratios(paths(rig, level_dbfs, lines)) for level_dbfs in levels_dbfs]
    every_one = np.array([decibels(np.sqrt(np.sum(from_others**2, axis=0))) for from_others in levels])
    worst = np.array([decibels(np.max(from_others, axis=0)) for from_others in levels])
    worst_track = np.array([1.0 + np.argmax(from_others, axis=0) for from_others in levels])
    nothing = every_one < NOTHING_DB
    return Crosstalk(
        lines / LINES_S,
        vector(levels_dbfs),
        vector(range(1, rig.channels + 1)),
        *(np.where(nothing, np.nan, found) for found in (every_one, worst, worst_track)),
        changed=rig.changed,
    )


def octaves(columns: dict[str, Array]) -> dict[str, Array]:
    """Return the rows of a table whose frequencies are octaves apart."""
    chosen = every(OCTAVE, columns["frequency_hz"], PER_DECADE)
    return {name: values[chosen] for name, values in columns.items()}


def lines_of(rig: Machine) -> npt.NDArray[np.int64]:
    lowest_hz, highest_hz = RANGE_HZ
    return grid(lowest_hz, min(highest_hz, rig.highest_hz), PER_DECADE)


def paths(rig: Machine, level_dbfs: float, lines: npt.NDArray[np.int64]) -> Spectrum:
    """Return H: (driven tracks, tracks, lines)."""
    tracks = range(rig.channels)
    driven = [sweep_one(rig, level_dbfs, track)[: rig.channels] for track in tracks]
    return np.array([[found.spectrum(1)[lines] for found in heard] for heard in driven])


def ratios(H: Spectrum) -> Array:
    """Return what tracks receive from others relative to their own: (driven tracks, tracks, lines), 0 from itself."""
    size = np.abs(H)
    tracks = np.arange(len(H))
    own = size[tracks, tracks]
    size[tracks, tracks] = 0.0
    return np.divide(size, own, out=np.zeros_like(size), where=own > 0.0)
