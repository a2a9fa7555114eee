"""Converts sound whose sample rate the card refuses to the card's own rate, before it enters the graph.

It uses soxr's linear-phase resampler at very high quality, without latency. soxr comes with the extra `resample`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.live.devices import Device
from tapegraph.live.portaudio import sounddevice
from tapegraph.run.sound import Array, Audio

QUALITY = "VHQ"


def accepts(output: Device, sample_rate: float) -> bool:
    """Return whether a card plays sound of this rate, Hz."""
    if sample_rate == output.sample_rate:
        return True
    sd = sounddevice()
    try:
        sd.check_output_settings(device=output.number, dtype="float32", samplerate=sample_rate)
    except sd.PortAudioError as error:
        return "sample rate" not in str(error.args[0])  # other errors are reported when it is opened
    return True


def soxr(output: Device, sample_rate: float) -> Any:
    """Return the module soxr. Raises TapegraphError where it is missing."""
    try:
        import soxr
    except ImportError:
        raise TapegraphError(
            f"{output.label} refuses {round(sample_rate)} Hz; it runs at "
            f"{round(output.sample_rate)} Hz; to convert the sound, pip install 'tapegraph[resample]'"
        ) from None
    return soxr


def converted(audio: Iterable[Audio], channels: int, sample_rate: float, output: Device) -> Iterator[Array]:
    """Return an iterator over the blocks of audio, (channels, frames), at the rate of the card.

    Raises TapegraphError at once where soxr is missing.
    """
    stream = soxr(output, sample_rate).ResampleStream(sample_rate, output.sample_rate, channels, "float64", QUALITY)

    def blocks() -> Iterator[Array]:
        for block in audio:
            yield stream.resample_chunk(np.ascontiguousarray(block.T, dtype=np.float64)).T
        yield stream.resample_chunk(np.zeros((0, channels)), last=True).T

    return blocks()
