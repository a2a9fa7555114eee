"""A stream to the sound card, watched: it starts, counts what comes too late, and ends whatever happens.

The audio thread only copies or computes; whatever it raises ends the stream and is raised again in wait(). When a
sound server dies, PortAudio neither says so nor ever returns from stop, close or its own clean-up at exit; so the
calls of the audio thread are counted, and a stream that is no longer called is left behind.
"""

from __future__ import annotations

import abc
import atexit
import contextlib
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np

from tapegraph.analysis.loudness import match
from tapegraph.document.model import GraphModel
from tapegraph.errors import TapegraphError
from tapegraph.files.write import check_target
from tapegraph.live.deck import Deck
from tapegraph.live.devices import Device, deferred_signals, opening, sounddevice
from tapegraph.live.performance import left_out, performance
from tapegraph.live.quality import lowered
from tapegraph.live.realtime import clear_away, realtime_mode
from tapegraph.live.recent import RecentInput
from tapegraph.live.recorder import Recorder
from tapegraph.live.ring import Frames
from tapegraph.node.params import Quality
from tapegraph.quantity import plural

LOOK_S = 0.1  # between two looks at the audio thread
STALL_LOOKS, STALL_BLOCKS = 10, 3  # a card that has not called for so many looks and blocks is gone
START_LOOKS = 50  # some servers take their time before the first call
LOAD_S = 3.0  # of sound, over which the load is averaged
BUSY = 0.8  # of the time: the load from which larger blocks do not help any more
BELIEVED_S = 10.0  # some servers state a latency of 2^32 frames before they know
DRAIN_S = 0.05  # what sound servers hold beyond the latency that PortAudio states, which is its own
CLOSE_S = 0.5  # how long PortAudio may take to close

left_behind: list[Any] = []  # streams that could not be closed: PortAudio may still come back to their memory


class Session(abc.ABC):
    """Sound that runs until it ends, is stopped, or cannot go on. A context manager: leaving it stops the sound.

    calls: blocks that the card has asked for
    xruns: of these, how many PortAudio says came too late, so that sound was lost
    frames: how many were heard
    lost: how many of these are not in the recording
    peak: the largest sample since somebody set this to 0
    load: the share of the time that the sound takes, of late; at 1 it can just be made as fast as it is heard
    gain: at which the graph is heard; 1 but where it was turned down to be compared
    """

    def __init__(
        self,
        graph: GraphModel,
        deck: Deck,
        quality: Quality,
        output: Device,
        block: int,
        record: str | Path | None,
        overwrite: bool,
    ) -> None:
        self.sd = sounddevice()
        self.sample_rate = deck.sample_rate
        self.graph, self.deck, self.quality = graph, deck, quality
        self.output, self.block = output, block
        self.channels = deck.output_channels
        if self.channels == 1 and output.outputs > 1:
            self.channels = 2  # or else one loudspeaker would be silent
        self.fade_out: Frames = np.linspace(1.0, 0.0, block, dtype=np.float32)[:, np.newaxis]
        self.calls = self.xruns = self.frames = 0
        self.lost = 0
        self.peak = 0.0
        self.load = self.due_s = 0.0
        self.gain = 1.0
        self.draining = 0  # blocks of silence after the end: what a server still holds is lost with the stream
        self.ended_at: int | None = None  # number of the last call that was meant
        self.error: BaseException | None = None
        self.dead = False  # whether the card has gone without a word
        self.stopping = False  # a plain value: a signal handler may set it at any moment
        self.finished = threading.Event()
        self.exchanging = threading.Lock()  # never taken by the audio thread
        self.stream: Any = None
        self.recorder: Recorder | None = None
        self.wanted_recording = (record, overwrite)
        self.rest = contextlib.ExitStack()
        self.remarks: list[str] = []
        self.at_start = graph.copy()
        deck.quality = quality
        graph.attach(deck)

    @abc.abstractmethod
    def open(self) -> Any:
        """Return a new stream of sounddevice that calls called()."""

    def prepare(self) -> None:  # noqa: B027  most have nothing to do
        """Do what must be done before the card asks for sound."""

    def start(self) -> Self:
        """Let the sound begin. Raises TapegraphError where the card refuses; nothing is left open then."""
        with contextlib.ExitStack() as undo:
            undo.push(self)
            self.begin()
            undo.pop_all()
        return self

    def begin(self) -> None:
        with self.asking():
            self.stream = self.open()
        self.draining = math.ceil((self.output_latency_s + DRAIN_S) * self.sample_rate / self.block) + 1
        record, overwrite = self.wanted_recording
        if record is not None:
            check_target(moves_file(Path(record)), overwrite)
            self.recorder = Recorder(record, round(self.sample_rate), self.channels, overwrite)
        self.prepare()
        self.rest.enter_context(realtime_mode)
        with self.asking():
            self.stream.start()
        atexit.register(self.end_with_the_program)
        threading.Thread(target=self.watch, name="tapegraph watch", daemon=True).start()

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Ask PortAudio for something, and say in words what it refuses."""
        try:
            with opening, deferred_signals():
                yield
        except (self.sd.PortAudioError, ValueError) as error:
            raise TapegraphError(self.refusal(str(error.args[0]))) from None

    def refusal(self, said: str) -> str:
        name = f"{self.output.name} ({self.output.host})"
        if "sample rate" in said:
            own = round(self.output.sample_rate)
            return f"{name} refuses {round(self.sample_rate)} Hz; it runs at {own} Hz: ask for that, or set it there"
        if "Device unavailable" in said:
            return f"{name} is busy: another program has it; end that, or use another one: see tapegraph devices"
        if "number of channels" in said:
            return f"{name} refuses {plural(self.channels, 'channel')}; it has {self.output.outputs}"
        return f"{name} cannot be opened: {said}"

    def called(self, out: Frames, status: Any, fill: Callable[[], int]) -> None:
        """What the audio thread does in each call: fill() puts sound into out and returns how many frames are meant."""
        last = self.stopping
        self.calls += 1
        if self.ended_at is not None:
            out[:] = 0.0
            if self.calls - self.ended_at >= self.draining:
                raise self.sd.CallbackStop
            return
        if status:
            self.xruns += 1
        try:
            n = fill()
        except BaseException as error:
            self.error = error
            out[:] = 0.0
            raise self.sd.CallbackAbort from None
        if last:
            out *= self.fade_out
        self.peak = max(self.peak, float(out.max()), -float(out.min()))
        self.frames += n
        if self.recorder is not None:
            self.recorder.take(out[:n])
        if last or n < len(out):
            self.ended_at = self.calls

    @property
    def output_latency_s(self) -> float:
        """What the card states, s; 0 where it states nonsense."""
        stated = float(np.ravel(self.stream.latency)[-1]) if self.stream is not None else 0.0
        return stated if stated < BELIEVED_S else 0.0

    def worked(self, seconds: float, frames: int) -> None:
        """Count time spent on so many frames."""
        due_s = frames / self.sample_rate
        self.due_s += due_s
        self.load += (seconds - self.load * due_s) / max(due_s, min(self.due_s, LOAD_S))

    def effort(self) -> str:
        """Return the load in words."""
        return f"load {100 * self.load:.0f} %"

    @property
    def graph_latency_s(self) -> float:
        return self.deck.plan.latency / self.sample_rate

    def change(self, graph: GraphModel, gain: float = 1.0) -> None:
        """Go over to another graph, cross-faded. Raises TapegraphError where that cannot be; the old one plays on.

        gain: at which it is heard, such as matching() returns
        """
        with self.exchanging:
            self.deck.change(lowered(graph.flat(), self.quality), gain)
            self.gain = gain
            self.graph.detach(self.deck)
            self.graph = graph
            graph.attach(self.deck)

    @contextlib.contextmanager
    def playing(self) -> Iterator[GraphModel]:
        """Lend the graph that plays to another thread, for something to be set; meanwhile it is not exchanged."""
        with self.exchanging:
            yield self.graph

    def remember(self) -> None:
        """Keep the last seconds of what comes in from now on, for matching()."""
        self.deck.past = RecentInput(self.sample_rate, self.deck.channels)

    def matching(self, graph: GraphModel, reference: GraphModel) -> float:
        """Return the gain, at most 1, that keeps a graph from being louder than another.

        Both are measured with the last seconds of what came in; without remember(), or after silence, it is 1.
        """
        past = self.deck.past
        if past is None:
            return 1.0
        here, there = (lowered(some.flat(), self.quality) for some in (reference, graph))
        return match(here, there, past.read(), self.sample_rate)

    @property
    def dropouts(self) -> int:
        """Blocks in which not the right sound was heard."""
        return self.xruns

    def warnings(self) -> list[str]:
        """Return what the listener should know about the sound so far, a sentence each."""
        said = [*self.deck.warnings(), *self.remarks]
        if self.dropouts:
            said.append(f"{plural(self.dropouts, 'block')} came too late; {self.advice()}")
        if self.lost:
            said.append(f"the recording lacks {plural(self.lost, 'frame')}: the disk was too slow, or the file full")
        return said

    def advice(self) -> str:
        """Return what helps against dropouts: less work where there is too much of it, else larger blocks too."""
        lower = {"render": "live", "live": "draft"}.get(self.quality)
        if self.load < BUSY:
            return f"try --block {2 * self.block}" + (f" or --quality {lower}" if lower else "")
        cure = f"try --quality {lower}" if lower else "it is too much for this machine"
        return f"the graph takes {100 * self.load:.0f} % of the time: {cure}"

    def watch(self) -> None:
        seen, quiet = -1, 0
        stall_looks = max(STALL_LOOKS, math.ceil(STALL_BLOCKS * self.block / self.sample_rate / LOOK_S))
        while not self.finished.wait(LOOK_S):
            quiet = quiet + 1 if self.calls == seen else 0
            seen = self.calls
            if quiet >= (stall_looks if seen else max(stall_looks, START_LOOKS)):
                self.dead = True
                self.error = self.error or TapegraphError(
                    f"{self.output.name} has gone: it has asked for no sound for {quiet * LOOK_S:.0f} s"
                )
                self.finished.set()
            clear_away()

    def ended(self) -> None:
        """What PortAudio calls when the stream is over, by whatever cause."""
        if self.error is None and not self.over:
            self.error = TapegraphError(f"{self.output.name} has gone: it ended the stream")
        self.finished.set()

    @property
    def over(self) -> bool:
        """Whether all the sound has been given to the card."""
        return self.stopping

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long; return whether it has come. Raises what ended it, if it was a mistake."""
        until = math.inf if seconds is None else time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0.0 and not self.finished.wait(min(left, LOOK_S)):
            pass  # in steps, so that Ctrl-C is heard on every system
        if self.finished.is_set():
            self.stop()
        return self.finished.is_set()

    def stop(self) -> None:
        """End the sound, keep the recording. Raises what went wrong, once. Ctrl-C waits until that is done."""
        self.stopping = True
        atexit.unregister(self.end_with_the_program)
        with deferred_signals():
            self.end()
        error, self.error = self.error, None
        if error is not None:
            raise error

    def end_with_the_program(self) -> None:
        """Keep the recording of a session that nobody has stopped."""
        with contextlib.suppress(TapegraphError):
            self.stop()

    def end(self) -> None:
        """Keep the recording before the stream is closed: where a server has just died, that may end the program."""
        stream, self.stream = self.stream, None
        if stream is not None and self.calls and not self.dead:
            self.finished.wait(CLOSE_S + self.draining * self.block / self.sample_rate)  # the last block fades out
        self.finished.set()
        self.graph.detach(self.deck)
        try:
            self.keep_recording()
        finally:
            if stream is not None:
                self.close(stream)
            self.rest.close()

    def close(self, stream: Any) -> None:
        closing = threading.Thread(target=stream.close, name="tapegraph close", daemon=True)
        if not self.dead:
            closing.start()
            closing.join(CLOSE_S)
        if self.dead or closing.is_alive():
            leave_without_portaudio(stream)

    def keep_recording(self) -> None:
        recorder, self.recorder = self.recorder, None
        if recorder is None:
            return
        self.lost = recorder.lost + recorder.full
        if recorder.cut:
            self.remarks.append(f"{recorder.path}: holds only the beginning: {recorder.cut}")
        recorder.close()
        self.remarks += recorder.writer.warnings()
        self.write_moves(recorder.path)

    def write_moves(self, recording: Path) -> None:
        """Write what was turned beside the recording, as a graph that makes it again: take.moves.yaml for take.wav."""
        path = moves_file(recording)
        path.unlink(missing_ok=True)  # of an earlier take, which is overwritten too
        if not self.deck.log():
            return
        if self.deck.changes():
            self.remarks.append(f"{path}: not written: the graph was exchanged meanwhile")
            return
        performance(self.at_start, self.deck).save(path)
        if missing := left_out(self.at_start, self.deck):
            self.remarks.append(f"{path}: without {', '.join(missing)}, which no automation can tell")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.stop()
            return
        with contextlib.suppress(TapegraphError):  # what the body raised is what matters
            self.stop()


def moves_file(recording: Path) -> Path:
    return recording.with_suffix(".moves.yaml")


def leave_without_portaudio(stream: Any) -> None:
    """Have the process end without PortAudio's clean-up, which would wait for ever for a server that is dead."""
    left_behind.append(stream)
    atexit.unregister(leave)
    atexit.register(leave)  # the last to be registered is the first to be called


def leave() -> None:
    for file in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            file.flush()
    os._exit(1)
