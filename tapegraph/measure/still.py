"""A machine held still: a graph without what varies in time, so that what it does to tones can be measured.

A node varies if a steady tone does not give a steady output: stretches of it, which hold whole cycles, differ by more
than -80 dB once it has settled, or differ when the graph has another seed, as where dropouts are rare. This is tried on
every node alone, so it finds the user's own nodes as well as ours.

A node that varies keeps its place with its amounts at 0, those of its parameters that end there: first one at a time,
then all. A source, or a node whose amounts do not help, is left out, and what enters it goes on to what follows it.
Automation is left out: its parameters keep the values of the graph. What was changed is named, for it is not measured.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from tapegraph.document.flat import FlatGraph, FlatLink, FlatNode
from tapegraph.document.links import INPUT, OUTPUT
from tapegraph.errors import TapegraphError
from tapegraph.node.params import Param, Value
from tapegraph.node.ports import has_port, is_family, member
from tapegraph.run.engine import Engine
from tapegraph.run.rendering import render
from tapegraph.run.sound import Array

STRETCH_S = 0.1  # holds whole cycles of every tone
TONES_HZ = (90.0, 1000.0, 5000.0)  # differ from each other by no multiple of the rate of a reel
SETTLING_S = 8.0  # by then echoes have come and compressors have let go
LASTING_S = 4.0
LEVEL = 0.05  # of each tone
STEADY = 1e-4  # -80 dB
SILENT = 1e-10
SEEDS = 2**32


@attrs.frozen
class Still:
    """A graph held still.

    changed: what was done for that: "hiss" is left out, "wow.depth_percent = 0", "automation of tape.drive"
    settling_s: how long a tone sounds until the output is steady
    """

    graph: FlatGraph
    changed: tuple[str, ...]
    settling_s: float


def still(graph: FlatGraph, sample_rate: float, channels: int) -> Still:
    """Return a graph held still.

    Raises TapegraphError where it cannot be held still, or where nothing of the sound that enters it is left.
    """
    changed = [f"automation of {node}.{param}" for node, param in graph.automation]
    width = widths(graph, sample_rate, channels)
    graph = attrs.evolve(graph, automation={})
    for name, node in graph.nodes.items():
        if not varies(alone(graph, name), sample_rate, width[name]):
            continue
        calmed = calm(graph, name, sample_rate, width[name])
        if calmed is None:
            graph = without(graph, name)
            changed.append(name)
        else:
            graph = attrs.evolve(graph, nodes=graph.nodes | {name: calmed})
            changed += [f"{name}.{param} = 0" for param in calmed.params if calmed.params[param] != value(node, param)]
    if not leads_to_output(graph):
        raise TapegraphError("nothing that enters the graph leaves it, so there is nothing to measure")
    stretches = outputs(graph, sample_rate, channels)
    if variation(settled(stretches)) > STEADY:
        left_out = f", held still ({', '.join(changed)})," if changed else ""
        raise TapegraphError(
            f"the graph{left_out} makes no steady sound of a steady tone in {SETTLING_S:g} s, so it cannot be measured"
        )
    return Still(graph, tuple(changed), settling(stretches))


def varying(graph: FlatGraph, sample_rate: float, channels: int) -> list[str]:
    """Return what varies in time: the names of nodes, and automated parameters."""
    width = widths(graph, sample_rate, channels)
    nodes = [name for name in graph.nodes if varies(alone(graph, name), sample_rate, width[name])]
    return nodes + [f"{node}.{param}" for node, param in graph.automation]


def widths(graph: FlatGraph, sample_rate: float, channels: int) -> dict[str, int]:
    """Return how many channels each node has in a graph."""
    plan = Engine(graph, sample_rate, channels).plan
    return {name: int(node.channels) for name, node in plan.nodes.items()}


def alone(graph: FlatGraph, name: str) -> FlatGraph:
    """Return a graph of one node, all of whose inputs get the input and whose first output is the output."""
    node = graph.nodes[name]
    into = [FlatLink(INPUT, "out", name, member(port, 1)) for port in node.cls.INPUTS]
    out = FlatLink(name, node.cls.OUTPUTS[0], OUTPUT, "in")
    return attrs.evolve(graph, nodes={name: node}, links=(*into, out), modulations=(), automation={})


def varies(graph: FlatGraph, sample_rate: float, channels: int) -> bool:
    stretches = outputs(graph, sample_rate, channels)
    if variation(settled(stretches)) > STEADY:
        return True
    others = outputs(attrs.evolve(graph, seed=(graph.seed + 1) % SEEDS), sample_rate, channels)
    return variation(np.stack([stretches.ravel(), others.ravel()])[np.newaxis]) > STEADY


def outputs(graph: FlatGraph, sample_rate: float, channels: int) -> Array:
    """Return what a graph makes of the tones: (channels, stretches, frames)."""
    frames = round(STRETCH_S * sample_rate)
    cycles = [round(tone_hz * STRETCH_S) for tone_hz in TONES_HZ if tone_hz < 0.4 * sample_rate]
    stretch = LEVEL * sum(np.sin(2.0 * np.pi * k * np.arange(frames) / frames) for k in cycles)
    sound = np.tile(stretch, (channels, round((SETTLING_S + LASTING_S) / STRETCH_S) + 1))
    out = render(graph, sound, sample_rate, tail=0.0)
    return np.asarray(out.reshape(len(out), -1, frames)[:, :-1])  # resamplers look ahead to the end


def settled(stretches: Array) -> Array:
    """Return the last LASTING_S."""
    return stretches[:, -round(LASTING_S / STRETCH_S) :]


def settling(stretches: Array) -> float:
    """Return after how many seconds every stretch is like the last."""
    differences = np.sqrt(np.mean((stretches - stretches[:, -1:]) ** 2, axis=(0, 2)))
    unlike = np.flatnonzero(differences > STEADY * np.sqrt(np.mean(stretches[:, -1] ** 2)))
    return STRETCH_S * (int(unlike[-1]) + 1 if len(unlike) else 0)


def variation(stretches: Array) -> float:
    """Return the largest difference of a stretch from the first, RMS, relative to the first; 0 for silence."""
    first = np.sqrt(np.mean(stretches[:, 0] ** 2))
    differences = np.sqrt(np.mean((stretches - stretches[:, :1]) ** 2, axis=(0, 2)))
    largest = float(np.max(differences))
    return largest / max(float(first), SILENT) if largest > SILENT else 0.0


def calm(graph: FlatGraph, name: str, sample_rate: float, channels: int) -> FlatNode | None:
    """Return a node with as few amounts at 0 as make it steady, or None where they do not, or silence it."""
    node = graph.nodes[name]
    if not node.cls.INPUTS:
        return None
    before = power(alone(graph, name), sample_rate, channels)
    for zeros in choices(node):
        calmed = attrs.evolve(node, params=node.params | zeros)
        changed = alone(attrs.evolve(graph, nodes={name: calmed}), name)
        if not varies(changed, sample_rate, channels) and power(changed, sample_rate, channels) > 0.25 * before:
            return calmed
    return None


def power(graph: FlatGraph, sample_rate: float, channels: int) -> float:
    return float(np.mean(settled(outputs(graph, sample_rate, channels)) ** 2))


def choices(node: FlatNode) -> Iterator[dict[str, Value]]:
    """Yield parameters to set to 0, those whose range ends there: each, then all."""
    amounts = [
        param.name
        for param in node.cls.PARAMS
        if isinstance(param, Param)
        and param.minimum == 0.0
        and value(node, param.name) != 0.0
        and not is_family(param.name)
    ]
    for name in amounts:
        yield {name: 0.0}
    if len(amounts) > 1:
        yield dict.fromkeys(amounts, 0.0)


def value(node: FlatNode, param: str) -> object:
    return node.params.get(param, next((p.default for p in node.cls.PARAMS if p.name == param), None))


def without(graph: FlatGraph, name: str) -> FlatGraph:
    """Return a graph without a node: what is linked to its first input is linked to what its first output led to."""
    cls = graph.nodes[name].cls
    into = [link for link in graph.links if link.target_node == name and has_port(cls.INPUTS[:1], link.target_port)]

    def passed_on(links: tuple[FlatLink, ...]) -> tuple[FlatLink, ...]:
        found: dict[FlatLink, None] = {}
        for link in links:
            if link.target_node == name:
                continue
            if link.source_node != name:
                found[link] = None
            elif link.source_port == cls.OUTPUTS[0]:
                found |= {
                    attrs.evolve(link, source_node=before.source_node, source_port=before.source_port): None
                    for before in into
                    if before.source_node != name
                }
        return tuple(found)

    nodes = {other: node for other, node in graph.nodes.items() if other != name}
    return attrs.evolve(graph, nodes=nodes, links=passed_on(graph.links), modulations=passed_on(graph.modulations))


def leads_to_output(graph: FlatGraph) -> bool:
    """Tell whether sound gets from the input to the output."""
    reached = {INPUT}
    while more := {link.target_node for link in graph.links if link.source_node in reached} - reached:
        reached |= more
    return OUTPUT in reached
