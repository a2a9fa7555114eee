"""A data sheet as it is filled in: one graph, or two beside each other, measured by name; as text, JSON and CSV."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from tapegraph.errors import Problem, TapegraphError
from tapegraph.measure import ALL, OF_SOUND, PAIRS, report
from tapegraph.measure.difference import remarks_of_two, table_of_two
from tapegraph.measure.machine import Machine
from tapegraph.measure.result import Result
from tapegraph.measure.sounds import Sound


@attrs.define
class Subject:
    """A graph, or a sound, that is measured.

    name: of the preset or the file
    bench: what it is measured on: a rig for a graph, the recording of a real machine, or the sound in a file
    title, description: of the graph, for people
    changes: what was set of it, such as Drive=0.8
    results: what was measured, by the names of the measurements
    """

    name: str
    bench: Machine | Sound
    title: str = ""
    description: str = ""
    changes: Sequence[str] = ()
    results: dict[str, Result] = attrs.field(factory=dict)

    @property
    def label(self) -> str:
        """The name and what was set, which tell a graph from itself."""
        return f"{self.name} with {', '.join(self.changes)}" if self.changes else self.name

    @property
    def full_title(self) -> str:
        return ", ".join([self.title or self.name, *self.changes])


@attrs.define
class DataSheet:
    """What is measured of a graph, or of two that are compared.

    together: what was measured of both at once, such as what is left of music in a null test
    instead: measurements that take the place of those of the same name, such as tape over a parameter
    left_out: sentences about what could not be measured
    """

    subject: Subject
    other: Subject | None = None
    together: dict[str, Result] = attrs.field(factory=dict)
    instead: dict[str, Callable[..., Result]] = attrs.field(factory=dict)
    left_out: list[str] = attrs.field(factory=list)

    def subjects(self) -> list[Subject]:
        return [self.subject] if self.other is None else [self.subject, self.other]

    def known(self) -> Mapping[str, Callable[..., Result]]:
        """Return what can be measured here, by name."""
        if isinstance(self.subject.bench, Sound):
            return OF_SOUND
        return ALL if self.other is None else ALL | PAIRS

    def measure(self, name: str, options: Mapping[str, Any] = MappingProxyType({})) -> str:
        """Measure all that is on the sheet; return a table for people under its title.

        options: such as levels_dbfs, for those measurements that take them
        """
        function = self.instead.get(name) or self.known()[name]
        taken = options.keys() & inspect.signature(function).parameters
        chosen = {option: options[option] for option in taken}
        if name in PAIRS:
            result = function(*(subject.bench for subject in self.subjects()), **chosen)
            self.together[name] = result
            return "\n".join([name, report.table(result.summary()), *result.remarks()])
        results = [self.measured(subject, function, chosen) for subject in self.subjects()]
        for subject, result in zip(self.subjects(), results, strict=True):  # of both, or of none
            subject.results[name] = result
        first, *others = results
        title = report.title(name, first, self.subject.bench)
        if others:
            return "\n".join([title, table_of_two(first, *others), *remarks_of_two(first, *others)])
        return "\n".join([title, report.table(first.summary(), first.labels()), *first.remarks()])

    def measure_what_can_be(
        self, names: Iterable[str], options: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterator[str]:
        """Measure several things, and yield the table of each; what cannot be measured is left out, with the reason."""
        without: dict[str, list[str]] = {}
        for name in names:
            try:
                yield self.measure(name, options)
            except TapegraphError as error:
                without.setdefault(str(error), []).append(name)
        for reason, some in without.items():
            self.left_out.append(f"{', '.join(some)} {'is' if len(some) == 1 else 'are'} left out: {reason}")

    def measured(self, subject: Subject, function: Callable[..., Result], options: Mapping[str, Any]) -> Result:
        """Return a measurement; of two graphs an error says which one it is of."""
        try:
            return function(subject.bench, **options)
        except TapegraphError as error:
            if self.other is None:
                raise
            where = [
                f"{subject.name}: {problem.where}" if problem.where else subject.name for problem in error.problems
            ]
            raise TapegraphError(*map(Problem, (p.message for p in error.problems), where)) from None

    def heading(self) -> str:
        """Return the lines over the tables: what is measured, and what of it is not."""
        if self.other is None:
            return report.heading(self.subject.label, self.subject.bench)
        first, second = (report.heading(subject.label, subject.bench) for subject in self.subjects())
        return f"a: {first}\nb: {second}"

    def results(self) -> Mapping[str, Result]:
        """Return what was measured of the graph, and of both together."""
        return self.subject.results | self.together

    def as_data(self) -> dict[str, Any]:
        """Return everything for a file; that of the other graph is under "against"."""
        data = report.as_data(self.subject.name, self.subject.bench, self.results())
        if self.other is not None:
            data["against"] = report.as_data(self.other.name, self.other.bench, self.other.results)
        return data

    def as_csv(self) -> str:
        """Return all tables as one; those of the other graph say so in the name of the measurement."""
        other = self.other
        named = {} if other is None else {f"{what}, {other.name}": result for what, result in other.results.items()}
        return report.as_csv({**self.results(), **named})
