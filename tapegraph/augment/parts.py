"""The parts of a random machine, as data."""

from __future__ import annotations

import attrs

from tapegraph.augment.distributions import Distribution, Range
from tapegraph.document.spec import Spec
from tapegraph.document.text import Entry, Place
from tapegraph.node.params import AnyParam, Param

LEVELS = {
    "gain_db": Param("gain_db", 0.0, -60.0, 60.0, "dB", "gain behind the machine"),
    "loudness_lufs": Param("loudness_lufs", -23.0, -60.0, 0.0, "LUFS", "loudness at the input of the machine"),
}


@attrs.frozen
class Written:
    """A distribution as it was read.

    values: the entries of what it can draw, to be checked
    place: of its key
    """

    distribution: Distribution
    values: list[Entry]
    place: Place


@attrs.frozen
class Drawn:
    """What a target of a graph is drawn from; within: the numbers that it takes."""

    distribution: Distribution
    within: Range


@attrs.define
class Machine:
    """A graph, and what is drawn for it.

    weight: how often it is taken, beside those of the others
    """

    graph: Spec
    weight: float = 1.0
    written: dict[str, Written] = attrs.field(factory=dict, repr=False)
    draw: dict[str, Drawn] = attrs.field(factory=dict)


@attrs.frozen
class Recipe:
    """All that a file of random machines says."""

    seed: int
    p: float
    graphs: dict[str, Machine]
    level: dict[str, Distribution]


def range_of(params: list[AnyParam]) -> Range:
    """Return the numbers that all of some parameters take."""
    numeric = [param for param in params if isinstance(param, Param)]
    return Range(
        max((param.minimum for param in numeric), default=0.0),
        min((param.maximum for param in numeric), default=1.0),
        any(param.whole for param in numeric),
    )
