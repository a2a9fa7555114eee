"""The data sheet of a machine, as a picture that the page shows."""

from __future__ import annotations

from pathlib import Path

from tapegraph.document.model import GraphModel
from tapegraph.measure import SHEET, Rig
from tapegraph.measure.datasheet import DataSheet, Subject
from tapegraph.measure.sheet.files import write_sheet


def draw_sheet(path: Path, name: str, graph: GraphModel, sample_rate: float) -> None:
    """Measure a graph at the rate of the song, and draw what can be measured of it."""
    rig = Rig(graph, sample_rate)
    sheet = DataSheet(Subject(name, rig, title=graph.title or name, description=graph.description))
    for _ in sheet.measure_what_can_be(SHEET):
        pass
    write_sheet(path, sheet)
