"""A figure of the bench: the least and the median time of several runs, and their ratios to those of rivals."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import attrs

RUNS = 5


@attrs.frozen
class Figure:
    """One measurement.

    least, median: of several runs, in unit
    real_time: duration of the sound over the least time; None where there is no sound
    ratios: median over the runs of the time over that of a rival, which took turns with it, by the rival's name
    """

    name: str
    unit: str
    least: float
    median: float
    real_time: float | None = None
    ratios: dict[str, float] = attrs.field(factory=dict)


def figure(
    name: str,
    unit: str,
    values: Sequence[float],
    rivals: Mapping[str, Sequence[float]] | None = None,
    real_time: float | None = None,
) -> Figure:
    """Return the figure of several runs, beside those of its rivals by name.

    real_time: value in unit at which the work takes as long as the sound
    """
    ratios = {
        rival: statistics.median(a / b for a, b in zip(values, theirs, strict=True))
        for rival, theirs in (rivals or {}).items()
    }
    times = None if real_time is None else real_time / min(values)
    return Figure(name, unit, min(values), statistics.median(values), times, ratios)


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes, s."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
