"""A real machine on the bench: the recording of a test tape, of which a measurement gets the signals that it plays.

Markers tell where signals are; between two markers time runs evenly. A signal is brought to the rate of the test tape,
and then, unless it is asked for as it is, follows its own phase, see warp.py, so that wow and flutter are taken out. Of
a signal as it is, only its beginning is moved: its speed stays that of the machine. Tenths of a ms of wow are left in
the phase and the group delay of a sweep, and flutter costs a dB in the highest octave.

Levels are those of the recording: a chain that changes nothing measures as 0 dB, and 0 VU is the level of the steady
tone that machines are set by. The offset is taken out. How late the machine is, and its bias, nobody knows.
"""

from __future__ import annotations

import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.measure import marker
from tapegraph.measure.machine import Machine, audible, highest_measured_hz
from tapegraph.measure.places import at_places
from tapegraph.measure.result import decibels
from tapegraph.measure.signals import LOUDEST_DBFS, SPEED_DBFS, Signals, Stretch, speed_tone
from tapegraph.measure.warp import PASSES, carrier, time_error
from tapegraph.quantity import format_number, plural
from tapegraph.run.sound import Array, Audio, planar

TOP = 1.04  # times the highest frequency, to which a sweep is followed
NEEDED_RATE = 2.2  # of a recording, times the highest frequency
FARTHEST = 0.06  # from the speed of the test tape; beyond, one marker is taken for another
STEADY = 2e-5  # of its speed, that a machine without tape or wheels varies by at most, RMS
FULL_SCALE = 1.0 - 2.0**-15
CLIPPED = 3  # samples at full scale, one after the other


class MissingSignalError(TapegraphError):
    """A signal that a measurement plays is not in the recording."""


class Recording(Machine):
    """The recording of a test tape; what in it is no sound, such as NaN, is silence.

    speed_error_percent: above 0, the machine that played it was faster than the one that recorded it
    clipped: how many samples are at full scale, several one after the other
    tone_dbfs: the level of the steady tone, which is to be SPEED_DBFS; not a number where it is not in the recording
    wobbles: whether its speed varies, as that of tape does and that of converters does not
    """

    def __init__(self, sound: Audio, sample_rate: float, signals: Signals, channel: int = 1) -> None:
        x = audible(np.asarray(planar(sound), dtype=np.float64))
        if not 1 <= channel <= len(x):
            raise TapegraphError(f"channel is {channel}; the recording has {plural(len(x), 'channel')}")
        self.signals = signals
        self.sample_rate = signals.sample_rate
        self.channels = signals.channels
        self.channel = channel
        self.highest_hz = highest_measured_hz(signals.sample_rate)
        self.settling_s = signals.settling_s
        self.reference_dbfs, self.loudest_dbfs = SPEED_DBFS, LOUDEST_DBFS
        self.recorded_rate = float(sample_rate)
        if self.recorded_rate < self.least_rate(signals):
            found, needed = (format_number(hz, "Hz") for hz in (self.recorded_rate, self.least_rate(signals)))
            raise TapegraphError(f"the sample rate of the recording is {found}; this test tape needs at least {needed}")
        self.sound = x - np.mean(x, axis=1, keepdims=True)
        self.clipped = clipped(x[channel - 1])
        top_hz = marker.highest_hz(signals.sample_rate)
        marks = marker.find(self.sound[channel - 1], self.recorded_rate, top_hz, len(signals.markers))
        if len(marks) < 2:
            raise TapegraphError(
                f"{plural(len(marks), 'marker')} of the test tape found in channel {channel} of the recording; "
                "it takes two to measure what is between them"
            )
        self.played_s = np.array([signals.marker_s(mark.number) for mark in marks])
        self.heard_s = np.array([mark.time_s for mark in marks])
        self.check_speed()
        self.tone_dbfs = np.nan
        self.wobbles = self.wobble() > STEADY

    def check_speed(self) -> None:
        """Raise TapegraphError where the markers are not as far apart as those that they are taken for."""
        errors = np.diff(self.played_s) / np.diff(self.heard_s) - 1.0
        worst = float(errors[np.argmax(np.abs(errors))])
        if abs(worst) > FARTHEST:
            apart = "close together" if worst > 0.0 else "far apart"
            raise TapegraphError(
                f"two markers of the test tape are {abs(100.0 * worst):.0f} % too {apart} in the recording; "
                f"its speed may be at most {100.0 * FARTHEST:.0f} % wrong, and nothing may be cut out"
            )

    @staticmethod
    def least_rate(signals: Signals) -> float:
        """Return the least sample rate of a recording of a test tape."""
        return NEEDED_RATE * highest_measured_hz(signals.sample_rate)

    @property
    def latency(self) -> float:
        return float("nan")

    @property
    def speed_error_percent(self) -> float:
        played, heard = (times[-1] - times[0] for times in (self.played_s, self.heard_s))
        return float(100.0 * (played / heard - 1.0))

    def play_channels(self, sound: Array, moving: bool = False) -> Array:
        stretch = self.find(sound)
        fs = self.sample_rate
        t = np.arange(stretch.frames) / fs
        start = stretch.start / fs
        if moving:
            return self.at(float(np.interp(start, self.played_s, self.heard_s)) + t)
        heard = self.at(np.interp(start + t, self.played_s, self.heard_s))
        like = carrier(sound[int(np.argmax(np.sum(sound**2, axis=1)))], fs, TOP * self.highest_hz)
        if like is None or (like.sweeps and not self.wobbles):
            return heard
        loudest = int(np.argmax(np.sum(heard**2, axis=1)))
        late = np.zeros(stretch.frames)
        for how in PASSES:
            tau = time_error(heard[loudest], like, fs, how)
            if tau is None:
                break
            late -= tau
            heard = self.at(np.interp(start + t + late, self.played_s, self.heard_s))
        return heard

    def wobble(self) -> float:
        """Return the RMS deviation of the speed while the speed tone sounds; infinite where that cannot be read.

        It notes the level of the tone, too.
        """
        fs = self.sample_rate
        tone = np.tile(speed_tone(fs), (self.channels, 1))
        like = carrier(tone[0], fs, self.highest_hz)
        try:
            stretch = self.find(tone)
        except MissingSignalError:
            return np.inf
        assert like is not None
        t = (stretch.start + np.arange(stretch.frames)) / fs
        heard = self.at(np.interp(t, self.played_s, self.heard_s))[self.channel - 1]
        tau = time_error(heard, like, fs, PASSES[-1])
        self.tone_dbfs = float(decibels(np.sqrt(2.0 * np.mean(heard[like.first : like.behind] ** 2))))
        if tau is None:
            return np.inf
        speed = np.diff(tau[like.first : like.behind]) * fs
        return float(np.std(speed))

    def find(self, sound: Array) -> Stretch:
        """Return where a signal is. Raises MissingSignalError where it is not in the recording."""
        stretch = self.signals.stretch(sound)
        if stretch is None:
            raise MissingSignalError(
                f"the test tape has no such signal; it has those of {', '.join(self.signals.what)}"
            )
        start, end = stretch.start / self.sample_rate, (stretch.start + stretch.frames) / self.sample_rate
        if start < self.played_s[0] or end > self.played_s[-1]:
            raise MissingSignalError("the recording lacks that part of the test tape")
        return stretch

    def at(self, times: Array) -> Array:
        """Return all channels at some times of the recording, at the level of measurements."""
        highest = min(0.5, 0.5 * self.sample_rate / self.recorded_rate)
        return at_places(self.sound, times * self.recorded_rate, highest) / self.signals.gain


def clipped(x: Array) -> int:
    """Return how many samples are at full scale in a row."""
    full = np.abs(x) >= FULL_SCALE
    rows = np.convolve(full, np.ones(CLIPPED), "valid") >= CLIPPED - 0.5
    return int(np.count_nonzero(np.convolve(rows, np.ones(CLIPPED)) > 0.5))
