"""Intermodulation: what two tones make together, by SMPTE and by the difference tone of CCIF.

    SMPTE:  60 Hz and 7 kHz, 4 to 1       d2 = (A(f2 - f1) + A(f2 + f1)) / A(f2)
                                          d3 = (A(f2 - 2 f1) + A(f2 + 2 f1)) / A(f2)
    CCIF:   19 kHz and 20 kHz, 1 to 1     d2 = A(f2 - f1) / 2 A(f2)
                                          d3 = (A(2 f1 - f2) + A(2 f2 - f1)) / 2 A(f2)

A(f) is the amplitude at the output, f1 the lower tone. The level is that of a sine with the peak of both together.
The CCIF tones are 3 Hz lower, so that what folds back from half the sample rate does not fall on d2 and d3; at low
sample rates they are lower by as many kHz as it takes.
Source: IEC 60268-3 (modulation distortion, difference-frequency distortion), as the manuals of analysers state it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.measure.machine import Machine
from tapegraph.measure.result import Result, over_level, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.measure.sheet import pens
from tapegraph.measure.tones import amplitudes, line, percent, played
from tapegraph.run.sound import Array

LEVELS_DBFS = (-20.0, -12.0, -6.0, 0.0)
SMPTE_HZ = (60.0, 7000.0)
SMPTE_SHARES = (0.8, 0.2)
CCIF_HZ = (18_997.0, 19_997.0)


@attrs.frozen
class Imd(Result):
    """Intermodulation: arrays with a value for each level."""

    TITLE = "Intermodulation"

    level_dbfs: Array
    smpte_d2_percent: Array
    smpte_d3_percent: Array
    ccif_d2_percent: Array
    ccif_d3_percent: Array

    def plot(self, ax: Any) -> None:
        for label, percents, colour in (
            ("SMPTE d2", self.smpte_d2_percent, pens.BLUE),
            ("SMPTE d3", self.smpte_d3_percent, pens.SKY),
            ("CCIF d2", self.ccif_d2_percent, pens.VERMILION),
            ("CCIF d3", self.ccif_d3_percent, pens.ORANGE),
        ):
            pens.plot_percents(ax, self.level_dbfs, percents, color=colour, label=label)
        over_level(ax, "%")
        pens.fit_percents(ax)
        pens.name_curves(ax)


def imd(graph: Measured, levels_dbfs: Sequence[float] = LEVELS_DBFS) -> Imd:
    """Return the intermodulation of a graph, or on a rig, at each level."""
    rig = on_the_bench(graph)
    rows = np.array([(*smpte(rig, level_dbfs), *ccif(rig, level_dbfs)) for level_dbfs in levels_dbfs])
    return Imd(vector(levels_dbfs), *rows.T, changed=rig.changed)


def smpte(rig: Machine, level_dbfs: float) -> tuple[float, float]:
    """Return d2 and d3 in percent; not a number where the sample rate has no room for the upper tone."""
    if 2.0 * SMPTE_HZ[0] + SMPTE_HZ[1] > rig.highest_hz:
        return np.nan, np.nan
    low, high = (line(rig, f) for f in SMPTE_HZ)
    A = amplitudes(played(rig, (low, high), level_dbfs, SMPTE_SHARES))
    second, third = (A[high - n * low] + A[high + n * low] for n in (1, 2))
    return percent(second, A[high]), percent(third, A[high])


def ccif(rig: Machine, level_dbfs: float) -> tuple[float, float]:
    """Return d2 and d3 in percent."""
    lower_hz = max(0.0, 1000.0 * np.ceil((CCIF_HZ[1] - rig.highest_hz) / 1000.0))
    low, high = (line(rig, f - lower_hz) for f in CCIF_HZ)
    A = amplitudes(played(rig, (low, high), level_dbfs, (0.5, 0.5)))
    return percent(A[high - low], 2.0 * A[high]), percent(A[2 * low - high] + A[2 * high - low], 2.0 * A[high])
