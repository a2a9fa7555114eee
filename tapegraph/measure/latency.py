"""Latency: by how much sound comes out late, as the graph declares it and as it is measured.

    measured = declared, in whole frames + mean of the group delay from 500 Hz to 2 kHz

Rendered sound is moved back by the declared latency; what is left of the delay is measured. A delay that is wanted, as
of an echo, is not declared, and filters delay bass and treble as they do in any machine.
Of a recording nobody knows how late it is.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from tapegraph.measure.response import response
from tapegraph.measure.result import Result, rounded, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.run.sound import Array

LEVEL_DBFS = -20.0
RANGE_HZ = (500.0, 2000.0)


@attrs.frozen
class Latency(Result):
    """Latency: arrays of one value."""

    TITLE = "Latency"

    declared_frames: Array
    declared_ms: Array
    measured_ms: Array

    def plot(self, ax: Any) -> None:
        ax.barh(["declared", "measured"], [self.declared_ms[0], self.measured_ms[0]])
        ax.set_xlabel("ms")

    def figures(self) -> dict[str, str]:
        times_ms = {"Latency, declared": self.declared_ms[0], "Latency, measured": self.measured_ms[0]}
        return {name: f"{rounded(time_ms, 2)} ms" for name, time_ms in times_ms.items() if np.isfinite(time_ms)}


def latency(graph: Measured) -> Latency:
    """Return the latency of a graph, or on a rig, which is declared in frames of the sample rate."""
    rig = on_the_bench(graph)
    declared = rig.latency
    found = response(rig, (LEVEL_DBFS,))
    inside = (found.frequency_hz >= RANGE_HZ[0]) & (found.frequency_hz <= RANGE_HZ[1])
    rest_ms = float(np.mean(found.group_delay_ms[0, inside]))
    frame_ms = 1e3 / rig.sample_rate
    return Latency(
        vector([declared]),
        vector([declared * frame_ms]),
        vector([np.round(declared) * frame_ms + rest_ms]),
        changed=rig.changed,
    )
