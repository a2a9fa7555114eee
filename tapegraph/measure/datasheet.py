"""A data sheet as it is filled in: one graph, or two beside each other, measured by name; as text, JSON and CSV."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tapegraph.measure import ALL, PAIRS, report
from tapegraph.measure.difference import table_of_two
from tapegraph.measure.result import Result
from tapegraph.measure.rig import Rig


@attrs.define
class Subject:
    """A graph that is measured.

    name: of the preset or the file
    title, description: of the graph, for people
    results: what was measured, by the names of the measurements
    """

    name: str
    rig: Rig
    title: str = ""
    description: str = ""
    results: dict[str, Result] = attrs.field(factory=dict)


@attrs.define
class DataSheet:
    """What is measured of a graph, or of two that are compared.

    together: what was measured of both at once, such as what is left of music in a null test
    """

    subject: Subject
    other: Subject | None = None
    together: dict[str, Result] = attrs.field(factory=dict)

    def subjects(self) -> list[Subject]:
        return [self.subject] if self.other is None else [self.subject, self.other]

    def measure(self, name: str, levels_dbfs: Sequence[float] = ()) -> str:
        """Measure all graphs, at other levels than the usual ones where some are given; return a table for people."""
        if name in PAIRS:
            result = PAIRS[name](*(subject.rig for subject in self.subjects()))
            self.together[name] = result
            return "\n".join([report.table(result.summary()), *result.remarks()])
        function = ALL[name]
        takes_levels = "levels_dbfs" in inspect.signature(function).parameters
        chosen: dict[str, Any] = {"levels_dbfs": levels_dbfs} if levels_dbfs and takes_levels else {}
        for subject in self.subjects():
            subject.results[name] = function(subject.rig, **chosen)
        first, *others = (subject.results[name] for subject in self.subjects())
        return table_of_two(first, *others) if others else report.table(first.summary(), first.labels())

    def heading(self) -> str:
        """Return the lines over the tables: what is measured, and what of it is not."""
        if self.other is None:
            return report.heading(self.subject.name, self.subject.rig)
        first, second = (report.heading(subject.name, subject.rig) for subject in self.subjects())
        return f"a: {first}\nb: {second}"

    def results(self) -> Mapping[str, Result]:
        """Return what was measured of the graph, and of both together."""
        return self.subject.results | self.together

    def as_data(self) -> dict[str, Any]:
        """Return everything for a file; that of the other graph is under "against"."""
        data = report.as_data(self.subject.name, self.subject.rig, self.results())
        if self.other is not None:
            data["against"] = report.as_data(self.other.name, self.other.rig, self.other.results)
        return data

    def as_csv(self) -> str:
        """Return all tables as one; those of the other graph say so in the name of the measurement."""
        other = self.other
        named = {} if other is None else {f"{what}, {other.name}": result for what, result in other.results.items()}
        return report.as_csv({**self.results(), **named})
