"""What a drawing of a graph shows, as it is planned: boxes, arrows and what is written on them."""

from __future__ import annotations

import math
from typing import Literal

import attrs

from tapegraph.document.flat import FlatLink
from tapegraph.document.model import GraphModel
from tapegraph.document.spec import INPUT, OUTPUT
from tapegraph.quantity import format_number, plural
from tapegraph.run.plan import Plan, plan
from tapegraph.run.sound import check_channels, check_sample_rate


@attrs.frozen
class Box:
    """A node.

    name, kind: kind is empty for the ends of the graph
    notes: its rate and latency, where they are not trivial
    """

    name: str
    kind: str
    notes: tuple[str, ...] = ()


@attrs.frozen
class Arrow:
    """A link.

    label: ports that are not the first, and the its resampler
    kind: sound; modulation of a parameter; or loop, for sound that returns a block late
    """

    source: str
    target: str
    label: str
    kind: Literal["sound", "modulation", "loop"]


@attrs.frozen
class Sketch:
    """What a drawing shows. boxes: in the order of running; title, subtitle: the latter says latency and tail."""

    title: str
    subtitle: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def sketch(graph: GraphModel, sample_rate: float, channels: int) -> Sketch:
    """Return what to draw of a graph for sound of this rate (Hz) and number of channels.

    Raises TapegraphError where the graph cannot work there.
    """
    check_sample_rate(sample_rate)
    planned = plan(graph.flat(), sample_rate, check_channels(channels))
    tail = "feeds back" if math.isinf(planned.tail_s) else f"tail {format_number(round(planned.tail_s, 3), 's')}"
    subtitle = (
        f"{format_number(sample_rate, 'Hz')}, channels {channels} in, {planned.schedule.sink.channels} out, "
        f"blocks of {graph.block} frames, latency {frames(planned.latency)} "
        f"({planned.latency / sample_rate * 1000:.2f} ms), {tail}"
    )
    arrows = [arrow(planned, link, "sound") for link in planned.graph.links]
    arrows += [arrow(planned, link, "modulation") for link in planned.graph.modulations]
    return Sketch(graph.title, subtitle, tuple(box(planned, name) for name in planned.order.names), tuple(arrows))


def box(planned: Plan, name: str) -> Box:
    if name in (INPUT, OUTPUT):
        return Box(name, "")
    flat, latency = planned.graph.nodes[name], planned.timing.own_latency(name)
    notes = []
    if flat.oversample > 1:
        notes.append(f"{flat.oversample}x, {format_number(planned.nodes[name].fs, 'Hz')}")
    if latency:
        notes.append(f"latency {frames(latency)}")
    return Box(name, flat.cls.KIND, tuple(notes))


def arrow(planned: Plan, link: FlatLink, kind: Literal["sound", "modulation"]) -> Arrow:
    notes = []
    source, target = planned.graph.nodes.get(link.source_node), planned.graph.nodes.get(link.target_node)
    if source and link.source_port != source.cls.OUTPUTS[0]:
        notes.append(f"from {link.source_port}")
    if kind == "modulation":
        notes.append(f"moves {link.target_port}")
    elif target and link.target_port != target.cls.INPUTS[0]:
        notes.append(f"to {link.target_port}")
    rates = planned.timing.rate(link.source_node), planned.timing.rate(link.target_node)
    low, high = sorted(rates)
    if high > low and kind == "sound":
        direction = "up" if rates[1] == high else "down"
        latency = planned.timing.crossings[link]
        notes.append(f"{high // low}x {direction}, {frames(latency)}" if latency else f"{high // low}x {direction}")
    back = link in planned.order.back_links
    return Arrow(link.source_node, link.target_node, "; ".join(notes), "loop" if back else kind)


def frames(count: float) -> str:
    return plural(round(count, 2), "frame")
