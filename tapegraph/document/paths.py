"""From a target to what it stands for: paths to nodes, through sub-graphs, and parameters of theirs.

A target is "node.parameter", "sub/node.parameter", "$variable" or the name of a control.
"""

from __future__ import annotations

import re

import attrs

from tapegraph.document.parts import NodeSpec, Parts
from tapegraph.node.params import Value

Path = tuple[str, ...]  # names of nodes: sub-graphs, from the outside in, and the node itself
Leaf = tuple[Path, str]  # a parameter of a node


def split(target: str) -> tuple[str, str]:
    """Return the node and the rest of "node.parameter", "sub.Control" or "sub/node.parameter"."""
    mark = re.search(r"[./]", target)
    return (target, "") if mark is None else (target[: mark.start()], target[mark.end() :])


def leaves(spec: Parts, target: str) -> list[Leaf]:
    """Return the parameters that a target sets; none of a variable that nothing uses."""
    if target.startswith("$"):
        return [
            leaf
            for name, node in spec.nodes.items()
            for param, value in node.params.items()
            if value == target
            for leaf in within(node, name, param)
        ]
    if target in spec.controls:
        return leaves(spec, spec.controls[target])
    name, inner = split(target)
    return within(spec.nodes[name], name, inner) if name in spec.nodes else []


def within(node: NodeSpec, name: str, inner: str) -> list[Leaf]:
    if node.graph is None:
        return [((name,), inner)]
    return [((name, *path), param) for path, param in leaves(node.graph, inner)]


def leaf_name(leaf: Leaf) -> str:
    """Return the target that names a parameter of a node, "sub/node.parameter"."""
    return f"{'/'.join(leaf[0])}.{leaf[1]}"


def node_at(spec: Parts, path: Path) -> NodeSpec:
    """Return the node at the end of a path, as its own graph has it."""
    for name in path[:-1]:
        inner = spec.nodes[name].graph
        assert inner is not None
        spec = inner
    return spec.nodes[path[-1]]


def settled(spec: Parts, path: Path) -> dict[str, Value]:
    """Return the parameters that are set at a node, with all that surrounds it taken into account."""
    for name in path[:-1]:
        spec = graph_within(spec, spec.nodes[name])
    return {param: resolve(spec, value) for param, value in spec.nodes[path[-1]].params.items()}


def graph_within(spec: Parts, node: NodeSpec) -> Parts:
    """Return the graph of a node that is a sub-graph of spec, with what spec sets in it."""
    assert node.graph is not None
    if not node.params:
        return node.graph
    graph = node.graph
    nodes = {name: attrs.evolve(inner, params=dict(inner.params)) for name, inner in graph.nodes.items()}
    graph = attrs.evolve(graph, vars=dict(graph.vars), nodes=nodes)
    for target, value in node.params.items():
        assign(graph, target, resolve(spec, value))
    return graph


def resolve(spec: Parts, value: Value) -> Value:
    """Return a value, or the variable's where it is "$name"."""
    if isinstance(value, str) and value.startswith("$"):
        return spec.vars[value[1:]]
    return value


def aim(spec: Parts, target: str) -> str:
    """Return what a control, or a control of a control, stands for; any other target as it is."""
    while target in spec.controls:
        target = spec.controls[target]
    return target


def assign(spec: Parts, target: str, value: Value) -> None:
    """Set what a target stands for in the data of a graph, unchecked.

    Parameters are replaced as a whole: another thread may be iterating over them.
    """
    target = aim(spec, target)
    if target.startswith("$"):
        spec.vars[target[1:]] = value
    else:
        name, inner = split(target)
        node = spec.nodes[name]
        node.params = {**node.params, inner: value}
