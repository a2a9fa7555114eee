"""A stream to the sound card, watched: it starts, counts dropouts, and ends whatever happens.

The audio thread only copies or computes; whatever it raises ends the stream and is raised again in wait(). When a
sound server dies, PortAudio does not report it; so the calls of the audio thread are counted, and a stream that is no
longer called is given up.
"""

from __future__ import annotations

import abc
import atexit
import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np

from tapegraph.analysis.matching import match
from tapegraph.document.model import GraphModel
from tapegraph.errors import TapegraphError
from tapegraph.live.channels import Channels, Numbers, choose_channels, first_channels
from tapegraph.live.deck import Deck
from tapegraph.live.devices import Device
from tapegraph.live.portaudio import CLOSE_S, close, deferred_signals, opening, sounddevice
from tapegraph.live.quality import lowered
from tapegraph.live.realtime import collect_young_garbage, realtime_mode
from tapegraph.live.recent import RecentInput
from tapegraph.live.refusals import message_of, refusal
from tapegraph.live.ring import Frames
from tapegraph.live.take import Take
from tapegraph.node.params import Quality
from tapegraph.quantity import plural

WATCH_S = 0.1  # between two checks of the audio thread
STALL_CHECKS, STALL_BLOCKS = 10, 3  # a card that has not called for so many checks and blocks is gone
START_CHECKS = 50  # some servers are slow to call for the first time
LOAD_S = 3.0  # of sound, over which the load is averaged
BUSY = 0.8  # load from which larger blocks no longer help
MAX_LATENCY_S = 10.0  # some servers state 2^32 frames until they know their latency
DRAIN_S = 0.05  # what sound servers hold beyond the latency that PortAudio states, which is its own


class Session(abc.ABC):
    """Sound that runs until it ends, is stopped, or cannot go on. A context manager: leaving it stops the sound.

    calls: blocks that the card has requested
    xruns: of these, how many PortAudio reports as late, so that sound was lost
    frames: how many have been played
    lost: how many of these are missing from the recording
    peak: the largest sample since it was last set to 0
    load: time spent on the sound over its duration, averaged over LOAD_S; at 1 it can just keep up
    gain: at which the graph plays; 1 unless it was turned down to be no louder than the one before it
    """

    def __init__(
        self,
        graph: GraphModel,
        deck: Deck,
        quality: Quality,
        output: Device,
        block: int,
        output_channels: Numbers | None,
        record: str | Path | None,
        overwrite: bool,
    ) -> None:
        self.sd = sounddevice()
        self.sample_rate = deck.sample_rate
        self.graph, self.deck, self.quality = graph, deck, quality
        self.output, self.block = output, block
        self.outlets = outlets(output, output_channels, deck.output_channels)
        self.channels = len(self.outlets.numbers)
        self.sound: Frames = np.zeros((block, self.channels), np.float32)  # where not all that is opened is in use
        self.fade_out: Frames = np.linspace(1.0, 0.0, block, dtype=np.float32)[:, np.newaxis]
        self.calls = self.xruns = self.frames = 0
        self.peak = 0.0
        self.load = self.due_s = 0.0
        self.gain = 1.0
        self.draining = 0  # blocks of silence after the end: what a server still holds is lost with the stream
        self.ended_at: int | None = None  # number of the last call with sound
        self.error: BaseException | None = None
        self.dead = False  # whether the card has stopped calling
        self.stopping = False  # a plain value: a signal handler may set it at any moment
        self.finished = threading.Event()
        self.exchanging = threading.Lock()  # never taken by the audio thread
        self.stream: Any = None
        self.wanted_recording = (record, overwrite)
        self.take: Take | None = None
        self.at_start = graph.copy()
        self.at_end = contextlib.ExitStack()
        deck.quality = quality
        deck.logging = record is not None
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
            self.take = Take(Path(record), round(self.sample_rate), self.channels, overwrite, self.at_start)
        self.prepare()
        self.at_end.enter_context(realtime_mode)
        with self.asking():
            self.stream.start()
        atexit.register(self.end_with_the_program)
        threading.Thread(target=self.watch, name="tapegraph watch", daemon=True).start()

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Call PortAudio, and turn its errors into messages."""
        try:
            with opening, deferred_signals():
                yield
        except (self.sd.PortAudioError, ValueError) as error:
            message = message_of(error)
        else:
            return
        raise refusal(self.ends(), self.sample_rate, message)

    def ends(self) -> list[Channels]:
        """Return the devices that sound comes from and goes to, with their channels."""
        return [self.outlets]

    @property
    def cards(self) -> str:
        """The names of all devices, of which an error may come from any."""
        return " or ".join(dict.fromkeys(end.device.name for end in self.ends()))

    def called(self, out: Frames, status: Any, fill: Callable[[Frames], int]) -> None:
        """Do what each call of the audio thread does.

        out: (block, channels that are opened)
        fill: writes to (block, channels) and returns how many frames are sound
        """
        if self.outlets.are_all:
            self.fill_block(out, status, fill)
            return
        out[:] = 0.0
        self.fill_block(self.sound, status, fill)
        self.outlets.put(self.sound, out)

    def fill_block(self, out: Frames, status: Any, fill: Callable[[Frames], int]) -> None:
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
            n = fill(out)
        except BaseException as error:
            self.error = error
            out[:] = 0.0
            raise self.sd.CallbackAbort from None
        if last:
            out *= self.fade_out
        self.peak = max(self.peak, float(out.max()), -float(out.min()))
        self.frames += n
        if self.take is not None:
            self.take.record(out[:n])
        if last or n < len(out):
            self.ended_at = self.calls

    @property
    def output_latency_s(self) -> float:
        """What the card states, s; 0 where that cannot be."""
        stated = float(np.ravel(self.stream.latency)[-1]) if self.stream is not None else 0.0
        return stated if stated < MAX_LATENCY_S else 0.0

    def worked(self, seconds: float, frames: int) -> None:
        """Count time spent on so many frames."""
        due_s = frames / self.sample_rate
        self.due_s += due_s
        self.load += (seconds - self.load * due_s) / max(due_s, min(self.due_s, LOAD_S))

    def effort(self) -> str:
        """Return the load as text."""
        return f"load {100 * self.load:.0f} %"

    @property
    def graph_latency_s(self) -> float:
        return self.deck.plan.latency / self.sample_rate

    def change(self, graph: GraphModel, gain: float = 1.0) -> None:
        """Cross-fade to another graph. Raises TapegraphError where it cannot follow; the old one plays on.

        gain: at which it plays, such as matching() returns
        """
        with self.exchanging:
            self.deck.change(lowered(graph.flat(), self.quality), gain)
            self.gain = gain
            self.graph.detach(self.deck)
            self.graph = graph
            graph.attach(self.deck)

    @contextlib.contextmanager
    def playing(self) -> Iterator[GraphModel]:
        """Lend the graph that plays to a thread that sets parameters; it is not replaced meanwhile."""
        with self.exchanging:
            yield self.graph

    def remember(self) -> None:
        """Keep the last seconds of the input from now on, for matching()."""
        self.deck.recent = RecentInput(self.sample_rate, self.deck.channels)

    def matching(self, graph: GraphModel) -> float:
        """Return the gain, at most 1, that keeps a graph from being louder than the one that plays, as it plays.

        Both are measured with the last seconds of the input; without remember(), or after silence, it is 1.
        """
        recent = self.deck.recent
        if recent is None:
            return 1.0
        with self.exchanging:
            playing, gain = lowered(self.graph.flat(), self.quality), self.gain
        return match(playing, lowered(graph.flat(), self.quality), recent.read(), self.sample_rate, gain)

    @property
    def dropouts(self) -> int:
        """Blocks that were late, so that wrong sound was played."""
        return self.xruns

    @property
    def lost(self) -> int:
        return self.take.lost if self.take is not None else 0

    def warnings(self) -> list[str]:
        """Return what the listener should know about the sound so far, a sentence each."""
        messages = self.deck.warnings()
        if self.take is not None:
            messages += self.take.remarks
        if self.dropouts:
            blocks = "block" if self.dropouts == 1 else "blocks"
            messages.append(f"{plural(self.dropouts, 'dropout')} ({blocks} late); {self.advice()}")
        if self.lost:
            messages.append(
                f"{plural(self.lost, 'frame')} are missing from the recording: the disk was too slow, or the file full"
            )
        return messages

    def advice(self) -> str:
        """Return what helps against dropouts: less work where the load is high, otherwise larger blocks too."""
        lower = {"render": "live", "live": "draft"}.get(self.quality)
        if self.load < BUSY:
            return f"try --block {2 * self.block}" + (f" or --quality {lower}" if lower else "")
        cure = f"try --quality {lower}" if lower else "this machine is too slow for it"
        return f"the load is {100 * self.load:.0f} %: {cure}"

    def watch(self) -> None:
        """End the session where the audio thread is no longer called. Runs in a thread of its own."""
        calls, idle = -1, 0
        stall_checks = max(STALL_CHECKS, math.ceil(STALL_BLOCKS * self.block / self.sample_rate / WATCH_S))
        while not self.finished.wait(WATCH_S):
            idle = idle + 1 if self.calls == calls else 0
            calls = self.calls
            if idle >= (stall_checks if calls else max(stall_checks, START_CHECKS)):
                self.dead = True
                self.error = self.error or TapegraphError(
                    f"{self.cards} does not respond: it has requested no sound for {idle * WATCH_S:.0f} s"
                )
                self.finished.set()
            collect_young_garbage()

    def ended(self) -> None:
        """Take note that the stream is over; PortAudio calls this, whatever the cause."""
        if self.error is None and not self.over:
            self.error = TapegraphError(f"{self.cards} was disconnected")
        self.finished.set()

    @property
    def over(self) -> bool:
        """Whether all sound has been handed to the card."""
        return self.stopping

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long; return whether it has come. Raises the error that ended it, if any."""
        until = math.inf if seconds is None else time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0.0 and not self.finished.wait(min(left, WATCH_S)):
            pass  # in steps, so that Ctrl-C works on every system
        if self.finished.is_set():
            self.stop()
        return self.finished.is_set()

    def stop(self) -> None:
        """End the sound and keep the recording. Raises what went wrong, once. Ctrl-C is deferred until then."""
        self.stopping = True
        atexit.unregister(self.end_with_the_program)
        with deferred_signals():
            self.end()
        error, self.error = self.error, None
        if error is not None:
            raise error

    def end_with_the_program(self) -> None:
        """Keep the recording of a session that was never stopped."""
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
            if self.take is not None and stream is not None:
                self.take.close(self.deck)
        finally:
            if stream is not None:
                close(stream, self.dead)
            self.at_end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.stop()
            return
        with contextlib.suppress(TapegraphError):  # the error of the body is the one that matters
            self.stop()


def outlets(output: Device, wanted: Numbers | None, channels: int) -> Channels:
    """Return the channels of a card that so many channels of a graph go to; one channel goes to all that are wanted."""
    if wanted is None:
        return first_channels(output, "output", 2 if channels == 1 and output.outputs > 1 else channels)
    chosen = choose_channels(output, "output", wanted)
    if channels not in (1, len(chosen.numbers)):
        has = plural(channels, "channel")
        raise TapegraphError(f"output_channels are {wanted!r}; the output of the graph has {has}, so name {channels}")
    return chosen
