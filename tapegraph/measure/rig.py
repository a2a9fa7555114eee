"""A rig for measuring: plays signals through a graph and hands back what comes out, in time with them.

The graph is held still, see still.py, unless a measurement asks for it as it is. One that cannot be held still can only
be measured as it is.
"""

from __future__ import annotations

import copy

import attrs

from tapegraph.document.flat import FlatGraph, FlatLink, FlatNode
from tapegraph.document.links import INPUT, OUTPUT
from tapegraph.document.model import GraphModel
from tapegraph.errors import TapegraphError, did_you_mean
from tapegraph.measure.bias import bias_of
from tapegraph.measure.machine import Machine, highest_measured_hz
from tapegraph.measure.still import SETTLING_S, Still, still, varying
from tapegraph.node.params import Value
from tapegraph.node.ports import member
from tapegraph.quantity import plural
from tapegraph.run.rendering import Rendering, render
from tapegraph.run.sound import Array, check_channels, check_sample_rate

SAMPLE_RATE = 48_000.0
LEAST_SETTLING_S = 0.5
MOST_NAMED = 5  # of the nodes that vary, in a message


class Rig(Machine):
    """A graph on the bench.

        rig = Rig(tapegraph.load("cassette"), sample_rate=96_000)
        response(rig), harmonics(rig)

    sample_rate: Hz
    channels: how many get the signal, all the same one
    channel: which output channel is listened to, from 1
    at: a node at whose input the signals enter, in place of the graph's; levels are those at that input
    strict: refuse a graph that varies in time, in place of holding it still
    reference_dbfs: 0 VU of the graph, a level at its input
    changed: what is held still, and so not measured
    settling_s: how long a tone sounds before it is measured
    refusal: why the graph cannot be held still; None where it can
    """

    def __init__(
        self,
        graph: GraphModel,
        sample_rate: float = SAMPLE_RATE,
        *,
        channels: int = 1,
        channel: int = 1,
        at: str | None = None,
        strict: bool = False,
    ) -> None:
        check_sample_rate(sample_rate)
        self.source, self.at, self.strict = graph, at, strict
        self.sample_rate = float(sample_rate)
        self.channels = check_channels(channels)
        self.channel = channel
        self.reference_dbfs = graph.reference_dbfs
        whole = graph.flat()
        self.as_it_is = whole if at is None else from_node(whole, at)
        self.highest_hz = highest_measured_hz(self.sample_rate)
        have = Rendering(self.as_it_is, self.sample_rate, self.channels).output_channels
        if not 1 <= channel <= have:
            raise TapegraphError(f"channel is {channel}; the graph has {plural(have, 'channel')} at its output")
        if strict:
            refuse(varying(self.as_it_is, self.sample_rate, self.channels))
        self.refusal: TapegraphError | None = None
        try:
            held = still(self.as_it_is, self.sample_rate, self.channels)
        except TapegraphError as error:
            self.refusal, held = error, Still(self.as_it_is, (), SETTLING_S)
        self.graph, self.changed = held.graph, held.changed
        self.settling_s = max(LEAST_SETTLING_S, held.settling_s)

    def with_value(self, target: str, value: Value) -> Rig:
        """Return a rig like this one, of the graph with another value of a parameter, a $variable or a control."""
        graph = self.source.copy()
        graph.set(target, value)
        return Rig(
            graph, self.sample_rate, channels=self.channels, channel=self.channel, at=self.at, strict=self.strict
        )

    def with_channels(self, least: int) -> Rig:
        """Return this rig, or where it has fewer channels one like it that has so many."""
        if self.channels >= least:
            return self
        return Rig(self.source, self.sample_rate, channels=least, channel=self.channel, at=self.at, strict=self.strict)

    def listening_to(self, node: str) -> Rig:
        """Return a rig like this one that listens to what leaves a node, in place of the graph's output."""
        rig = copy.copy(self)
        rig.graph, rig.as_it_is = up_to(self.graph, node), up_to(self.as_it_is, node)
        return rig

    @property
    def latency(self) -> float:
        """How late sound comes out, as the graph that is held still declares it, in frames."""
        return Rendering(self.graph, self.sample_rate, self.channels).engine.plan.latency

    @property
    def bias(self) -> float:
        return bias_of(self.source)

    def play_channels(self, sound: Array, moving: bool = False) -> Array:
        """Return all output channels for a sound of (channels, frames); moving: of the graph as it is."""
        if self.refusal is not None and not moving:
            raise TapegraphError(*self.refusal.problems)
        return render(self.as_it_is if moving else self.graph, sound, self.sample_rate, tail=0.0)


Measured = GraphModel | Machine  # what measurements take: a graph, a rig for other rates and places, or a recording


def on_the_bench(graph: Measured) -> Machine:
    return graph if isinstance(graph, Machine) else Rig(graph)


def on_a_rig(graph: Measured) -> Rig:
    """Return the rig of what only a graph can be measured for. Raises TapegraphError for other machines."""
    machine = on_the_bench(graph)
    if not isinstance(machine, Rig):
        raise TapegraphError("only graphs can be measured so, and no test tapes")
    return machine


def refuse(names: list[str]) -> None:
    """Raise TapegraphError if anything varies."""
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        verb = "varies" if len(names) == 1 else "vary"
        raise TapegraphError(
            f"{', '.join(names[:MOST_NAMED])}{more} {verb} in time; only a graph that stands still can be measured"
        )


def from_node(graph: FlatGraph, name: str) -> FlatGraph:
    """Return a graph whose input is that of a node, without what led there and other ways from the input."""
    cls = find(graph, name).cls
    if not cls.INPUTS:
        raise TapegraphError(f"{name} has no input that signals could enter")
    port = member(cls.INPUTS[0], 1)
    kept = [
        link
        for link in graph.links
        if link.source_node != INPUT and (link.target_node, link.target_port) != (name, port)
    ]
    return heard(attrs.evolve(graph, links=(FlatLink(INPUT, "out", name, port), *kept)))


def up_to(graph: FlatGraph, name: str) -> FlatGraph:
    """Return a graph whose output is that of a node, without what only follows it."""
    out = FlatLink(name, find(graph, name).cls.OUTPUTS[0], OUTPUT, "in")
    kept = [link for link in graph.links if link.target_node != OUTPUT]
    return heard(attrs.evolve(graph, links=(*kept, out)))


def find(graph: FlatGraph, name: str) -> FlatNode:
    if name not in graph.nodes:
        hint = did_you_mean(name, graph.nodes) or f"; there are {', '.join(graph.nodes)}"
        raise TapegraphError(f"no node is called {name}{hint}")
    return graph.nodes[name]


def heard(graph: FlatGraph) -> FlatGraph:
    """Return a graph without the nodes that do not lead to its output."""
    ways = (*graph.links, *graph.modulations)
    found = {OUTPUT}
    while more := {link.source_node for link in ways if link.target_node in found} - found:
        found |= more
    return attrs.evolve(
        graph,
        nodes={name: node for name, node in graph.nodes.items() if name in found},
        links=tuple(link for link in graph.links if link.target_node in found),
        modulations=tuple(link for link in graph.modulations if link.target_node in found),
        automation={target: points for target, points in graph.automation.items() if target[0] in found},
    )
