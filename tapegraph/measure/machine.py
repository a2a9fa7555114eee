"""What measurements measure: a machine that makes sound of sound, be it a graph or a recording of a real one."""

from __future__ import annotations

import abc
import math

import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.run.sound import Array

LARGEST = 1e12  # +240 dBFS, as between nodes: nothing larger is sound


def highest_measured_hz(sample_rate: float) -> float:
    return min(20_000.0, 0.45 * sample_rate)


def audible(sound: Array) -> Array:
    """Return a sound with silence for what is NaN, infinite or above what can be a sound."""
    return np.where(np.abs(sound) <= LARGEST, sound, 0.0)


class Machine(abc.ABC):
    """A machine on the bench.

    What a measurement plays depends on its arguments and on these attributes alone, never on what came out before: so
    the signals of a measurement can be put onto a test tape, see signals.py.

    sample_rate: of what is played and of what comes out, Hz
    channels: how many get the signal
    channel: which output channel is listened to, from 1
    highest_hz: of what is measured
    settling_s: how long a tone sounds before it is measured
    reference_dbfs: 0 VU, a level of a sine
    loudest_dbfs: up to which it gets signals, unless a measurement is told to play louder ones
    changed: what is held still, and so not measured
    """

    sample_rate: float
    channels: int
    channel: int
    highest_hz: float
    settling_s: float
    reference_dbfs: float
    loudest_dbfs: float = math.inf
    changed: tuple[str, ...] = ()

    @property
    @abc.abstractmethod
    def latency(self) -> float:
        """How late sound comes out, as the machine declares it, in frames; not a number where nobody knows."""

    @property
    def bias(self) -> float:
        """What its bias is set to; not a number where it has none, or nobody knows."""
        return float("nan")

    @abc.abstractmethod
    def play_channels(self, sound: Array, moving: bool = False) -> Array:
        """Return all output channels for a sound of (channels, frames), as long as it and in time with it.

        moving: with all that varies in time, such as wow and hiss
        """

    def play(self, signal: Array, moving: bool = False) -> Array:
        """Return what one output channel makes of a signal in all input channels, as long as it."""
        return np.asarray(self.play_channels(np.tile(signal, (self.channels, 1)), moving)[self.channel - 1])

    def with_channels(self, least: int) -> Machine:
        """Return this machine, or where it has fewer channels one like it that has so many.

        Raises TapegraphError where there is none.
        """
        if self.channels < least:
            raise TapegraphError(f"this takes {least} channels, and the test tape has {self.channels}")
        return self
