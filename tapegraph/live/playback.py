"""Playback of finished sound: a thread renders ahead into a ring, and the audio thread copies from it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tapegraph.document.model import GraphModel
from tapegraph.live.channels import Numbers
from tapegraph.live.convert import accepts, converted
from tapegraph.live.deck import Deck
from tapegraph.live.devices import check_block, find
from tapegraph.live.portaudio import CLOSE_S
from tapegraph.live.quality import lowered
from tapegraph.live.ring import Frames, Ring
from tapegraph.live.session import Session
from tapegraph.node.params import Quality
from tapegraph.run.rendering import Rendering
from tapegraph.run.sound import Audio, Tail, check_sample_rate

AHEAD_S = 0.25  # rendered ahead: by which knobs lag, and for which the renderer may be delayed
START_S = 0.4  # how long the start may wait for the ring to fill
CHUNK_FRAMES = 256  # rendered at a time: no other thread runs meanwhile, not even the audio thread
POLL_S = 0.005


class Playback(Session):
    """Sound through a graph to a card, from its beginning to the end of its tail.

    Sound at a rate that the card refuses is converted to the card's own, at which graph and recording then run.

    underruns: blocks that were not rendered in time
    """

    def __init__(
        self,
        graph: GraphModel,
        audio: Iterable[Audio],
        sample_rate: float,
        channels: int,
        *,
        tail: Tail = "auto",
        device: str | int | None = None,
        output_channels: Numbers | None = None,
        block: int = 512,
        quality: Quality = "render",
        record: str | Path | None = None,
        overwrite: bool = False,
    ) -> None:
        check_sample_rate(sample_rate)
        block = check_block(block)
        output = find(device, "output")
        if not accepts(output, sample_rate):
            audio = converted(audio, channels, sample_rate, output)
            sample_rate = output.sample_rate
        self.rendering = Rendering(
            lowered(graph.flat(), quality), sample_rate, channels, tail, Deck, chunk_frames=CHUNK_FRAMES
        )
        deck = self.rendering.engine
        assert isinstance(deck, Deck)
        super().__init__(graph, deck, quality, output, block, output_channels, record, overwrite)
        self.audio = audio
        self.underruns = 0
        self.ring = Ring(max(math.ceil(AHEAD_S * sample_rate), 4 * block), self.channels)
        self.rendered = threading.Event()

    def open(self) -> Any:
        return self.sd.OutputStream(
            device=self.output.number,
            samplerate=self.sample_rate,
            blocksize=self.block,
            channels=self.outlets.opened,
            dtype="float32",
            latency="high",
            callback=self.callback,
            finished_callback=self.ended,
        )

    def prepare(self) -> None:
        """Start rendering, and wait until the ring is full, but not for long."""
        renderer = threading.Thread(target=self.render, name="tapegraph renderer", daemon=True)
        renderer.start()
        self.at_end.callback(renderer.join, CLOSE_S)
        deadline = time.monotonic() + START_S
        while self.ring.space and time.monotonic() < deadline and not self.rendered.wait(POLL_S):
            pass

    def render(self) -> None:
        try:
            started = time.perf_counter()
            for piece in self.rendering.blocks(self.audio):
                self.worked(time.perf_counter() - started, piece.shape[1])
                self.hand_over(piece.T)
                if self.stopping:
                    return
                started = time.perf_counter()
        except BaseException as error:
            self.error = error
        finally:
            self.rendered.set()

    def hand_over(self, block: Audio) -> None:
        while len(block) and not self.stopping:
            block = block[self.ring.write(block) :]
            if len(block):
                time.sleep(POLL_S)

    def callback(self, out: Frames, frames: int, times: Any, status: Any) -> None:
        self.called(out, status, self.fill)

    def fill(self, out: Frames) -> int:
        complete = self.rendered.is_set()
        n = self.ring.read(out)
        out[n:] = 0.0
        if n == len(out) or complete:
            return n
        self.underruns += 1
        return len(out)

    @property
    def over(self) -> bool:
        return super().over or (self.rendered.is_set() and not self.ring.filled)

    @property
    def dropouts(self) -> int:
        return self.xruns + self.underruns
