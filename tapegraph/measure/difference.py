"""The same measurement of two graphs beside each other: values of both, and how the second differs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.measure import report
from tapegraph.measure.result import PLACES, Result
from tapegraph.run.sound import Array

WIDTH = 100  # of a table, in letters


def difference(first: Result, second: Result) -> dict[str, Array]:
    """Return the table of a measurement with what the second has more than the first.

    The columns that say which row it is, such as frequency and level, stay as they are.
    Raises TapegraphError where the two are not the same measurement at the same places.
    """
    a, b = first.columns(), second.columns()
    if not comparable(a, b):
        names = " and ".join(type(result).__name__.lower() for result in (first, second))
        raise TapegraphError(f"{names} were not measured at the same places, so they have no difference")
    return {name: a[name] if name in PLACES else b[name] - a[name] for name in a}


def comparable(a: Mapping[str, Array], b: Mapping[str, Array]) -> bool:
    """Tell whether two tables have the same columns, and rows for the same places."""
    if list(a) != list(b) or any(len(a[name]) != len(b[name]) for name in a):
        return False
    return all(np.array_equal(a[name], b[name]) for name in PLACES if name in a)


def table_of_two(first: Result, second: Result) -> str:
    """Return what people read of both: a, b and b - a of each value.

    A table that would be wider than WIDTH is continued below, with the columns that say which row it is.
    """
    a, b = first.summary(), second.summary()
    if not comparable(a, b) or first.labels() != second.labels():
        return f"a\n{report.table(a, first.labels())}\n\nb\n{report.table(b, second.labels())}"
    places = [[name, "", *texts] for name, texts in first.labels().items()]
    places += [column(name, "", name, a[name]) for name in a if name in PLACES]
    parts: list[list[list[str]]] = []
    for name in (name for name in a if name not in PLACES):
        group = [
            column("", "a", name, a[name]),
            column("", "b", name, b[name]),
            column(name, "b - a", name, b[name] - a[name]),
        ]
        if not parts or width([*places, *parts[-1], *group]) > WIDTH:
            parts.append([])
        parts[-1] += group
    return "\n\n".join(lines([*places, *part]) for part in parts)


def remarks_of_two(first: Result, second: Result) -> list[str]:
    """Return what is said under the table of both, with the letter of the graph where it is not said of the other."""
    a, b = first.remarks(), second.remarks()
    return [*a] if a == b else [*(f"a: {remark}" for remark in a), *(f"b: {remark}" for remark in b)]


def column(head: str, below: str, name: str, values: Array) -> list[str]:
    return [head, below, *(report.text(float(value), name) for value in values)]


def width(columns: list[list[str]]) -> int:
    return len(lines(columns).partition("\n")[0])


def lines(columns: list[list[str]]) -> str:
    """Return columns of cells as text, to the right."""
    widths = [max(map(len, cells)) for cells in columns]
    rows = zip(*columns, strict=True)
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
