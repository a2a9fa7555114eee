"""An engine whose graph can be replaced while it plays, with a cross-fade.

    y = a + sin^2(w) (b - a),    w from 0 to pi / 2 over FADE_S

a is the output of the old graph and b that of the new one, each at its own gain; the two are correlated, so that their
weights add up to 1. First the new graph runs silently for WARM_UP_S and its own latency, until its filters have
settled. Meanwhile both graphs take processing time.
"""

from __future__ import annotations

import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.errors import TapegraphError
from tapegraph.live.recent import RecentInput
from tapegraph.node import Choice
from tapegraph.node.params import NodeValue, Quality
from tapegraph.node.ports import find_param
from tapegraph.quantity import plural
from tapegraph.run.engine import Engine
from tapegraph.run.pending import Pending
from tapegraph.run.plan import Plan, plan
from tapegraph.run.sound import Array, Audio

WARM_UP_S = 0.05
FADE_S = 0.02


Setting = tuple[str, str, NodeValue]  # node, parameter, value


class Deck(Engine):
    """Runs one graph, and two during a cross-fade.

    blocks: how many have run
    events: parameters set and graphs requested, each with the number of the block that it came before
    logging: whether events are kept, as a recording needs them; otherwise they would grow as long as sound runs
    gain: applied to the output of the graph
    recent: keeps the last seconds of the input, where they are wanted
    quality: of the graphs, which also applies to parameters that are set
    """

    def __init__(self, graph: FlatGraph, sample_rate: float, channels: int, first_channel: int = 0) -> None:
        super().__init__(graph, sample_rate, channels, first_channel)
        self.sample_rate = float(sample_rate)
        self.requested: Pending[Setting | Incoming] = Pending(target)  # by any thread; the rest is the audio thread's
        self.next: Incoming | None = None
        self.incoming: Incoming | None = None
        self.blocks = 0
        self.events: list[tuple[int, Setting | FlatGraph]] = []
        self.logging = True
        self.retired: list[Incoming | Plan] = []  # for the next change() to free: too slow for the audio thread
        self.gain = 1.0
        self.recent: RecentInput | None = None
        self.quality: Quality = "render"

    def set(self, node: str, param: str, value: NodeValue) -> None:
        """Set a checked parameter from the next block on."""
        self.requested.add((node, param, value))

    def change(self, graph: FlatGraph, gain: float = 1.0) -> None:
        """Cross-fade to another graph, at a gain; of several in quick succession, to the last.

        Not for the audio thread: planning takes time. Raises TapegraphError where the graph cannot follow this one,
        which then plays on.
        """
        if graph.block != self.block:
            raise TapegraphError(f"block is {graph.block}; while sound runs it must stay {self.block}")
        self.retired.clear()
        new = plan(graph, self.sample_rate, self.channels)
        channels = int(new.schedule.sink.channels)
        if channels != self.output_channels:
            raise TapegraphError(
                f"output has {plural(channels, 'channel')}; while sound runs it must keep {self.output_channels}"
            )
        self.requested.add(Incoming(graph, new, self.sample_rate, gain))

    def apply(self) -> None:
        """Apply requests in order: a parameter that is set after a graph was requested reaches that graph too."""
        for event in self.requested.take():
            if isinstance(event, Incoming):
                if self.next is not None:
                    self.retired.append(self.next)
                self.next = event
            else:
                self.set_in_all(*event)
            if self.logging:
                self.events.append((self.blocks, event.graph if isinstance(event, Incoming) else event))
        if self.incoming is None and self.next is not None:
            self.incoming, self.next = self.next, None
            for modulation in self.incoming.plan.modulations.values():
                modulation.blocks = self.blocks  # automation continues at the time of the old graph

    def set_in_all(self, node: str, param: str, value: NodeValue) -> None:
        """Set a parameter in every graph that runs or is about to."""
        for running in (self.plan, *(other.plan for other in (self.incoming, self.next) if other)):
            there = running.nodes.get(node)
            declared = find_param(type(there), param) if there is not None else None
            if declared is None:  # only another of the graphs has it
                continue
            if isinstance(declared, Choice):
                value = declared.at(self.quality, str(value))
            self.set_now(running, node, param, value)

    def log(self) -> list[tuple[int, str, str, NodeValue]]:
        """Return every parameter change: the number of the block it came before, node, parameter, value."""
        return [(block, *event) for block, event in self.events if not isinstance(event, FlatGraph)]

    def changes(self) -> int:
        """Return how often the graph was replaced."""
        return sum(isinstance(event, FlatGraph) for _, event in self.events)

    def process(self, audio: Audio) -> Array:
        """Run whole blocks, as Engine does; during a cross-fade, through both graphs."""
        old = at_gain(super().process(audio), self.gain)
        self.blocks += audio.shape[1] // self.block
        if self.recent is not None:
            self.recent.write(audio)
        incoming = self.incoming
        if incoming is None or not audio.size:
            return old
        new = at_gain(self.run(incoming.plan, audio), incoming.gain)
        weights = incoming.weights(audio.shape[1])
        if weights[-1] == 1.0:
            incoming.plan.schedule.take_over_counts(self.plan.schedule)
            self.retired.append(self.plan)
            self.plan, self.gain, self.incoming = incoming.plan, incoming.gain, None
        return np.asarray(old + weights * (new - old))


def target(event: Setting | Incoming) -> tuple[str, str] | None:
    """Return the node and the parameter that an event sets; None of a graph, which what is set later has to reach."""
    return None if isinstance(event, Incoming) else event[:2]


class Incoming:
    """A graph that is to replace another: silent at first, then faded in."""

    def __init__(self, graph: FlatGraph, new: Plan, sample_rate: float, gain: float) -> None:
        self.graph, self.plan, self.gain = graph, new, gain
        self.start = round(WARM_UP_S * sample_rate + new.latency)
        self.length = round(FADE_S * sample_rate)
        self.n = 0

    def weights(self, frames: int) -> Array:
        """Return the weights of the new graph in the next frames, 0 to 1."""
        n = np.arange(self.n, self.n + frames) - self.start
        self.n += frames
        return np.sin(np.pi / 2 * np.clip(n / self.length, 0.0, 1.0)) ** 2


def at_gain(sound: Array, gain: float) -> Array:
    return sound if gain == 1.0 else np.asarray(sound * gain)
