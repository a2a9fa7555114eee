"""What PortAudio says when it refuses a stream, in sentences that name the device at fault and what it can do.

PortAudio does not say which of the two devices of a stream is at fault, so each is checked by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tapegraph.errors import TapegraphError
from tapegraph.live.channels import Channels
from tapegraph.live.portaudio import deferred_signals, opening, sounddevice
from tapegraph.quantity import plural

RATES_HZ = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000)  # that are usual

RATE, BUSY, COUNT = "sample rate", "Device unavailable", "number of channels"  # in PortAudio's messages


def message_of(error: Exception) -> str:
    """Return PortAudio's message, with that of the audio system below it where there is one."""
    message = str(error.args[0]) if error.args else str(error)
    below = str(error.args[2][2]).strip() if len(error.args) > 2 else ""
    return f"{message}: {below}" if below else message


def refusal(ends: Sequence[Channels], sample_rate: float, message: str) -> TapegraphError:
    """Return the error to raise where PortAudio refused a stream with a message.

    ends: the input and the output of the stream, or only the output
    """
    if len(ends) == 1:
        found = [(ends[0], message)]
    else:
        found = [(end, reason) for end in ends if (reason := objection(end, sample_rate)) is not None]
    names = unique(end.device.label for end in ends)
    if not found:
        if BUSY in message:
            return TapegraphError(busy(" or ".join(names)))
        together = " together" if len(names) > 1 else ""
        return TapegraphError(f"{' and '.join(names)} cannot be opened{together}: {message}")
    at_rate = [end for end, reason in found if RATE in reason]
    if at_rate:
        return TapegraphError(wrong_rate(at_rate, ends, sample_rate))
    return TapegraphError(*unique(sentence(end, reason) for end, reason in found))


def objection(end: Channels, sample_rate: float) -> str | None:
    """Return why PortAudio would not open one end of a stream by itself, or None where it would."""
    sd = sounddevice()
    check = sd.check_input_settings if end.direction == "input" else sd.check_output_settings
    try:
        with opening, deferred_signals():
            check(device=end.device.number, channels=end.opened, dtype="float32", samplerate=sample_rate)
    except (sd.PortAudioError, ValueError) as error:
        return message_of(error)
    return None


def sentence(end: Channels, message: str) -> str:
    name = end.device.label
    if BUSY in message:
        return busy(name)
    if COUNT in message:
        channels = plural(end.opened, f"{end.direction} channel")
        return f"{name} refuses {channels}; it has {end.device.channels(end.direction)}"
    return f"{name} cannot be opened: {message}"


def busy(name: str) -> str:
    return f"{name} is in use by another program; quit that, or choose another device, see tapegraph devices"


def wrong_rate(refusing: Sequence[Channels], ends: Sequence[Channels], sample_rate: float) -> str:
    who = unique(end.device.label for end in refusing)
    refuses = f"{' and '.join(who)} {'refuses' if len(who) == 1 else 'refuse'} {round(sample_rate)} Hz"
    rates = {end: accepted_rates(end) for end in ends}
    common = set.intersection(*map(set, rates.values()))
    names = unique(end.device.label for end in ends)
    if len(names) == 1:
        return f"{refuses}; it can run at {listed(common)}"
    if common:
        return f"{refuses}; {' and '.join(names)} can both run at {listed(common)}"
    each = ", ".join(f"{end.device.label} can run at {listed(some)}" for end, some in rates.items())
    return f"{refuses}; {each}: choose devices with a sample rate in common, see tapegraph devices"


def accepted_rates(end: Channels) -> list[int]:
    """Return the usual sample rates that one end accepts, Hz. Slow: PortAudio checks each on the device."""
    return [rate for rate in sorted({*RATES_HZ, round(end.device.sample_rate)}) if objection(end, rate) is None]


def listed(rates_hz: Iterable[int]) -> str:
    *others, last = [str(rate) for rate in sorted(rates_hz)] or ["none of the usual sample rates"]
    if not last.isdigit():
        return last
    return f"{', '.join(others)} or {last} Hz" if others else f"{last} Hz"


def unique(some: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(some))
