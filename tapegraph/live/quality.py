"""Less work for a slow machine: the same graph with cheaper solvers and less oversampling."""

from __future__ import annotations

from typing import get_args

import attrs

from tapegraph.document.flat import FlatGraph, FlatNode
from tapegraph.errors import TapegraphError
from tapegraph.node import Choice, Value
from tapegraph.node.params import Quality

QUALITIES: tuple[Quality, ...] = get_args(Quality)
MOST_OVERSAMPLE: dict[Quality, int] = {"draft": 1, "live": 2}


def lowered(graph: FlatGraph, quality: Quality) -> FlatGraph:
    """Return the graph at a quality; "render" leaves it unchanged.

    Each Choice says which options replace others. Nodes that run at the rate of a source that feeds them keep it: a
    lower rate could not carry a bias oscillator's frequency.
    """
    if quality not in QUALITIES:
        raise TapegraphError(f"quality is {quality!r}; it must be one of {', '.join(QUALITIES)}")
    if quality == "render":
        return graph
    kept = fed_by_sources(graph)
    return attrs.evolve(graph, nodes={name: less(node, quality, name in kept) for name, node in graph.nodes.items()})


def less(node: FlatNode, quality: Quality, keeps_rate: bool) -> FlatNode:
    params: dict[str, Value] = dict(node.params)
    for param in node.cls.PARAMS:
        if isinstance(param, Choice):
            value = params.get(param.name, param.default)
            if (lighter := param.at(quality, value)) != value:
                params[param.name] = lighter
    most = node.oversample if keeps_rate else MOST_OVERSAMPLE[quality]
    return attrs.evolve(node, params=params, oversample=min(node.oversample, most))


def fed_by_sources(graph: FlatGraph) -> set[str]:
    """Return the sources, and all nodes that they feed at the same rate."""
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
