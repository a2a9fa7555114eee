"""Drawings of a graph as it is planned: text for terminals, Mermaid for documents; svg.py draws pictures."""

from __future__ import annotations

import math
from typing import Literal

import attrs

from tapegraph.flat import FlatLink
from tapegraph.graph import Graph
from tapegraph.param import counted, number
from tapegraph.plan import Planner
from tapegraph.spec import INPUT, OUTPUT


@attrs.frozen
class Box:
    """A node.

    name, kind: kind is empty for the ends of the graph
    notes: its rate and latency, where there is something to say
    """

    name: str
    kind: str
    notes: tuple[str, ...] = ()


@attrs.frozen
class Arrow:
    """A link.

    label: ports that are not the first, and the resampler on the way
    way: sound; modulation of a parameter; or loop, for sound that comes back a block late
    """

    source: str
    target: str
    label: str
    way: Literal["sound", "modulation", "loop"]


@attrs.frozen
class Sketch:
    """What a drawing shows. boxes: in the order of running; title, subtitle: the latter says latency and tail."""

    title: str
    subtitle: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def sketch(graph: Graph, sample_rate: float, channels: int) -> Sketch:
    """Return what to draw of a graph for sound of this rate (Hz) and number of channels.

    Raises TapegraphError where the graph cannot work there.
    """
    rendering = graph.rendering(sample_rate, channels)  # refuses rates and channels that cannot be
    planner = Planner(graph.flat(), sample_rate, channels)
    plan = planner.plan()
    tail = "feeds back" if math.isinf(plan.tail_s) else f"tail {number(round(plan.tail_s, 3), 's')}"
    subtitle = (
        f"{number(sample_rate, 'Hz')}, channels {channels} in, {rendering.output_channels} out, "
        f"blocks of {graph.block} frames, latency {frames(plan.latency)} "
        f"({plan.latency / sample_rate * 1000:.2f} ms), {tail}"
    )
    arrows = [arrow(planner, link, "sound") for link in planner.graph.links]
    arrows += [arrow(planner, link, "modulation") for link in planner.graph.modulations]
    return Sketch(graph.title, subtitle, tuple(box(planner, name) for name in plan.order), tuple(arrows))


def box(planner: Planner, name: str) -> Box:
    if name in (INPUT, OUTPUT):
        return Box(name, "")
    flat, latency = planner.graph.nodes[name], planner.own_latency(name)
    notes = []
    if flat.oversample > 1:
        notes.append(f"{flat.oversample}x, {number(planner.nodes[name].fs, 'Hz')}")
    if latency:
        notes.append(f"latency {frames(latency)}")
    return Box(name, flat.cls.KIND, tuple(notes))


def arrow(planner: Planner, link: FlatLink, way: Literal["sound", "modulation"]) -> Arrow:
    said = []
    source, target = planner.graph.nodes.get(link.source_node), planner.graph.nodes.get(link.target_node)
    if source and link.source_port != source.cls.OUTPUTS[0]:
        said.append(f"from {link.source_port}")
    if way == "modulation":
        said.append(f"moves {link.target_port}")
    elif target and link.target_port != target.cls.INPUTS[0]:
        said.append(f"to {link.target_port}")
    low, high = sorted((planner.rate(link.source_node), planner.rate(link.target_node)))
    if high > low and way == "sound":
        direction = "up" if planner.rate(link.target_node) == high else "down"
        late = planner.crossings[link]
        said.append(f"{high // low}x {direction}, {frames(late)}" if late else f"{high // low}x {direction}")
    return Arrow(link.source_node, link.target_node, "; ".join(said), "loop" if link in planner.back_links else way)


def frames(count: float) -> str:
    return counted(round(count, 2), "frame")


def text(sketch: Sketch) -> str:
    """Return the drawing as lines: each node with what it is linked to."""
    lines = [*([sketch.title] if sketch.title else []), sketch.subtitle, ""]
    for box in sketch.boxes:
        lines.append(", ".join([f"{box.name} ({box.kind})" if box.kind else box.name, *box.notes]))
        for arrow in sketch.arrows:
            if arrow.source == box.name:
                said = "; ".join(filter(None, (arrow.label, "a block late" if arrow.way == "loop" else "")))
                lines.append(f"  -> {arrow.target}  {said}".rstrip())
    return "\n".join(lines)


def mermaid(sketch: Sketch) -> str:
    """Return the drawing as a Mermaid flowchart."""
    ids = {box.name: f"n{number}" for number, box in enumerate(sketch.boxes)}
    lines = ["flowchart LR"]
    for box in sketch.boxes:
        said = "<br/>".join(filter(None, (box.name, box.kind, *box.notes)))
        lines.append(f'    {ids[box.name]}["{said}"]' if box.kind else f"    {ids[box.name]}([{box.name}])")
    for arrow in sketch.arrows:
        line = "-->" if arrow.way == "sound" else "-.->"
        label = f'|"{arrow.label}"|' if arrow.label else ""
        lines.append(f"    {ids[arrow.source]} {line}{label} {ids[arrow.target]}")
    return "\n".join(lines)
