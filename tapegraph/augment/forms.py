"""What the values of a file of random machines may be: forms, as those of graph files."""

from __future__ import annotations

import copy

import attrs

from tapegraph.augment.distributions import NUMERIC, Choice, Fixed, Normal
from tapegraph.augment.fitting import checked
from tapegraph.augment.parts import LEVELS, Machine, Written
from tapegraph.document.check import read_table
from tapegraph.document.form import SCALAR, Reading, Schema, shown
from tapegraph.document.parts import Parts
from tapegraph.document.spec import Key, Spec
from tapegraph.document.text import Entry
from tapegraph.errors import Problem, TapegraphError, did_you_mean, short
from tapegraph.quantity import to_float

MOST_GRAPHS = 250
SMALLEST_WEIGHT, LARGEST_WEIGHT = 1e-6, 1e6
WORDS = (*NUMERIC, Choice.WORD)


@attrs.frozen
class Graphs:
    """Graphs by name: a list of references, or a mapping to weights, references or {graph, weight, draw}."""

    def read(self, entry: Entry, what: str, reading: Reading) -> dict[str, Machine | None]:
        graphs: dict[str, Machine | None] = {}
        if isinstance(entry.value, list):
            if len(entry.value) > MOST_GRAPHS:
                message = f"{what} has {len(entry.value)} entries; it may have at most {MOST_GRAPHS}"
                raise TapegraphError(*reading.problems, Problem(message, str(entry.place)))
            for item in reading.items(entry, what):
                name = item.value if isinstance(item.value, str) else ""
                if not name:
                    reading.refuse(
                        item.place, f"a graph is {shown(item)}; it must be the name of a preset or of a file"
                    )
                elif name in graphs:
                    reading.refuse(item.place, f"{short(name)} is named twice; write {{{short(name)}: 2}} for a weight")
                else:
                    graphs[name] = self.machine(name, item, reading)
        else:
            for name, item in reading.mapping(entry, what, MOST_GRAPHS).items():
                graphs[name] = self.machine(name, item, reading)
        if not entry.value:
            reading.refuse(entry.place, "graphs are missing; they are a list of presets and files: [tc260, mine.yaml]")
        return graphs

    def machine(self, name: str, entry: Entry, reading: Reading) -> Machine | None:
        """Return a graph with its weight, None where it cannot be read."""
        value = entry.value
        if isinstance(value, dict):
            table = (
                Key("graph", Reference(), None, "a preset, the path of a file or a graph", False),
                Key("weight", Weight(), 1.0, "how often it is taken, beside those of the others", False),
                Key("draw", Draws(), {}, "what its own settings are drawn from, by target", False),
            )
            found = dict(read_table(entry, table, reading, name))
            if "graph" not in found:
                found["graph"] = Reference().read(Entry(name, entry.key, entry.key), "graph", reading)
            graph = found.pop("graph")
            return None if graph is None else Machine(graph, found.get("weight", 1.0), found.get("draw", {}))
        if isinstance(value, str | Parts):
            graph = Reference().read(entry, name, reading)
            return None if graph is None else Machine(graph)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            allowed = "its weight, the path of its file or {graph: ..., weight: ..., draw: ...}"
            reading.refuse(entry.place, f"{short(name)} is {shown(entry)}; it must be {allowed}")
            return None
        graph = Reference().read(Entry(name, entry.key, entry.key), "graph", reading)
        weight = 1.0 if value is None else Weight().read(entry, f"the weight of {short(name)}", reading)
        return None if graph is None else Machine(graph, weight)

    def schema(self) -> Schema:
        own = {
            "graph": {"description": "a preset, the path of a file or a graph"},
            "weight": Weight().schema(),
            "draw": Draws().schema(),
        }
        one = {"anyOf": [Weight().schema(), {"type": ["string", "null"]}, {"type": "object", "properties": own}]}
        one["anyOf"][-1]["additionalProperties"] = False
        names = {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}
        return {"anyOf": [names, {"type": "object", "minProperties": 1, "additionalProperties": one}]}


@attrs.frozen
class Reference:
    """The name of a preset, the path of a file, or a graph."""

    def read(self, entry: Entry, what: str, reading: Reading) -> Spec | None:
        if isinstance(entry.value, Spec):
            return copy.deepcopy(entry.value)  # so that a later change of it changes nothing here
        if not isinstance(entry.value, str | dict):
            allowed = "the name of a preset, the path of a file or a graph"
            reading.refuse(entry.place, f"{short(what)} is {shown(entry)}; it must be {allowed}")
            return None
        try:
            found = reading.sub_graphs(entry.value if isinstance(entry.value, str) else entry, entry.place)
        except TapegraphError as error:
            reading.problems += error.problems
            return None
        assert isinstance(found, Spec)
        return found

    def schema(self) -> Schema:
        return {"type": ["string", "object"]}


@attrs.frozen
class Weight:
    """How often something is taken, beside the weights of others."""

    def read(self, entry: Entry, what: str, reading: Reading) -> float:
        value = entry.value
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and SMALLEST_WEIGHT <= value <= LARGEST_WEIGHT
        ):
            return float(value)
        allowed = f"a number from {SMALLEST_WEIGHT:f} to {LARGEST_WEIGHT:.0f}"
        reading.refuse(entry.place, f"{what} is {shown(entry)}; it must be {allowed}")
        return 1.0

    def schema(self) -> Schema:
        return {"type": "number", "minimum": SMALLEST_WEIGHT, "maximum": LARGEST_WEIGHT}


@attrs.frozen
class Draws:
    """Distributions by target. Whether graphs have the targets and take the values is checked by settle()."""

    def read(self, entry: Entry, what: str, reading: Reading) -> dict[str, Written]:
        found = {name: distribution(name, item, reading) for name, item in reading.mapping(entry, what).items()}
        return {name: one for name, one in found.items() if one}

    def schema(self) -> Schema:
        return {"type": ["object", "null"], "additionalProperties": DISTRIBUTION_SCHEMA}


@attrs.frozen
class Level:
    """Distributions of the level of a clip."""

    def read(self, entry: Entry, what: str, reading: Reading) -> dict[str, Written]:
        found: dict[str, Written] = {}
        for name, item in reading.mapping(entry, what).items():
            if name not in LEVELS:
                hint = did_you_mean(name, LEVELS) or f"; it has {', '.join(LEVELS)}"
                reading.refuse(item.key, f"{what} has no {short(name)}{hint}")
            elif (one := distribution(name, item, reading)) and (kept := checked(name, one, [LEVELS[name]], reading)):
                found[name] = attrs.evolve(one, distribution=kept)
        return found

    def schema(self) -> Schema:
        return {
            "type": ["object", "null"],
            "properties": {name: {"description": of.meaning, **DISTRIBUTION_SCHEMA} for name, of in LEVELS.items()},
            "additionalProperties": False,
        }


DISTRIBUTION_SCHEMA: Schema = {
    "anyOf": [
        SCALAR,
        *(
            {
                "type": "object",
                "properties": {
                    word: {
                        "type": "array",
                        "items": {"type": "number"},
                        "minItems": len(attrs.fields(cls)),
                        "maxItems": len(attrs.fields(cls)),
                    }
                },
                "required": [word],
                "additionalProperties": False,
            }
            for word, cls in NUMERIC.items()
        ),
        {
            "type": "object",
            "properties": {Choice.WORD: {"type": "array", "items": SCALAR, "minItems": 1}},
            "required": [Choice.WORD],
            "additionalProperties": False,
        },
    ]
}


def distribution(name: str, entry: Entry, reading: Reading) -> Written | None:
    """Return the distribution of a target; note what is wrong with it by itself, and return None."""
    if is_scalar(entry.value):
        return Written(Fixed(entry.value), [entry], entry.key)
    if not isinstance(entry.value, dict) or len(entry.value) != 1:
        found = f"has {len(entry.value)} entries" if isinstance(entry.value, dict) else f"is {shown(entry)}"
        allowed = "a value or one distribution, such as {uniform: [0.2, 0.9]}"
        reading.refuse(entry.place, f"{short(name)} {found}; it must be {allowed}")
        return None
    ((word, numbers),) = entry.value.items()
    if word not in WORDS:
        hint = did_you_mean(word, WORDS) or f"; there are {', '.join(WORDS)}"
        reading.refuse(numbers.key, f"no distribution is called {short(word)}{hint}")
        return None
    items = numbers.value if isinstance(numbers.value, list) else []
    if word == Choice.WORD:
        if not items or not all(is_scalar(item.value) for item in items):
            message = f"{word} of {short(name)} is {shown(numbers)}; it must be a list of values"
            reading.refuse(numbers.place, message)
            return None
        return Written(Choice(tuple(item.value for item in items)), items, entry.key)
    cls = NUMERIC[word]
    fields = [field.name for field in attrs.fields(cls)]
    if len(items) != len(fields) or not all(is_number(item.value) for item in items):
        message = f"{word} of {short(name)} is {shown(numbers)}; it must be [{', '.join(fields)}], all numbers"
        reading.refuse(numbers.place, message)
        return None
    one = cls(*(to_float(item.value) for item in items))
    if wrong := one.wrong():
        reading.refuse(numbers.place, f"{word} of {short(name)} is {shown(numbers)}; {wrong}")
        return None
    return Written(one, items[:1] if isinstance(one, Normal) else items, entry.key)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_scalar(value: object) -> bool:
    return isinstance(value, int | float | str)
