"""Measurements as text for people, as data for JSON, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from tapegraph.measure.machine import Machine
from tapegraph.measure.result import Result
from tapegraph.quantity import format_number
from tapegraph.run.sound import Array

DECIMALS = {  # in tables, by the unit that ends the name of a column
    "hz": 1,
    "dbfs": 2,
    "db": 2,
    "deg": 1,
    "ms": 3,
    "frames": 1,
    "percent": 3,
}


def heading(name: str, rig: Machine) -> str:
    """Return the line over a report: what is measured, and what of it is not."""
    still = f", held still: {', '.join(rig.changed)}" if rig.changed else ""
    return f"{name} at {format_number(rig.sample_rate, 'Hz')}{still}"


def table(columns: Mapping[str, Array]) -> str:
    """Return columns as text, numbers to the right."""
    texts = [[name, *(text(float(value), name) for value in values)] for name, values in columns.items()]
    widths = [max(map(len, cells)) for cells in texts]
    rows = zip(*texts, strict=True)
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)


def text(value: float, name: str) -> str:
    """Return a number as a table shows it, with as many decimals as its unit deserves."""
    if not math.isfinite(value):
        return "-"
    decimals = DECIMALS[name.rpartition("_")[2]]
    return f"{value:.{decimals}f}"


def as_data(name: str, rig: Machine, results: Mapping[str, Result]) -> dict[str, Any]:
    """Return everything for a file: a list for each column, null where there is no value."""
    return {
        "tapegraph": version("tapegraph"),
        "graph": name,
        "sample_rate": rig.sample_rate,
        "held_still": list(rig.changed),
        "measurements": {
            what: {
                column: [float(value) if math.isfinite(value) else None for value in values]
                for column, values in result.columns().items()
            }
            for what, result in results.items()
        },
    }


def as_csv(results: Mapping[str, Result]) -> str:
    """Return all tables as one: the columns of all of them, blank where a measurement has no such column."""
    columns = dict.fromkeys(column for result in results.values() for column in result.columns())
    out = io.StringIO()
    writer = csv.DictWriter(out, ["measurement", *columns], lineterminator="\n")
    writer.writeheader()
    for what, result in results.items():
        writer.writerows({"measurement": what, **row} for row in result.rows())
    return out.getvalue()
