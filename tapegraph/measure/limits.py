"""Limits: whether measurements lie where they have to, for tests of machines that run by themselves.

    response:
      magnitude_db: {min: -3, max: 1, frequency_hz: [50, 12500]}
    thd:
      third_percent: {max: 3, frequency_hz: 315, level_dbfs: -12}

A limit is on a column of a measurement, or of its curve. Other columns choose the rows that it holds for: a number, a
range, or what a label says. Values that are blank are not tested, but for the level of silence, which is below every
limit; a limit that no row is chosen for fails.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tapegraph.errors import Problem, TapegraphError, did_you_mean, shown
from tapegraph.measure.result import PLACES, Result
from tapegraph.quantity import format_number, to_float
from tapegraph.run.sound import Array

BOUNDS = ("min", "max")


def check_names(limits: Any, known: Iterable[str]) -> Mapping[str, Any]:
    """Return limits as read from YAML. Raises TapegraphError where they are no limits, or on what nobody measures."""
    if not isinstance(limits, Mapping) or not all(isinstance(on, Mapping) for on in limits.values()):
        raise TapegraphError("limits must be {measurement: {column: {min: number, max: number}}}")
    names = list(known)
    for name in limits:
        if name not in names:
            hint = did_you_mean(str(name), names) or f"; there are {', '.join(names)}"
            raise TapegraphError(f"no measurement is called {name}{hint}")
    return limits


def exceeded(limits: Mapping[str, Any], results: Mapping[str, Result]) -> list[Problem]:
    """Return a sentence for each limit that a measurement exceeds, at its worst place."""
    return [
        problem
        for name, on in limits.items()
        for column, limit in on.items()
        if (problem := exceeds(name, results[name], column, limit)) is not None
    ]


def exceeds(name: str, result: Result, column: str, limit: Any) -> Problem | None:
    """Return what is wrong with a column of a measurement, or None."""
    who = f"{name}.{column}"
    curve = result.curve()
    columns, labels = (curve, {}) if column in curve else (result.columns(), result.labels())
    if column not in columns:
        raise TapegraphError(f"{who} is not measured{nearest(column, columns)}")
    if not isinstance(limit, Mapping) or not set(limit) & set(BOUNDS):
        raise TapegraphError(f"the limit of {who} is {shown(limit)}; it must have min, max or both")
    rows = np.ones(len(columns[column]), bool)
    for key, wanted in limit.items():
        if key in labels:
            rows &= np.array([label == wanted for label in labels[key]])
        elif key not in BOUNDS:
            if key not in columns:
                raise TapegraphError(f"the limit of {who} is for {key}, which is no column{nearest(key, columns)}")
            low, high = span(f"{key} of the limit of {who}", wanted)
            rows &= (columns[key] >= low) & (columns[key] <= high)
    rows &= ~np.isnan(columns[column])
    if not rows.any():
        return Problem(f"{who} has no value where its limit holds")
    values = columns[column][rows]
    for bound, place, sign, side in (
        ("min", np.argmin(values), -1.0, "least"),
        ("max", np.argmax(values), 1.0, "most"),
    ):
        if bound not in limit:
            continue
        allowed, _ = span(f"{bound} of {who}", limit[bound])
        if sign * (values[place] - allowed) > 0.0:
            row = np.flatnonzero(rows)[place]
            here = [f"{key} {texts[row]}" for key, texts in labels.items() if texts[row]]
            at = ", ".join([*here, *(f"{key} {columns[key][row]:g}" for key in PLACES if key in columns)])
            found = f"{values[place]:.4g} at {at}" if at else f"{values[place]:.4g}"
            return Problem(f"{who} is {found}; it must be at {side} {format_number(allowed)}")
    return None


def span(who: str, wanted: Any) -> tuple[float, float]:
    """Return the ends of a range, or a number as both."""
    ends = wanted if isinstance(wanted, list) else [wanted, wanted]
    if len(ends) != 2 or not all(map(is_limit, ends)):
        raise TapegraphError(f"{who} is {shown(wanted)}; it must be a number or [lowest, highest]")
    return to_float(ends[0]), to_float(ends[1])


def is_limit(value: object) -> bool:
    """Tell whether something is a number that another can lie above or below: NaN is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(to_float(value))


def nearest(name: str, columns: Mapping[str, Array]) -> str:
    return did_you_mean(str(name), columns) or f"; there are {', '.join(columns)}"
