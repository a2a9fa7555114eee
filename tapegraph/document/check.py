"""From the tree of a graph file to a checked graph: all of its problems are found before they are reported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tapegraph.document.flat import FlatGraph, flatten
from tapegraph.document.form import Reading, SubGraphs, Version
from tapegraph.document.order import Order, reaching
from tapegraph.document.paths import leaves
from tapegraph.document.spec import OUTPUT, Key, Spec, keys
from tapegraph.document.targets import has
from tapegraph.document.text import Entry
from tapegraph.errors import Problem, TapegraphError, did_you_mean, short

RANDOM = "tapegraph-random"  # the key that files of another kind begin with


def read(entry: Entry, sub_graphs: SubGraphs, problems: Collection[Problem] = (), versioned: bool = True) -> Spec:
    """Return the checked graph of a tree.

    problems: what is known to be wrong already
    sub_graphs: finds the graphs that it includes
    versioned: whether the version of the format is required
    Raises TapegraphError with every problem.
    """
    spec = Spec()
    reading = Reading(spec, sub_graphs, list(problems))
    read_keys(entry, reading, versioned)
    problems = [*reading.problems, *structural_problems(spec)]
    if problems:
        raise TapegraphError(*sorted(problems, key=position))
    return spec


def read_keys(entry: Entry, reading: Reading, versioned: bool) -> None:
    """Read every key in the order of the table: later ones refer to earlier ones."""
    if isinstance(entry.value, dict) and RANDOM in entry.value:
        message = "this is a random machine; tapegraph batch and tapegraph.augment.RandomMachine read it"
        reading.refuse(entry.value[RANDOM].key, message)
        return
    for name, value in read_table(entry, keys(type(reading.spec), versioned), reading, "a graph"):
        setattr(reading.spec, name, value)


def read_table(entry: Entry, table: Sequence[Key], reading: Reading, of: str) -> Iterator[tuple[str, Any]]:
    """Yield the keys of a table with their values, each once the one before it has been taken.

    of: what has these keys, in messages
    """
    if not isinstance(entry.value, dict):
        reading.refuse(entry.place, f"this is not {of}; {of} is a mapping of keys to values")
        return
    known = {key.name: key for key in table}
    first = table[0]
    # Some other file, whose content is not for messages
    if first.required and isinstance(first.form, Version) and known.keys().isdisjoint(entry.value):
        reading.refuse(entry.place, f"this is not {of}; {of} begins with {first.name}: {first.form.number}")
        return
    for name, value in entry.value.items():
        if name not in known:
            reading.refuse(value.key, f"{of} has no key {short(name)}{did_you_mean(name, known) or has(known)}")
    for name, key in known.items():
        missing = Entry(None, entry.place, entry.place) if key.required else None
        value = entry.value.get(name, missing)
        if value is not None:
            yield name, key.form.read(value, name, reading)


def position(problem: Problem) -> tuple[str, int, int]:
    """Return what puts the problems of a file in the order of its lines."""
    name, *numbers = problem.where.rsplit(":", 2)
    line, column = (int(n) for n in numbers) if all(n.isdecimal() for n in numbers) and len(numbers) == 2 else (0, 0)
    return name, line, column


def structural_problems(spec: Spec) -> list[Problem]:
    """Return what is wrong with a graph as a whole: links that coincide, loops without a delay, rates that do not fit.

    spec: what could be read of the graph; more may be wrong with it
    """
    problems: list[Problem] = []
    try:
        flat = flatten(spec, problems)
        problems += rate_problems(flat)
        Order(flat)
    except TapegraphError as error:
        problems += error.problems
    return problems


def rate_problems(flat: FlatGraph) -> list[Problem]:
    """Return a problem for each link between nodes of which neither runs at a multiple of the other's rate."""
    problems = []
    for link in flat.links:
        source, target = flat.nodes.get(link.source_node), flat.nodes.get(link.target_node)
        if source and target:
            low, high = sorted((source.oversample, target.oversample))
            if high % low:
                message = (
                    f"{link.source_node} runs at {source.oversample} times the rate and {link.target_node}, which it "
                    f"is linked to, at {target.oversample} times; one must be a multiple of the other"
                )
                problems.append(Problem(message, target.where))
    return problems


def remarks(spec: Spec) -> list[Problem]:
    """Return what is no mistake but probably not meant: nodes without effect, variables that nothing uses."""
    flat = flatten(spec)
    useful = reaching(flat.links + flat.modulations, OUTPUT)
    idle = [name for name in flat.nodes if name not in useful]
    unused = [name for name in spec.vars if not leaves(spec, f"${name}")]
    linked = {link.target_node for link in flat.links}
    unfed = [name for name, node in flat.nodes.items() if node.cls.INPUTS and name in useful and name not in linked]
    return [
        *(Problem(f"{name} has no effect: no links lead from it to output", flat.nodes[name].where) for name in idle),
        *(Problem(f"{name} hears nothing: no link leads to it", flat.nodes[name].where) for name in unfed),
        *(Problem(f"the variable ${name} is not used") for name in unused),
    ]
