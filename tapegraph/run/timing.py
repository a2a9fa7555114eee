"""When sound reaches each node.

    T(v) = max over links u -> v of  T(u) + latency(u) + latency(resampler of the link)

is the arrival of the sound at node v, in frames of the graph's rate. A link that arrives earlier than the latest one
is delayed by the difference, so that parallel paths meet in time. A generator, which no input reaches, starts as late
as its first target allows, which saves a delay.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tapegraph.document.flat import FlatGraph, FlatLink
from tapegraph.document.order import Order
from tapegraph.document.spec import INPUT, OUTPUT
from tapegraph.engine.resample import Downsampler, Upsampler
from tapegraph.errors import TapegraphError
from tapegraph.node import Node
from tapegraph.node.failure import named

LONGEST_LATENCY_S = 60.0  # that a node may state
LONGEST_TAIL_S = 3600.0


class Timing:
    """The arrivals of a graph whose nodes are prepared.

    arrival: when the sound reaches a node, frames of the graph's rate
    crossings: latency of the resampler on a link, frames of the graph's rate
    """

    def __init__(self, graph: FlatGraph, order: Order, nodes: Mapping[str, Node], sample_rate: float) -> None:
        self.graph, self.order, self.nodes, self.sample_rate = graph, order, nodes, sample_rate
        self.latencies: dict[tuple[int, int], float] = {}  # of resamplers, by the rates that they cross
        self.crossings = {link: self.crossing(link) for link in graph.links}
        self.arrival = dict.fromkeys(order.names, 0.0)
        self.find_arrivals()

    def rate(self, name: str) -> int:
        """How many times the graph's rate a node runs at."""
        return self.graph.nodes[name].oversample if name in self.graph.nodes else 1

    def resampler(self, link: FlatLink) -> Upsampler | Downsampler | None:
        """Return a new resampler for a link that crosses rates, None for one that does not."""
        source, target = self.rate(link.source_node), self.rate(link.target_node)
        if source == target:
            return None
        if target > source:
            return Upsampler(target // source, self.graph.resampler)
        return Downsampler(source // target, self.graph.resampler)

    def crossing(self, link: FlatLink) -> float:
        rates = self.rate(link.source_node), self.rate(link.target_node)
        if rates not in self.latencies:
            self.latencies[rates] = self.resampler_latency(link)
        return self.latencies[rates]

    def resampler_latency(self, link: FlatLink) -> float:
        resampler = self.resampler(link)
        if resampler is None:
            return 0.0
        low = min(self.rate(link.source_node), self.rate(link.target_node))
        resampler.fs = self.sample_rate * low
        return resampler.latency() / low

    def own_latency(self, name: str) -> float:
        """Latency of a node itself, frames of the graph's rate."""
        if name not in self.nodes:
            return 0.0
        node = self.nodes[name]
        with named(name, type(node)):
            return stated("latency", node.latency(), "frames", LONGEST_LATENCY_S * node.fs) / self.rate(name)

    def find_arrivals(self) -> None:
        arrival, order = self.arrival, self.order
        reached = {INPUT}  # what the input of the graph reaches
        for name in order.names:
            links = [link for link in order.into[name] if link not in order.back_links]
            arrival[name] = self.on_grid(max(map(self.end, links), default=0.0), name)
            if any(link.source_node in reached for link in links):
                reached.add(name)
        for name in reversed(order.names):
            if name not in reached and name != OUTPUT:
                starts = [
                    arrival[link.target_node] - self.crossings[link] - self.own_latency(name)
                    for link in order.out_of[name]
                    if link not in order.back_links
                ]
                arrival[name] = max(0.0, min(starts, default=0.0))

    def on_grid(self, frames: float, name: str) -> float:
        """Round an arrival up to a whole frame of the node's own rate, where resamplers delay by whole frames."""
        if self.graph.resampler == "minimum":
            return frames
        rate = self.rate(name)
        return math.ceil(frames * rate - 1e-9) / rate

    def end(self, link: FlatLink) -> float:
        """When the sound on a link reaches its target, undelayed."""
        return self.arrival[link.source_node] + self.own_latency(link.source_node) + self.crossings[link]

    def input_arrival(self, name: str) -> float:
        """When all the inputs of a node have arrived; later than arrival[name] only where a loop comes back to it."""
        back = (self.end(link) for link in self.order.into[name] if link in self.order.back_links)
        return max([self.arrival[name], *back])

    def delay_frames(self, link: FlatLink, arrival: float) -> int:
        """By how many frames of its source's rate a link has to wait to reach its target at the time of arrival."""
        return max(0, round((arrival - self.end(link)) * self.rate(link.source_node)))

    def loop_latency(self, name: str) -> int:
        """By how much the input of a node that closes a loop is late: a block and what the loop takes, own frames."""
        return int(self.nodes[name].frames) + round((self.input_arrival(name) - self.arrival[name]) * self.rate(name))

    def tail_s(self) -> float:
        """How long the output may sound on after the input, s; infinite where a loop feeds back."""
        if self.order.loop_closers:
            return math.inf
        tail = dict.fromkeys(self.order.names, 0.0)
        for name in self.order.names:
            before = max((tail[link.source_node] for link in self.order.into[name]), default=0.0)
            tail[name] = before
            if name in self.nodes:
                with named(name, type(self.nodes[name])):
                    tail[name] += stated("tail", self.nodes[name].tail(), "s", LONGEST_TAIL_S)
        return tail[OUTPUT]


def stated(what: str, value: float, unit: str, most: float) -> float:
    """Return what a node states. Raises TapegraphError where it is not a number from 0 to the most."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0.0 <= value <= most:
        raise TapegraphError(f"{what}() returned {value!r}; it must be a number from 0 to {most:g} {unit}")
    return float(value)
