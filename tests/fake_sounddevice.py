"""Stands in for sounddevice: cards that ask for sound and drop it."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np


class PortAudioError(Exception):
    pass


class CallbackStop(Exception):  # noqa: N818  the name in sounddevice
    pass


class CallbackAbort(Exception):  # noqa: N818
    pass


CARDS = [
    {"name": "Built-in", "hostapi": 0, "max_input_channels": 1, "max_output_channels": 2, "default_samplerate": 48e3},
    {
        "name": "Scarlett 2i2",
        "hostapi": 0,
        "max_input_channels": 2,
        "max_output_channels": 2,
        "default_samplerate": 48e3,
    },
    {
        "name": "Scarlett 18i8",
        "hostapi": 0,
        "max_input_channels": 8,
        "max_output_channels": 8,
        "default_samplerate": 48e3,
    },
    {"name": "Microphone", "hostapi": 0, "max_input_channels": 1, "max_output_channels": 0, "default_samplerate": 16e3},
]


class OutputStream:
    """Calls back from a thread of its own until told to stop; sends noise, or silence, where it has inputs."""

    latency: Any = 0.0
    level = 0.0  # of the noise
    late_calls: tuple[int, ...] = ()  # which calls PortAudio would flag
    gone_after: int | None = None  # after how many calls the card falls silent without a word
    pulled_after: int | None = None  # after how many it ends the stream, as when its plug is pulled
    calls_in_period = 1
    refusal: str | None = None  # what PortAudio says instead of opening it

    def __init__(self, **options: Any) -> None:
        if self.refusal is not None:
            raise PortAudioError(self.refusal)
        self.options = options
        self.ending = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def run(self) -> None:
        channels = self.options["channels"]
        outputs = channels[1] if isinstance(channels, tuple) else channels
        block = self.options["blocksize"]
        call = 0
        noise = np.random.default_rng(0)
        while not self.ending and call != self.pulled_after:
            if call == self.gone_after:
                return
            out = np.full((block, outputs), np.nan, np.float32)
            heard = []
            if isinstance(channels, tuple):
                heard.append(noise.normal(0.0, self.level, (block, channels[0])).astype(np.float32))
            try:
                times = SimpleNamespace(currentTime=float(call // self.calls_in_period))
                self.options["callback"](*heard, out, block, times, call in self.late_calls)
            except (CallbackStop, CallbackAbort):
                break
            call += 1
            time.sleep(block / self.options["samplerate"])
        self.options["finished_callback"]()

    def close(self) -> None:
        self.ending = True


class Stream(OutputStream):
    latency = (0.01, 0.02)


default = SimpleNamespace(device=(0, 1))


def query_hostapis() -> list[dict[str, str]]:
    return [{"name": "Fake"}]


def query_devices() -> list[dict[str, Any]]:
    return CARDS


def check_output_settings(**settings: Any) -> None:
    if settings["samplerate"] not in (44_100, 48_000):
        raise PortAudioError("Invalid sample rate [PaErrorCode -9997]")
