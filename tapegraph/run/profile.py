"""The profile of a graph: what each step of its schedule takes, resamplers, sums and modulations as well as nodes."""

from __future__ import annotations

import time
from collections.abc import Callable

import attrs
import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.engine.alignment import Aligner
from tapegraph.engine.resample import Downsampler, Resampler
from tapegraph.engine.schedule import Call, Modulation, Schedule, Step, Sum
from tapegraph.errors import TapegraphError
from tapegraph.node import Node, Signal
from tapegraph.run.engine import Engine
from tapegraph.run.sound import Array

RUNS = 7
REST = "in and out"


@attrs.frozen
class Cost:
    """What a step takes.

    name: of its node, or of what it works on: "tape + hiss" for a sum, "tape.drive" for a modulation
    kind: of the node, or what else the step does
    oversample: how many times the graph's rate it runs at; of a resampler, the faster of its rates
    frame_ns: time for a frame of the graph's rate, all channels together, ns
    share: of the time of all steps and the rest, 0 to 1
    """

    name: str
    kind: str
    oversample: int
    frame_ns: float
    share: float


@attrs.frozen
class Profile:
    """What a graph takes.

    steps: in the order in which they run
    rest: what the scheduler does around them: sound is checked, and copied in and out
    frame_ns: of all that, ns
    real_time: duration of the sound over that time
    """

    sample_rate: float
    channels: int
    steps: list[Cost]
    rest: Cost
    frame_ns: float
    real_time: float


def profile(graph: FlatGraph, sound: Array, sample_rate: float) -> Profile:
    """Return the profile of a running graph, without planning.

    sound: (channels, frames)
    Raises TapegraphError where the sound is shorter than a block, or the graph cannot run on it.
    """
    engine = Engine(graph, sample_rate, len(sound))
    blocks = sound.shape[1] // engine.block
    if not blocks:
        raise TapegraphError(
            f"the sound has {sound.shape[1]} frames; a profile needs a block of {engine.block} or more"
        )
    schedule = engine.plan.schedule
    frames = blocks * engine.block
    taken = [ns / frames for ns in steps_ns(engine, sound, blocks)]
    taken.append(rest_ns(schedule, sound, blocks) / frames)
    frame_ns = sum(taken)
    labels = [*described(schedule, engine.block), (REST, "scheduler", 1)]
    *steps, rest = (Cost(*label, ns, ns / frame_ns) for label, ns in zip(labels, taken, strict=True))
    return Profile(sample_rate, len(sound), steps, rest, frame_ns, 1e9 / (sample_rate * frame_ns))


def steps_ns(engine: Engine, x: Array, blocks: int) -> list[float]:
    """Return what each step takes for all blocks, ns: of every block the least of several runs.

    By the wall clock: a step takes a few microseconds, less than a look at the CPU clock may take, and that other
    programs come in between happens to few blocks, to none of them in all runs.
    """
    schedule = engine.plan.schedule
    least = np.full((blocks, len(schedule.steps)), np.inf)
    for _ in range(RUNS):
        engine.reset()
        for k in range(blocks):
            schedule.source.put(x[:, k * engine.block : (k + 1) * engine.block])
            least[k] = np.minimum(least[k], [timed_ns(step.run) for step in schedule.steps])
    nothing = Step()
    idle_ns = min(timed_ns(nothing.run) for _ in range(1000))  # of looking at the clock, and of a call
    return [float(ns) for ns in np.maximum(least - idle_ns, 0.0).sum(axis=0)]


def rest_ns(schedule: Schedule, x: Array, blocks: int) -> float:
    """Return what the scheduler takes for all blocks without any step, ns."""
    empty = Schedule([], schedule.source, schedule.sink)
    frames = int(schedule.source.frames)
    channels = [np.ascontiguousarray(channel[: blocks * frames]) for channel in x]
    return float(min(timed_ns(lambda: empty.process(channels, blocks)) for _ in range(10 * RUNS)))


def timed_ns(work: Callable[[], object]) -> int:
    start = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - start


def described(schedule: Schedule, block: int) -> list[tuple[str, str, int]]:
    """Return name, kind and oversampling of every step, see Cost."""
    origins = {id(schedule.source): "input"}  # of the sound in a signal, as buffers are reused along the way

    def origin(signal: Signal) -> str:
        return origins.get(id(signal), "")

    found: list[tuple[str, str, int]] = []
    for step in schedule.steps:
        if isinstance(step, Sum):
            name = " + ".join(map(origin, step.terms))
            origins[id(step.total)] = name
            found.append((name, "sum" if len(step.terms) > 1 else "copy", int(step.total.frames) // block))
        elif isinstance(step, Modulation):
            found.append((f"{step.call.node.name}.{step.name}", "modulation", 1))
        elif isinstance(step, Call):
            name = step.node.name or origin(step.x[0])
            origins.update((id(signal), name) for signal in step.y)
            found.append((name, kind(step.node), int(max(s.frames for s in [*step.x, *step.y])) // block))
    return found


def kind(node: Node) -> str:
    """Return the kind of a node, or what a node of the scheduler's own does."""
    if isinstance(node, Resampler):
        return f"{'down' if isinstance(node, Downsampler) else 'up'} by {node.factor}"
    if isinstance(node, Aligner):
        return f"delay of {int(node.delay_frames)} frames"
    return node.KIND
