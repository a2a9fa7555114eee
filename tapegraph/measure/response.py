"""Response: magnitude, phase and group delay over frequency, at one or more levels.

    H(f) = FFT of the linear response that a sweep finds, see sweep.py
    group delay = -(phase(f r) - phase(f / r)) / (2 pi (f r - f / r)),    r half a step of the frequencies

In time with the input: the latency that the graph states is taken out; where nobody knows it, as of a recording, group
delay is relative to its mean from 500 Hz to 2 kHz, and the phase to that delay. Of a graph that distorts, H is what
comes out at the frequency that went in, at the level of the sweep.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.measure.result import Panel, Result, decibels, hertz, over_frequency, rounded, table, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.measure.sheet import pens
from tapegraph.measure.sweep import LINES_S, every, grid, sweep
from tapegraph.run.sound import Array

LEVELS_DBFS = (-20.0,)
PER_DECADE = 80
THIRD = 8  # of an octave, in steps
LOWEST_HZ = 20.0
MIDDLE_HZ = 1000.0
WITHIN_DB = 3.0
FAINT_DB = 50.0  # below the loudest frequency phase is not drawn
DELAY_HZ = (500.0, 2000.0)


@attrs.frozen
class Response(Result):
    """The response: arrays of (levels, frequencies); phase_deg does not wrap, and is 0 within 180 at 1 kHz."""

    TITLE = "Frequency response"

    frequency_hz: Array
    level_dbfs: Array
    magnitude_db: Array
    phase_deg: Array
    group_delay_ms: Array

    def columns(self) -> dict[str, Array]:
        return table(
            ("level_dbfs", self.level_dbfs[:, np.newaxis]),
            ("frequency_hz", self.frequency_hz),
            ("magnitude_db", self.magnitude_db),
            ("phase_deg", self.phase_deg),
            ("group_delay_ms", self.group_delay_ms),
        )

    def summary(self) -> dict[str, Array]:
        """Return thirds of an octave."""
        thirds = every(THIRD, self.frequency_hz, PER_DECADE)
        return {
            name: values.reshape(len(self.level_dbfs), -1)[:, thirds].ravel() for name, values in self.columns().items()
        }

    def magnitude_at(self, frequency_hz: float) -> Array:
        """Return the magnitude in dB at a frequency, for each level, between the nearest two measured."""
        log_hz = np.log(self.frequency_hz)
        return vector(np.interp(np.log(frequency_hz), log_hz, magnitude) for magnitude in self.magnitude_db)

    def plot(self, ax: Any) -> None:
        self.draw(ax, self.magnitude_db, "dB")
        pens.fit_decibels(ax)

    def panels(self) -> dict[str, Panel]:
        return {self.TITLE: self.plot, "Phase": self.plot_phase, "Group delay": self.plot_group_delay}

    def plot_phase(self, ax: Any) -> None:
        self.draw(ax, self.heard(self.phase_deg), "degrees")
        pens.fit_degrees(ax)

    def plot_group_delay(self, ax: Any) -> None:
        self.draw(ax, self.heard(self.group_delay_ms), "ms")
        pens.fit_ms(ax)

    def draw(self, ax: Any, values: Array, unit: str) -> None:
        """Draw a curve for each level."""
        for level_dbfs, curve, colour in zip(self.level_dbfs, values, pens.scale(len(values)), strict=True):
            ax.plot(self.frequency_hz, curve, color=colour, label=f"{level_dbfs:g} dBFS")
        over_frequency(ax, unit)
        ax.legend()

    def heard(self, values: Array) -> Array:
        """Return values without those at frequencies of which hardly anything comes out."""
        loudest = np.max(self.magnitude_db, axis=1, keepdims=True)
        return np.where(self.magnitude_db > loudest - FAINT_DB, values, np.nan)

    def figures(self) -> dict[str, str]:
        """Return between which frequencies the quietest sweep stays within 3 dB of 1 kHz."""
        quietest = int(np.argmin(self.level_dbfs))
        relative = self.magnitude_db[quietest] - self.magnitude_at(MIDDLE_HZ)[quietest]
        middle = int(np.argmin(np.abs(self.frequency_hz - MIDDLE_HZ)))
        outside = np.flatnonzero(np.abs(relative) > WITHIN_DB)
        low = max((k + 1 for k in outside if k < middle), default=0)
        high = min((k - 1 for k in outside if k > middle), default=len(relative) - 1)
        return {
            f"Within {WITHIN_DB:g} dB of 1 kHz from": hertz(self.frequency_hz[low]),
            f"Within {WITHIN_DB:g} dB of 1 kHz to": hertz(self.frequency_hz[high]),
            "Gain at 1 kHz": f"{rounded(self.magnitude_at(MIDDLE_HZ)[quietest], 1)} dB",
        }


def response(graph: Measured, levels_dbfs: Sequence[float] = LEVELS_DBFS) -> Response:
    """Return the response of a graph, or on a rig, from 20 Hz to 20 kHz or 0.45 times the sample rate.

    levels_dbfs: of sweeps, a sine of full scale is 0 dBFS
    """
    rig = on_the_bench(graph)
    lines = grid(LOWEST_HZ, rig.highest_hz, PER_DECADE)
    below, above = (np.round(lines * 10.0 ** (side / PER_DECADE)).astype(np.int64) for side in (-0.5, 0.5))
    magnitudes, phases, delays = [], [], []
    for level_dbfs in levels_dbfs:
        H = sweep(rig, level_dbfs).spectrum(1)
        phase = np.zeros(len(H))
        phase[below[0] :] = np.unwrap(np.angle(H[below[0] :]))
        if math.isnan(rig.latency):
            first, last = (round(LINES_S * hz) for hz in DELAY_HZ)
            phase -= np.arange(len(H)) * (phase[last] - phase[first]) / (last - first)
        phase -= 2.0 * np.pi * np.round(phase[round(LINES_S * MIDDLE_HZ)] / (2.0 * np.pi))
        magnitudes.append(decibels(np.abs(H[lines])))
        phases.append(np.degrees(phase[lines]))
        delays.append(-1e3 * LINES_S * (phase[above] - phase[below]) / (2.0 * np.pi * (above - below)))
    return Response(
        lines / LINES_S,
        vector(levels_dbfs),
        np.array(magnitudes),
        np.array(phases),
        np.array(delays),
        changed=rig.changed,
    )
