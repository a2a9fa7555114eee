"""Parameter changes of a live session as automation: a graph that makes the same sound again from the same input.

A change before block k becomes a step between the ends of blocks k - 1 and k, where the scheduler reads automation.
"""

from __future__ import annotations

from tapegraph.document.flat import FlatGraph
from tapegraph.document.model import GraphModel
from tapegraph.document.parts import Parts
from tapegraph.live.deck import Deck
from tapegraph.node import Param
from tapegraph.node.ports import find_param

BEFORE, AFTER = (
    0.4,
    0.6,
)  # ends of the step, in blocks: far from those of the block, so that rounding does not matter


def performance(start: GraphModel, deck: Deck) -> GraphModel:
    """Return the graph as it was at the start, with the parameter changes of a deck as its automation.

    Parameters that are not numbers or are automated already are left out; left_out() names them.
    """
    graph = start.copy()
    stand_alone(graph)
    flat = graph.flat()
    block_s = deck.block / deck.sample_rate
    for block, node, param, value in deck.log():
        if not can_be_automated(flat, node, param) or not isinstance(value, int | float):
            continue
        # A node that closes a loop reads its automation at the end of a block, for the next one.
        first = block - 1 if deck.plan.nodes[node].loop_latency else block
        target = f"{node}.{param}"
        late_s = deck.plan.timing.arrival[node] / deck.sample_rate
        points = graph.automation.setdefault(target, [])
        before = points[-1][1] if points else float(flat.nodes[node].params.get(param, default(flat, node, param)))
        down, up = ((first + position) * block_s - late_s for position in (BEFORE, AFTER))
        if points and down < points[-1][0]:  # the same block again
            points[-1] = (points[-1][0], float(value))
        elif down > 0.0:
            points += [(down, before), (up, float(value))]
        else:
            points.append((max(up, 0.0), float(value)))
    return graph


def left_out(start: GraphModel, deck: Deck) -> list[str]:
    """Return the targets of changes that performance() leaves out."""
    flat = start.flat()
    return sorted({f"{node}.{param}" for _, node, param, _ in deck.log() if not can_be_automated(flat, node, param)})


def can_be_automated(flat: FlatGraph, node: str, param: str) -> bool:
    return isinstance(find_param(flat.nodes[node].cls, param), Param) and (node, param) not in flat.automation


def default(flat: FlatGraph, node: str, param: str) -> float:
    declared = find_param(flat.nodes[node].cls, param)
    assert isinstance(declared, Param)
    return declared.default


def stand_alone(spec: Parts) -> None:
    """Include sub-graphs in full, so that the file does not depend on others."""
    for node in spec.nodes.values():
        if node.graph is not None:
            node.reference = ""
            stand_alone(node.graph)
