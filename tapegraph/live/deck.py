"""An engine whose graph can be exchanged while it plays.

    y = a + sin^2(w) (b - a),    w from 0 to pi / 2 over FADE_S

with a the old graph's sound and b the new one's, each at its own gain; the two are alike, so their weights add up to 1.
The new graph runs along unheard for WARM_UP_S and its own latency first, so that its filters have settled. Meanwhile
both cost time.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.errors import TapegraphError
from tapegraph.live.recent import RecentInput
from tapegraph.node import Choice
from tapegraph.node.params import NodeValue, Quality
from tapegraph.node.ports import find_param
from tapegraph.quantity import plural
from tapegraph.run.engine import Engine
from tapegraph.run.plan import Plan, plan
from tapegraph.run.sound import Array

WARM_UP_S = 0.05
FADE_S = 0.02


Setting = tuple[str, str, NodeValue]  # node, parameter, value


class Deck(Engine):
    """Runs one graph, and for a moment two.

    blocks: how many have run
    events: what was asked for, each with the number of the block it came before: a parameter set, or another graph
    gain: what the sound of the graph is multiplied with
    past: keeps the last of what came in, where somebody wants it
    quality: of the graphs, and so of what is set
    """

    def __init__(self, graph: FlatGraph, sample_rate: float, channels: int, first_channel: int = 0) -> None:
        super().__init__(graph, sample_rate, channels, first_channel)
        self.sample_rate = float(sample_rate)
        self.asked: deque[Setting | Incoming] = deque()  # appended to from any thread; what follows is this one's own
        self.next: Incoming | None = None
        self.incoming: Incoming | None = None
        self.blocks = 0
        self.events: list[tuple[int, Setting | FlatGraph]] = []
        self.retired: list[Incoming | Plan] = []  # freed by the next change(): in the audio thread that takes too long
        self.gain = 1.0
        self.past: RecentInput | None = None
        self.quality: Quality = "render"

    def set(self, node: str, param: str, value: NodeValue) -> None:
        """Set a checked parameter from the next block on."""
        self.asked.append((node, param, value))

    def change(self, graph: FlatGraph, gain: float = 1.0) -> None:
        """Go over to another graph, at a gain; of several in quick succession, to the last.

        To be called from a thread that has time: planning takes some. Raises TapegraphError where that graph cannot
        follow on this one, which then plays on.
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
        self.asked.append(Incoming(graph, new, self.sample_rate, gain))

    def apply(self) -> None:
        """Do what was asked for, in that order: what is set after another graph was asked for reaches that one too."""
        while self.asked:
            event = self.asked.popleft()
            if isinstance(event, Incoming):
                if self.next is not None:
                    self.retired.append(self.next)
                self.next = event
                self.events.append((self.blocks, event.graph))
            else:
                self.events.append((self.blocks, event))
                self.turn(*event)
        if self.incoming is None and self.next is not None:
            self.incoming, self.next = self.next, None
            for modulation in self.incoming.plan.modulations.values():
                modulation.blocks = self.blocks  # automation tells the time of what plays

    def turn(self, node: str, param: str, value: NodeValue) -> None:
        for running in (self.plan, *(other.plan for other in (self.incoming, self.next) if other)):
            there = running.nodes.get(node)
            declared = find_param(type(there), param) if there is not None else None
            if declared is None:  # it is meant for the other
                continue
            if isinstance(declared, Choice):
                value = declared.at(self.quality, str(value))
            self.set_now(running, node, param, value)

    def log(self) -> list[tuple[int, str, str, NodeValue]]:
        """Return what has been set: the number of the block it came before, node, parameter, value."""
        return [(block, *event) for block, event in self.events if not isinstance(event, FlatGraph)]

    def changes(self) -> int:
        """Return how often the graph was exchanged."""
        return sum(isinstance(event, FlatGraph) for _, event in self.events)

    def process(self, audio: Array) -> Array:
        """Run whole blocks, as Engine does; where another graph is coming in, through both."""
        heard = at_gain(super().process(audio), self.gain)
        self.blocks += audio.shape[1] // self.block
        if self.past is not None:
            self.past.write(audio)
        incoming = self.incoming
        if incoming is None or not audio.size:
            return heard
        new = at_gain(self.run(incoming.plan, audio), incoming.gain)
        weights = incoming.weights(audio.shape[1])
        if weights[-1] == 1.0:
            incoming.plan.schedule.take_over_counts(self.plan.schedule)
            self.retired.append(self.plan)
            self.plan, self.gain, self.incoming = incoming.plan, incoming.gain, None
        return np.asarray(heard + weights * (new - heard))


class Incoming:
    """A graph that comes in: silent for a while, then faded in."""

    def __init__(self, graph: FlatGraph, new: Plan, sample_rate: float, gain: float) -> None:
        self.graph, self.plan, self.gain = graph, new, gain
        self.start = round(WARM_UP_S * sample_rate + new.latency)
        self.length = round(FADE_S * sample_rate)
        self.n = 0

    def weights(self, frames: int) -> Array:
        """Return the share of the new sound in the next frames, from 0 to 1."""
        n = np.arange(self.n, self.n + frames) - self.start
        self.n += frames
        return np.sin(np.pi / 2 * np.clip(n / self.length, 0.0, 1.0)) ** 2


def at_gain(sound: Array, gain: float) -> Array:
    return sound if gain == 1.0 else np.asarray(sound * gain)
