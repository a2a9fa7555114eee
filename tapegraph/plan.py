"""From a flat graph to a schedule: order, channels, resamplers, alignment, buffers.

    T(v) = max over links u -> v of  T(u) + latency(u) + latency(resampler of the link)

is the arrival of the sound at node v, in frames of the graph's rate. A link that arrives earlier than the latest one
is delayed by the difference, so that parallel paths meet in time. A generator, which no input reaches, starts as late
as its first listener allows, which saves its delay. A loop is cut where it enters a node that breaks loops: that node
hears its input a block and the loop's own latency late, is told so (Node.late) and makes its delay shorter by it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

import attrs

from tapegraph.engine.align import Aligner
from tapegraph.engine.resample import Downsampler, Upsampler
from tapegraph.engine.schedule import Call, Move, Schedule, Step, Sum
from tapegraph.errors import Problem, TapegraphError
from tapegraph.flat import FlatGraph, FlatLink, declaration
from tapegraph.node import Node, Param, Signal
from tapegraph.spec import INPUT, OUTPUT


@attrs.frozen
class Plan:
    """What is known once a graph is planned.

    schedule: runs it
    nodes: the running nodes by name
    calls: the steps that run them
    moves: the steps that move parameters, by node and parameter
    order: names in the order of running
    arrival: when the sound reaches a node, frames of the graph's rate
    latency: from input to output, frames of the graph's rate
    tail_s: how long the output may sound on after the input, s; infinite where a loop feeds back
    """

    schedule: Schedule
    nodes: dict[str, Node]
    calls: dict[str, Call]
    moves: dict[tuple[str, str], Move]
    order: tuple[str, ...]
    arrival: dict[str, float]
    latency: float
    tail_s: float


def plan(graph: FlatGraph, sample_rate: float, channels: int) -> Plan:
    """Plan a graph for sound of this rate (Hz) and number of channels.

    Raises TapegraphError where a node cannot work there, or channels do not fit together.
    """
    return Planner(graph, sample_rate, channels).plan()


def check_order(graph: FlatGraph) -> None:
    """Raise TapegraphError, naming the loop, where nodes hear each other in the same block."""
    planner = Planner(graph, 48_000.0, 1)
    planner.back_links = planner.find_back_links()
    planner.find_order()


class Planner:
    """The passes of planning, in the order in which plan() calls them; each fills in one attribute."""

    def __init__(self, graph: FlatGraph, sample_rate: float, channels: int) -> None:
        self.graph = graph
        self.sample_rate = sample_rate
        self.stream_channels = channels
        self.into: dict[str, list[FlatLink]] = defaultdict(list)
        self.out_of: dict[str, list[FlatLink]] = defaultdict(list)
        for link in graph.links:
            self.into[link.target_node].append(link)
            self.out_of[link.source_node].append(link)

    def plan(self) -> Plan:
        self.back_links = self.find_back_links()
        self.order = self.find_order()
        self.channels = self.find_channels()
        self.nodes = self.prepare_nodes()
        self.arrival = self.find_arrivals()
        self.set_late()
        buffers = Buffers(self)
        schedule = Schedule(buffers.steps, buffers.source, buffers.sink)
        return Plan(
            schedule=schedule,
            nodes=self.nodes,
            calls=buffers.calls,
            moves=buffers.moves,
            order=self.order,
            arrival=self.arrival,
            latency=self.arrival[OUTPUT],
            tail_s=self.find_tail(),
        )

    def rate(self, name: str) -> int:
        """How many times the graph's rate a node runs at."""
        return self.graph.nodes[name].oversample if name in self.graph.nodes else 1

    def find_back_links(self) -> set[FlatLink]:
        """Links that close a loop by entering a node that breaks loops."""
        reach = reachable(self.graph.links + self.graph.modulations)
        return {
            link
            for link in self.graph.links + self.graph.modulations
            if link.target_node in self.graph.nodes
            and self.graph.nodes[link.target_node].cls.BREAKS_LOOPS
            and (link.source_node == link.target_node or link.source_node in reach[link.target_node])
        }

    def is_late(self, name: str) -> bool:
        """Whether a node breaks a loop and so hears its inputs a block late."""
        return any(link in self.back_links for link in self.into[name]) or any(
            link.target_node == name for link in self.graph.modulations if link in self.back_links
        )

    def find_order(self) -> tuple[str, ...]:
        """Every node after all that it hears in the same block; among equals, in the order of the file."""
        sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys((INPUT, *self.graph.nodes, OUTPUT), ()))
        for link in self.graph.links + self.graph.modulations:
            if link not in self.back_links:
                sorter.add(link.target_node, link.source_node)
        try:
            return tuple(sorter.static_order())
        except CycleError as error:
            loop = error.args[1]
            where = next((self.graph.nodes[name].where for name in loop if name in self.graph.nodes), "")
            raise TapegraphError(Problem(f"{' -> '.join(loop)} is a loop without a delay in it", where)) from None

    def find_channels(self) -> dict[str, int]:
        """Channels of every node: the widest of what enters it; grows around loops until it rests."""
        channels = dict.fromkeys(self.order, 1)
        channels[INPUT] = self.stream_channels
        for name, node in self.graph.nodes.items():
            if not self.into[name]:
                channels[name] = node.cls.CHANNELS or self.stream_channels
        grown = True
        while grown:
            grown = False
            for name in self.order:
                widest = max((channels[link.source_node] for link in self.into[name]), default=channels[name])
                if name == OUTPUT:
                    widest = max(widest, self.stream_channels)
                if widest > channels[name]:
                    channels[name] = widest
                    grown = True
        self.check_channels(channels)
        return channels

    def check_channels(self, channels: dict[str, int]) -> None:
        problems = []
        for name in self.order:
            for link in self.into[name]:
                found = channels[link.source_node]
                if found not in (1, channels[name]):
                    problems.append(
                        Problem(
                            f"{name} gets {found} channels from {link.source_node} beside {channels[name]} from "
                            "elsewhere; signals that meet must have one channel or equally many",
                            self.graph.nodes[name].where if name in self.graph.nodes else "",
                        )
                    )
            if name in self.graph.nodes:
                node = self.graph.nodes[name]
                most = node.cls.MAX_CHANNELS
                if most and channels[name] > most:
                    problems.append(
                        Problem(f"{name} ({node.cls.KIND}) gets {channels[name]} channels; it takes {most}", node.where)
                    )
        if problems:
            raise TapegraphError(*problems)

    def prepare_nodes(self) -> dict[str, Node]:
        """Make every node and set it up for its rate, channels and block."""
        nodes = {}
        problems: list[Problem] = []
        for name, flat in self.graph.nodes.items():
            node = flat.cls()
            node.fs = self.sample_rate * flat.oversample
            node.channels = self.channels[name]
            node.frames = self.graph.block * flat.oversample
            node.late = node.frames if self.is_late(name) else 0
            for param, value in flat.params.items():
                node.set(param, value)
            try:
                node.prepare()
                node.update()
            except TapegraphError as error:
                problems += [Problem(f"{name} ({flat.cls.KIND}): {p.message}", flat.where) for p in error.problems]
            nodes[name] = node
        if problems:
            raise TapegraphError(*problems)
        return nodes

    def resampler(self, link: FlatLink) -> Upsampler | Downsampler | None:
        """Return a new resampler for a link that crosses rates, None for one that does not."""
        source, target = self.rate(link.source_node), self.rate(link.target_node)
        if source == target:
            return None
        if target > source:
            return Upsampler(target // source, self.graph.resampler)
        return Downsampler(source // target, self.graph.resampler)

    def crossing(self, link: FlatLink) -> float:
        """Latency of the resampler on a link, frames of the graph's rate."""
        resampler = self.resampler(link)
        if resampler is None:
            return 0.0
        low = min(self.rate(link.source_node), self.rate(link.target_node))
        resampler.fs = self.sample_rate * low
        resampler.prepare()
        return resampler.latency() / low

    def own_latency(self, name: str) -> float:
        """Latency of a node itself, frames of the graph's rate."""
        return self.nodes[name].latency() / self.rate(name) if name in self.nodes else 0.0

    def find_arrivals(self) -> dict[str, float]:
        crossing = {link: self.crossing(link) for link in self.graph.links}
        arrival = dict.fromkeys(self.order, 0.0)
        heard = {INPUT}  # what the input of the graph reaches
        for name in self.order:
            links = [link for link in self.into[name] if link not in self.back_links]
            ends = [arrival[link.source_node] + self.own_latency(link.source_node) + crossing[link] for link in links]
            arrival[name] = self.on_grid(max(ends, default=0.0), name)
            if any(link.source_node in heard for link in links):
                heard.add(name)
        for name in reversed(self.order):
            if name not in heard and name != OUTPUT:
                starts = [
                    arrival[link.target_node] - crossing[link] - self.own_latency(name)
                    for link in self.out_of[name]
                    if link not in self.back_links
                ]
                arrival[name] = max(0.0, min(starts, default=0.0))
        self.crossings = crossing
        return arrival

    def on_grid(self, frames: float, name: str) -> float:
        """Round an arrival up to a whole frame of the node's own rate, where the filters' delays are whole anyway."""
        if self.graph.resampler == "minimum":
            return frames
        rate = self.rate(name)
        return math.ceil(frames * rate - 1e-9) / rate

    def set_late(self) -> None:
        """Tell the nodes that break loops by how much their input is late: a block and what the loop takes."""
        for name, node in self.nodes.items():
            if self.is_late(name):
                node.late = node.frames + round((self.input_arrival(name) - self.arrival[name]) * self.rate(name))
                try:
                    node.prepare()
                    node.update()
                except TapegraphError as error:
                    flat = self.graph.nodes[name]
                    message = "\n".join(p.message for p in error.problems)
                    raise TapegraphError(Problem(f"{name} ({flat.cls.KIND}): {message}", flat.where)) from None

    def end(self, link: FlatLink) -> float:
        """When the sound on a link reaches its target, undelayed."""
        return self.arrival[link.source_node] + self.own_latency(link.source_node) + self.crossings[link]

    def input_arrival(self, name: str) -> float:
        """When all the inputs of a node have arrived; later than arrival[name] only where a loop comes back to it."""
        return max([self.arrival[name], *(self.end(link) for link in self.into[name] if link in self.back_links)])

    def find_tail(self) -> float:
        if any(self.is_late(name) for name in self.nodes):
            return math.inf
        tail = dict.fromkeys(self.order, 0.0)
        for name in self.order:
            before = max((tail[link.source_node] for link in self.into[name]), default=0.0)
            tail[name] = before + (self.nodes[name].tail() if name in self.nodes else 0.0)
        return tail[OUTPUT]


class Buffers:
    """Lays out the steps and the signals between them; a signal that nobody needs any more is used again."""

    def __init__(self, planner: Planner) -> None:
        self.p = planner
        self.steps: list[Step] = []
        self.calls: dict[str, Call] = {}
        self.moves: dict[tuple[str, str], Move] = {}
        self.outputs: dict[tuple[str, str], Signal] = {}
        self.made: dict[object, Signal] = {}  # delayed, summed and resampled signals that others may share
        self.sums: list[Signal] = []  # heard by the next node alone
        self.free: dict[tuple[int, int], list[Signal]] = defaultdict(list)
        self.last_use = self.find_last_uses()
        late = [name for name in planner.nodes if planner.is_late(name)]
        late_inputs = {name: self.held_inputs(name) for name in late}
        for name in planner.order:
            if name == INPUT:
                self.source = Signal(planner.stream_channels, planner.graph.block)
                self.outputs[name, "out"] = self.source
            elif name == OUTPUT:
                self.sink = self.gather(name, "in", Signal(planner.channels[name], planner.graph.block))
            else:
                self.add_node(name, late_inputs.get(name))
            self.release(name)
        for name in late:
            for port, signal in late_inputs[name].items():
                self.gather(name, port, signal)
            self.add_moves(name)

    def find_last_uses(self) -> dict[str, list[str]]:
        """Which nodes' outputs are heard for the last time by the node of a name."""
        position = {name: i for i, name in enumerate(self.p.order)}
        uses: dict[str, list[str]] = defaultdict(list)
        modulations = self.p.graph.modulations
        for name in self.p.nodes:
            links = self.p.out_of[name] + [link for link in modulations if link.source_node == name]
            if any(self.p.is_late(link.target_node) for link in links):
                continue  # heard again at the end of the block
            listeners = [link.target_node for link in links] or [name]
            uses[max(listeners, key=position.__getitem__)].append(name)
        return uses

    def release(self, name: str) -> None:
        for source in self.last_use[name]:
            for key, signal in self.outputs.items():
                if key[0] == source:
                    self.recycle(signal)

    def recycle(self, signal: Signal) -> None:
        self.free[int(signal.channels), int(signal.frames)].append(signal)

    def signal(self, channels: int, rate: int) -> Signal:
        frames = self.p.graph.block * rate
        pool = self.free[channels, frames]
        return pool.pop() if pool else Signal(channels, frames)

    def held_inputs(self, name: str) -> dict[str, Signal]:
        """Inputs of a node that breaks loops: signals of their own, which keep their sound into the next block."""
        frames = self.p.graph.block * self.p.rate(name)
        return {link.target_port: Signal(self.p.channels[name], frames) for link in self.p.into[name]}

    def add_node(self, name: str, held: dict[str, Signal] | None) -> None:
        flat, rate, channels = self.p.graph.nodes[name], self.p.rate(name), self.p.channels[name]
        linked = {link.target_port for link in self.p.into[name]}
        x = []
        for port in expand(flat.cls.INPUTS, linked):
            if port not in linked:
                x.append(self.silence(channels, rate))
            elif held is not None:
                x.append(held[port])
            else:
                x.append(self.gather(name, port))
        y = [self.signal(channels, rate) for _ in flat.cls.OUTPUTS]
        self.calls[name] = Call(self.p.nodes[name], x, y)
        for signal in self.sums:
            self.recycle(signal)
        self.sums.clear()
        for port, signal in zip(flat.cls.OUTPUTS, y, strict=True):
            self.outputs[name, port] = signal
        if held is None:
            self.add_moves(name)
        self.steps.append(self.calls[name])

    def silence(self, channels: int, rate: int) -> Signal:
        key = ("silence", channels, rate)
        if key not in self.made:
            self.made[key] = Signal(channels, self.p.graph.block * rate)
        return self.made[key]

    def gather(self, name: str, port: str, into: Signal | None = None) -> Signal:
        """Return the sum of all that is linked to a port, aligned, at the rate and with the channels of its node."""
        links = [link for link in self.p.into[name] if link.target_port == port]
        arrival = self.p.input_arrival(name)
        by_rate: dict[int, list[FlatLink]] = defaultdict(list)
        for link in links:
            by_rate[self.p.rate(link.source_node)].append(link)
        terms = [self.crossed(group, arrival) for group in by_rate.values()]
        channels = self.p.channels[name]
        if into is None and len(terms) == 1 and terms[0].channels == channels:
            return terms[0]
        total = into or self.signal(channels, self.p.rate(name))
        self.steps.append(Sum(terms, total))
        if into is None:
            self.sums.append(total)
        return total

    def delay_frames(self, link: FlatLink, arrival: float) -> int:
        """By how many frames of its source's rate a link has to wait to reach its target at the time of arrival."""
        return max(0, round((arrival - self.p.end(link)) * self.p.rate(link.source_node)))

    def aligned(self, link: FlatLink, delay_frames: int) -> Signal:
        """Return the sound on a link, delayed."""
        source = self.outputs[link.source_node, link.source_port]
        if delay_frames == 0:
            return source
        key = ("delayed", link.source_node, link.source_port, delay_frames)
        if key not in self.made:
            self.made[key] = Signal(int(source.channels), int(source.frames))
            self.run(Aligner(delay_frames), source, self.made[key], self.p.rate(link.source_node), source)
        return self.made[key]

    def crossed(self, links: list[FlatLink], arrival: float) -> Signal:
        """Return the sum of links of one rate at the rate of their target: aligned, summed, then resampled once."""
        rate = self.p.rate(links[0].target_node)
        delays = [self.delay_frames(link, arrival) for link in links]
        ways = zip(links, delays, strict=True)
        key = ("crossed", rate, *((link.source_node, link.source_port, delay) for link, delay in ways))
        if key in self.made:
            return self.made[key]
        signals = [self.aligned(link, delay) for link, delay in zip(links, delays, strict=True)]
        resampler = self.p.resampler(links[0])
        if resampler is None and len(signals) == 1:
            return signals[0]
        summed = signals[0]
        if len(signals) > 1:
            summed = Signal(max(int(signal.channels) for signal in signals), int(signals[0].frames))
            self.steps.append(Sum(signals, summed))
        if resampler is not None:
            self.made[key] = Signal(int(summed.channels), self.p.graph.block * rate)
            low = min(rate, self.p.rate(links[0].source_node))
            self.run(resampler, summed, self.made[key], low, min(summed, self.made[key], key=lambda s: s.frames))
        else:
            self.made[key] = summed
        return self.made[key]

    def run(self, node: Node, x: Signal, y: Signal, rate: int, shape: Signal) -> None:
        """Add a step for a node that is not of the graph, set up for a rate and the shape of a signal."""
        node.fs, node.channels, node.frames = self.p.sample_rate * rate, shape.channels, shape.frames
        node.prepare()
        self.steps.append(Call(node, [x], [y]))

    def add_moves(self, name: str) -> None:
        """Add a step for each parameter of a node that automation or modulation moves."""
        flat = self.p.graph.nodes[name]
        modulators: dict[str, list[Signal]] = {param: [] for node, param in self.p.graph.automation if node == name}
        for link in self.p.graph.modulations:
            if link.target_node == name:
                signal = self.outputs[link.source_node, link.source_port]
                modulators.setdefault(link.target_port, []).append(signal)
        for param, signals in modulators.items():
            declared = declaration(flat.cls, param)
            assert isinstance(declared, Param)
            move = Move(
                self.calls[name],
                param,
                float(flat.params.get(param, declared.default)),
                declared.minimum,
                declared.maximum,
                signals,
                list(self.p.graph.automation.get((name, param), ())),
                self.p.graph.block / self.p.sample_rate,
                self.p.arrival[name] / self.p.sample_rate,
            )
            self.moves[name, param] = move
            self.steps.append(move)


def expand(ports: Iterable[str], linked: set[str]) -> list[str]:
    """Return the names of the ports; a family in# becomes in1 to the highest that is linked."""
    names = []
    for port in ports:
        if not port.endswith("#"):
            names.append(port)
            continue
        stem = port[:-1]
        numbers = [int(name[len(stem) :]) for name in linked if name.startswith(stem) and name[len(stem) :].isdigit()]
        names += [f"{stem}{k}" for k in range(1, max(numbers, default=0) + 1)]
    return names


def reachable(links: Iterable[FlatLink]) -> dict[str, set[str]]:
    """Return for every node the nodes that its sound reaches."""
    following: dict[str, set[str]] = defaultdict(set)
    for link in links:
        following[link.source_node].add(link.target_node)
    reach: dict[str, set[str]] = defaultdict(set)
    for start in list(following):
        stack = [start]
        while stack:
            for name in following.get(stack.pop(), ()):
                if name not in reach[start]:
                    reach[start].add(name)
                    stack.append(name)
    return reach
