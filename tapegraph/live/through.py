"""Live input: it goes through the graph and to the output in the same call of the audio thread.

    round trip = latency of the card's input + of its output + of the graph

A block of the card is a multiple of the graph's block, so that no further latency arises.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from tapegraph.document.model import GraphModel
from tapegraph.errors import TapegraphError
from tapegraph.live.channels import Channels, Numbers, choose_channels, first_channels
from tapegraph.live.deck import Deck
from tapegraph.live.devices import Device, check_block, find
from tapegraph.live.quality import lowered
from tapegraph.live.ring import Frames
from tapegraph.live.session import MAX_LATENCY_S, Session
from tapegraph.node.params import Quality
from tapegraph.quantity import plural
from tapegraph.run.sound import Array, check_channels

LEARN_PERIODS, LEARN_S = 3, 0.25  # how many periods of the card are measured at the start, and for how long
POLL_S = 0.002


class Through(Session):
    """A graph between the input of a card and its output.

    most_load: the highest load of a single block; 1 is all of its duration
    """

    def __init__(
        self,
        graph: GraphModel,
        *,
        input: str | int | None = None,  # noqa: A002  the word of sound cards
        output: str | int | None = None,
        sample_rate: float | None = None,
        channels: int | None = None,
        input_channels: Numbers | None = None,
        output_channels: Numbers | None = None,
        block: int = 256,
        quality: Quality = "render",
        record: str | Path | None = None,
        overwrite: bool = False,
    ) -> None:
        block = check_block(block)
        self.input = find(input, "input")
        card = find(output, "output")
        flat = lowered(graph.flat(), quality)
        if block % flat.block:
            raise TapegraphError(f"block is {block} frames; it must be a multiple of the graph's {flat.block}")
        if self.input.host != card.host:
            raise TapegraphError(
                f"{self.input.label} and {card.label} cannot be used together; choose an input and an output of one "
                "audio system, see tapegraph devices"
            )
        self.inlets = inlets(self.input, input_channels, channels)
        self.inputs = len(self.inlets.numbers)
        deck = Deck(flat, card.sample_rate if sample_rate is None else sample_rate, self.inputs)
        super().__init__(graph, deck, quality, card, block, output_channels, record, overwrite)
        self.most_load = 0.0
        self.period_began = -1.0
        self.periods = self.period_calls = 0
        self.most_period_calls = 1
        self.source: Frames  # what the card has just sent
        self.inbox: Array = np.zeros((self.inputs, block))

    def open(self) -> Any:
        return self.sd.Stream(
            device=(self.input.number, self.output.number),
            samplerate=self.sample_rate,
            blocksize=self.block,
            channels=(self.inlets.opened, self.outlets.opened),
            dtype="float32",
            latency="low",
            callback=self.callback,
            finished_callback=self.ended,
        )

    def callback(self, source: Frames, out: Frames, frames: int, times: Any, status: Any) -> None:
        self.learn_period(times.currentTime)
        self.source = source
        self.called(out, status, self.fill)

    def fill(self, out: Frames) -> int:
        started = time.perf_counter()
        self.inlets.take(self.source, self.inbox)
        out[:] = self.deck.process(self.inbox).T
        self.worked(time.perf_counter() - started, self.block)
        return len(out)

    def worked(self, seconds: float, frames: int) -> None:
        super().worked(seconds, frames)
        self.most_load = max(self.most_load, seconds * self.sample_rate / frames)

    def effort(self) -> str:
        return f"{super().effort()} ({100 * self.most_load:.0f} % at most)"

    def ends(self) -> list[Channels]:
        return [self.inlets, self.outlets]

    def begin(self) -> None:
        super().begin()
        deadline = time.monotonic() + LEARN_S
        while self.periods < LEARN_PERIODS and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def learn_period(self, now: float) -> None:
        """Count the calls in one period of the card, which all have the same time stamp."""
        if now != self.period_began:
            self.period_began = now
            self.periods += 1
            self.period_calls = 0
        self.period_calls += 1
        self.most_period_calls = max(self.most_period_calls, self.period_calls)

    @property
    def round_trip_s(self) -> float:
        """Latency from input to output, s: what the card states, and that of the graph.

        What JACK and PipeWire state is wrong: there it is one of their periods and a block.
        """
        stated = float(sum(self.stream.latency)) if self.stream is not None else 0.0
        least = (self.most_period_calls + 1) * self.block / self.sample_rate
        return (stated if least < stated < MAX_LATENCY_S else least) + self.graph_latency_s


def inlets(device: Device, wanted: Numbers | None, n: int | None) -> Channels:
    """Return the channels of a card that are wanted, or the first n; of neither, the first two that it has."""
    if wanted is not None:
        if n is not None:
            raise TapegraphError(f"channels are {n!r} and input_channels {wanted!r}; give one of them")
        return choose_channels(device, "input", wanted)
    inputs = min(2, device.inputs) if n is None else check_channels(n)
    if inputs > device.inputs:
        raise TapegraphError(f"{device.label} refuses {plural(inputs, 'input channel')}; it has {device.inputs}")
    return first_channels(device, "input", inputs)
