"""Sound cards and sound servers, as PortAudio lists them."""

from __future__ import annotations

import atexit
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any, Literal

import attrs

from tapegraph.errors import TapegraphError, did_you_mean
from tapegraph.quantity import is_whole_number

ENDING = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)}

opening = threading.Lock()  # PortAudio opens one stream at a time

BLOCK_FRAMES = (16, 8192)  # what a card may be asked to take at a time

Direction = Literal["input", "output"]

NO_PORTAUDIO = (
    "playing needs the library PortAudio, which is not installed: apt install libportaudio2 on Debian and Ubuntu, "
    "dnf install portaudio on Fedora, brew install portaudio on macOS"
)

NO_DEVICE = "there is no sound card or sound server; plug one in, or start PipeWire, PulseAudio or jackd"


@attrs.frozen
class Device:
    """One that PortAudio lists.

    number: its place in PortAudio's list
    host: the system it belongs to: ALSA, JACK, Core Audio, WASAPI ...
    inputs, outputs: how many channels it has each way
    sample_rate: its own, Hz
    default: whether it is the one that the system prefers for "input" or "output"
    """

    number: int
    name: str
    host: str
    inputs: int
    outputs: int
    sample_rate: float
    default: tuple[Direction, ...] = ()

    def channels(self, direction: Direction) -> int:
        return self.inputs if direction == "input" else self.outputs


def sounddevice() -> Any:
    """Return the module sounddevice. Raises TapegraphError where PortAudio is missing."""
    there = "sounddevice" in sys.modules
    try:
        with deferred_signals():
            import sounddevice  # waits for another thread that is at it
    except OSError:
        raise TapegraphError(NO_PORTAUDIO) from None
    except Exception as error:  # one of sounddevice's own, which is gone again with the module
        raise TapegraphError(f"PortAudio cannot start: {error}; is the configuration of ALSA right?") from None
    if there:
        return sounddevice
    atexit.register(
        signal.signal, signal.SIGINT, signal.SIG_IGN
    )  # comes before PortAudio's own end, see deferred_signals()
    return sounddevice


@contextlib.contextmanager
def deferred_signals() -> Iterator[None]:
    """Hold Ctrl-C back until the end: cut short, PortAudio and libjack crash, at once or when the program ends."""
    meant = signal.getsignal(signal.SIGINT)
    held: list[int] = []
    in_main_thread = threading.current_thread() is threading.main_thread() and callable(meant)
    if in_main_thread:
        signal.signal(signal.SIGINT, lambda number, frame: held.append(number))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if in_main_thread:
            signal.signal(signal.SIGINT, meant)
        if held:
            signal.raise_signal(signal.SIGINT)


def devices() -> list[Device]:
    """Return every device there is, in PortAudio's order."""
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
    """Return the device of a number, or of a name or a part of one; without either, the one the system prefers.

    Raises TapegraphError when there is none, or several that a name could mean.
    """
    usable = [device for device in devices() if device.channels(direction)]
    if not usable:
        raise TapegraphError(f"there is no {direction} to use: {NO_DEVICE}")
    if wanted is None:
        return next((device for device in usable if direction in device.default), usable[0])
    named = matching(usable, str(wanted))
    if len(named) == 1:
        return named[0]
    if named:
        raise TapegraphError(f"{wanted} could be {listed(named)}; give the number of one")
    hint = did_you_mean(str(wanted), (device.name for device in usable)) or f"; there is {listed(usable)}"
    raise TapegraphError(f"no {direction} is called {wanted}{hint}")


def matching(usable: list[Device], wanted: str) -> list[Device]:
    """Return those with the number, or else the name, or else a name that contains it."""
    tests = (
        lambda device: str(device.number) == wanted,
        lambda device: device.name == wanted,
        lambda device: wanted.lower() in device.name.lower(),
    )
    return next((found for test in tests if (found := list(filter(test, usable)))), [])


def check_block(block: int) -> int:
    """Return how many frames a card is to ask for at a time. Raises TapegraphError where that cannot be."""
    low, high = BLOCK_FRAMES
    if not is_whole_number(block, low, high):
        raise TapegraphError(f"block is {block!r}; it must be a whole number of frames from {low} to {high}")
    return int(block)


def listed(some: list[Device]) -> str:
    return ", ".join(f"{device.number} ({device.name}, {device.host})" for device in some)
