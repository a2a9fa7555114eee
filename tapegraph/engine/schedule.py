"""The scheduler: runs the steps of a plan on fixed blocks, without allocating per block.

A plan is made once (tapegraph/run/plan.py): which steps, in which order, on which signals. A step reads and writes
signals that stay the same objects for as long as a stream lives.
"""

from __future__ import annotations

import contextlib
from typing import Final

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import Node, Signal, TapegraphError, silence
from tapegraph.node.failure import failure
from tapegraph.node.params import NodeValue

LOUDEST: Final = 1e6  # +120 dBFS: beyond it at the output a loop with a gain above 1 has run away
LARGEST: Final = 1e12  # +240 dBFS: no sound between nodes is larger, whatever gains follow each other
OUTPUT: Final = ""  # counts what is wrong at the output of the graph only


class Step:
    """One thing to do in every block."""

    name: str = ""  # of the node that it runs

    def run(self) -> bool:
        """Do it for a block; return whether what came out is sound, where that is looked at."""
        return True

    def reset(self) -> None:
        """Silence the state, in the audio thread, after sound that was not finite or far too loud: no prepare()."""

    def restart(self) -> None:
        """Start from the beginning, outside the audio thread: prepare() may be called."""
        self.reset()

    def owner(self) -> Node | None:
        """Return the node whose calls this step makes, if any."""
        return None


class Call(Step):
    """Runs a node: first update(), where a parameter has changed, then process().

    changed: whether a parameter was set since the last update()
    set_since_prepared: whether one was set since prepare(), which designs for parameters as they are then
    watched: whether to look at what comes out; resamplers and alignment only pass on what was looked at
    oversample: how many times the graph's rate the node runs at
    first: which sample of an oversampled output is looked at first
    """

    def __init__(self, node: Node, x: list[Signal], y: list[Signal], oversample: int = 1, watched: bool = True) -> None:
        self.node = node
        self.name = node.name
        self.x = x
        self.y = y
        self.changed: bool = False
        self.set_since_prepared: bool = False
        self.watched: bool = watched
        self.oversample: i64 = oversample
        self.first: i64 = 0

    def set(self, name: str, value: NodeValue) -> None:
        """Set a parameter of the node, checked and resolved, from the next block on."""
        self.node.set(name, value)
        self.changed = True
        self.set_since_prepared = True

    def run(self) -> bool:
        if self.changed:
            self.node.update()
            self.changed = False
        self.node.process(self.x, self.y)
        if not (are_whole(self.y) and are_whole(self.x)):
            raise ValueError(self.wrong_signal())  # before compiled code reads it, which takes lengths as given
        return not self.watched or self.is_sound()

    def is_sound(self) -> bool:
        """Return whether what came out is finite and not above LARGEST.

        Of an oversampled node a share of the samples is looked at, in every block another: what its resampler lets
        through is looked at behind it, and what stays in a state is in every sample.
        """
        sound = True
        for signal in self.y:
            if not is_within(signal.samples, LARGEST, self.first, self.oversample):
                sound = False
        self.first += 1
        if self.first >= self.oversample:
            self.first = 0
        return sound

    def reset(self) -> None:
        self.node.update()
        self.changed = False
        self.node.reset()

    def owner(self) -> Node | None:
        return self.node

    def wrong_signal(self) -> str:
        """Return how the node has left a signal that nobody can read, or nothing."""
        for signals, port in ((self.y, "output"), (self.x, "input")):
            for signal in signals:
                due = signal.channels * signal.frames
                if len(signal.samples) != due:
                    return f"left an {port} of {len(signal.samples)} samples; {due} are due"
        return ""

    def restart(self) -> None:
        if self.set_since_prepared:
            with contextlib.suppress(TapegraphError):  # a value that prepare() refuses was accepted while sound ran
                self.node.prepare()
            self.set_since_prepared = False
        self.first = 0
        self.reset()


class Sum(Step):
    """Adds signals up into one. A signal of one channel goes to every channel of the sum."""

    def __init__(self, terms: list[Signal], total: Signal) -> None:
        self.terms = terms
        self.total = total

    def run(self) -> bool:
        first = True
        for term in self.terms:
            add(term.samples, self.total.samples, term.channels, self.total.channels, first)
            first = False
        return True

    def reset(self) -> None:
        silence(self.total.samples)


class Line:
    """Straight lines between breakpoints of increasing time; constant before the first and after the last.

    The search starts at the last time: it advances by a block, so that mostly none or one breakpoint is passed.
    """

    def __init__(self, breakpoints: list[tuple[float, float]]) -> None:
        self.times: vec[float] = vec[float]([time for time, _ in breakpoints])
        self.values: vec[float] = vec[float]([value for _, value in breakpoints])
        self.passed: i64 = 0  # state: how many breakpoints lie at or before the last time

    def at(self, t: float) -> float:
        """Return the value at the time t, s."""
        n: i64 = len(self.times)
        k = self.passed
        while k > 0 and t < self.times[k - 1]:
            k -= 1
        while k < n and t >= self.times[k]:
            k += 1
        self.passed = k
        if k == 0:
            return self.values[0]
        value = self.values[k - 1]
        if k == n:
            return value
        part = (t - self.times[k - 1]) / (self.times[k] - self.times[k - 1])
        return value + part * (self.values[k] - value)


class Modulation(Step):
    """Sets one parameter once a block: its set value or automation, plus all that modulates it, within its range.

    The value set for a block is the one that is due at the end of it; the node ramps there from the last one.

    breakpoints: time, s, and value of each point of the automation, see Line; empty for none
    late_s: by how much the sound at this node lags the input of the graph
    """

    def __init__(
        self,
        call: Call,
        name: str,
        base: float,
        minimum: float,
        maximum: float,
        modulators: list[Signal],
        breakpoints: list[tuple[float, float]],
        block_s: float,
        late_s: float,
    ) -> None:
        self.call = call
        self.name = name
        self.base = base
        self.minimum = minimum
        self.maximum = maximum
        self.modulators = modulators
        self.line = Line(breakpoints) if breakpoints else None
        self.block_s = block_s
        self.late_s = late_s
        self.blocks: i64 = 0
        self.value: float = base

    def owner(self) -> Node | None:
        return self.call.node

    def run(self) -> bool:
        self.blocks += 1
        value = self.base
        if self.line is not None:
            value = self.line.at(float(self.blocks) * self.block_s - self.late_s)
        for signal in self.modulators:
            value += signal.samples[signal.frames - 1]
        self.apply(value)
        return True

    def reset(self) -> None:
        self.blocks = 0
        value = self.base
        if self.line is not None:
            value = self.line.at(0.0)
        self.apply(value)

    def apply(self, value: float) -> None:
        if not value >= self.minimum:  # also where a modulator is NaN
            value = self.minimum
        if value > self.maximum:
            value = self.maximum
        if value != self.value:
            self.value = value
            self.call.set(self.name, value)


class Schedule:
    """The steps of a plan, run block by block on the sound between source and sink.

    steps: in the order of running
    silenced: blocks in which sound was not finite or too large, by the name of the first node that it came out of:
        above LARGEST from a node, above LOUDEST at the output, where the name is OUTPUT. The output of each such block
        was silenced and every node reset
    muted: samples of input that were not finite or above LARGEST and were replaced by silence
    """

    def __init__(self, steps: list[Step], source: Signal, sink: Signal) -> None:
        self.steps = steps
        self.source = source
        self.sink = sink
        self.silenced: dict[str, int] = {}
        self.muted: i64 = 0
        self.restart()

    def restart(self) -> None:
        """Start from the beginning, outside the audio thread: parameters first, so nodes start at their targets."""
        silence(self.source.samples)
        silence(self.sink.samples)
        running: Step | None = None
        try:
            for modulations in (True, False):
                for step in self.steps:
                    if isinstance(step, Modulation) == modulations:
                        running = step
                        step.restart()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: a node must not end the program
            raise self.failure(error, running) from error

    def run_steps(self) -> Step | None:
        """Run every step once; return the first of those from which no sound came out, where that is looked at.

        Raises TapegraphError that names the node, where one raises anything.
        """
        running: Step | None = None
        bad: Step | None = None
        try:
            for step in self.steps:
                running = step
                if not step.run() and bad is None:
                    bad = step
            return bad
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: a node must not end the program
            raise self.failure(error, running) from error

    def reset_steps(self) -> None:
        """Silence the state of every node, in the audio thread."""
        running: Step | None = None
        try:
            for step in self.steps:
                if not isinstance(step, Modulation):
                    running = step
                    step.reset()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: a node must not end the program
            raise self.failure(error, running) from error

    def failure(self, error: BaseException, running: Step | None) -> TapegraphError:
        """Return the error for what a step has raised: it names the node, and what is wrong with a signal it left."""
        if isinstance(running, Call) and (wrong := running.wrong_signal()):
            return TapegraphError(f"{running.node.name} ({running.node.KIND}) {wrong}")
        node = running.owner() if running is not None else None
        return failure(error, node.name if node is not None else "", type(node) if node is not None else Node)

    def take_over_counts(self, other: Schedule) -> None:
        """Continue the counts of another schedule, which has run on the same input for longer."""
        for name, blocks in other.silenced.items():
            self.silenced[name] = self.silenced.get(name, 0) + blocks
        self.muted = other.muted

    def process(self, sound: list[npt.NDArray[np.float64]], blocks: i64) -> vec[float]:
        """Run a number of blocks.

        sound: blocks * frames samples of each channel of the source, each contiguous in memory
        Returns the sound of the sink: all samples of the first channel, then of the next ...
        Raises ValueError for fewer channels or samples.
        """
        # Made here: a vec that interpreted code passes in is never freed (mypyc 2.4.1).
        audio = [vec[float](channel) for channel in sound]
        frames = self.source.frames
        length = blocks * frames
        if len(audio) != self.source.channels or any(len(samples) != length for samples in audio):
            raise ValueError(f"{self.source.channels} channels of {length} samples are due")
        out: vec[float] = vec[float]([0.0] * (self.sink.channels * length))
        b: i64 = 0
        while b < blocks:
            target: i64 = 0
            for samples in audio:
                self.muted += fetch(samples, self.source.samples, b * frames, target, frames)
                target += frames
            bad = self.run_steps()
            if bad is None and is_within(self.sink.samples, LOUDEST, 0, 1):
                store(self.sink.samples, out, self.sink.channels, length, b * frames, frames)
            else:
                self.recover(OUTPUT if bad is None else bad.name)
            b += 1
        return out

    def recover(self, name: str) -> None:
        """Count a block that is no sound, and reset every node; its output stays silent."""
        self.silenced[name] = self.silenced.get(name, 0) + 1
        self.reset_steps()


def add(x: vec[float], y: vec[float], x_channels: i64, y_channels: i64, first: bool) -> None:
    """Add x to y, or copy it where it is the first; one channel of x goes to all of y."""
    n: i64 = len(y) // y_channels
    c: i64 = 0
    while c < y_channels:
        start = c * n
        back: i64 = start if x_channels == 1 else 0
        i = start
        end = start + n
        if first:
            while i < end:
                y[i] = x[i - back]
                i += 1
        else:
            while i < end:
                y[i] += x[i - back]
                i += 1
        c += 1


def fetch(audio: vec[float], y: vec[float], start: i64, target: i64, frames: i64) -> i64:
    """Copy one block of a channel from start in the audio to target in y.

    Samples that are not finite or above LARGEST become 0; returns how many.
    """
    muted: i64 = 0
    i: i64 = 0
    while i < frames:
        v = audio[start + i]
        if not abs(v) <= LARGEST:
            v = 0.0
            muted += 1
        y[target + i] = v
        i += 1
    return muted


def store(x: vec[float], audio: vec[float], channels: i64, length: i64, start: i64, frames: i64) -> None:
    """Copy one block x into the planar audio."""
    c: i64 = 0
    while c < channels:
        i: i64 = 0
        source = c * frames
        target = c * length + start
        while i < frames:
            audio[target + i] = x[source + i]
            i += 1
        c += 1


def are_whole(signals: list[Signal]) -> bool:
    """Return whether each signal has all its samples: a node that is not compiled may have replaced them."""
    return all(len(signal.samples) == signal.channels * signal.frames for signal in signals)


def is_within(x: vec[float], limit: float, first: i64, step: i64) -> bool:
    """Return whether each sample that is a multiple of step after the first is finite and none is above a limit.

    Every one is looked at, without a way out: so a processor compares several at once.
    """
    n: i64 = len(x)
    beyond: i64 = 0
    i = first
    if step == 1:
        while i < n:
            if not abs(x[i]) <= limit:
                beyond += 1
            i += 1
    else:
        while i < n:
            if not abs(x[i]) <= limit:
                beyond += 1
            i += step
    return beyond == 0
