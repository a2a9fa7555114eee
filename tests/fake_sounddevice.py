"""Stands in for sounddevice: cards that ask for sound and drop it."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt


class PortAudioError(Exception):
    pass


class CallbackStop(Exception):  # noqa: N818  the name in sounddevice
    pass


class CallbackAbort(Exception):  # noqa: N818
    pass


def card(name: str, inputs: int, outputs: int, rates: tuple[float, ...], host: int = 0) -> dict[str, Any]:
    return {
        "name": name,
        "hostapi": host,
        "max_input_channels": inputs,
        "max_output_channels": outputs,
        "default_samplerate": rates[-1],
        "rates": rates,
    }


STUDIO = (44_100.0, 48_000.0)  # rates of most cards; the last one is the default

CARDS = [
    card("Built-in", 1, 2, STUDIO),
    card("Scarlett 2i2", 2, 2, STUDIO),
    card("Scarlett 18i8", 8, 8, STUDIO),
    card("Microphone", 1, 0, (16_000.0,)),
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
    opened: list[OutputStream]  # all that were, for tests that set it

    def __init__(self, **options: Any) -> None:
        if self.refusal is not None:
            raise PortAudioError(self.refusal)
        self.check(options)
        self.options = options
        self.sent: list[npt.NDArray[np.float32]] = []
        self.received: list[npt.NDArray[np.float32]] = []
        if hasattr(type(self), "opened"):
            type(self).opened.append(self)
        self.ending = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def check(self, options: dict[str, Any]) -> None:
        check_output_settings(**options)

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
                if hasattr(type(self), "opened"):
                    self.sent += heard
                    self.received.append(out)
            except (CallbackStop, CallbackAbort):
                break
            call += 1
            time.sleep(block / self.options["samplerate"])
        self.options["finished_callback"]()

    def close(self) -> None:
        self.ending = True


class Stream(OutputStream):
    latency = (0.01, 0.02)

    def check(self, options: dict[str, Any]) -> None:
        for number, check in enumerate((check_input_settings, check_output_settings)):
            each = {key: options[key][number] for key in ("device", "channels")}
            check(samplerate=options["samplerate"], **each)


default = SimpleNamespace(device=(0, 1))
busy_device: int | None = None  # number of the one that another program uses


def query_hostapis() -> list[dict[str, str]]:
    return [{"name": "Fake"}, {"name": "Windows WASAPI"}]


def query_devices() -> list[dict[str, Any]]:
    return CARDS


def check_input_settings(**settings: Any) -> None:
    check_settings("max_input_channels", **settings)


def check_output_settings(**settings: Any) -> None:
    check_settings("max_output_channels", **settings)


def check_settings(kind: str, device: int, samplerate: float, channels: int | None = None, **rest: Any) -> None:
    """Refuse, in PortAudio's words, without naming the device."""
    if busy_device == device:
        raise PortAudioError("Device unavailable", -9985)
    if (channels or 1) > CARDS[device][kind]:
        raise PortAudioError("Invalid number of channels", -9998)
    if samplerate not in CARDS[device]["rates"]:
        raise PortAudioError("Invalid sample rate", -9997)
