"""What a drawing of a graph shows, as it is planned: boxes, arrows, frames and what is written on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import attrs

from tapegraph.document.flat import FlatLink, FlatNode
from tapegraph.document.model import GraphModel
from tapegraph.document.parts import Parts
from tapegraph.document.spec import INPUT, OUTPUT
from tapegraph.errors import printable
from tapegraph.node import Node
from tapegraph.node.params import Param, Value
from tapegraph.node.ports import find_param
from tapegraph.quantity import format_number, plural
from tapegraph.run.plan import Plan, plan
from tapegraph.run.sound import check_channels, check_sample_rate


@attrs.frozen
class Setting:
    """A parameter of a node that is not at its default, or that is moved.

    param: its name; name: without the unit, which is written after the value
    """

    param: str
    name: str
    value: str


@attrs.frozen
class Box:
    """A node.

    name, kind: kind is empty for the ends of the graph
    settings: its parameters, those that signals move first
    notes: its rate and latency, where they are not trivial
    """

    name: str
    kind: str
    settings: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()


@attrs.frozen
class Arrow:
    """A link.

    source_port, target_port: empty for the first port of a node; the parameter that a modulation moves
    crossing: its resampler
    kind: sound; modulation of a parameter; or loop, for sound that returns a block late
    moves: whether it enters a parameter
    """

    source: str
    source_port: str
    target: str
    target_port: str
    crossing: str
    kind: Literal["sound", "modulation", "loop"]
    moves: bool = False

    @property
    def label(self) -> str:
        """Its ports that are not the first, and its resampler, in words."""
        source = f"from {self.source_port}" if self.source_port else ""
        target = f"{'moves' if self.moves else 'to'} {self.target_port}" if self.target_port else ""
        return "; ".join(filter(None, (source, target, self.crossing)))


@attrs.frozen
class Sketch:
    """What a drawing shows.

    title, subtitle: the latter says latency and tail
    boxes: in the order of running
    frames: names of the sub-graphs, "outer/inner", and the presets or files that they come from
    """

    title: str
    subtitle: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    frames: dict[str, str] = attrs.field(factory=dict)


def sketch(graph: GraphModel, sample_rate: float, channels: int) -> Sketch:
    """Return what to draw of a graph for sound of this rate (Hz) and number of channels.

    Raises TapegraphError where the graph cannot work there.
    """
    check_sample_rate(sample_rate)
    planned = plan(graph.flat(), sample_rate, check_channels(channels))
    return sketched(planned, sample_rate, channels, printable(graph.title), dict(frames(graph)))


def sketched(planned: Plan, sample_rate: float, channels: int, title: str, frames: dict[str, str]) -> Sketch:
    """Return what to draw of a planned graph."""
    tail = "feeds back" if math.isinf(planned.tail_s) else f"tail {format_number(round(planned.tail_s, 3), 's')}"
    subtitle = (
        f"{format_number(sample_rate, 'Hz')}, channels {channels} in, {planned.schedule.sink.channels} out, "
        f"blocks of {planned.graph.block} frames, latency {count(planned.latency)} "
        f"({planned.latency / sample_rate * 1000:.2f} ms), {tail}"
    )
    arrows = [arrow(planned, link, moves=False) for link in planned.graph.links]
    arrows += [arrow(planned, link, moves=True) for link in planned.graph.modulations]
    return Sketch(title, subtitle, tuple(box(planned, name) for name in planned.order.names), tuple(arrows), frames)


def frames(graph: Parts, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name of every sub-graph, and the preset or the name of the file that it comes from."""
    for name, node in graph.nodes.items():
        if node.graph is not None:
            yield prefix + name, printable(Path(node.reference).name)
            yield from frames(node.graph, f"{prefix}{name}/")


def box(planned: Plan, name: str) -> Box:
    if name in (INPUT, OUTPUT):
        return Box(name, "")
    flat, latency = planned.graph.nodes[name], planned.timing.own_latency(name)
    notes = []
    if flat.oversample > 1:
        notes.append(f"{flat.oversample}x, {format_number(planned.nodes[name].fs, 'Hz')}")
    if latency:
        notes.append(f"latency {count(latency)}")
    return Box(name, flat.cls.KIND, tuple(settings(planned, name, flat)), tuple(notes))


def settings(planned: Plan, name: str, flat: FlatNode) -> Iterator[Setting]:
    """Yield the parameters that are worth showing: moved by signals or automation, or not at their default."""
    signals = [link.target_port for link in planned.graph.modulations if link.target_node == name]
    automated = [param for node, param in planned.graph.automation if node == name]
    for param in dict.fromkeys([*signals, *automated, *flat.params]):
        declared = find_param(flat.cls, param)
        assert declared is not None
        value = flat.params.get(param, declared.default)
        unit = declared.unit if isinstance(declared, Param) else ""
        text = "automated" if param in automated else short(value, unit)
        if value != declared.default or param in signals or param in automated:
            yield Setting(param, without_unit(param, unit, flat.cls), text)


def without_unit(param: str, unit: str, cls: type[Node]) -> str:
    """Return the name of a parameter without the unit that it ends in, gain for gain_db, where that tells which."""
    ending = "_" + {"%": "percent", "1/min": "per_min"}.get(unit, unit.lower())
    name = param.removesuffix(ending) if unit else param
    return param if any(other.name.startswith(f"{name}_") for other in cls.PARAMS if other.name != param) else name


def short(value: Value, unit: str) -> str:
    """Return a value in few letters: 18 kHz for 18000 Hz, 5 ms for 0.005 s, the name of a file without its folder."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return printable(Path(value).name)
    if unit == "Hz" and abs(value) >= 1000:
        value, unit = value / 1000, "kHz"
    elif unit == "s" and 0 < abs(value) < 1:
        value, unit = value * 1000, "ms"
    return format_number(float(f"{value:.4g}"), unit)


def arrow(planned: Plan, link: FlatLink, *, moves: bool) -> Arrow:
    source, target = planned.graph.nodes.get(link.source_node), planned.graph.nodes.get(link.target_node)
    source_port = link.source_port if source and link.source_port != source.cls.OUTPUTS[0] else ""
    target_port = link.target_port if target and (moves or link.target_port != target.cls.INPUTS[0]) else ""
    crossing = "" if moves else resampler(planned, link)
    kind: Literal["sound", "modulation", "loop"] = "modulation" if moves else "sound"
    if link in planned.order.back_links:
        kind = "loop"
    return Arrow(link.source_node, source_port, link.target_node, target_port, crossing, kind, moves)


def resampler(planned: Plan, link: FlatLink) -> str:
    """Return what the resampler on a link does and how late its sound is; "" where there is none."""
    source, target = planned.timing.rate(link.source_node), planned.timing.rate(link.target_node)
    if source == target:
        return ""
    change = f"{target // source}x up" if target > source else f"{source // target}x down"
    latency = planned.timing.crossings[link]
    return f"{change}, {count(latency)}" if latency else change


def count(frames: float) -> str:
    return plural(round(frames, 2), "frame")
