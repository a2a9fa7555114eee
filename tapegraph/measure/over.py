"""The data sheet of a tape over its bias, or over whatever else a graph lets one turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.document.model import GraphModel
from tapegraph.document.targets import declared, is_numeric
from tapegraph.errors import TapegraphError
from tapegraph.measure.bias import bias_target
from tapegraph.measure.result import Panel, Result, decibels, vector
from tapegraph.measure.rig import Measured, on_a_rig
from tapegraph.measure.tape import DISTORTION_HZ, MIDDLE_HZ, SATURATION_HZ, Tape, at, tape
from tapegraph.measure.tones import usual
from tapegraph.run.sound import Array

FREQUENCIES_HZ = (315.0, DISTORTION_HZ, MIDDLE_HZ, SATURATION_HZ)
STEPS = 10


@attrs.frozen
class Over(Result):
    """Data sheets of one graph over what was turned.

    target: "Bias", "tape.bias" or "$bias"
    value: what it was turned to, for each of the sheets
    """

    target: str
    value: Array
    sheets: tuple[Tape, ...]

    def columns(self) -> dict[str, Array]:
        return self.joined([sheet.columns() for sheet in self.sheets])

    def summary(self) -> dict[str, Array]:
        """Return the row of each sheet."""
        return self.joined([sheet.summary() for sheet in self.sheets])

    def joined(self, tables: list[dict[str, Array]]) -> dict[str, Array]:
        """Return tables of the sheets as one, with the value of each in front of its rows."""
        rows = [len(columns["bias"]) for columns in tables]
        return {self.target: np.repeat(self.value, rows)} | {
            name: np.concatenate([columns[name] for columns in tables]) for name in tables[0] if name != "bias"
        }

    def figure(self, name: str, frequency_hz: float) -> Array:
        """Return a quantity at a frequency, for each value."""
        return vector(at(sheet.frequency_hz, getattr(sheet, name), frequency_hz) for sheet in self.sheets)

    def remarks(self) -> tuple[str, ...]:
        return self.sheets[0].remarks()

    def panels(self) -> dict[str, Panel]:
        return {f"Tape over {self.target}": self.plot}

    def plot(self, ax: Any) -> None:
        """Draw bias curves: all in dB relative to the reference, of the third harmonic where the tone is at 0 dB."""
        third_db = decibels(self.figure("third_percent", DISTORTION_HZ) / 100.0)
        for label, curve in (
            ("MOL 315 Hz", self.figure("mol_db", 315.0)),
            ("SOL 10 kHz", self.figure("sol_db", SATURATION_HZ)),
            ("sensitivity 315 Hz", self.figure("sensitivity_db", 315.0)),
            ("sensitivity 10 kHz", self.figure("sensitivity_db", SATURATION_HZ)),
            ("third harmonic, 400 Hz at 0 dB", third_db),
            ("noise, A", vector(sheet.noise_a_db for sheet in self.sheets)),
        ):
            ax.plot(self.value, curve, label=label)
        ax.set_xlabel(self.target)
        ax.set_ylabel(f"dB; 0 dB is {self.sheets[0].reference_dbfs:g} dBFS")
        ax.grid(True, alpha=0.3)
        ax.legend()


def over(
    graph: Measured,
    target: str | None = None,
    values: Sequence[float] | None = None,
    reference_dbfs: float | None = None,
    frequencies_hz: Sequence[float] | None = None,
) -> Over:
    """Return the data sheets of the tape in a graph, or on a rig, for values of what it lets one turn.

    target: a control, a $variable or a parameter; the bias of the graph where it is None
    values: ten, as far apart as a knob has them, up to the maximum, where it is None
    reference_dbfs: the level at the output that is 0 dB; 0 VU of the graph where it is None
    frequencies_hz: FREQUENCIES_HZ, as far as the sample rate holds them, where it is None
    """
    rig = on_a_rig(graph)
    turned = bias_target(rig.source) if target is None else target
    if turned is None:
        raise TapegraphError("the graph has no bias; say what to measure it over")
    turned_to = knob(rig.source, turned) if values is None else values
    rigs = [rig.with_value(turned, value) for value in turned_to]
    tones_hz = frequencies_hz or usual(rig, FREQUENCIES_HZ)
    sheets = tuple(tape(one, reference_dbfs, tones_hz) for one in rigs)
    return Over(turned, vector(turned_to), sheets, changed=rig.changed)


def knob(graph: GraphModel, target: str) -> list[float]:
    """Return values over the range of a target, without its minimum."""
    graph.get(target)  # raises TapegraphError where there is no such target
    if not is_numeric(graph, target):
        raise TapegraphError(f"{target} is no number, so there is nothing to measure it over")
    param = declared(graph, target)[0]
    return [float(param.value_at(step / STEPS)) for step in range(1, STEPS + 1)]
