"""From the tree of a graph file to a checked graph: every problem of it is found before any is told.

Reading a part never stops at a problem: it notes it and goes on with what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import pairwise
from typing import Any

from tapegraph.document.flat import FlatGraph, flatten
from tapegraph.document.order import Order, reachable
from tapegraph.document.spec import (
    INPUT,
    OUTPUT,
    RESAMPLERS,
    VERSION,
    End,
    NodeSpec,
    Spec,
    ends,
    leaves,
    resolve,
    split,
)
from tapegraph.document.targets import declared, has, unknown_target
from tapegraph.document.text import Entry, Place
from tapegraph.errors import Problem, TapegraphError, did_you_mean
from tapegraph.node import Node, registry
from tapegraph.node.params import AnyParam, Param, Value
from tapegraph.node.ports import find_param, has_port
from tapegraph.node.registry import NAME

BLOCK_FRAMES = (16, 4096)
MOST_OVERSAMPLE = 64
KEYS = {
    "tapegraph": "version of the format: 1",
    "title": "a few words",
    "description": "what it is, for people",
    "sources": "where its figures come from: a list of texts",
    "block": f"frames that are run at once: {BLOCK_FRAMES[0]} to {BLOCK_FRAMES[1]}",
    "seed": "number that everything random is drawn from: 0 to 4294967295",
    "resampler": f"what joins nodes of different rates: {' or '.join(RESAMPLERS)}",
    "vars": "values with a name; a parameter set to $name has that value",
    "nodes": "what it is made of, by name",
    "links": "what is linked to what: a list of texts such as input -> tape -> output",
    "controls": "what a player sees: a name to node.parameter or $variable",
    "automation": "how parameters move: a list of [time in s, value] by node.parameter",
}

SubGraph = Callable[[Any, Place], Spec]


def read(entry: Entry, sub_graph: SubGraph, problems: Collection[Problem] = ()) -> Spec:
    """Return the checked graph of a tree.

    problems: what is known to be wrong already
    sub_graph: returns the graph that a node's graph key stands for: a name, a path or a tree
    Raises TapegraphError with every problem.
    """
    reader = Reader(sub_graph)
    reader.problems += problems
    spec = reader.graph(entry)
    if reader.problems:
        raise TapegraphError(*sorted(reader.problems, key=position))
    check_whole(spec)
    return spec


def position(problem: Problem) -> tuple[str, int, int]:
    """Return what puts the problems of a file in the order of its lines."""
    name, *numbers = problem.where.rsplit(":", 2)
    line, column = (int(n) for n in numbers) if all(n.isdigit() for n in numbers) and len(numbers) == 2 else (0, 0)
    return name, line, column


def check_whole(spec: Spec) -> FlatGraph:
    """Return a graph flat. Raises TapegraphError for loops without a delay and rates that do not fit together."""
    flat = flatten(spec)
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
    if problems:
        raise TapegraphError(*problems)
    Order(flat)
    return flat


def remarks(spec: Spec) -> list[Problem]:
    """Return what is no mistake but probably not meant: nodes that nobody hears, variables that nothing uses."""
    flat = flatten(spec)
    reach = reachable(flat.links + flat.modulations)
    unheard = [name for name in flat.nodes if OUTPUT not in reach[name]]
    unused = [name for name in spec.vars if not leaves(spec, f"${name}")]
    return [
        *(Problem(f"{name} is not heard: nothing leads from it to output", flat.nodes[name].where) for name in unheard),
        *(Problem(f"the variable ${name} is not used") for name in unused),
    ]


class Reader:
    """Reads the parts of a graph and collects what is wrong with them."""

    def __init__(self, sub_graph: SubGraph) -> None:
        self.sub_graph = sub_graph
        self.problems: list[Problem] = []
        self.spec = Spec()
        self.broken: set[str] = set()  # nodes that are there but could not be read: no more is said about them

    def problem(self, place: Place, message: str) -> None:
        self.problems.append(Problem(message, str(place)))

    def mapping(self, entry: Entry, what: str) -> dict[str, Entry]:
        if entry.value is None:
            return {}
        if not isinstance(entry.value, dict):
            self.problem(entry.place, f"{what} is {said(entry)}; it must be a mapping of names to values")
            return {}
        return entry.value

    def items(self, entry: Entry, what: str) -> list[Entry]:
        if entry.value is None:
            return []
        if not isinstance(entry.value, list):
            self.problem(entry.place, f"{what} is {said(entry)}; it must be a list")
            return []
        return entry.value

    def text(self, entry: Entry, what: str) -> str:
        if not isinstance(entry.value, str):
            self.problem(entry.place, f"{what} is {said(entry)}; it must be text")
            return ""
        return entry.value

    def whole(self, entry: Entry, what: str, low: int, high: int) -> int:
        value = entry.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problem(entry.place, f"{what} is {said(entry)}; it must be a whole number from {low} to {high}")
            return low
        return value

    def graph(self, entry: Entry) -> Spec:
        top = self.mapping(entry, "a graph")
        for key, value in top.items():
            if key not in KEYS:
                self.problem(value.key, f"a graph has no key {key}{did_you_mean(key, KEYS) or has(KEYS)}")
        self.version(top.get("tapegraph"), entry)
        spec = self.spec
        spec.title = self.text(top["title"], "title") if "title" in top else ""
        spec.description = self.text(top["description"], "description").strip() if "description" in top else ""
        if "sources" in top:
            spec.sources = [self.text(item, "a source") for item in self.items(top["sources"], "sources")]
        if "block" in top:
            spec.block = self.whole(top["block"], "block", *BLOCK_FRAMES)
        if "resampler" in top:
            spec.resampler = self.option(top["resampler"], "resampler", RESAMPLERS)
        if "seed" in top:
            spec.seed = self.whole(top["seed"], "seed", 0, 2**32 - 1)
        self.variables(top)
        self.nodes(top)
        self.links(top, entry)
        self.controls(top)
        self.automation(top)
        return spec

    def version(self, entry: Entry | None, graph: Entry) -> None:
        if entry is None:
            if isinstance(graph.value, dict):
                self.problem(
                    graph.place, f"a graph says which version of the format it is in; add tapegraph: {VERSION}"
                )
        elif entry.value != VERSION or isinstance(entry.value, bool):
            self.problem(entry.place, f"tapegraph is {said(entry)}; this program reads version {VERSION} of the format")

    def option(self, entry: Entry, what: str, options: tuple[str, ...]) -> str:
        if entry.value not in options:
            self.problem(entry.place, f"{what} is {said(entry)}; it must be one of {', '.join(options)}")
            return options[0]
        return str(entry.value)

    def variables(self, top: dict[str, Entry]) -> None:
        for name, entry in self.mapping(top["vars"], "vars").items() if "vars" in top else ():
            if not NAME.fullmatch(name):
                self.problem(entry.key, f"{name} is no name for a variable; it takes letters, digits, _ and -")
            if not isinstance(entry.value, int | float | str):
                self.problem(entry.place, f"${name} is {said(entry)}; it must be a number, true, false or a word")
            else:
                self.spec.vars[name] = to_float(entry.value)

    def nodes(self, top: dict[str, Entry]) -> None:
        for name, entry in self.mapping(top["nodes"], "nodes").items() if "nodes" in top else ():
            before = len(self.problems)
            if not NAME.fullmatch(name):
                self.problem(entry.key, f"{name} is no name for a node; it takes letters, digits, _ and -")
            elif name in (INPUT, OUTPUT):
                self.problem(entry.key, f"{name} is the {name} of the graph and cannot be the name of a node")
            node = self.node(name, entry)
            if node is not None:
                self.spec.nodes[name] = node
            if len(self.problems) > before:
                self.broken.add(name)

    def node(self, name: str, entry: Entry) -> NodeSpec | None:
        if not isinstance(entry.value, dict):
            self.problem(entry.place, f"{name} is {said(entry)}; a node is written {{kind: gain, gain_db: 3}}")
            return None
        words = dict(entry.value)
        kind, graph, oversample = (words.pop(key, None) for key in ("kind", "graph", "oversample"))
        node = NodeSpec(where=str(entry.key))
        if oversample is not None:
            node.oversample = self.whole(oversample, f"{name}.oversample", 1, MOST_OVERSAMPLE)
        if (kind is None) == (graph is None):
            message = (
                f"{name} has {'neither' if kind is None else 'both'} kind {'nor' if kind is None else 'and'} graph"
            )
            self.problem(entry.key, f"{message}; a node has one of them")
            return None
        if kind is not None:
            cls = self.kind(kind)
            if cls is None:
                return None
            node.kind = cls.KIND
            self.params(name, node, cls, words)
        elif graph is not None:
            try:
                node.graph = self.sub_graph(graph.plain if isinstance(graph.value, str) else graph, graph.place)
            except TapegraphError as error:
                self.problems += error.problems
                return None
            node.reference = graph.value if isinstance(graph.value, str) else ""
            for target, value in words.items():
                self.sub_value(name, node, node.graph, target, value)
        return node

    def kind(self, entry: Entry) -> type[Node] | None:
        if not isinstance(entry.value, str):
            self.problem(entry.place, f"kind is {said(entry)}; it must be the name of a kind of node")
            return None
        try:
            return registry.find(entry.value)
        except TapegraphError as error:
            self.problems += [Problem(p.message, str(entry.place)) for p in error.problems]
            return None

    def params(self, name: str, node: NodeSpec, cls: type[Node], words: dict[str, Entry]) -> None:
        for param, entry in words.items():
            found = find_param(cls, param)
            if found is None:
                known = [p.name for p in cls.PARAMS]
                message = f"{name} ({cls.KIND}) has no parameter {param}{did_you_mean(param, known) or has(known)}"
                self.problem(entry.key, message)
            elif self.value(f"{name}.{param}", [found], entry):
                node.params[param] = to_float(entry.value)

    def sub_value(self, name: str, node: NodeSpec, graph: Spec, target: str, entry: Entry) -> None:
        """Read what a node that is a graph sets in it: a control, a $variable or node.parameter."""
        wrong = unknown_target(graph, target)
        if wrong:
            self.problem(entry.key, f"{name}: {wrong}")
            return
        if self.value(f"{name}.{target}", declared(graph, target), entry):
            node.params[target] = to_float(entry.value)

    def value(self, what: str, params: list[AnyParam], entry: Entry) -> bool:
        """Tell whether a value, or that of the variable it names, suits all of the parameters; note where not."""
        value, shown = entry.value, what
        if value is None or isinstance(value, dict | list):
            allowed = params[0].allowed if params else "a number, true, false or a word"
            self.problem(entry.place, f"{what} is {said(entry)}; it must be {allowed}")
            return False
        if isinstance(value, str) and value.startswith("$"):
            known = {f"${name}" for name in self.spec.vars}
            if value not in known:
                self.problem(entry.place, f"{what} is {value}; there is no such variable{did_you_mean(value, known)}")
                return False
            shown, value = f"{what}, which is {value},", resolve(self.spec, value)
        for param in params:
            try:
                param.check(value)
            except ValueError as error:
                hint = (
                    did_you_mean(value, param.options) if isinstance(value, str) and hasattr(param, "options") else ""
                )
                self.problem(entry.place, f"{shown} {error}{hint}")
                return False
        return True

    def links(self, top: dict[str, Entry], graph: Entry) -> None:
        before, seen, leaving = len(self.problems), set(), False
        for entry in self.items(top["links"], "links") if "links" in top else ():
            if not isinstance(entry.value, str):
                self.problem(entry.place, f"a link is {said(entry)}; it is written input -> tape -> output")
                continue
            along = ends(entry.value)
            if len(along) < 2:
                self.problem(entry.place, f"{entry.value} links nothing; a link is written input -> tape -> output")
                continue
            last = len(along) - 1
            good = [self.end(end, entry, first=k == 0, last=k == last) for k, end in enumerate(along)]
            for source, target in pairwise(along):
                leaving = leaving or target.node == OUTPUT
                link = (source.node, source.port if source is along[0] else "", target.node, target.port)
                if link in seen:
                    self.problem(entry.place.right(target.column), f"{source} -> {target} is linked twice")
                seen.add(link)
            if all(good):
                self.spec.links.append(" -> ".join(map(str, along)))
        if not leaving and len(self.problems) == before and isinstance(graph.value, dict):
            place = top["links"].key if "links" in top else graph.place
            self.problem(place, "nothing is linked to output; end a link with -> output")

    def end(self, end: End, entry: Entry, first: bool, last: bool) -> bool:
        """Tell whether one end of a link is there and has the port; note where not."""
        place = entry.place.right(end.column)
        if end.node in (INPUT, OUTPUT):
            port = "out" if end.node == INPUT else "in"
            if (end.node == INPUT and not first) or (end.node == OUTPUT and not last):
                rule = "begin a link" if end.node == INPUT else "end one"
                self.problem(place, f"{end.node} can only {rule}")
                return False
            if end.port not in ("", port):
                self.problem(place, f"{end.node} has no port {end.port}; it has {port}")
                return False
            return True
        node = self.spec.nodes.get(end.node)
        if node is None:
            if end.node not in self.broken and not end.node:
                self.problem(place, "an end of this link has no name")
            elif end.node not in self.broken:
                known = [INPUT, *self.spec.nodes, *self.broken, OUTPUT]
                self.problem(place, f"no node is called {end.node}{did_you_mean(end.node, known)}")
            return False
        if node.graph is not None:
            return self.sub_end(end, node.graph, place, first)
        cls = registry.find(node.kind)
        if first:
            return self.port(end, cls.KIND, cls.OUTPUTS, (), place, "output")
        if not cls.INPUTS and not end.port:
            self.problem(place, f"{end.node} ({cls.KIND}) has no input")
            return False
        moved = tuple(param.name for param in cls.PARAMS if isinstance(param, Param)) if last else ()
        return self.port(end, cls.KIND, cls.INPUTS, moved, place, "input")

    def port(
        self, end: End, kind: str, ports: tuple[str, ...], params: tuple[str, ...], place: Place, what: str
    ) -> bool:
        known = (*ports, *params)
        if not end.port or has_port(known, end.port):
            return True
        rest = did_you_mean(end.port, known) or f"; it has {', '.join(ports) or 'none'}"
        also = " or parameter to move" if params else ""
        self.problem(place, f"{end.node} ({kind}) has no {what}{also} called {end.port}{rest}")
        return False

    def sub_end(self, end: End, graph: Spec, place: Place, first: bool) -> bool:
        if end.port in ("", "out" if first else "in"):
            return True
        wrong = f"{end.node} is a graph; only its out can be heard" if first else unknown_target(graph, end.port)
        if wrong is None and not self.numeric(graph, end.port):
            wrong = f"{end.node}.{end.port} is not a number and cannot be moved by a signal"
        if wrong:
            self.problem(place, wrong)
        return wrong is None

    def numeric(self, graph: Spec, target: str) -> bool:
        moved = declared(graph, target)
        return bool(moved) and all(isinstance(param, Param) for param in moved)

    def is_target(self, target: str, place: Place) -> bool:
        """Tell whether a target can be set; note where not, but say nothing more about a broken node."""
        name, _ = split(target)
        if name in self.broken and not target.startswith("$"):
            return False
        wrong = unknown_target(self.spec, target)
        if wrong:
            self.problem(place, wrong)
        return wrong is None

    def controls(self, top: dict[str, Entry]) -> None:
        for name, entry in self.mapping(top["controls"], "controls").items() if "controls" in top else ():
            if not name or name.startswith("$") or split(name)[1]:
                self.problem(
                    entry.key, f"{name!r} is no name for a control; it must not begin with $ or have . or / in it"
                )
            elif name in self.spec.nodes:
                self.problem(entry.key, f"{name} is a node and cannot be the name of a control too")
            elif self.is_target(self.text(entry, f"the control {name}"), entry.place) and entry.value != name:
                self.spec.controls[name] = entry.value

    def automation(self, top: dict[str, Entry]) -> None:
        moved: dict[object, str] = {}
        for target, entry in self.mapping(top["automation"], "automation").items() if "automation" in top else ():
            if not self.is_target(target, entry.key):
                continue
            if not self.numeric(self.spec, target):
                self.problem(entry.key, f"{target} moves nothing that is a number and cannot be automated")
                continue
            for leaf in leaves(self.spec, target):
                if leaf in moved:
                    self.problem(entry.key, f"{target} moves what {moved[leaf]} moves too; one of them must go")
                moved[leaf] = target
            points = [self.breakpoint(target, item) for item in self.items(entry, f"the automation of {target}")]
            if not points:
                self.problem(entry.place, f"the automation of {target} has no breakpoint; it takes [time in s, value]")
            for (time, _), (later, _) in pairwise(points):
                if later <= time:
                    self.problem(entry.place, f"the times of {target} must rise; {later:g} s comes after {time:g} s")
                    break
            self.spec.automation[target] = points

    def breakpoint(self, target: str, entry: Entry) -> tuple[float, float]:
        pair = entry.plain
        numbers = isinstance(pair, list) and [v for v in pair if isinstance(v, int | float) and not isinstance(v, bool)]
        if not numbers or len(pair) != 2 or len(numbers) != 2 or not 0 <= numbers[0] < float("inf"):
            self.problem(entry.place, f"a breakpoint of {target} is {said(entry)}; it must be [time in s, value]")
            return 0.0, 0.0
        for param in declared(self.spec, target):
            try:
                param.check(numbers[1])
            except ValueError as error:
                self.problem(entry.place, f"{target} {error}")
                break
        return float(numbers[0]), float(numbers[1])


def to_float(value: Value) -> Value:
    """Return a number as a float and all else as it is."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def said(entry: Entry) -> str:
    """Return a value as a person would read it out."""
    value = entry.value
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return str(entry.plain) if len(value) < 4 else "a list"
    return str(value).lower() if isinstance(value, bool) else repr(value)
