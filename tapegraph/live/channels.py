"""Channels of a card that sound comes from or goes to: the first ones, or those that are chosen.

PortAudio opens the first channels of a device. Where others are chosen, as many are opened as reach them, or all where
the audio system opens nothing less; the rest are ignored or stay silent.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from tapegraph.errors import TapegraphError
from tapegraph.live.devices import Device, Direction
from tapegraph.live.ring import Frames
from tapegraph.quantity import is_whole_number, plain
from tapegraph.run.sound import MAX_CHANNELS, Array

OPENS_ALL = ("Windows WASAPI", "Windows WDM-KS")  # systems whose devices have a fixed number of channels

Numbers = int | Sequence[int]  # of channels, the first is 1


@attrs.frozen
class Channels:
    """Channels of a device in one direction.

    numbers: those in use, in the order of the graph's; the first is 1
    opened: how many PortAudio opens
    """

    device: Device
    direction: Direction
    numbers: tuple[int, ...]
    opened: int

    @property
    def are_all(self) -> bool:
        """Whether what PortAudio opens is what is in use, in the same order."""
        return self.numbers == tuple(range(1, self.opened + 1))

    @property
    def label(self) -> str:
        """The name of the device, with the channels where they are not simply the first ones."""
        if self.numbers == tuple(range(1, len(self.numbers) + 1)):
            return self.device.name
        word = "channel" if len(self.numbers) == 1 else "channels"
        return f"{self.device.name} {word} {','.join(map(str, self.numbers))}"

    def take(self, opened: Frames, into: Array) -> None:
        """Copy the channels in use from (frames, opened) into (channels, frames)."""
        for k, number in enumerate(self.numbers):
            into[k] = opened[:, number - 1]

    def put(self, sound: Frames, opened: Frames) -> None:
        """Copy (frames, channels) into the channels in use of (frames, opened)."""
        for k, number in enumerate(self.numbers):
            opened[:, number - 1] = sound[:, k]


def first_channels(device: Device, direction: Direction, n: int) -> Channels:
    return Channels(device, direction, tuple(range(1, n + 1)), n)


def choose_channels(device: Device, direction: Direction, wanted: Numbers) -> Channels:
    """Return the channels with these numbers. Raises TapegraphError where there are no such channels."""
    present = device.channels(direction)
    numbers = as_numbers(wanted)
    if not numbers or len(numbers) > MAX_CHANNELS or len({*numbers}) < len(numbers):
        raise TapegraphError(
            f"{direction}_channels are {wanted!r}; they must be different numbers of channels, such as 2 or (3, 4)"
        )
    for number in numbers:
        if number > present:
            has = "only channel 1" if present == 1 else f"channels 1 to {present}"
            raise TapegraphError(f"{device.label} has no {direction} channel {number}; it has {has}")
    chosen = Channels(device, direction, numbers, max(numbers))
    return attrs.evolve(chosen, opened=present) if device.host in OPENS_ALL and not chosen.are_all else chosen


def as_numbers(wanted: object) -> tuple[int, ...]:
    """Return numbers of channels, or nothing where there is anything else among them."""
    wanted = plain(wanted)
    some = [wanted] if isinstance(wanted, int) else list(wanted) if isinstance(wanted, Sequence) else []
    return tuple(int(plain(one)) for one in some) if all(is_whole_number(one, 1, 4096) for one in some) else ()
