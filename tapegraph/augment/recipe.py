"""Files of random machines: which graphs, and what their settings are drawn from.

    tapegraph-random: 1
    seed: 7                      # 0 where it is left out
    p: 0.9                       # how often a machine applies at all; 1 where it is left out
    graphs:                      # presets and files, and how often each is taken beside the others
      tc260: 3
      cassette: {weight: 2, draw: {Azimuth: {uniform: [0, 0.2]}}}
      mine: {graph: machines/mine.yaml}
    draw:                        # by target: node.parameter, $variable or a control
      Drive: {uniform: [0.2, 0.9]}
      Hiss: {normal: [-72, 4]}
      tape.solver: rk2
    level:
      loudness_lufs: {uniform: [-28, -16]}
      gain_db: {triangular: [-6, 0, 6]}

`graphs` may also be a list: all are taken equally often. A setting under `draw` is drawn for every graph that has the
target, and one that no graph has is a mistake; one under `draw` of a graph takes its place there. Distributions are in
distributions.py; every value that can be drawn is checked against what the parameters take. Two targets must not set
the same parameter. The seed of a graph is always drawn, so that hiss and wow differ from clip to clip.

loudness_lufs is the loudness (ITU-R BS.1770-5, gated) to which the clip is brought at the input of the machine; the
same gain is taken back behind it, so that the clip keeps its level and only the tape is driven harder or less, and its
hiss lies accordingly. A silent clip, below -70 LUFS, is left at its level. gain_db is a gain behind all that.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from tapegraph.augment.distributions import NUMERIC, Choice, Distribution, Fixed, Normal, Range
from tapegraph.document import load, text
from tapegraph.document.access import Access, below, resolved
from tapegraph.document.check import RANDOM, position, read_table
from tapegraph.document.files import parameter_value
from tapegraph.document.form import ListOf, Number, Reading, Schema, Text, Version, Whole, shown
from tapegraph.document.limits import check_text
from tapegraph.document.parts import Parts
from tapegraph.document.paths import Leaf, leaf_name, leaves
from tapegraph.document.spec import Key, Spec
from tapegraph.document.targets import automated_target, declared, unknown_target
from tapegraph.document.text import Entry, Place
from tapegraph.errors import Problem, TapegraphError, did_you_mean, short
from tapegraph.node.params import AnyParam, Model, Param, Track, Value
from tapegraph.node.params import Choice as ChoiceParam
from tapegraph.quantity import to_float

LEVELS = {
    "gain_db": Param("gain_db", 0.0, -60.0, 60.0, "dB", "gain behind the machine"),
    "loudness_lufs": Param("loudness_lufs", -23.0, -60.0, 0.0, "LUFS", "loudness at the input of the machine"),
}
MOST_GRAPHS = 250
LARGEST_WEIGHT = 1e6


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


def opened(source: str | Path, allow: Iterable[str | Path], given: Mapping[str, Any]) -> Recipe:
    """Return the random machine of a file.

    allow: files and folders, beside the folder of the file, that it may name files from
    given: what takes the place of keys of the file
    Raises TapegraphError with every problem.
    """
    path = Path(source)
    yaml = load.read_text(path)
    real = resolved(path)
    sub_graphs = load.SubGraphs(path.parent, (real,), below(real.parent, allow))
    sub_graphs.loading.marks += check_text(yaml, str(path))
    entry, problems = text.parse(yaml, str(path))
    return read(entry, sub_graphs, problems, given)


def from_words(words: Mapping[str, Any], given: Mapping[str, Any]) -> Recipe:
    """Return the random machine of plain data under the keys of the file; a graph may be a Graph, too."""
    problems: list[Problem] = []
    return read(text.tree(words, problems), load.SubGraphs(Path(), (), Access()), problems, given, versioned=False)


def read(
    entry: Entry,
    sub_graphs: load.SubGraphs,
    problems: list[Problem],
    given: Mapping[str, Any],
    versioned: bool = True,
) -> Recipe:
    """Return the random machine of a tree. Raises TapegraphError with every problem."""
    reading = Reading(Parts(), sub_graphs, list(problems))
    if isinstance(entry.value, dict):
        if "tapegraph" in entry.value and RANDOM not in entry.value:
            message = f"this is a graph; a random machine begins with {RANDOM}: 1 and names it under graphs"
            raise TapegraphError(Problem(message, str(entry.value["tapegraph"].key)))
        entry.value.update({name: Entry(value, Place(name), Place(name)) for name, value in given.items()})
    table = keys(versioned)
    found = {key.name: key.default for key in table} | dict(read_table(entry, table, reading, "a random machine"))
    settle(found["graphs"], found["draw"], reading)
    if reading.problems:
        raise TapegraphError(*sorted(reading.problems, key=position))
    return Recipe(
        found["seed"],
        found["p"],
        {name: attrs.evolve(machine, written={}) for name, machine in found["graphs"].items() if machine},
        {name: one.distribution for name, one in found["level"].items()},
    )


def keys(versioned: bool = True) -> tuple[Key, ...]:
    """Return the keys of a file, in the order in which they are read."""
    return (
        Key(RANDOM, Version(1), 1, "version of the format", versioned),
        Key("title", Text(), "", "a few words", False),
        Key("description", Text(), "", "what it is, for people", False),
        Key("tags", ListOf(Text(), "a tag"), [], "words to find it by: a list of texts", False),
        Key("seed", Whole(0, 2**32 - 1), 0, "number that everything is drawn from", False),
        Key("p", Number(0.0, 1.0, ""), 1.0, "how often a machine applies, 0 to 1", False),
        Key("graphs", Graphs(), {}, "presets and files, and how often each is taken", True),
        Key("draw", Draws(), {}, "what settings are drawn from, by target", False),
        Key("level", Level(), {}, "loudness at the input of the machine, and gain behind it", False),
    )


@attrs.frozen
class Graphs:
    """Graphs by name: a list of references, or a mapping to weights, references or {graph, weight, draw}."""

    def read(self, entry: Entry, what: str, reading: Reading) -> dict[str, Machine | None]:
        graphs: dict[str, Machine | None] = {}
        if isinstance(entry.value, list):
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
            return entry.value
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
        if isinstance(value, int | float) and not isinstance(value, bool) and 0.0 < value <= LARGEST_WEIGHT:
            return float(value)
        allowed = f"a number above 0, at most {LARGEST_WEIGHT:.0f}"
        reading.refuse(entry.place, f"{what} is {shown(entry)}; it must be {allowed}")
        return 1.0

    def schema(self) -> Schema:
        return {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_WEIGHT}


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


WORDS = (*NUMERIC, Choice.WORD)
SCALAR: Schema = {"type": ["number", "boolean", "string"]}
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


def settle(graphs: dict[str, Machine | None], common: dict[str, Written], reading: Reading) -> None:
    """Give each graph what is drawn for it; note targets that no graph has, and values that one does not take."""
    machines = {name: machine for name, machine in graphs.items() if machine}
    used: set[str] = set()
    for name, machine in machines.items():
        mine = {target: one for target, one in common.items() if unknown_target(machine.graph, target) is None}
        used |= mine.keys()
        for target, one in machine.written.items():
            if wrong := unknown_target(machine.graph, target):
                reading.refuse(one.place, f"{short(name)}: {wrong}")
            else:
                mine[target] = one
        setting: dict[Leaf, str] = {}
        for target, one in mine.items():
            if drawn := drawn_for(name, machine.graph, target, one, setting, reading):
                machine.draw[target] = drawn
    if len(machines) == len(graphs):  # what could not be read may have the target
        for target, one in common.items():
            if target not in used and machines:
                name, machine = next(iter(machines.items()))
                wrong = unknown_target(machine.graph, target)
                none = "" if len(machines) == 1 else f"no graph has {short(target)}; "
                reading.refuse(one.place, f"{none}{short(name)}: {wrong}")


def drawn_for(
    name: str, graph: Spec, target: str, written: Written, setting: dict[Leaf, str], reading: Reading
) -> Drawn | None:
    """Return what a target of a graph is drawn from; note what is wrong, and return None.

    setting: which targets set which parameters of the graph so far
    """
    where = f"{target} in {short(name)}"
    params = declared(graph, target)
    wrong = automated_target(graph, target) or (None if params else f"{target} sets nothing: no node uses it")
    for leaf in leaves(graph, target):
        other = setting.setdefault(leaf, target)
        if other != target:
            wrong = wrong or f"{other} and {target} both set {leaf_name(leaf)}; remove one"
    if wrong:
        reading.refuse(written.place, f"{short(name)}: {wrong}")
        return None
    found = checked(where, written, params, reading)
    return Drawn(found, range_of(params)) if found else None


def checked(what: str, written: Written, params: list[AnyParam], reading: Reading) -> Distribution | None:
    """Return a distribution whose values all parameters take, whole numbers as such; note what they do not take."""
    numeric = all(isinstance(param, Param) for param in params)
    if written.distribution.WORD in NUMERIC and not numeric:
        example = next(
            list(p.options) if isinstance(p, ChoiceParam) else [True, False] for p in params if not isinstance(p, Param)
        )
        listed = f"[{', '.join(str(value).lower() if isinstance(value, bool) else value for value in example[:2])}]"
        reading.refuse(written.place, f"{what} is not a number; draw it from {{choice: {listed}}}")
        return None
    values = []
    for entry in written.values:
        value = parameter_value(entry.value, params, reading.sub_graphs.folder)
        if wrong := refusal(value, params, reading) or misfit(value, written.distribution, params):
            reading.refuse(entry.place, f"{what} {wrong}")
            return None
        values.append(settled_value(value, params))
    if isinstance(written.distribution, Choice):
        return Choice(tuple(values))
    return Fixed(values[0]) if isinstance(written.distribution, Fixed) else written.distribution


def refusal(value: Value, params: list[AnyParam], reading: Reading) -> str | None:
    """Return why a file that a value names may not be read, None where it may, or where the value names none."""
    if isinstance(value, str) and os.path.isabs(value) and any(isinstance(p, Model | Track) for p in params):
        wrong = reading.sub_graphs.access.refusal(Path(value))
        return wrong and f"cannot be used: {wrong}"
    return None


def misfit(value: Value, of: Distribution, params: list[AnyParam]) -> str | None:
    """Return which of the parameters does not take a value of a distribution, None where all do."""
    for param in params:
        if isinstance(of, Normal) and isinstance(param, Param):
            param = attrs.evolve(param, whole=False)  # noqa: PLW2901  its mean may lie between
        try:
            param.check(value)
        except ValueError as error:
            options = param.options if isinstance(param, ChoiceParam) and isinstance(value, str) else ()
            return f"{error}{did_you_mean(str(value), options)}"
    return None


def settled_value(value: Value, params: list[AnyParam]) -> Value:
    """Return a value as it is drawn: of whole numbers an int, of others a float."""
    if isinstance(value, bool | str):
        return value
    return round(value) if range_of(params).whole else to_float(value)


def range_of(params: list[AnyParam]) -> Range:
    """Return the numbers that all of some parameters take."""
    numeric = [param for param in params if isinstance(param, Param)]
    return Range(
        max((param.minimum for param in numeric), default=0.0),
        min((param.maximum for param in numeric), default=1.0),
        any(param.whole for param in numeric),
    )
