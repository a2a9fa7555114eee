"""A graph without sub-graphs, variables and default ports: what a plan is made from.

A node of a sub-graph is called "sub/node" and runs at the product of the rates of both.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import attrs

from tapegraph.document.spec import INPUT, OUTPUT, End, NodeSpec, Spec, assign, leaves, pairs, resolve
from tapegraph.errors import TapegraphError
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


def flatten(spec: Spec) -> FlatGraph:
    """Return a checked graph flat. Raises TapegraphError for what only shows then: a link that is there twice."""
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
            for way, param in leaves(inner.spec, target):
                automation[inner.prefix + "/".join(way), param] = tuple(points)
        for into, link in inner.links():
            kept = links if into else modulations
            if link in kept:
                raise TapegraphError(f"{link.source_node} is linked to {link.target_node}.{link.target_port} twice")
            kept[link] = None
    return FlatGraph(spec.block, spec.resampler, nodes, tuple(links), tuple(modulations), automation, spec.seed)


class Scope:
    """A graph where it stands inside others.

    prefix: "sub/" and so on, what its nodes are called by from outside
    """

    def __init__(
        self, spec: Spec, prefix: str = "", oversample: int = 1, around: Scope | None = None, name: str = ""
    ) -> None:
        self.spec, self.prefix, self.oversample, self.around, self.name = spec, prefix, oversample, around, name
        self.inner = {n: self.scope_of(n, node, node.graph) for n, node in spec.nodes.items() if node.graph is not None}

    def scope_of(self, name: str, node: NodeSpec, graph: Spec) -> Scope:
        graph = copy.deepcopy(graph)
        for target, value in node.params.items():
            assign(graph, target, resolve(self.spec, value))
        return Scope(graph, f"{self.prefix}{name}/", self.oversample * node.oversample, self, name)

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
                heard = [] if target.node == OUTPUT and self.around else list(self.heard(source, ()))
                for into, node, port in self.reached(target):
                    for source_node, source_port in heard:
                        yield into, FlatLink(source_node, source_port, node, port)

    def reached(self, target: End) -> Iterator[tuple[bool, str, str]]:
        """Yield (True, node, port) or (False, node, parameter) for the target of a link."""
        if target.node == OUTPUT:
            yield True, OUTPUT, "in"
        elif target.node in self.inner:
            if target.port not in ("", "in"):  # a sound goes in where the sub-graph hears its input
                for way, param in leaves(self.inner[target.node].spec, target.port):
                    yield False, self.inner[target.node].prefix + "/".join(way), param
        else:
            cls = registry.find(self.spec.nodes[target.node].kind)
            port = target.port or member(cls.INPUTS[0], 1)
            yield has_port(cls.INPUTS, port), self.prefix + target.node, port

    def heard(self, source: End, on_the_way: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
        """Yield the nodes and ports whose sound comes out of the source of a link."""
        at = (self.prefix, source.node)
        if at in on_the_way:
            raise TapegraphError(f"{self.prefix}{source.node} is linked to itself without a delay")
        if source.node == INPUT and self.around is not None:
            yield from self.around.entering(self.name, (*on_the_way, at))
        elif source.node == INPUT:
            yield INPUT, "out"
        elif source.node in self.inner:
            yield from self.inner[source.node].entering(OUTPUT, (*on_the_way, at))
        else:
            cls = registry.find(self.spec.nodes[source.node].kind)
            yield self.prefix + source.node, source.port or cls.OUTPUTS[0]

    def entering(self, name: str, on_the_way: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
        """Yield what is heard by a sub-graph, or by the output, of this graph."""
        for text in self.spec.links:
            for source, target in pairs(text):
                if target.node == name and target.port in ("", "in"):
                    yield from self.heard(source, on_the_way)
