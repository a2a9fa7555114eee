"""Measurements as text for people, as data for JSON, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from tapegraph.measure.result import Result, row_by_row
from tapegraph.measure.rig import Rig
from tapegraph.measure.sounds import OF_CHANNEL, Sound
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
    "s": 2,
    "lufs": 2,
    "lu": 2,
    "dbtp": 2,
}
WIDTH = 80  # a single row that is wider is printed as a list


def heading(name: str, bench: Rig | Sound) -> str:
    """Return the line over a report: what is measured, and what of it is not."""
    if isinstance(bench, Sound):
        return f"{name} at {bench}"
    still = f", held still: {', '.join(bench.changed)}" if bench.changed else ""
    return f"{name} at {format_number(bench.sample_rate, 'Hz')}{still}"


def title(what: str, result: Result, bench: Rig | Sound) -> str:
    """Return the line over a table, which tells what is measured of a graph while it moves, and of which channel."""
    if isinstance(bench, Sound):
        return f"{what}, channel {bench.channel}" if len(bench.audio) > 1 and what in OF_CHANNEL else what
    return f"{what}, of the graph as it is" if bench.changed and not result.changed else what


def table(columns: Mapping[str, Array]) -> str:
    """Return columns as text, numbers to the right; a single row that is too wide as a list."""
    texts = [[name, *(text(float(value), name) for value in values)] for name, values in columns.items()]
    widths = [max(map(len, cells)) for cells in texts]
    rows = zip(*texts, strict=True)
    if len(texts[0]) == 2 and sum(widths) + 2 * len(widths) > WIDTH:
        names, values = (max(map(len, cells)) for cells in zip(*texts, strict=True))
        return "\n".join(f"{name:<{names}}  {value:>{values}}" for name, value in texts)
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)


def text(value: float, name: str) -> str:
    """Return a number as a table shows it, with as many decimals as its unit deserves."""
    if not math.isfinite(value):
        return "-"
    decimals = DECIMALS[name.rpartition("_")[2]]
    return f"{round(value, decimals) + 0.0:.{decimals}f}"  # no -0


def as_data(name: str, bench: Rig | Sound, results: Mapping[str, Result]) -> dict[str, Any]:
    """Return everything for a file: a list for each column, null where there is no value."""
    return {
        "tapegraph": version("tapegraph"),
        "sound" if isinstance(bench, Sound) else "graph": name,
        "sample_rate": bench.sample_rate,
        "held_still": list(bench.changed),
        "measurements": {
            what: {
                column: [float(value) if math.isfinite(value) else None for value in values]
                for column, values in columns.items()
            }
            for what, columns in tables(results).items()
        },
    }


def tables(results: Mapping[str, Result]) -> dict[str, Mapping[str, Array]]:
    """Return the columns of every table by name; the second one of flutter is flutter_curve."""
    found: dict[str, Mapping[str, Array]] = {}
    for what, result in results.items():
        found[what] = result.columns()
        if curve := result.curve():
            found[f"{what}_curve"] = curve
    return found


def as_csv(results: Mapping[str, Result]) -> str:
    """Return all tables as one: the columns of all of them, blank where a measurement has no such column."""
    found = tables(results)
    names = dict.fromkeys(name for columns in found.values() for name in columns)
    out = io.StringIO()
    writer = csv.DictWriter(out, ["measurement", *names], lineterminator="\n")
    writer.writeheader()
    for what, columns in found.items():
        writer.writerows({"measurement": what, **row} for row in row_by_row(columns))
    return out.getvalue()
