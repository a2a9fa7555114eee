"""The data sheet of a machine, as a picture that the page shows."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tapegraph.document.model import GraphModel
from tapegraph.errors import TapegraphError
from tapegraph.measure import SHEET, Rig
from tapegraph.measure.datasheet import DataSheet, Subject
from tapegraph.measure.sheet.files import write_sheet


def draw_sheet(path: Path, name: str, graph: GraphModel, sample_rate: float) -> None:
    """Measure a graph at the rate of the song, and draw what can be measured of it."""
    rig = Rig(graph, sample_rate)
    sheet = DataSheet(Subject(name, rig, title=graph.title or name, description=graph.description))
    for what in SHEET:
        with contextlib.suppress(TapegraphError):  # the sheet says of what it has no values
            sheet.measure(what)
    write_sheet(path, sheet)
