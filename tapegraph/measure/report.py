"""Measurements as text for people, as data for JSON, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np

from tapegraph.measure.machine import Machine
from tapegraph.measure.recording import Recording
from tapegraph.measure.result import PLACES, Result, Table, listed, row_by_row
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
    "fullscale": 4,
    "ns": 1,
    "percent": 3,
    "times": 1,
    "track": 0,
    "s": 2,
    "lufs": 2,
    "lu": 2,
    "dbtp": 2,
}
WIDTH = 80  # a single row that is wider is printed as a list
WIDEST = 132  # letters: a wider table is continued below, with the columns that say which row it is


def heading(name: str, bench: Machine | Sound) -> str:
    """Return the line over a report: what is measured, and what of it is not."""
    if isinstance(bench, Sound):
        return f"{name} at {bench}"
    if isinstance(bench, Recording):
        return f"{name} at {format_number(bench.sample_rate, 'Hz')}, speed {bench.speed_error_percent:+.3f} %"
    still = f", held still: {', '.join(bench.changed)}" if bench.changed else ""
    return f"{name} at {format_number(bench.sample_rate, 'Hz')}{still}"


def title(what: str, result: Result, bench: Machine | Sound) -> str:
    """Return the line over a table, which tells what is measured of a graph while it moves, and of which channel."""
    if isinstance(bench, Sound):
        return f"{what}, channel {bench.channel}" if len(bench.audio) > 1 and what in OF_CHANNEL else what
    return f"{what}, of the graph as it is" if bench.changed and not result.changed else what


def table(columns: Mapping[str, Array], labels: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """Return columns as text: labels first, to the left, and numbers to the right; a row that is too wide as a list."""
    numbers = {name: [text(float(value), name) for value in values] for name, values in columns.items()}
    if len(labels) == 0 and all(len(cells) == 1 for cells in numbers.values()):
        pairs = [(name, cell) for name, (cell,) in numbers.items()]
        if sum(max(len(name), len(cell)) + 2 for name, cell in pairs) > WIDTH:
            return side_by_side([[name for name, _ in pairs]], [[cell for _, cell in pairs]])
    texts = [[name, *cells] for name, cells in labels.items()]
    cells = [[name, *column] for name, column in numbers.items()]
    return "\n\n".join(side_by_side(texts, part) for part in parts(texts, cells))


def parts(texts: Sequence[Sequence[str]], numbers: Sequence[Sequence[str]]) -> list[list[Sequence[str]]]:
    """Return columns of numbers in as few parts as are narrow enough beside the texts, of as many columns each.

    The first column, and those that say which row it is, are in all parts.
    """

    def width(part: Sequence[Sequence[str]]) -> int:
        return sum(max(map(len, column)) + 2 for column in (*texts, *part)) - 2

    if width(numbers) <= WIDEST:
        return [list(numbers)]
    places = [column for k, column in enumerate(numbers) if k == 0 or column[0] in PLACES]
    others = [column for column in numbers if column not in places]
    found: list[list[Sequence[str]]] = []
    for size in range(len(others), 0, -1):
        found = [[*places, *others[at : at + size]] for at in range(0, len(others), size)]
        if max(map(width, found)) <= WIDEST:
            break
    return found


def side_by_side(texts: Iterable[Sequence[str]], numbers: Iterable[Sequence[str]]) -> str:
    """Return columns as lines: texts to the left, numbers to the right."""
    padded = [[cell.ljust(max(map(len, cells))) for cell in cells] for cells in texts]
    padded += [[cell.rjust(max(map(len, cells))) for cell in cells] for cells in numbers]
    return "\n".join("  ".join(row) for row in zip(*padded, strict=True))


def of_several(results: Mapping[str, Result]) -> str:
    """Return the same measurement of several graphs as one table, with the name of each in front of its rows."""
    summaries = {name: result.summary() for name, result in results.items()}
    names = [name for name, summary in summaries.items() for _ in next(iter(summary.values()))]
    columns = {
        column: np.concatenate([summary[column] for summary in summaries.values()])
        for column in next(iter(summaries.values()))
    }
    return table(columns, {"graph": names})


def text(value: float, name: str) -> str:
    """Return a number as a table shows it, with as many decimals as its unit deserves."""
    if not math.isfinite(value):
        return "-"
    unit = name.rpartition("_")[2]
    if unit not in DECIMALS:
        return f"{value:.4g}"
    return f"{round(value, DECIMALS[unit]) + 0.0:.{DECIMALS[unit]}f}"  # no -0


def as_data(name: str, bench: Machine | Sound, results: Mapping[str, Result]) -> dict[str, Any]:
    """Return everything for a file: a list for each column, null where there is no value."""
    kind = {Sound: "sound", Recording: "recording"}.get(type(bench), "graph")
    speed = {"speed_error_percent": bench.speed_error_percent} if isinstance(bench, Recording) else {}
    return {
        "tapegraph": version("tapegraph"),
        kind: name,
        **speed,
        "sample_rate": bench.sample_rate,
        "held_still": list(bench.changed),
        "measurements": tables(results),
    }


def tables(results: Mapping[str, Result]) -> dict[str, Table]:
    """Return every table by name, its labels first; the second one of flutter is flutter_curve."""
    found: dict[str, Table] = {}
    for what, result in results.items():
        found[what] = result.table()
        if curve := result.curve():
            found[f"{what}_curve"] = {name: listed(values) for name, values in curve.items()}
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
