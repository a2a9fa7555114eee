"""All of some sound through a graph, from its beginning to the end of its tail, in time with the input."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator

import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.run.engine import Engine
from tapegraph.run.sound import Array, Audio, Tail, check_tail, planar, shaped

CHUNK_FRAMES = 1 << 15  # as much as goes through the scheduler in one call
SILENCE = 1e-6  # -120 dBFS: a tail that has fallen below has ended
LOOP_TAIL_S = 60.0  # the longest tail of a graph that feeds back
LOOP_REST_S = 12.0  # how long such a graph must have been silent: longer than any one delay


class Rendering:
    """A graph run over all of some sound, without its latency and with its tail."""

    def __init__(
        self,
        graph: FlatGraph,
        sample_rate: float,
        channels: int,
        tail: Tail = "auto",
        engine: type[Engine] = Engine,
        first_channel: int = 0,
    ) -> None:
        self.engine = engine(graph, sample_rate, channels, first_channel)
        self.sample_rate = float(sample_rate)
        self.tail = tail if tail == "auto" else check_tail(tail)
        self.latency = round(self.engine.plan.latency)

    @property
    def output_channels(self) -> int:
        return self.engine.output_channels

    @property
    def tail_s(self) -> float:
        """How long the sound goes on after its input, s; of a graph that plays, as it stands now."""
        return self.engine.plan.tail_s if self.tail == "auto" else self.tail

    def due(self, taken: int) -> int:
        """Return how many frames come out for so many that went in."""
        tail_s = LOOP_TAIL_S if math.isinf(self.tail_s) else self.tail_s
        later = max(0, round(self.engine.plan.latency) - self.latency)  # than at the start
        return taken + later + math.ceil(tail_s * self.sample_rate) if taken else 0

    def blocks(self, audio: Iterable[Audio]) -> Generator[Array, None, None]:
        """Yield the output for an input that comes in pieces (channels, frames) of any size."""
        skip = self.latency
        taken = given = 0
        waiting = np.zeros((self.engine.channels, 0))
        for piece in audio:
            x = planar(piece, self.engine.channels)
            taken += x.shape[1]
            waiting = np.concatenate([waiting, x], axis=1)
            whole = waiting.shape[1] // self.engine.block * self.engine.block
            for out in self.run(waiting[:, :whole]):
                kept = out[:, min(skip, out.shape[1]) :]
                skip -= out.shape[1] - kept.shape[1]
                given += kept.shape[1]
                if kept.shape[1]:
                    yield kept
            waiting = waiting[:, whole:]
        yield from self.end(waiting, skip, taken, given)

    def run(self, audio: Array) -> Iterator[Array]:
        chunk = max(1, CHUNK_FRAMES // self.engine.block) * self.engine.block
        for start in range(0, audio.shape[1], chunk):
            yield self.engine.process(audio[:, start : start + chunk])

    def end(self, waiting: Array, skip: int, taken: int, given: int) -> Iterator[Array]:
        """Yield the rest: silence goes in until the input's length and the tail have come out."""
        quiet = 0
        while given < (due := self.due(taken)):
            x = np.zeros((self.engine.channels, self.engine.block))
            x[:, : waiting.shape[1]] = waiting
            waiting = waiting[:, :0]
            out = self.engine.process(x)
            kept = out[:, skip : skip + due - given] if skip < out.shape[1] else out[:, :0]
            skip = max(0, skip - out.shape[1])
            if math.isinf(self.tail_s) and given >= taken:
                quiet = quiet + kept.shape[1] if np.max(np.abs(kept), initial=0.0) < SILENCE else 0
                if quiet > LOOP_REST_S * self.sample_rate:
                    return
            given += kept.shape[1]
            if kept.shape[1]:
                yield kept


def render(graph: FlatGraph, audio: Audio, sample_rate: float, tail: Tail = "auto") -> Audio:
    """Return audio through the graph, aligned with it and as long as it is, plus the tail.

    audio: (channels, frames) or one-dimensional, float32 or float64
    tail: seconds, or "auto" for as long as the nodes say; where the graph feeds back, until it has fallen silent
    """
    x = planar(audio)
    rendering = Rendering(graph, sample_rate, x.shape[0], tail)
    pieces = list(rendering.blocks([x]))
    out = np.concatenate(pieces, axis=1) if pieces else np.zeros((rendering.output_channels, 0))
    return shaped(out, audio)
