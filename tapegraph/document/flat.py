"""A graph without sub-graphs, variables and default ports: what a plan is made from.

A node of a sub-graph is called "sub/node" and runs at the product of the rates of both.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tapegraph.document.links import INPUT, OUTPUT, End, pairs
from tapegraph.document.parts import Parts
from tapegraph.document.paths import graph_within, leaves, resolve
from tapegraph.document.spec import Spec
from tapegraph.errors import Problem, TapegraphError
from tapegraph.node import Node, registry
from tapegraph.node.params import Value
from tapegraph.node.ports import has_port, member


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
    scope = Scope(spec)
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
    if found and problems is None:
        raise TapegraphError(*found)
    return FlatGraph(spec.block, spec.resampler, nodes, tuple(links), tuple(modulations), automation, spec.seed)


class Scope:
    """A graph within others, with what they set in it.

    prefix: "sub/" and so on, what its nodes are called by from outside
    outer, name: the graph around it, and what it is called there
    """

    def __init__(
        self, spec: Parts, prefix: str = "", oversample: int = 1, outer: Scope | None = None, name: str = ""
    ) -> None:
        self.spec, self.prefix, self.oversample, self.outer, self.name = spec, prefix, oversample, outer, name
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
        return FlatNode(registry.find(node.kind), params, self.oversample * node.oversample, node.where)

    def links(self) -> Iterator[tuple[bool, FlatLink]]:
        """Yield every link that ends in a node of this graph; True for sound, False for modulation."""
        for text in self.spec.links:
            for source, target in pairs(text):
                if target.node == OUTPUT and self.outer:
                    continue
                sources = list(self.sources(source, ()))
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

    def sources(self, source: End, path: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
        """Yield the nodes and ports whose sound comes out of the source of a link.

        path: the sub-graphs and inputs that have been followed back so far
        """
        at = (self.prefix, source.node)
        if at in path:
            raise TapegraphError(f"{self.prefix}{source.node} is linked to itself without a delay")
        if source.node == INPUT and self.outer is not None:
            yield from self.outer.linked_to(self.name, (*path, at))
        elif source.node == INPUT:
            yield INPUT, "out"
        elif source.node in self.inner:
            yield from self.inner[source.node].linked_to(OUTPUT, (*path, at))
        else:
            cls = registry.find(self.spec.nodes[source.node].kind)
            yield self.prefix + source.node, source.port or cls.OUTPUTS[0]

    def linked_to(self, name: str, path: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
        """Return the nodes and ports whose sound enters a sub-graph, or the output, of this graph."""
        found: dict[tuple[str, str], None] = {}
        for text in self.spec.links:
            for source, target in pairs(text):
                if target.node == name and target.port in ("", "in"):
                    for end in self.sources(source, path):
                        if end in found:  # at once: their number could grow exponentially
                            raise TapegraphError(f"{end[0]} is linked to {self.prefix}{name} twice")
                        found[end] = None
        return list(found)
