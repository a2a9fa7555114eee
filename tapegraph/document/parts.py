"""The parts of a graph that refer to each other, as data: variables, nodes, links, controls, automation."""

from __future__ import annotations

import attrs

from tapegraph.node.params import Value

Points = list[tuple[float, float]]  # time in s and value of the breakpoints of an automation


@attrs.define
class NodeSpec:
    """One node: of a kind, or a graph used as a node.

    kind: name of the kind; empty for a sub-graph
    graph: the sub-graph
    reference: preset or file that the sub-graph came from; empty where it is written inside the graph itself
    oversample: how many times the rate of the graph the node runs at
    params: values by parameter, "$name" for that of a variable; of a sub-graph by control, $variable or node.parameter
    where: place for error messages
    """

    kind: str = ""
    graph: Parts | None = None
    reference: str = ""
    oversample: int = 1
    params: dict[str, Value] = attrs.field(factory=dict)
    where: str = attrs.field(default="", eq=False)


@attrs.define
class Parts:
    """What targets and links find in a graph.

    vars: values that "$name" stands for
    links: as written, "a -> b.port -> c"
    controls: what a player sees: "node.parameter" or "$variable" by name
    automation: breakpoints by target
    """

    vars: dict[str, Value] = attrs.field(factory=dict)
    nodes: dict[str, NodeSpec] = attrs.field(factory=dict)
    links: list[str] = attrs.field(factory=list)
    controls: dict[str, str] = attrs.field(factory=dict)
    automation: dict[str, Points] = attrs.field(factory=dict)
