"""Clip after clip through graphs that differ in parameters and seeds only: planned once, and set anew for each clip.

A node starts over as good as new, which is a law for every node, and a node whose parameters or seed have changed is
prepared again; so each clip sounds, to the bit, as if a plan had been made for it. A graph that differs in anything
else, or whose parameters change a latency, gets a new plan.
"""

from __future__ import annotations

from typing import Any

import attrs

from tapegraph.document.flat import FlatGraph, FlatNode
from tapegraph.node.base import Node
from tapegraph.node.params import NodeValue
from tapegraph.node.ports import find_param
from tapegraph.run.memory import Memory
from tapegraph.run.plan import prepare
from tapegraph.run.rendering import Rendering, whole
from tapegraph.run.sound import Audio, planar

MOST_KEPT = 16  # plans, each of a graph at a sample rate with a number of channels


@attrs.frozen
class Rendered:
    """A clip that was rendered.

    samples: (channels, frames)
    latency: of the graph, which the samples are without, frames
    warnings: a sentence for each thing that went wrong with the sound
    """

    samples: Audio
    latency: int
    warnings: tuple[str, ...] = ()


class Clips:
    """Renders clips through graphs, without a tail, and keeps plans for the next ones.

    Threads may share it: a plan is taken out while it is used.
    """

    def __init__(self) -> None:
        self.kept: dict[tuple[str, float, int], Rendering] = {}

    def render(self, name: str, graph: FlatGraph, audio: Audio, sample_rate: float) -> Rendered:
        """Return audio through a graph, aligned with it and as long.

        name: of graphs that differ in little
        audio: (channels, frames) or one-dimensional, float32 or float64
        """
        x = planar(audio)
        key = name, sample_rate, x.shape[0]
        rendering = self.kept.pop(key, None)
        if rendering is None or not take_over(rendering, graph):
            rendering = Rendering(graph, sample_rate, x.shape[0], tail=0.0)
        found = Rendered(whole(rendering, x), rendering.latency, tuple(rendering.warnings()))
        while len(self.kept) >= MOST_KEPT:
            for oldest in [*self.kept][:1]:
                self.kept.pop(oldest, None)
        self.kept[key] = rendering
        return found


def take_over(rendering: Rendering, graph: FlatGraph) -> bool:
    """Get a rendering ready for a clip through a graph; tell whether that was possible with its plan.

    Where it was not, the rendering is of no further use.
    """
    engine = rendering.engine
    running = engine.plan
    if structure(running.graph) != structure(graph):
        return False
    latencies = {name: node.latency() for name, node in running.nodes.items()}
    changed: dict[str, Node] = {}
    for name, node in running.nodes.items():
        if running.graph.seed != graph.seed:
            node.seed = graph.seed
            changed[name] = node
        for param, value in differences(running.graph.nodes[name], graph.nodes[name]).items():
            engine.set_now(running, name, param, value)
            changed[name] = node
    for (name, param), modulation in running.modulations.items():  # which has moved it since
        modulation.value = modulation.base
        running.nodes[name].set(param, modulation.base)
        changed[name] = running.nodes[name]
    memory = Memory()
    for node in running.nodes.values():
        memory.take(node.memory_samples())
    prepare(changed, graph)
    if latencies != {name: node.latency() for name, node in running.nodes.items()}:
        return False
    for name in changed:
        running.calls[name].set_since_prepared = False
    running.schedule.muted = 0
    running.schedule.silenced.clear()
    running.schedule.restart()
    engine.plan = attrs.evolve(running, graph=graph, tail_s=running.timing.tail_s())
    rendering.begin()
    return True


def structure(graph: FlatGraph) -> tuple[Any, ...]:
    """Return all of a graph but values of parameters and the seed."""
    nodes = [(name, node.cls, node.oversample) for name, node in graph.nodes.items()]
    return nodes, graph.links, graph.modulations, graph.automation, graph.block, graph.resampler


def differences(before: FlatNode, after: FlatNode) -> dict[str, NodeValue]:
    """Return the parameters of a node that have other values than before, with what the node is to be given."""
    if before.params == after.params:
        return {}
    declared = {param: find_param(after.cls, param) for param in {**before.params, **after.params}}
    values = {
        name: (param, before.params.get(name, param.default), after.params.get(name, param.default))
        for name, param in declared.items()
        if param is not None
    }
    return {name: param.resolve(new) for name, (param, old, new) in values.items() if old != new}
