"""What a graph says, as data: nodes, links, variables, controls, automation. No checks and no sound here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import attrs

from tapegraph.node.params import Value

VERSION = 1  # of the graph format
INPUT, OUTPUT = "input", "output"  # the ends of a graph, which links name like nodes
DEFAULT_BLOCK = 64
RESAMPLERS = ("linear", "minimum")


@attrs.define
class NodeSpec:
    """One node: of a kind, or a whole graph used as a node.

    kind: name of the kind; empty for a sub-graph
    graph: the sub-graph
    reference: preset or file that the sub-graph came from; empty where it stands inside the graph itself
    oversample: how many times the rate of the graph the node runs at
    params: values by parameter, "$name" for that of a variable; of a sub-graph by control, $variable or node.parameter
    where: place for error messages
    """

    kind: str = ""
    graph: Spec | None = None
    reference: str = ""
    oversample: int = 1
    params: dict[str, Value] = attrs.field(factory=dict)
    where: str = attrs.field(default="", eq=False)


@attrs.frozen
class End:
    """One end of a link: a node and perhaps one of its ports or parameters, and where in the text it stands."""

    node: str
    port: str
    column: int = attrs.field(default=0, eq=False)

    def __str__(self) -> str:
        return f"{self.node}.{self.port}" if self.port else self.node


@attrs.define
class Spec:
    """All that a graph file says.

    links: as written, "a -> b.port -> c"
    vars: values that "$name" stands for
    controls: what a player sees: a name to "node.parameter" or "$variable"
    automation: breakpoints (time in s, value) by target
    """

    title: str = ""
    description: str = ""
    sources: list[str] = attrs.field(factory=list)
    block: int = DEFAULT_BLOCK
    resampler: str = RESAMPLERS[0]
    seed: int = 0
    vars: dict[str, Value] = attrs.field(factory=dict)
    nodes: dict[str, NodeSpec] = attrs.field(factory=dict)
    links: list[str] = attrs.field(factory=list)
    controls: dict[str, str] = attrs.field(factory=dict)
    automation: dict[str, list[tuple[float, float]]] = attrs.field(factory=dict)


def ends(link: str) -> list[End]:
    """Return the ends along a link "a -> b.port -> c", in order."""
    found, column = [], 0
    for term in link.split("->"):
        node, _, port = term.strip().partition(".")
        found.append(End(node, port, column + len(term) - len(term.lstrip())))
        column += len(term) + len("->")
    return found


def pairs(link: str) -> Iterator[tuple[End, End]]:
    """Yield source and target of each arrow of a link. A port in the middle of a chain is the one that is entered."""
    along = ends(link)
    for number, (source, target) in enumerate(pairwise(along)):
        yield (source if number == 0 else attrs.evolve(source, port="")), target


def resolve(spec: Spec, value: Value) -> Value:
    """Return a value, or the variable's where it is "$name"."""
    if isinstance(value, str) and value.startswith("$"):
        return spec.vars[value[1:]]
    return value


def leaves(spec: Spec, target: str) -> list[tuple[tuple[str, ...], str]]:
    """Return what a target moves: ways to nodes, through sub-graphs, each with a parameter.

    target: "node.parameter", "sub/node.parameter", "$variable" or the name of a control
    """
    if target.startswith("$"):
        found = []
        for name, node in spec.nodes.items():
            for param, value in node.params.items():
                if value == target:
                    found += within(node, name, param)
        return found
    if target in spec.controls:
        return leaves(spec, spec.controls[target])
    name, inner = split(target)
    return within(spec.nodes[name], name, inner) if name in spec.nodes else []


def within(node: NodeSpec, name: str, inner: str) -> list[tuple[tuple[str, ...], str]]:
    if node.graph is None:
        return [((name,), inner)]
    return [((name, *way), param) for way, param in leaves(node.graph, inner)]


def split(target: str) -> tuple[str, str]:
    """Return the node and the rest of "node.parameter", "sub.Control" or "sub/node.parameter"."""
    mark = re.search(r"[./]", target)
    return (target, "") if mark is None else (target[: mark.start()], target[mark.end() :])


def node_at(spec: Spec, way: tuple[str, ...]) -> NodeSpec:
    """Return the node that a way through sub-graphs leads to."""
    node = spec.nodes[way[0]]
    if len(way) == 1:
        return node
    assert node.graph is not None
    return node_at(node.graph, way[1:])


def assign(spec: Spec, target: str, value: Value) -> None:
    """Set what a target stands for in the data of a graph, unchecked."""
    if target.startswith("$"):
        spec.vars[target[1:]] = value
    elif target in spec.controls:
        assign(spec, spec.controls[target], value)
    else:
        name, inner = split(target)
        spec.nodes[name].params[inner] = value
