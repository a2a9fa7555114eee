"""Measurements as text for people, as data for JSON, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from tapegraph.measure.result import Result, listed
from tapegraph.measure.rig import Rig
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
}


def heading(name: str, rig: Rig) -> str:
    """Return the line over a report: what is measured, and what of it is not."""
    still = f", held still: {', '.join(rig.changed)}" if rig.changed else ""
    return f"{name} at {format_number(rig.sample_rate, 'Hz')}{still}"


def table(columns: Mapping[str, Array], labels: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """Return columns as text: labels first, to the left, and numbers to the right."""
    numbers = {name: [text(float(value), name) for value in values] for name, values in columns.items()}
    padded = [aligned([name, *cells], str.ljust) for name, cells in labels.items()]
    padded += [aligned([name, *cells], str.rjust) for name, cells in numbers.items()]
    return "\n".join("  ".join(row) for row in zip(*padded, strict=True))


def aligned(cells: Sequence[str], to_side: Callable[[str, int], str]) -> list[str]:
    """Return cells of equal width."""
    width = max(map(len, cells))
    return [to_side(cell, width) for cell in cells]


def text(value: float, name: str) -> str:
    """Return a number as a table shows it, with as many decimals as its unit deserves."""
    if not math.isfinite(value):
        return "-"
    decimals = DECIMALS[name.rpartition("_")[2]]
    return f"{value:.{decimals}f}"


def as_data(name: str, rig: Rig, results: Mapping[str, Result]) -> dict[str, Any]:
    """Return everything for a file: a list for each column, null where there is no value."""
    return {
        "tapegraph": version("tapegraph"),
        "graph": name,
        "sample_rate": rig.sample_rate,
        "held_still": list(rig.changed),
        "measurements": {
            what: {
                **{name: list(texts) for name, texts in result.labels().items()},
                **{name: listed(values) for name, values in result.columns().items()},
            }
            for what, result in results.items()
        },
    }


def as_csv(results: Mapping[str, Result]) -> str:
    """Return all tables as one: the columns of all of them, blank where a measurement has no such column."""
    columns = dict.fromkeys(name for result in results.values() for name in (*result.labels(), *result.columns()))
    out = io.StringIO()
    writer = csv.DictWriter(out, ["measurement", *columns], lineterminator="\n")
    writer.writeheader()
    for what, result in results.items():
        writer.writerows({"measurement": what, **row} for row in result.rows())
    return out.getvalue()
