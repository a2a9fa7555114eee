"""Less work for a slow machine: a graph with quicker solvers and less oversampling, and otherwise the same."""

from __future__ import annotations

from typing import Literal

import attrs

from tapegraph.errors import TapegraphError
from tapegraph.flat import FlatGraph, FlatNode
from tapegraph.param import Value

Quality = Literal["draft", "live", "render"]


@attrs.frozen
class Limits:
    """oversample: the most; solvers: which one stands in for a more exact one of the same model."""

    oversample: int
    solvers: dict[str, str]


SOLVER = "solver"  # the parameter, of any node that has one

LIMITS: dict[str, Limits] = {
    "draft": Limits(1, {"rk4": "rk2", "nr4": "rk2", "nr8": "rk2"}),
    "live": Limits(2, {"nr4": "rk4", "nr8": "rk4"}),
}
QUALITIES: tuple[Quality, ...] = ("draft", "live", "render")


def lowered(graph: FlatGraph, quality: Quality) -> FlatGraph:
    """Return the graph at a quality; "render" is as it stands.

    Nodes that share a rate with a sound source keep it: a bias oscillator makes nothing that a lower rate could carry.
    """
    if quality not in QUALITIES:
        raise TapegraphError(f"quality is {quality!r}; it must be one of {', '.join(QUALITIES)}")
    if quality == "render":
        return graph
    limits = LIMITS[quality]
    kept = fed_by_sources(graph)
    return attrs.evolve(graph, nodes={name: less(node, limits, name in kept) for name, node in graph.nodes.items()})


def lowered_value(param: str, value: Value, quality: Quality) -> Value:
    """Return what is to be set for a value while sound runs at a quality."""
    if quality == "render" or param != SOLVER:
        return value
    return LIMITS[quality].solvers.get(str(value), value)


def less(node: FlatNode, limits: Limits, keeps_rate: bool) -> FlatNode:
    params = dict(node.params)
    for declared in node.cls.PARAMS:
        if declared.name == SOLVER:
            solver = params.get(SOLVER, declared.default)
            params[SOLVER] = limits.solvers.get(str(solver), solver)
    return attrs.evolve(
        node, params=params, oversample=node.oversample if keeps_rate else min(node.oversample, limits.oversample)
    )


def fed_by_sources(graph: FlatGraph) -> set[str]:
    """Return the nodes that make sound, and all that hear them at their own rate."""
    found = {name for name, node in graph.nodes.items() if node.cls.SOURCE}
    grown = True
    while grown:
        more = {
            link.target_node
            for link in graph.links
            if link.source_node in found
            and link.target_node in graph.nodes
            and graph.nodes[link.target_node].oversample == graph.nodes[link.source_node].oversample
        }
        grown = not more <= found
        found |= more
    return found
