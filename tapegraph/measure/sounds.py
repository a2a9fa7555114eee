"""Sounds on the bench in place of graphs: what can be measured of a recording alone, without what was played.

A recorded test tone has wow and flutter, a recorded silence noise, and any song a loudness.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import attrs
import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.files.kinds import CONTAINERS, READ_ONLY
from tapegraph.files.level import weights
from tapegraph.files.libsndfile import file_error
from tapegraph.files.read import Reader
from tapegraph.measure.flutter import Flutter, flutter_of
from tapegraph.measure.loudness import Loudness, at_rate, loudness_of
from tapegraph.measure.machine import LARGEST, audible
from tapegraph.measure.noise import Noise, noise_of
from tapegraph.measure.result import Result
from tapegraph.quantity import format_number, plural
from tapegraph.run.sound import Array

MOST_SAMPLES = 1 << 27  # 1 GiB: 23 minutes of stereo at 48 kHz


@attrs.frozen
class Sound:
    """A sound that is measured as it is.

    audio: (channels, frames)
    channel: which one flutter and noise are measured of, from 1; loudness is that of all
    weights: of the channels in the loudness; () for 1
    warnings: what is wrong with the file that it comes from
    """

    audio: Array
    sample_rate: float
    channel: int = 1
    weights: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()

    changed: ClassVar[tuple[str, ...]] = ()  # a sound cannot be held still

    @property
    def heard(self) -> Array:
        """The channel that is listened to."""
        return np.asarray(self.audio[self.channel - 1])

    @classmethod
    def read(cls, path: str | Path, channel: int = 1) -> Sound:
        """Read a file, as silence where it has no numbers, or none of a sound.

        Raises TapegraphError where it is too long for that, or has no such channel.
        """
        with Reader(path) as reader:
            if not 1 <= channel <= reader.channels:
                raise TapegraphError(f"channel is {channel}; {path} has {plural(reader.channels, 'channel')}")
            if reader.frames * reader.channels > MOST_SAMPLES:
                found_s, most_s = (n // reader.sample_rate for n in (reader.frames, MOST_SAMPLES // reader.channels))
                raise file_error(reader.path, f"is {found_s} s long; at most {most_s} s of it can be measured")
            found = np.concatenate(list(reader.blocks()), axis=1)
            warnings = [*reader.warnings, *no_sound(path, found)]
            known = weights(reader, reader.channels, reader.channels)
            return cls(audible(found), float(reader.sample_rate), channel, known, tuple(warnings))

    def at_rate(self, sample_rate: float) -> Sound:
        """Return the sound at another sample rate. Raises TapegraphError where it would be too long for that."""
        if self.audio.size * sample_rate / self.sample_rate > MOST_SAMPLES:
            found, wanted = (format_number(hz, "Hz") for hz in (self.sample_rate, sample_rate))
            raise TapegraphError(f"a sound of {self.audio.shape[1]} frames at {found} is too long at {wanted}")
        audio = at_rate(self.audio, self.sample_rate, sample_rate)
        return attrs.evolve(self, audio=audio, sample_rate=float(sample_rate))

    def __str__(self) -> str:
        channels, frames = self.audio.shape
        length_s = frames / self.sample_rate
        return f"{format_number(self.sample_rate, 'Hz')}, {plural(channels, 'channel')}, {length_s:.2f} s"


def no_sound(path: str | Path, sound: Array) -> list[str]:
    """Return what is to be said of samples of a file that are no numbers, or none of a sound."""
    count = sound.size - int(np.count_nonzero(np.abs(sound) <= LARGEST))
    return [f"{path}: {plural(count, 'sample')} NaN, infinite or above +240 dBFS, now silence"] if count else []


def is_audio(name: str) -> bool:
    """Tell whether something is named as an audio file is, and not as a graph."""
    return Path(name).suffix.lower() in (*CONTAINERS, *READ_ONLY)


def loudness(sound: Sound) -> Loudness:
    return loudness_of(sound.audio, sound.sample_rate, sound.weights)


def noise(sound: Sound) -> Noise:
    return noise_of(sound.heard, sound.sample_rate)


def flutter(sound: Sound) -> Flutter:
    return flutter_of(sound.heard, sound.sample_rate)


OF_SOUND: MappingProxyType[str, Callable[[Sound], Result]] = MappingProxyType(
    {"loudness": loudness, "noise": noise, "flutter": flutter}
)
OF_CHANNEL = ("noise", "flutter")
USUAL = ("loudness",)  # what is measured unless something is named
