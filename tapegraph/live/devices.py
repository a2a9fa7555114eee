"""Sound cards and sound servers, as PortAudio lists them."""

from __future__ import annotations

from typing import Literal

import attrs

from tapegraph.errors import TapegraphError, did_you_mean
from tapegraph.live.portaudio import sounddevice
from tapegraph.quantity import is_whole_number

BLOCK_FRAMES = (16, 8192)  # the smallest and the largest block of a card

Direction = Literal["input", "output"]

NO_DEVICE = "there is no sound card or sound server; plug one in, or start PipeWire, PulseAudio or jackd"


@attrs.frozen
class Device:
    """A sound card or sound server.

    number: its index in PortAudio's list
    host: the audio system it belongs to: ALSA, JACK, Core Audio, WASAPI ...
    inputs, outputs: numbers of channels
    sample_rate: its default, Hz
    default: the directions, "input" or "output", for which the system prefers it
    """

    number: int
    name: str
    host: str
    inputs: int
    outputs: int
    sample_rate: float
    default: tuple[Direction, ...] = ()

    @property
    def label(self) -> str:
        """Its name, with the audio system: the same card may be listed once for each."""
        return f"{self.name} ({self.host})"

    def channels(self, direction: Direction) -> int:
        return self.inputs if direction == "input" else self.outputs


def devices() -> list[Device]:
    """Return all devices, in PortAudio's order."""
    sd = sounddevice()
    hosts = sd.query_hostapis()
    preferred: dict[Direction, int] = dict(zip(("input", "output"), sd.default.device, strict=True))
    return [
        Device(
            number,
            found["name"],
            hosts[found["hostapi"]]["name"],
            found["max_input_channels"],
            found["max_output_channels"],
            found["default_samplerate"],
            tuple(direction for direction, place in preferred.items() if place == number),
        )
        for number, found in enumerate(sd.query_devices())
    ]


def find(wanted: str | int | None, direction: Direction) -> Device:
    """Return the device with a number, a name or a part of a name; of None, the one that the system prefers.

    Raises TapegraphError when there is none, or when a name is ambiguous.
    """
    found = devices()
    usable = [device for device in found if device.channels(direction)]
    if not usable:
        raise TapegraphError(f"there is no {direction} device: {NO_DEVICE}")
    if wanted is None:
        return next((device for device in usable if direction in device.default), usable[0])
    named = matching(usable, str(wanted))
    if len(named) == 1:
        return named[0]
    if named:
        raise TapegraphError(f"{wanted} may be any of {listed(named)}; use a number")
    there_are = f"; the {direction} devices are {listed(usable)}"
    others = matching(found, str(wanted))
    if len(others) == 1:
        raise TapegraphError(f"{others[0].number} {others[0].label} has no {direction} channels{there_are}")
    hint = did_you_mean(str(wanted), (device.name for device in usable)) or there_are
    raise TapegraphError(f"no {direction} device is called {wanted}{hint}")


def matching(usable: list[Device], wanted: str) -> list[Device]:
    """Return the devices with this number, otherwise with this name, otherwise with a name that contains it."""
    tests = (
        lambda device: str(device.number) == wanted,
        lambda device: device.name == wanted,
        lambda device: wanted.lower() in device.name.lower(),
    )
    return next((found for test in tests if (found := list(filter(test, usable)))), [])


def check_block(block: int) -> int:
    """Return a block size of a card, frames. Raises TapegraphError where it is not allowed."""
    low, high = BLOCK_FRAMES
    if not is_whole_number(block, low, high):
        raise TapegraphError(f"block is {block!r}; it must be a whole number of frames from {low} to {high}")
    return int(block)


def listed(some: list[Device]) -> str:
    return ", ".join(f"{device.number} {device.label}" for device in some)
