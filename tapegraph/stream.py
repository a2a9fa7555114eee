"""Sound through a graph: a stream takes blocks of any size as they come, rendering takes all of them to the end.

Inside, everything runs in the graph's own fixed blocks, so the result does not depend on how the sound was cut.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tapegraph.errors import TapegraphError
from tapegraph.flat import FlatGraph
from tapegraph.param import Value, counted, is_whole, number, plain
from tapegraph.plan import Plan, plan

Array = npt.NDArray[np.float64]
Audio = npt.NDArray[Any]
Tail = float | Literal["auto"]

SAMPLE_RATES_HZ = (8_000.0, 384_000.0)
MAX_CHANNELS = 64
CHUNK_FRAMES = 1 << 15  # as much as goes through the scheduler in one call
SILENCE = 1e-6  # -120 dBFS: a tail that has fallen below has ended
LOOP_TAIL_S = 60.0  # the longest tail of a graph that feeds back
LOOP_REST_S = 12.0  # how long such a graph must have been silent: longer than any one delay


class Engine:
    """A planned graph, run on whole blocks. The part that streams and rendering share."""

    def __init__(self, graph: FlatGraph, sample_rate: float, channels: int) -> None:
        check_sample_rate(sample_rate)
        self.channels = check_channels(channels)
        self.plan: Plan = plan(graph, float(sample_rate), self.channels)
        self.block = graph.block
        self.pending: deque[tuple[str, str, Value]] = deque()  # appended to from any thread

    @property
    def output_channels(self) -> int:
        return int(self.plan.schedule.sink.channels)

    def set(self, node: str, param: str, value: Value) -> None:
        """Set a checked parameter from the next block on."""
        self.pending.append((node, param, value))

    def apply(self) -> None:
        while self.pending:
            self.move(self.plan, *self.pending.popleft())

    def move(self, running: Plan, node: str, param: str, value: Value) -> None:
        move = running.moves.get((node, param))
        if move is not None:
            move.base = float(value)
        else:
            running.nodes[node].set(param, value)
            running.calls[node].changed = True

    def process(self, audio: Array) -> Array:
        """Run whole blocks: audio (channels, k * block) to (output_channels, k * block)."""
        self.apply()
        return self.run(self.plan, audio)

    def run(self, running: Plan, audio: Array) -> Array:
        samples = np.ascontiguousarray(audio, dtype=np.float64).reshape(-1)
        out = running.schedule.process(samples, audio.shape[1] // self.block)
        return np.frombuffer(memoryview(out), dtype=np.float64).reshape(self.output_channels, -1)

    def reset(self) -> None:
        self.apply()
        self.plan.schedule.reset()

    def warnings(self) -> list[str]:
        """Return what went wrong with the sound so far, a sentence each."""
        schedule = self.plan.schedule
        said = []
        if schedule.muted:
            muted = counted(int(schedule.muted), "sample")
            said.append(f"silence took the place of {muted} of the input that came in not finite")
        if schedule.silenced:
            silenced = f"{counted(int(schedule.silenced), 'block')} of {self.block} frames"
            said.append(
                f"silence took the place of {silenced} that came out of the graph not finite or 120 dB too loud, "
                "and every node was reset"
            )
        return said


class Stream:
    """A running graph for sound that comes in pieces of any size.

    latency: frames by which the output of process() lags its input: the graph's own, and block - 1 for cutting
    tail: for how many seconds the output may sound on after the input; infinite where the graph feeds back
    """

    def __init__(self, graph: FlatGraph, sample_rate: float, channels: int = 1) -> None:
        self.engine = Engine(graph, sample_rate, channels)
        self.sample_rate = float(sample_rate)
        self.channels = self.engine.channels
        self.latency = round(self.engine.plan.latency) + self.engine.block - 1
        self.tail = self.engine.plan.tail_s
        self.waiting: Array
        self.ready: Array
        self.reset()

    def process(self, audio: Audio) -> Audio:
        """Return as many frames as come in, (channels, frames) or one-dimensional, of the same float type."""
        x = planar(audio, self.channels)
        self.waiting = np.concatenate([self.waiting, x], axis=1)
        whole = self.waiting.shape[1] // self.engine.block * self.engine.block
        ready = self.engine.process(self.waiting[:, :whole])
        self.waiting = self.waiting[:, whole:]
        self.ready = np.concatenate([self.ready, ready], axis=1)
        out = self.ready[:, : x.shape[1]]
        self.ready = self.ready[:, x.shape[1] :]
        return shaped(out, audio)

    def flush(self) -> Array:
        """Return what is still inside, (channels, latency frames): the end of the sound so far. Then start anew."""
        rest = self.process(np.zeros((self.channels, self.latency)))
        self.reset()
        return rest

    def set(self, node: str, param: str, value: Value) -> None:
        """Set a parameter from the next block on. The value must have been checked, as Graph.set does."""
        self.engine.set(node, param, value)

    def reset(self) -> None:
        """Start anew, as if nothing had been played."""
        self.engine.reset()
        self.waiting = np.zeros((self.channels, 0))
        self.ready = np.zeros((self.engine.output_channels, self.engine.block - 1))

    def warnings(self) -> list[str]:
        """Return what went wrong with the sound so far, a sentence each."""
        return self.engine.warnings()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self.reset()


class Rendering:
    """A graph run over all of some sound, without its latency and with its tail."""

    def __init__(
        self, graph: FlatGraph, sample_rate: float, channels: int, tail: Tail = "auto", engine: type[Engine] = Engine
    ) -> None:
        self.engine = engine(graph, sample_rate, channels)
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


def planar(audio: Audio, channels: int | None = None) -> Array:
    """Return audio as float64 (channels, frames). Raises TapegraphError for other shapes and types."""
    x = np.asarray(audio)
    if x.dtype not in (np.float32, np.float64):
        hint = "; divide whole numbers by their full scale first" if np.issubdtype(x.dtype, np.integer) else ""
        raise TapegraphError(f"audio is of type {x.dtype}; it must be float32 or float64{hint}")
    if x.ndim == 1:
        x = x[np.newaxis, :]
    if x.ndim != 2:
        raise TapegraphError(f"audio has {x.ndim} dimensions; it must be (channels, frames) or one-dimensional")
    check_channels(x.shape[0], "; audio is (channels, frames): transpose it")
    if channels is not None and x.shape[0] != channels:
        raise TapegraphError(f"audio has {counted(x.shape[0], 'channel')}; this stream was opened for {channels}")
    return x.astype(np.float64, copy=False)


def shaped(out: Array, like: Audio) -> Audio:
    """Return out in the type of the input, and in its number of dimensions where it has one channel."""
    like = np.asarray(like)
    return (out[0] if like.ndim == 1 and out.shape[0] == 1 else out).astype(like.dtype)


def check_sample_rate(sample_rate: float) -> None:
    low, high = SAMPLE_RATES_HZ
    if isinstance(sample_rate, bool) or not isinstance(sample_rate, int | float | np.number):
        raise TapegraphError(f"sample_rate is {sample_rate!r}; it must be a number of Hz")
    if not low <= sample_rate <= high:
        raise TapegraphError(
            f"sample_rate is {number(float(sample_rate), 'Hz')}; it must be {number(low)} to {number(high, 'Hz')}"
        )


def check_channels(channels: int, hint: str = "") -> int:
    if not is_whole(channels, 1, MAX_CHANNELS):
        raise TapegraphError(f"channels are {channels!r}; there must be a whole number from 1 to {MAX_CHANNELS}{hint}")
    return int(channels)


def check_tail(tail: Any) -> float:
    tail = plain(tail)
    if isinstance(tail, bool) or not isinstance(tail, int | float) or not 0.0 <= tail <= 3600.0:
        raise TapegraphError(f'tail is {tail!r}; it must be 0 to 3600 s, or "auto"')
    return float(tail)
