"""YAML text as a tree in which everything knows its place, so that an error can name file, line and column.

The format is plain YAML 1.2 data: 1e-5 is a number, only true and false are switches (yes and on are words),
a mapping has each key once, and there are no tags, anchors or aliases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import yaml

from tapegraph.errors import UNPRINTABLE, Problem, TapegraphError, printable, short, shown
from tapegraph.quantity import plain


@attrs.frozen
class Place:
    """Where something is: in a file with line and column from 1, or, without them, under a path in Python data."""

    name: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.line}:{self.column}" if self.line else self.name

    def right(self, columns: int) -> Place:
        """Return the place some columns further on in the same line."""
        return attrs.evolve(self, column=self.column + columns) if self.line else self


@attrs.frozen
class Entry:
    """A value and its place.

    value: dict of str to Entry, list of Entry, str, int, float, bool or None
    key: the place of the key that leads here
    """

    value: Any
    place: Place
    key: Place

    @property
    def plain(self) -> Any:
        """The value without places, all the way down."""
        if isinstance(self.value, dict):
            return {name: entry.plain for name, entry in self.value.items()}
        if isinstance(self.value, list):
            return [entry.plain for entry in self.value]
        return self.value


MAX_NAME = 200  # characters of a key
MAX_DEPTH = 100  # of lists and mappings within each other
TOO_DEEP = f"more than {MAX_DEPTH} lists and mappings within each other"
Resolvers = dict[str, list[tuple[str, re.Pattern[str]]]]


class Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: Resolvers = {}  # noqa: RUF012  so PyYAML declares it


class Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: Resolvers = {}  # noqa: RUF012

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists under their key."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write out a list or mapping wherever it is used: the format has no aliases."""
        return True


TAG = "tag:yaml.org,2002:"
SCALARS = ("null", "bool", "float", "str")
MOST_DIGITS = 18  # of a number that is read as an integer; longer ones are floats
NUMBER = r"[-+]?([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan"
RULES = {  # types of plain scalars: their pattern, and the characters that one may begin with
    "null": (r"~|null|Null|NULL|", [*"~nN", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    "float": (NUMBER, [*"-+.0123456789"]),
}
for tag, (pattern, letters) in RULES.items():
    for side in (Loader, Dumper):  # the same for both, so that text that looks like a number is quoted
        side.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})\Z"), letters)


def represent_float(dumper: Dumper, value: float) -> yaml.ScalarNode:
    """Write 3.0 as 3: a reader knows that parameters are numbers."""
    text = repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


class Inline(dict[str, Any]):
    """A mapping that is written on one line: {kind: gain, gain_db: 3}."""


Dumper.add_representer(float, represent_float)
Dumper.add_representer(int, lambda dumper, value: represent_float(dumper, float(value)))
Dumper.add_representer(
    Inline, lambda dumper, value: dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True)
)
Dumper.add_representer(
    tuple, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
)


def dump(data: Mapping[str, Any]) -> str:
    """Return plain data as YAML text, in the order of its keys; Inline mappings and tuples on one line."""
    return dump_value(dict(data))


def dump_value(value: Any) -> str:
    """Return any plain value as YAML text, as dump() does."""
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)


def parse(text: str, name: str) -> tuple[Entry, list[Problem]]:
    """Return the tree of a YAML text, and what in it is YAML but not of the format; name: of the file in errors.

    Raises TapegraphError where the text is not YAML, or has tags or aliases.
    """
    try:
        loader = Loader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
        message = ", ".join(part for part in (error.context, error.problem) if part)
        raise TapegraphError(Problem(f"not YAML: {message}", str(place))) from None
    except yaml.YAMLError as error:
        raise TapegraphError(Problem(f"not YAML: {' '.join(str(error).split())}", name)) from None
    except RecursionError:
        raise TapegraphError(Problem(TOO_DEEP, name)) from None
    if root is None:
        raise TapegraphError(Problem("empty; a graph begins with tapegraph: 1", name))
    tree = Tree(name)
    entry = tree.entry(root)
    if tree.foreign:
        raise TapegraphError(*tree.problems)
    return entry, tree.problems


class Tree:
    """Turns the nodes of PyYAML into entries and collects what the format does not have.

    foreign: whether there was a tag or an alias, after which there is no telling what was meant
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.foreign = False
        self.depth = 0
        self.seen: set[int] = set()

    def place(self, node: yaml.Node) -> Place:
        return Place(self.name, node.start_mark.line + 1, node.start_mark.column + 1)

    def problem(self, node: yaml.Node, message: str) -> None:
        problem = Problem(message, str(self.place(node)))
        if not self.problems or problem != self.problems[-1]:
            self.problems.append(problem)

    def entry(self, node: yaml.Node, key: yaml.Node | None = None) -> Entry:
        value = None
        if self.depth > MAX_DEPTH:
            raise TapegraphError(Problem(TOO_DEEP, str(self.place(node))))
        if id(node) in self.seen:  # the same node again: an alias
            self.foreign = True
            self.problem(key or node, "aliases are not part of the format; use vars for a value that is used twice")
            return Entry(None, self.place(node), self.place(key or node))
        self.seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            value = self.scalar(node)
        else:
            self.depth += 1
            value = self.sequence(node) if isinstance(node, yaml.SequenceNode) else self.mapping(node)
            self.depth -= 1
        return Entry(value, self.place(node), self.place(key or node))

    def mapping(self, node: yaml.Node) -> dict[str, Entry]:
        self.check_tag(node, "map")
        entries: dict[str, Entry] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problem(key, "a key must be plain text, not a list or a mapping")
            elif key.tag.removeprefix(TAG) not in SCALARS:
                self.check_tag(key, "str")
            elif key.value in entries:
                first = entries[key.value].key
                self.problem(key, f"{short(key.value)} is defined twice; first on line {first.line}")
            elif len(key.value) > MAX_NAME:
                self.problem(key, f"a key has {len(key.value)} characters; it must have at most {MAX_NAME}")
            else:
                if wrong := unprintable(key.value):
                    self.problem(key, wrong)
                entries[key.value] = self.entry(value, key)
        return entries

    def sequence(self, node: yaml.SequenceNode) -> list[Entry]:
        self.check_tag(node, "seq")
        return [self.entry(item) for item in node.value]

    def check_tag(self, node: yaml.Node, tag: str) -> None:
        if node.tag != f"tag:yaml.org,2002:{tag}":
            self.foreign = True
            self.problem(node, f"{short(node.tag)} is a tag; tags are not part of the format")

    def scalar(self, node: yaml.ScalarNode) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind not in SCALARS:
            self.check_tag(node, "str")
            return None
        try:
            value = value_of(kind, node.value)
        except ValueError:  # a tag written by hand: !!float x
            self.problem(node, f"{shown(node.value)} is not a {kind}")
            return None
        if wrong := unprintable(node.value):
            self.problem(node, wrong)
        return value


def unprintable(text: str) -> str | None:
    """Return what is wrong with text that has characters which no text needs and which can steer a terminal."""
    found = UNPRINTABLE.search(text.replace("\n", "").replace("\t", ""))
    return found and f"this text contains {printable(found[0])}, which is not a printable character"


def value_of(kind: str, text: str) -> Any:
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "float":
        bare = text.replace("_", "")
        if bare.lstrip("+-").isdigit() and len(bare) <= MOST_DIGITS:
            return int(bare)
        return float(bare.replace(".inf", "inf").replace(".nan", "nan"))
    return text


def scalar(text: str) -> Any:
    """Return one value written as in a graph file: a number, true, false or text."""
    for tag, (pattern, _) in RULES.items():
        if re.fullmatch(pattern, text):
            return value_of(tag, text)
    return text


def tree(data: Any, problems: list[Problem], path: str = "", depth: int = 0) -> Entry:
    """Return the tree of plain Python data; places are paths such as nodes.tape.drive.

    problems: gets what is not of the format
    """
    if depth > MAX_DEPTH:
        raise TapegraphError(Problem(TOO_DEEP, path.partition(".")[0]))
    place = Place(path)
    value = plain(data)
    if isinstance(data, Mapping):
        value = {
            str(name): tree(item, problems, f"{path}.{name}" if path else str(name), depth + 1)
            for name, item in data.items()
        }
    elif isinstance(data, Sequence) and not isinstance(data, str):
        value = [tree(item, problems, f"{path}[{number}]", depth + 1) for number, item in enumerate(data)]
    elif isinstance(value, str) and (wrong := unprintable(value)):
        problems.append(Problem(wrong, path))
    return Entry(value, place, place)
