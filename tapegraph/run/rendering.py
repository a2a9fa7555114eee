"""All of some sound through a graph, from its beginning to the end of its tail, in time with the input."""

from __future__ import annotations

import math
import warnings
from collections.abc import Generator, Iterable

import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.errors import SoundWarning
from tapegraph.run.blocks import CHUNK_FRAMES, BlockCutter
from tapegraph.run.engine import Engine
from tapegraph.run.sound import Array, Audio, Tail, check_tail, planar, shaped

SILENCE = 1e-6  # -120 dBFS: below it any tail has ended
LOOP_TAIL_S = 60.0  # the longest tail of a graph that feeds back
LOOP_TAIL_DB = -90.0  # relative to the loudest sample of the output: below it such a tail has ended


class Rendering:
    """A graph run over all of some sound, without its latency and with its tail.

    A graph that feeds back has no length of its own. With the tail "auto" it is rendered until its output has been
    LOOP_TAIL_DB below its loudest sample for as long as all nodes together sound on, which is longer than any way
    around a loop; at most for LOOP_TAIL_S.

    chunk_frames: how many frames go through the graph in one call at most
    peak: largest sample of the output so far, of a graph that feeds back; 0 for any other
    loop_tail: frames of tail so far, of a graph that feeds back; 0 for any other
    quiet: for how many frames it has been quiet
    faded: whether it has ended by itself
    """

    def __init__(
        self,
        graph: FlatGraph,
        sample_rate: float,
        channels: int,
        tail: Tail = "auto",
        engine: type[Engine] = Engine,
        first_channel: int = 0,
        chunk_frames: int = CHUNK_FRAMES,
    ) -> None:
        self.engine = engine(graph, sample_rate, channels, first_channel)
        self.sample_rate = float(sample_rate)
        self.tail = tail if tail == "auto" else check_tail(tail)
        self.chunk_frames = chunk_frames
        self.begin()

    def begin(self) -> None:
        """Get ready for the first sound through the engine."""
        self.latency = round(self.engine.plan.latency)
        self.peak = 0.0
        self.loop_tail = 0
        self.quiet = 0
        self.faded = False
        self.cutter = BlockCutter(self.engine.channels, self.engine.block, self.chunk_frames)

    @property
    def output_channels(self) -> int:
        return self.engine.output_channels

    @property
    def tail_s(self) -> float:
        """How long the sound goes on after its input, s, with the parameters as they are now: some move."""
        return self.engine.plan.timing.tail_s() if self.tail == "auto" else self.tail

    @property
    def loops(self) -> bool:
        """Whether the tail is that of a graph that feeds back, which has no length of its own."""
        return self.tail == "auto" and bool(self.engine.plan.order.loop_closers)

    @property
    def longest_tail_s(self) -> float:
        """How long an automatic tail may become, s, wherever the parameters move."""
        planned_s = self.engine.plan.tail_s
        return LOOP_TAIL_S if math.isinf(planned_s) else max(planned_s, LOOP_TAIL_S)

    def due(self, taken: int) -> int:
        """Return how many frames come out for so many that went in, with the parameters as they are now."""
        return self.with_tail(taken, self.tail_s if self.tail != "auto" else min(self.tail_s, self.longest_tail_s))

    def most(self, taken: int) -> int:
        """Return how many frames can come out for so many that went in."""
        moves = self.tail == "auto" and self.engine.plan.modulations
        return self.with_tail(taken, self.longest_tail_s) if moves else self.due(taken)

    def with_tail(self, taken: int, tail_s: float) -> int:
        later = max(0, round(self.engine.plan.latency) - self.latency)  # than at the start
        return taken + later + math.ceil(tail_s * self.sample_rate) if taken else 0

    @property
    def loop_tail_s(self) -> float:
        return self.loop_tail / self.sample_rate

    def loop_rest(self) -> int:
        """Return for how many frames a graph that feeds back must have been quiet before its tail ends."""
        running = self.engine.plan
        tails_s = sum(node.tail() for node in running.nodes.values())
        return math.ceil(min(tails_s, LOOP_TAIL_S) * self.sample_rate + running.latency) + self.engine.block

    def warnings(self) -> list[str]:
        """Return a sentence for each thing that went wrong with the sound so far."""
        messages = self.engine.warnings()
        if self.loop_tail and not self.faded:
            messages.append(
                f"the graph feeds back and does not fade: its tail was cut off after {self.loop_tail_s:.2f} s; "
                "set a tail in seconds for another length"
            )
        return messages

    def notes(self) -> list[str]:
        """Return a sentence for what people may wonder about although nothing went wrong."""
        if not self.faded:
            return []
        return [
            f"the output goes on for {self.loop_tail_s:.2f} s after the input: the graph feeds back, and its tail ends "
            f"{-LOOP_TAIL_DB:g} dB below the loudest sample; set a tail in seconds for another length"
        ]

    def blocks(self, audio: Iterable[Audio]) -> Generator[Array, None, None]:
        """Yield the output for an input that comes in pieces (channels, frames) of any size."""
        skip = self.latency
        taken = given = 0
        for piece in audio:
            x = planar(piece, self.engine.channels)
            taken += x.shape[1]
            for out in map(self.engine.process, self.cutter.cut(x)):
                kept = out[:, skip:]
                skip -= out.shape[1] - kept.shape[1]
                given += kept.shape[1]
                if kept.shape[1]:
                    if self.loops:
                        self.peak = max(self.peak, largest(kept))
                    yield kept
        yield from self.end(skip, taken, given)

    def end(self, skip: int, taken: int, given: int) -> Generator[Array, None, None]:
        """Yield the rest: silence goes in until the input's length and the tail have come out.

        skip: frames of output to leave out first; taken: frames of input; given: frames of output so far
        """
        block, chunk = self.engine.block, self.cutter.chunk
        silence = np.zeros((self.engine.channels, chunk))
        x = self.cutter.last()
        self.quiet = due = 0
        rest = self.loop_rest()
        while given < (due := max(due, self.due(taken))) and not self.faded:
            if not x.shape[1]:
                wanted = -(-(skip + due - given) // block) * block
                x = silence[:, : min(wanted, chunk)]
            out = self.engine.process(x)
            x = x[:, :0]
            kept = out[:, skip : skip + due - given]
            if self.loops:
                kept = kept[:, : self.frames_until_faded(kept, block - skip % block, given - taken, rest)]
            skip -= min(skip, out.shape[1])
            given += kept.shape[1]
            if kept.shape[1]:
                yield kept

    def frames_until_faded(self, sound: Array, first: int, tail: int, rest: int) -> int:
        """Follow the tail of a graph that feeds back, block by block; return after how many frames it has faded.

        first: how many frames of the sound are in its first block; tail: frames of the tail before it, below 0 where
        that has not begun; rest: for how many frames it must be quiet
        """
        start = 0
        while start < sound.shape[1] and not self.faded:
            end = min(first if start == 0 else start + self.engine.block, sound.shape[1])
            peak = largest(sound[:, start:end])
            self.peak = max(self.peak, peak)
            self.loop_tail = max(0, tail + end)
            limit = max(SILENCE, 10.0 ** (LOOP_TAIL_DB / 20.0) * self.peak)
            self.quiet = self.quiet + end - start if self.loop_tail and peak < limit else 0
            self.faded = self.quiet > rest
            start = end
        return start


def largest(sound: Array) -> float:
    """Return the largest magnitude, 0 for no frames."""
    return float(np.max(np.abs(sound), initial=0.0))


def render(graph: FlatGraph, audio: Audio, sample_rate: float, tail: Tail = "auto") -> Audio:
    """Return audio through the graph, aligned with it and as long as it is, plus the tail.

    audio: (channels, frames) or one-dimensional, float32 or float64
    tail: seconds, or "auto" for as long as the nodes say; where the graph feeds back, until it has faded, see Rendering
    Warns (SoundWarning) of each thing that went wrong with the sound.
    """
    x = planar(audio)
    rendering = Rendering(graph, sample_rate, x.shape[0], tail)
    out = whole(rendering, x)
    for message in rendering.warnings():
        warnings.warn(message, SoundWarning, stacklevel=3)
    return shaped(out, audio)


def whole(rendering: Rendering, x: Audio) -> Audio:
    """Return all that a rendering, which begins, makes of x, (channels, frames)."""
    out = np.empty((rendering.output_channels, rendering.most(x.shape[1])), x.dtype)
    frames = 0
    for block in rendering.blocks([x]):
        out[:, frames : frames + block.shape[1]] = block
        frames += block.shape[1]
    if frames < out.shape[1]:  # the tail was shorter than it can be, or a loop had faded
        out = out[:, :frames].copy()
    return out
