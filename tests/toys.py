"""Nodes for tests, in plain Python and NumPy, and a short way to write flat graphs."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tapegraph.document.flat import FlatGraph, FlatLink, FlatNode
from tapegraph.node import AnyParam, Node, Param, Signal

# A file with a node that says when it runs, and takes its time, so that a render can be stopped meanwhile.
SLOW = """\
import time
from tapegraph import Node
class Slow(Node):
    KIND = "slow"
    def process(self, x, y):
        print("running", flush=True)
        time.sleep(0.05)
"""


class Shift(Node):
    """Delays by a number of frames and states it as its latency."""

    KIND: ClassVar[str] = "shift"
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (Param("frames_late", 5.0, 0.0, 500.0),)

    frames_late: float

    def reset(self) -> None:
        self.held = np.zeros((int(self.channels), int(self.frames_late)))

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        joined = np.concatenate([self.held, x[0].array], axis=1)
        y[0].put(joined[:, : self.frames])
        self.held = joined[:, self.frames :]

    def latency(self) -> float:
        return self.frames_late


class Scale(Node):
    """Multiplies by a ramped factor."""

    KIND: ClassVar[str] = "scale"
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (Param("factor", 1.0, -10.0, 10.0),)

    factor: float

    def reset(self) -> None:
        self.reached = self.factor

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        n = int(self.frames)
        ramp = self.reached + (self.factor - self.reached) * np.arange(1, n + 1) / n
        self.reached = self.factor
        y[0].put(x[0].array * ramp)


class LateByParts(Shift):
    """A Shift whose latency is 0.6 frames longer than what it does in whole frames."""

    KIND: ClassVar[str] = "late_by_parts"

    def latency(self) -> float:
        return self.frames_late + 0.6


class Echo(Node):
    """A delay that may close a loop."""

    KIND: ClassVar[str] = "echo"
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (Param("frames_later", 300.0, 0.0, 5000.0),)
    BREAKS_LOOPS: ClassVar[bool] = True

    frames_later: float

    def reset(self) -> None:
        self.held = np.zeros((int(self.channels), int(self.frames_later) - int(self.loop_latency)))

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        joined = np.concatenate([self.held, x[0].array], axis=1)
        y[0].put(joined[:, : self.frames])
        self.held = joined[:, self.frames :]

    def tail(self) -> float:
        return self.frames_later / self.fs


class Hide(Node):
    """Limits to -2 to 2, and turns what is not a number into 0."""

    KIND: ClassVar[str] = "hide"

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        y[0].put(np.clip(np.nan_to_num(x[0].array), -2.0, 2.0))


class Cubic(Node):
    """A curve: y = x + second x^2 + third x^3."""

    KIND: ClassVar[str] = "cubic"
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("second", 0.0, -10.0, 10.0),
        Param("third", 0.0, -10.0, 10.0),
    )

    second: float
    third: float

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        v = x[0].array
        y[0].put(v + self.second * v**2 + self.third * v**3)


class Play(Node):
    """Backlash: the output follows the input as a cart that is pulled and pushed with some play."""

    KIND: ClassVar[str] = "play"
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (Param("width", 0.1, 0.0, 1.0),)

    width: float

    def reset(self) -> None:
        self.reached = [0.0] * int(self.channels)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        out = []
        for channel, sound in enumerate(x[0].array.tolist()):
            v = self.reached[channel]
            out.append([v := min(max(v, sample - self.width), sample + self.width) for sample in sound])
            self.reached[channel] = v
        y[0].put(np.array(out))


class Two(Node):
    """Hands its two inputs on, each to an output of its own."""

    KIND: ClassVar[str] = "two"
    INPUTS: ClassVar[tuple[str, ...]] = ("a", "b")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("a", "b")
    MAX_CHANNELS: ClassVar[int] = 4

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        y[0].put(x[0].array)
        y[1].put(x[1].array)


class Ones(Node):
    """A source of ones on one channel."""

    KIND: ClassVar[str] = "ones"
    INPUTS: ClassVar[tuple[str, ...]] = ()
    CHANNELS: ClassVar[int] = 1
    SOURCE: ClassVar[bool] = True

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        y[0].put(np.ones((1, int(self.frames))))


class Count(Node):
    """A source that counts frames: 0, 1, 2 ... on as many channels as the graph has."""

    KIND: ClassVar[str] = "count"
    INPUTS: ClassVar[tuple[str, ...]] = ()
    SOURCE: ClassVar[bool] = True

    def reset(self) -> None:
        self.at = 0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        n = int(self.frames)
        y[0].put(np.tile(np.arange(self.at, self.at + n, dtype=float), (int(self.channels), 1)))
        self.at += n


class Hiss(Node):
    """A source of noise drawn from the seed of the graph, the name of the node and the number of the channel."""

    KIND: ClassVar[str] = "hiss"
    INPUTS: ClassVar[tuple[str, ...]] = ()
    SOURCE: ClassVar[bool] = True

    def reset(self) -> None:
        numbers = range(int(self.first_channel), int(self.first_channel + self.channels))
        self.draws = [np.random.default_rng([int(self.seed), *self.name.encode(), number]) for number in numbers]

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        y[0].put(np.array([rng.uniform(-1.0, 1.0, int(self.frames)) for rng in self.draws]))


class Burst(Node):
    """Puts out something that is not finite in its third block after a reset."""

    KIND: ClassVar[str] = "burst"

    def reset(self) -> None:
        self.blocks = 0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.blocks += 1
        y[0].put(x[0].array * (np.inf if self.blocks == 3 else 1.0))


def flat(links: str, modulations: str = "", automation: Any = None, **nodes: Any) -> FlatGraph:
    """Return a flat graph: links as in "input.out>a.in, a.out>output.in", nodes as a class or a FlatNode."""
    own = {"block", "resampler", "seed"} & nodes.keys()
    settings = {name: nodes.pop(name) for name in own}

    def parse(text: str) -> tuple[FlatLink, ...]:
        pairs = [part.strip().split(">") for part in text.split(",") if part.strip()]
        return tuple(FlatLink(*source.split("."), *target.split(".")) for source, target in pairs)

    made = {name: node if isinstance(node, FlatNode) else FlatNode(node) for name, node in nodes.items()}
    return FlatGraph(
        nodes=made, links=parse(links), modulations=parse(modulations), automation=automation or {}, **settings
    )
