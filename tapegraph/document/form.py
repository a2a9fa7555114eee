"""What the values of a graph file may be: each form reads an entry, with errors in place, and gives its JSON Schema.

    Whole(16, 4096).read(entry, "block", reading)    the number; anything else is noted as a problem
    Whole(16, 4096).schema()                         {"type": "integer", "minimum": 16, "maximum": 4096}

Reading never stops at a problem: it is noted, and a value that lets the reader go on takes its place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import attrs

from tapegraph.document.access import Access
from tapegraph.document.limits import MOST_NAMED, MOST_PROBLEMS
from tapegraph.document.parts import Parts
from tapegraph.document.text import Entry, Place
from tapegraph.errors import Problem, TapegraphError
from tapegraph.errors import shown as shown_value
from tapegraph.node.declaration import NAME, NAME_RULE
from tapegraph.node.params import Value
from tapegraph.quantity import format_number, to_float

Schema = dict[str, Any]
SCALAR: Schema = {"type": ["number", "boolean", "string"]}


class SubGraphs(Protocol):
    """What finds the graphs that a graph includes.

    folder: where relative paths in the graph begin
    access: which files it may name
    """

    folder: Path
    access: Access

    def __call__(self, reference: Any, place: Place) -> Parts:
        """Return the graph that the key `graph` of a node stands for: a name, a path or a tree."""


@attrs.define
class Reading:
    """A graph while it is read.

    spec: what has been read so far; keys are read in the order in which Spec declares them
    sub_graphs: finds the graphs that it includes
    problems: what is wrong so far
    broken: nodes, $variables and controls that are there but could not be read: nothing more is reported about them
    """

    spec: Parts
    sub_graphs: SubGraphs
    problems: list[Problem] = attrs.field(factory=list)
    broken: set[str] = attrs.field(factory=set)

    def refuse(self, place: Place, message: str) -> None:
        self.problems.append(Problem(message, str(place)))
        if len(self.problems) >= MOST_PROBLEMS:
            raise TapegraphError(*self.problems, Problem("more mistakes may follow: these are the first", str(place)))

    def mapping(self, entry: Entry, what: str, most: int = MOST_NAMED) -> dict[str, Entry]:
        """Return the entries of a mapping, none of one that is empty or is not a mapping.

        Raises TapegraphError where there are more than `most`.
        """
        if isinstance(entry.value, dict):
            if len(entry.value) > most:
                message = f"{what} has {len(entry.value)} entries; it may have at most {most}"
                raise TapegraphError(*self.problems, Problem(message, str(entry.key)))
            return entry.value
        if entry.value is not None:
            self.refuse(entry.place, f"{what} is {shown(entry)}; it must be a mapping of names to values")
        return {}

    def items(self, entry: Entry, what: str) -> list[Entry]:
        """Return the entries of a list; none of one that is empty or is not a list."""
        if isinstance(entry.value, list):
            return entry.value
        if entry.value is not None:
            self.refuse(entry.place, f"{what} is {shown(entry)}; it must be a list")
        return []

    def name(self, entry: Entry, name: str, of: str) -> bool:
        """Tell whether the key of an entry can be the name of something; note where not."""
        if NAME.fullmatch(name):
            return True
        self.refuse(entry.key, f"{shown_value(name)} is not a valid name for {of}; {NAME_RULE}")
        return False


class Form(Protocol):
    """What a value may be."""

    def read(self, entry: Entry, what: str, reading: Reading) -> Any:
        """Return the value of an entry, which messages call `what`; note what is wrong with it."""

    def schema(self) -> Schema:
        """Return the JSON Schema of the values that it takes."""


@attrs.frozen
class Version:
    """The version of the format that a file is written in."""

    number: int

    def read(self, entry: Entry, what: str, reading: Reading) -> int:
        if entry.value is None:
            reading.refuse(entry.place, f"the version of the format is missing; add {what}: {self.number}")
        elif entry.value != self.number or isinstance(entry.value, bool):
            message = f"{what} is {shown(entry)}; this program reads version {self.number} of the format"
            reading.refuse(entry.place, message)
        return self.number

    def schema(self) -> Schema:
        return {"const": self.number}


@attrs.frozen
class Text:
    """Text, without space around it."""

    def read(self, entry: Entry, what: str, reading: Reading) -> str:
        if isinstance(entry.value, str):
            return entry.value.strip()
        reading.refuse(entry.place, f"{what} is {shown(entry)}; it must be text")
        return ""

    def schema(self) -> Schema:
        return {"type": "string"}


@attrs.frozen
class Whole:
    """A whole number in a range, ends included; 64.0 counts as one."""

    minimum: int
    maximum: int

    def read(self, entry: Entry, what: str, reading: Reading) -> int:
        value = entry.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and self.minimum <= value <= self.maximum:
            return value
        allowed = f"a whole number from {self.minimum} to {self.maximum}"
        reading.refuse(entry.place, f"{what} is {shown(entry)}; it must be {allowed}")
        return self.minimum

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


@attrs.frozen
class Number:
    """A number in a range, ends included."""

    minimum: float
    maximum: float
    unit: str

    def read(self, entry: Entry, what: str, reading: Reading) -> float:
        value = entry.value
        if isinstance(value, int | float) and not isinstance(value, bool) and self.minimum <= value <= self.maximum:
            return float(value)
        allowed = f"a number from {format_number(self.minimum)} to {format_number(self.maximum, self.unit)}"
        reading.refuse(entry.place, f"{what} is {shown(entry)}; it must be {allowed}")
        return self.minimum

    def schema(self) -> Schema:
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}


@attrs.frozen
class OneOf:
    """One of several words."""

    options: tuple[str, ...]

    def read(self, entry: Entry, what: str, reading: Reading) -> str:
        if isinstance(entry.value, str) and entry.value in self.options:
            return entry.value
        reading.refuse(entry.place, f"{what} is {shown(entry)}; it must be one of {', '.join(self.options)}")
        return self.options[0]

    def schema(self) -> Schema:
        return {"enum": list(self.options)}


@attrs.frozen
class ListOf:
    """A list, perhaps an empty one.

    of: what messages call an item
    """

    item: Form
    of: str

    def read(self, entry: Entry, what: str, reading: Reading) -> list[Any]:
        return [self.item.read(item, self.of, reading) for item in reading.items(entry, what)]

    def schema(self) -> Schema:
        return {"type": ["array", "null"], "items": self.item.schema()}


@attrs.frozen
class Variables:
    """Values by the name of a variable."""

    def read(self, entry: Entry, what: str, reading: Reading) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for name, item in reading.mapping(entry, what).items():
            reading.name(item, name, "a variable")
            value = item.value
            if isinstance(value, int | float | str):
                values[name] = value if isinstance(value, bool | str) else to_float(value)
            else:
                reading.refuse(item.place, f"${name} is {shown(item)}; it must be a number, true, false or text")
                reading.broken.add(f"${name}")
        return values

    def schema(self) -> Schema:
        return {"type": ["object", "null"], "propertyNames": NAME_SCHEMA, "additionalProperties": SCALAR}


NAME_SCHEMA: Schema = {"pattern": f"^{NAME.pattern}$"}


def shown(entry: Entry) -> str:
    """Return a value as messages show it."""
    value = entry.value
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return shown_value(entry.plain) if len(value) < 4 else "a list"
    return str(value).lower() if isinstance(value, bool) else shown_value(value)
