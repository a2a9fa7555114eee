"""Hysteresis loops: what leaves a node against what enters it, over one cycle of a steady tone, at each level.

    x(t) = A sin(w t),    y(t) = Re sum of c_n exp(i n w t),    harmonics n from 0 up to half the sample rate
    remanence  = (y where x falls through 0 - y where x rises through 0) / 2
    coercivity = (x where y rises through 0 - x where y falls through 0) / 2
    area       = integral of x dy around the loop, in % of the rectangle around it: what is lost in a cycle

All are above 0 where y lags x, as magnetisation lags the field, and 0 where y depends on the present x alone. The node
is the one that the signals enter, `--at tape` or Rig(graph, at="tape"): x is what enters it, y its first output. Of
magnetic tape x is the field and y the magnetisation, both in units of full scale. Where no node is named, x and y are
the input and the output of the whole graph; its filters turn phases, and so open the loop, too.

c_n are read from all cycles of a stretch, so that noise averages out, and y is moved by the part of a frame that a
latency may have beside whole ones. Of an oversampled node, x and y are those at the graph's rate, before the sound is
resampled to the rate of the node and after it is brought back: with all that is heard, and without the delay of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.measure.result import Result, amplitude, table, vector
from tapegraph.measure.rig import Measured, Rig, on_a_rig
from tapegraph.measure.tones import line, played, stretch, stretch_frames, tones
from tapegraph.run.sound import Array

LEVELS_DBFS = (-6.0, 0.0, 6.0, 12.0)
TONE_HZ = 100.0
POINTS = 512  # of a cycle


@attrs.frozen
class Loop(Result):
    """Loops: input and output are (levels, points), the rest arrays with a value for each level.

    phase_deg: of the points, from where the input rises through 0
    peak_fullscale: the largest value of the output
    """

    level_dbfs: Array
    phase_deg: Array
    input_fullscale: Array
    output_fullscale: Array
    peak_fullscale: Array
    remanence_fullscale: Array
    coercivity_fullscale: Array
    area_percent: Array

    def columns(self) -> dict[str, Array]:
        """Return the loops point by point; the figures of a loop stand in each of its rows."""
        of_loops = ((name, values[:, np.newaxis]) for name, values in self.summary().items())
        return table(
            *of_loops,
            ("phase_deg", self.phase_deg),
            ("input_fullscale", self.input_fullscale),
            ("output_fullscale", self.output_fullscale),
        )

    def summary(self) -> dict[str, Array]:
        """Return what has a value for each level."""
        names = ("level_dbfs", "peak_fullscale", "remanence_fullscale", "coercivity_fullscale", "area_percent")
        return {name: getattr(self, name) for name in names}

    def plot(self, ax: Any) -> None:
        for level_dbfs, x, y in zip(self.level_dbfs, self.input_fullscale, self.output_fullscale, strict=True):
            ax.plot(np.append(x, x[0]), np.append(y, y[0]), label=f"{level_dbfs:g} dBFS")
        ax.set_xlabel("input, 1 is full scale")
        ax.set_ylabel("output")
        ax.grid(True, alpha=0.3)
        ax.legend()


def loop(graph: Measured, levels_dbfs: Sequence[float] = LEVELS_DBFS, frequency_hz: float = TONE_HZ) -> Loop:
    """Return the loops of a graph, or of the node that the signals of a rig enter, at each level."""
    rig = on_a_rig(graph)
    if rig.at is not None:
        if rig.at not in rig.graph.nodes:
            raise TapegraphError(f"{rig.at} varies in time and is left out, so it has no loop")
        rig = rig.listening_to(rig.at)
    phase = 2.0 * np.pi * np.arange(POINTS) / POINTS
    loops = [cycle(rig, line(rig, frequency_hz), level_dbfs, phase) for level_dbfs in levels_dbfs]
    inputs = np.array([amplitude(level_dbfs) * np.sin(phase) for level_dbfs in levels_dbfs])
    outputs = np.array(loops)
    return Loop(
        vector(levels_dbfs),
        np.degrees(phase),
        inputs,
        outputs,
        np.max(np.abs(outputs), axis=1),
        0.5 * (outputs[:, POINTS // 2] - outputs[:, 0]),
        vector(coercivity(x, y) for x, y in zip(inputs, outputs, strict=True)),
        vector(area_percent(x, y) for x, y in zip(inputs, outputs, strict=True)),
        changed=rig.changed,
    )


def cycle(rig: Rig, k: int, level_dbfs: float, phase: Array) -> Array:
    """Return the output over a cycle of a tone with k cycles in a stretch, at phases of the input."""
    frames = stretch_frames(rig)
    X = np.fft.rfft(stretch(rig, tones(rig, [k], level_dbfs)))
    Y = np.fft.rfft(played(rig, [k], level_dbfs))
    lines = np.arange((frames + 1) // 2)[::k]
    late = rig.latency - round(rig.latency)  # what is left of the latency, which is taken out in whole frames
    start = np.angle(1j * X[k]) - 2.0 * np.pi * k * late / frames  # phase of a sine when the stretch begins
    n = lines // k
    c = Y[lines] * np.exp(-1j * n * start) * np.where(n == 0, 1.0, 2.0) / frames
    return np.asarray(np.real(np.exp(1j * np.outer(phase, n)) @ c))


def coercivity(x: Array, y: Array) -> float:
    """Return half the distance of the inputs at which the output is 0; not a number unless there are two."""
    after = np.roll(y, -1)
    rises, falls = (np.flatnonzero(crosses) for crosses in ((y < 0.0) & (after >= 0.0), (y >= 0.0) & (after < 0.0)))
    if len(rises) != 1 or len(falls) != 1:
        return float("nan")
    rise, fall = (float(x[i] + (np.roll(x, -1)[i] - x[i]) * y[i] / (y[i] - after[i])) for i in (rises[0], falls[0]))
    return 0.5 * (rise - fall)


def area_percent(x: Array, y: Array) -> float:
    """Return the area of a loop in % of the rectangle around it."""
    rectangle = np.ptp(x) * np.ptp(y)
    loss = np.sum(x * (np.roll(y, -1) - np.roll(y, 1))) / 2.0
    return float(100.0 * loss / rectangle) if rectangle > 0.0 else float("nan")
