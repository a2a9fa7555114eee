"""Lays out the steps of a block and the signals between them: links are aligned, resampled and summed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from tapegraph.document.flat import FlatGraph, FlatLink
from tapegraph.document.order import Order
from tapegraph.document.spec import INPUT, OUTPUT
from tapegraph.engine.alignment import Aligner
from tapegraph.engine.schedule import Call, Modulation, Step, Sum
from tapegraph.node import Node, Param, Signal
from tapegraph.node.ports import expand, find_param
from tapegraph.run.memory import Memory
from tapegraph.run.timing import Timing


class Buffers:
    """Lays out the steps and the signals between them; the buffer of a signal is reused after its last reader."""

    def __init__(
        self,
        graph: FlatGraph,
        order: Order,
        timing: Timing,
        channels: Mapping[str, int],
        nodes: Mapping[str, Node],
        memory: Memory,
        reuse: bool,
    ) -> None:
        self.graph, self.order, self.timing, self.channels, self.nodes = graph, order, timing, channels, nodes
        self.memory, self.reuse = memory, reuse
        self.steps: list[Step] = []
        self.calls: dict[str, Call] = {}
        self.modulations: dict[tuple[str, str], Modulation] = {}
        self.outputs: dict[str, dict[str, Signal]] = {}  # by node and port
        self.made: dict[object, Signal] = {}  # delayed, summed and resampled signals, which several links may share
        self.sums: list[Signal] = []  # read by the next node only
        self.free: dict[tuple[int, int], list[Signal]] = defaultdict(list)
        self.modulated: dict[str, list[FlatLink]] = defaultdict(list)  # modulations by the node that they end at
        self.modulating: dict[str, list[FlatLink]] = defaultdict(list)  # and by the node that they begin at
        for link in graph.modulations:
            self.modulated[link.target_node].append(link)
            self.modulating[link.source_node].append(link)
        self.automated: dict[str, list[str]] = defaultdict(list)  # parameters by node
        for name, param in graph.automation:
            self.automated[name].append(param)
        self.last_use = self.find_last_uses()
        late = [name for name in nodes if order.closes_loop(name)]
        late_inputs = {name: self.held_inputs(name) for name in late}
        for name in order.names:
            if name == INPUT:
                self.source = self.sink = self.new_signal(channels[name], graph.block)
                self.outputs[name] = {"out": self.source}
            elif name == OUTPUT:
                self.sink = self.gather(name, "in")
            else:
                self.add_node(name, late_inputs.get(name))
            self.release(name)
        for name in late:
            for port, signal in late_inputs[name].items():
                self.gather(name, port, signal)
            self.add_modulations(name)

    def find_last_uses(self) -> dict[str, list[str]]:
        """Map each node to the nodes whose output it is the last to read: their buffers can be recycled after it."""
        position = {name: i for i, name in enumerate(self.order.names)}
        uses: dict[str, list[str]] = defaultdict(list)
        for name in self.nodes:
            links = self.order.out_of[name] + self.modulating[name]
            if any(self.order.closes_loop(link.target_node) for link in links):
                continue  # read again at the end of the block
            readers = [link.target_node for link in links] or [name]
            uses[max(readers, key=position.__getitem__)].append(name)
        return uses

    def release(self, name: str) -> None:
        for source in self.last_use[name]:
            for signal in self.outputs[source].values():
                self.recycle(signal)

    def recycle(self, signal: Signal) -> None:
        if self.reuse and signal is not self.sink:  # which is read when all steps have run
            self.free[int(signal.channels), int(signal.frames)].append(signal)

    def signal(self, channels: int, rate: int) -> Signal:
        frames = self.graph.block * rate
        pool = self.free[channels, frames]
        return pool.pop() if pool else self.new_signal(channels, frames)

    def new_signal(self, channels: int, frames: int) -> Signal:
        self.memory.take(channels * frames)
        return Signal(channels, frames)

    def held_inputs(self, name: str) -> dict[str, Signal]:
        """Return input signals of a node that closes a loop, which keep their sound until the next block."""
        frames = self.graph.block * self.timing.rate(name)
        ports = dict.fromkeys(link.target_port for link in self.order.into[name])
        return {port: self.new_signal(self.channels[name], frames) for port in ports}

    def add_node(self, name: str, held: dict[str, Signal] | None) -> None:
        flat, rate, channels = self.graph.nodes[name], self.timing.rate(name), self.channels[name]
        linked = {link.target_port for link in self.order.into[name]}
        x = []
        for port in expand(flat.cls.INPUTS, linked):
            if port not in linked:
                x.append(self.silence(channels, rate))
            elif held is not None:
                x.append(held[port])
            else:
                x.append(self.gather(name, port))
        y = [self.signal(channels, rate) for _ in flat.cls.OUTPUTS]
        self.calls[name] = Call(self.nodes[name], x, y, rate)
        for signal in self.sums:
            self.recycle(signal)
        self.sums.clear()
        self.outputs[name] = dict(zip(flat.cls.OUTPUTS, y, strict=True))
        if held is None:
            self.add_modulations(name)
        self.steps.append(self.calls[name])

    def silence(self, channels: int, rate: int) -> Signal:
        key = ("silence", channels, rate)
        if key not in self.made:
            self.made[key] = self.new_signal(channels, self.graph.block * rate)
        return self.made[key]

    def gather(self, name: str, port: str, into: Signal | None = None) -> Signal:
        """Return the sum of the links into a port, aligned, at the rate and with the channels of its node."""
        links = [link for link in self.order.into[name] if link.target_port == port]
        arrival = self.timing.input_arrival(name)
        by_rate: dict[int, list[FlatLink]] = defaultdict(list)
        for link in links:
            by_rate[self.timing.rate(link.source_node)].append(link)
        terms = [self.crossed(group, arrival) for group in by_rate.values()]
        channels = self.channels[name]
        if into is None and len(terms) == 1 and terms[0].channels == channels:
            return terms[0]
        total = into or self.signal(channels, self.timing.rate(name))
        self.steps.append(Sum(terms, total))
        if into is None:
            self.sums.append(total)
        return total

    def aligned(self, link: FlatLink, delay_frames: int) -> Signal:
        """Return the sound on a link, delayed."""
        source = self.outputs[link.source_node][link.source_port]
        if delay_frames == 0:
            return source
        key = ("delayed", link.source_node, link.source_port, delay_frames)
        if key not in self.made:
            self.made[key] = self.new_signal(int(source.channels), int(source.frames))
            self.memory.take(int(source.channels) * delay_frames)
            self.run(Aligner(delay_frames), source, self.made[key], self.timing.rate(link.source_node), source)
        return self.made[key]

    def crossed(self, links: list[FlatLink], arrival: float) -> Signal:
        """Return the sum of links of one rate at the rate of their target: aligned, summed, then resampled once."""
        rate = self.timing.rate(links[0].target_node)
        delays = [self.timing.delay_frames(link, arrival) for link in links]
        delayed = zip(links, delays, strict=True)
        key = ("crossed", rate, *((link.source_node, link.source_port, delay) for link, delay in delayed))
        if key in self.made:
            return self.made[key]
        signals = [self.aligned(link, delay) for link, delay in zip(links, delays, strict=True)]
        resampler = self.timing.resampler(links[0])
        if resampler is None and len(signals) == 1:
            return signals[0]
        summed = signals[0]
        if len(signals) > 1:
            summed = self.new_signal(max(int(signal.channels) for signal in signals), int(signals[0].frames))
            self.steps.append(Sum(signals, summed))
        if resampler is not None:
            self.made[key] = self.new_signal(int(summed.channels), self.graph.block * rate)
            low = min(rate, self.timing.rate(links[0].source_node))
            self.run(resampler, summed, self.made[key], low, min(summed, self.made[key], key=lambda s: s.frames))
        else:
            self.made[key] = summed
        return self.made[key]

    def run(self, node: Node, x: Signal, y: Signal, rate: int, shape: Signal) -> None:
        """Add a step for a node of our own, with a rate and the shape of a signal."""
        node.fs, node.channels, node.frames = self.timing.sample_rate * rate, shape.channels, shape.frames
        node.prepare()
        self.steps.append(Call(node, [x], [y], watched=False))

    def add_modulations(self, name: str) -> None:
        """Add a step for each parameter of a node that automation or modulation moves."""
        flat = self.graph.nodes[name]
        modulators: dict[str, list[Signal]] = {param: [] for param in self.automated[name]}
        for link in self.modulated[name]:
            signal = self.outputs[link.source_node][link.source_port]
            modulators.setdefault(link.target_port, []).append(signal)
        for param, signals in modulators.items():
            declared = find_param(flat.cls, param)
            assert isinstance(declared, Param)
            step = Modulation(
                self.calls[name],
                param,
                float(flat.params.get(param, declared.default)),
                declared.minimum,
                declared.maximum,
                signals,
                list(self.graph.automation.get((name, param), ())),
                self.graph.block / self.timing.sample_rate,
                self.timing.arrival[name] / self.timing.sample_rate,
            )
            self.modulations[name, param] = step
            self.steps.append(step)
