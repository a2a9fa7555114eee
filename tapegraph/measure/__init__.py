"""Measurements as laboratories make them: what a graph does to sweeps and tones, in numbers and as pictures.

    from tapegraph import measure

    found = measure.response(graph)             # of a graph
    rig = measure.Rig(graph, sample_rate=96_000, at="head")
    found = measure.harmonics(rig, (-10, 0))    # at another rate, from the input of a node on
    found.relative_db, found.rows(), found.plot(ax)

    description, sound = measure.signals({"thd": measure.thd})    # what it plays, for a test tape
    measure.thd(measure.Recording(recorded, 44_100, description))  # of a real machine

A graph is held still while it is measured: wow, flutter, hiss and what else varies in time are left out, and `changed`
names them.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from tapegraph.measure.alias import Alias, alias
from tapegraph.measure.dynamics import Dynamics, dynamics
from tapegraph.measure.harmonics import Harmonics, harmonics
from tapegraph.measure.imd import Imd, imd
from tapegraph.measure.latency import Latency, latency
from tapegraph.measure.machine import Machine
from tapegraph.measure.recording import MissingSignalError, Recording
from tapegraph.measure.response import Response, response
from tapegraph.measure.result import Result
from tapegraph.measure.rig import Measured, Rig
from tapegraph.measure.signals import Signals, measured, signals
from tapegraph.measure.thd import Thd, thd

__all__ = [
    "ALL",
    "SHEET",
    "Alias",
    "Dynamics",
    "Harmonics",
    "Imd",
    "Latency",
    "Machine",
    "Measured",
    "MissingSignalError",
    "Recording",
    "Response",
    "Result",
    "Rig",
    "Signals",
    "Thd",
    "alias",
    "dynamics",
    "harmonics",
    "imd",
    "latency",
    "measured",
    "response",
    "signals",
    "thd",
]

ALL: MappingProxyType[str, Callable[..., Result]] = MappingProxyType(
    {
        "response": response,
        "harmonics": harmonics,
        "thd": thd,
        "imd": imd,
        "latency": latency,
        "dynamics": dynamics,
        "alias": alias,
    }
)
SHEET = ("response", "harmonics", "thd", "imd", "latency", "dynamics")  # what is measured unless something is named
