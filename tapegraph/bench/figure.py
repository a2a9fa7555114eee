"""A figure of the bench: the least and the median time of several runs, and their ratios to those of rivals."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tapegraph.bench.turns import least, median
from tapegraph.run.sound import Array


@attrs.frozen
class Figure:
    """One measurement.

    least, median: of several runs, in unit, see turns.py
    real_time: duration of the sound over the least time; None where there is no sound
    ratios: of the least time to that of a rival, which took turns with it, by the rival's name
    """

    name: str
    unit: str
    least: float
    median: float
    real_time: float | None = None
    ratios: dict[str, float] = attrs.field(factory=dict)


def figure(
    name: str, unit: str, times: Array, rivals: Mapping[str, Array] | None = None, real_time: float | None = None
) -> Figure:
    """Return the figure of times in unit, (runs, parts), beside those of its rivals by name.

    real_time: value in unit at which the work takes as long as the sound
    """
    best = least(times)
    ratios = {rival: best / least(theirs) for rival, theirs in (rivals or {}).items()}
    return Figure(name, unit, best, median(times), None if real_time is None else real_time / best, ratios)
