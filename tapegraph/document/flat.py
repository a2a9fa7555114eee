"""A graph without sub-graphs, variables and default ports: what a plan is made from.

A node of a sub-graph is called "sub/node" and runs at the product of the rates of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import attrs

from tapegraph.document.limits import MOST_LINKS, MOST_OVERSAMPLE, check_size
from tapegraph.document.links import INPUT, OUTPUT, End, pairs
from tapegraph.document.parts import Parts
from tapegraph.document.paths import graph_within, leaves, resolve
from tapegraph.document.spec import Spec
from tapegraph.errors import Problem, TapegraphError
from tapegraph.node import Node, registry
from tapegraph.node.params import Value
from tapegraph.node.ports import has_port, member

TOO_MANY_LINKS = f"the graph has more than {MOST_LINKS} links with those of its sub-graphs, the most it may have"


@attrs.frozen
class FlatNode:
    """A node: its class, the values that differ from the defaults, its rate as a multiple, its place in a file."""

    cls: type[Node]
    params: dict[str, Value] = attrs.field(factory=dict)
    oversample: int = 1
    where: str = ""


@attrs.frozen
class FlatLink:
    """From an output port to an input port, or, as a modulation, to a parameter."""

    source_node: str
    source_port: str
    target_node: str
    target_port: str


@attrs.frozen
class FlatGraph:
    """nodes by name; modulations are links into parameters; automation is (time in s, value) by node and parameter."""

    block: int = 64
    resampler: str = "linear"
    nodes: dict[str, FlatNode] = attrs.field(factory=dict)
    links: tuple[FlatLink, ...] = ()
    modulations: tuple[FlatLink, ...] = ()
    automation: dict[tuple[str, str], tuple[tuple[float, float], ...]] = attrs.field(factory=dict)
    seed: int = 0


def flatten(spec: Spec, problems: list[Problem] | None = None) -> FlatGraph:
    """Return a checked graph flat. Raises TapegraphError for what only shows then: links that coincide.

    problems: gets these instead, where it is given
    """
    found: list[Problem] = [] if problems is None else problems
    check_size(spec)
    scope = Scope(spec)
    scope.follow_edges()
    nodes: dict[str, FlatNode] = {}
    links: dict[FlatLink, None] = {}
    modulations: dict[FlatLink, None] = {}
    automation = {}
    for inner in scope.all():
        for name, node in inner.spec.nodes.items():
            if node.graph is None:
                nodes[inner.prefix + name] = inner.flat_node(name)
        for target, points in inner.spec.automation.items():
            for path, param in leaves(inner.spec, target):
                automation[inner.prefix + "/".join(path), param] = tuple(points)
        for is_sound, link in inner.links():
            kept = links if is_sound else modulations
            if link in kept:
                message = f"{link.source_node} is linked to {link.target_node}.{link.target_port} twice"
                found.append(Problem(message))
            kept[link] = None
            if len(kept) > MOST_LINKS:
                raise TapegraphError(TOO_MANY_LINKS)
    if found and problems is None:
        raise TapegraphError(*found)
    return FlatGraph(spec.block, spec.resampler, nodes, tuple(links), tuple(modulations), automation, spec.seed)


Point = tuple[str, str]  # where sound enters or leaves a sub-graph: prefix of a graph, and a sub-graph or output in it


class Scope:
    """A graph within others, with what they set in it.

    prefix: "sub/" and so on, what its nodes are called by from outside
    outer, name: the graph around it, and what it is called there
    entering: nodes and ports whose sound enters a sub-graph or an output; one mapping for all graphs
    """

    def __init__(
        self, spec: Parts, prefix: str = "", oversample: int = 1, outer: Scope | None = None, name: str = ""
    ) -> None:
        self.spec, self.prefix, self.oversample, self.outer, self.name = spec, prefix, oversample, outer, name
        self.entering: dict[Point, list[tuple[str, str]]] = {} if outer is None else outer.entering
        self.inner = {
            name: Scope(
                graph_within(spec, node), f"{prefix}{name}/", oversample * node.oversample, outer=self, name=name
            )
            for name, node in spec.nodes.items()
            if node.graph is not None
        }

    def all(self) -> Iterator[Scope]:
        """Yield this graph and all those in it."""
        yield self
        for inner in self.inner.values():
            yield from inner.all()

    def flat_node(self, name: str) -> FlatNode:
        node = self.spec.nodes[name]
        params = {param: resolve(self.spec, value) for param, value in node.params.items()}
        oversample = self.oversample * node.oversample
        if oversample > MOST_OVERSAMPLE:
            message = (
                f"{self.prefix}{name} runs at {oversample} times the rate, with the sub-graphs around it; "
                f"the most is {MOST_OVERSAMPLE}"
            )
            raise TapegraphError(Problem(message, node.where))
        return FlatNode(registry.find(node.kind), params, oversample, node.where)

    def links(self) -> Iterator[tuple[bool, FlatLink]]:
        """Yield every link that ends in a node of this graph; True for sound, False for modulation."""
        for text in self.spec.links:
            for source, target in pairs(text):
                if target.node == OUTPUT and self.outer:
                    continue
                sources = self.sources(source)
                for is_sound, node, port in self.targets(target):
                    for source_node, source_port in sources:
                        yield is_sound, FlatLink(source_node, source_port, node, port)

    def targets(self, target: End) -> Iterator[tuple[bool, str, str]]:
        """Yield (True, node, port) or (False, node, parameter) for the target of a link."""
        if target.node == OUTPUT:
            yield True, OUTPUT, "in"
        elif target.node in self.inner:
            if target.port not in ("", "in"):  # sound enters where the sub-graph links its input
                inner = self.inner[target.node]
                for path, param in leaves(inner.spec, target.port):
                    yield False, inner.prefix + "/".join(path), param
        else:
            cls = registry.find(self.spec.nodes[target.node].kind)
            port = target.port or member(cls.INPUTS[0], 1)
            yield has_port(cls.INPUTS, port), self.prefix + target.node, port

    def sources(self, source: End) -> list[tuple[str, str]]:
        """Return the nodes and ports whose sound comes out of the source of a link."""
        point = self.behind(source)
        return [self.node_and_port(source)] if point is None else self.entering.get(point, [])

    def behind(self, source: End) -> Point | None:
        """Return where the sound of a source that is no node comes from: the edge of a sub-graph, inside or outside."""
        if source.node == INPUT and self.outer is not None:
            return self.outer.prefix, self.name
        if source.node in self.inner:
            return self.inner[source.node].prefix, OUTPUT
        return None

    def node_and_port(self, source: End) -> tuple[str, str]:
        if source.node == INPUT:
            return INPUT, "out"
        cls = registry.find(self.spec.nodes[source.node].kind)
        return self.prefix + source.node, source.port or cls.OUTPUTS[0]

    def follow_edges(self) -> None:
        """Find which nodes' sound enters each sub-graph and each output, in time that is linear in what is found.

        Raises TapegraphError where sub-graphs that only pass sound on are a loop, and where sound arrives twice.
        """
        into: dict[Point, list[tuple[Scope, End]]] = defaultdict(list)
        for scope in self.all():
            for text in scope.spec.links:
                for source, target in pairs(text):
                    if target.port in ("", "in") and (target.node == OUTPUT or target.node in scope.inner):
                        into[scope.prefix, target.node].append((scope, source))
        before = {point: [scope.behind(source) for scope, source in ends] for point, ends in into.items()}
        sorter = TopologicalSorter({point: [p for p in points if p is not None] for point, points in before.items()})
        try:
            order = list(sorter.static_order())
        except CycleError as error:
            prefix, name = next(point for point in error.args[1] if point[1] != OUTPUT)
            raise TapegraphError(f"{prefix}{name} is linked to itself without a delay") from None
        count = 0
        for point in order:
            found: dict[tuple[str, str], None] = {}
            for scope, source in into[point]:
                for end in scope.sources(source):
                    if end in found:
                        raise TapegraphError(f"{end[0]} is linked to {point[0]}{point[1]} twice")
                    found[end] = None
            count += len(found)
            if count > MOST_LINKS:
                raise TapegraphError(TOO_MANY_LINKS)
            self.entering[point] = list(found)
