"""A test tape: all that measurements play, once, between markers, and the description that finds it in a recording.

    lead, marker 0, signal, signal, ..., marker 1, signal, ..., last marker, lead

Measurements are made on a machine that notes down what it is asked to play. A signal that several measurements play is
on the tape once. The whole is scaled so that its peak is full scale. A signal is known again by its length and its
values at a few places, so that neither the sound nor the version of tapegraph that made it is needed later.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.errors import Problem, TapegraphError, shown
from tapegraph.measure import marker
from tapegraph.measure.machine import Machine, highest_measured_hz
from tapegraph.measure.result import Result, amplitude
from tapegraph.quantity import is_whole_number
from tapegraph.run.sound import MAX_CHANNELS, SAMPLE_RATES_HZ, Array, check_channels, check_sample_rate

VERSION = 1
SETTLING_S = 0.5
LEAD_S = 0.5
GAP_S = 0.1  # behind each signal, for delays
GAP_SHARE = 0.03  # more of its length, for machines that run fast
MARKED_S = 12.0  # after as much a marker follows, and before each measurement
MARKER_DBFS = -12.0
SPEED_HZ = 3150.0
SPEED_DBFS = -18.0  # 0 VU
LOUDEST_DBFS = 12.0  # 30 dB above: no machine takes more; louder signals would push all others down into noise
SPEED_S = 4.0
PLACES = 16  # at which a signal is known
ALIKE = 1e-4  # of a signal's peak
FULL = 0.999
MOST_FRAMES = 1 << 31  # of a test tape, its longest settling and largest value: descriptions beyond that are damaged
LONGEST_SETTLING_S = 60.0
LARGEST = 1e6
LEVELS_DBFS = (-120.0, 40.0)

Measurement = Callable[..., Result]


@attrs.frozen
class Stretch:
    """A signal on a test tape.

    start: its first frame
    known: values at its places, over all channels, before it was scaled
    what: measurements that play it
    """

    start: int
    frames: int
    known: tuple[float, ...]
    what: tuple[str, ...]

    def holds(self, sound: Array) -> bool:
        """Tell whether this is the signal."""
        if sound.shape[1] != self.frames:
            return False
        values = np.array(known(sound))
        return bool(np.allclose(values, self.known, rtol=0.0, atol=ALIKE * max(float(np.max(np.abs(sound))), 1e-9)))


@attrs.frozen
class Signals:
    """What is on a test tape.

    channels: how many get a signal; settling_s: of tones
    gain: of a sine of 0 dBFS in measurements, its amplitude on the tape
    what: the measurements; levels_dbfs: at which, () for the usual ones
    markers: their first frames
    """

    sample_rate: float
    channels: int
    settling_s: float
    gain: float
    what: tuple[str, ...]
    levels_dbfs: tuple[float, ...]
    frames: int
    markers: tuple[int, ...] = attrs.field(repr=False)
    stretches: tuple[Stretch, ...] = attrs.field(repr=False)

    def stretch(self, sound: Array) -> Stretch | None:
        """Return where a signal of (channels, frames) is, or None."""
        return next((stretch for stretch in self.stretches if stretch.holds(sound)), None)

    def marker_s(self, number: int) -> float:
        """Return when the middle of a marker comes."""
        frames = len(marker.marker(number, self.sample_rate))
        return (self.markers[number] + 0.5 * (frames - 1)) / self.sample_rate

    def as_data(self) -> dict[str, Any]:
        return {"tapegraph_signals": VERSION, **attrs.asdict(self)}

    @classmethod
    def of(cls, data: Any) -> Signals:
        """Return what as_data() gave, as read from JSON. Raises TapegraphError for anything else."""
        if not isinstance(data, Mapping) or data.get("tapegraph_signals") != VERSION:
            raise TapegraphError("is no description of a test tape that this tapegraph can read")
        try:
            return read(data)
        except KeyError as error:
            raise TapegraphError(f"is a damaged description of a test tape: {error.args[0]} is missing") from None
        except ValueError as error:
            raise TapegraphError(f"is a damaged description of a test tape: {error}") from None


def read(data: Mapping[str, Any]) -> Signals:
    """Return a description of plain data. Raises KeyError for what is missing, ValueError for what cannot be."""
    sample_rate = number("sample_rate", data["sample_rate"], *SAMPLE_RATES_HZ)
    channels = whole("channels", data["channels"], 1, MAX_CHANNELS)
    frames = whole("frames", data["frames"], 1, MOST_FRAMES)
    markers = tuple(whole("a marker", mark, 0, frames - 1) for mark in listed("markers", data["markers"]))
    if any(after <= before for before, after in itertools.pairwise(markers)):
        raise ValueError("markers do not follow each other")
    stretches = []
    for part in listed("stretches", data["stretches"]):
        if not isinstance(part, Mapping):
            raise ValueError(f"a stretch is {shown(part)}; it must be a mapping")
        start = whole("start of a stretch", part["start"], 0, frames - 1)
        values = listed("known of a stretch", part["known"])
        if len(values) != PLACES * channels:
            raise ValueError(f"known of a stretch has {len(values)} values; it must have {PLACES * channels}")
        stretches.append(
            Stretch(
                start,
                whole("frames of a stretch", part["frames"], 1, frames - start),
                tuple(number("known of a stretch", value, -LARGEST, LARGEST) for value in values),
                texts("what of a stretch", part["what"]),
            )
        )
    return Signals(
        sample_rate,
        channels,
        number("settling_s", data["settling_s"], 0.0, LONGEST_SETTLING_S),
        number("gain", data["gain"], 1.0 / LARGEST, 1.0),
        texts("what", data["what"]),
        tuple(number("a level", level, *LEVELS_DBFS) for level in listed("levels_dbfs", data["levels_dbfs"])),
        frames,
        markers,
        tuple(stretches),
    )


def number(what: str, value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{what} is {shown(value)}; it must be a number from {least:g} to {most:g}")
    return float(value)


def whole(what: str, value: Any, least: int, most: int) -> int:
    if not is_whole_number(value, least, most):
        raise ValueError(f"{what} is {shown(value)}; it must be a whole number from {least} to {most}")
    return int(value)


def listed(what: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{what} is {shown(value)}; it must be a list")
    return list(value)


def texts(what: str, value: Any) -> tuple[str, ...]:
    found = listed(what, value)
    if not all(isinstance(text, str) for text in found):
        raise ValueError(f"{what} is {shown(value)}; it must be a list of texts")
    return tuple(found)


class Notebook(Machine):
    """A machine that changes nothing, and notes down what it is asked to play.

    noted: each signal once, in order, with the measurements that play it
    what: the measurement that is being made
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        check_sample_rate(sample_rate)
        self.sample_rate = float(sample_rate)
        self.channels = check_channels(channels)
        self.channel = 1
        self.highest_hz = highest_measured_hz(self.sample_rate)
        self.settling_s = SETTLING_S
        self.reference_dbfs, self.loudest_dbfs = SPEED_DBFS, LOUDEST_DBFS
        self.noted: list[tuple[Array, list[str]]] = []
        self.what = "speed"

    @property
    def latency(self) -> float:
        return 0.0

    def play_channels(self, sound: Array, moving: bool = False) -> Array:
        for noted, what in self.noted:
            if np.array_equal(noted, sound):
                if self.what not in what:
                    what.append(self.what)
                return noted.copy()
        self.noted.append((np.array(sound, dtype=np.float64), [self.what]))
        return self.noted[-1][0].copy()


def speed_tone(sample_rate: float) -> Array:
    """Return the tone that levels are set by, and that tells whether a machine has wow and flutter at all."""
    t = np.arange(round(SPEED_S * sample_rate)) / sample_rate
    return np.asarray(amplitude(SPEED_DBFS) * np.sin(2.0 * np.pi * SPEED_HZ * t))


def measured(measurement: Measurement, machine: Machine, levels_dbfs: Sequence[float] = ()) -> Result:
    """Return a measurement, at the levels where there are some and it takes them."""
    given = levels_dbfs and takes_levels(measurement)
    return measurement(machine, levels_dbfs=levels_dbfs) if given else measurement(machine)


def takes_levels(measurement: Measurement) -> bool:
    """Tell whether a measurement is made at levels; noise, for one, is made of silence."""
    return "levels_dbfs" in inspect.signature(measurement).parameters


def signals(
    measurements: Mapping[str, Measurement],
    sample_rate: float = 48_000.0,
    channels: int = 1,
    levels_dbfs: Sequence[float] = (),
) -> tuple[Signals, Array]:
    """Return what is on a test tape for some measurements, and its sound: (channels, frames)."""
    notebook = Notebook(sample_rate, channels)
    notebook.play(speed_tone(notebook.sample_rate))
    for notebook.what, measurement in measurements.items():
        try:
            measured(measurement, notebook, levels_dbfs)
        except TapegraphError as error:
            raise TapegraphError(*(Problem(f"{notebook.what}: {p.message}") for p in error.problems)) from None
    fs = notebook.sample_rate
    gain = FULL / max(1.0, *(float(np.max(np.abs(sound))) for sound, _ in notebook.noted))
    parts: list[tuple[int, Array]] = []
    markers: list[int] = []
    stretches: list[Stretch] = []
    at = round(LEAD_S * fs)
    since, before = 0, ""  # frames from the last marker on, and the measurement that is before

    def mark() -> int:
        sound = amplitude(MARKER_DBFS) * marker.marker(len(markers), fs)
        markers.append(at)
        parts.append((at, np.tile(sound, (channels, 1))))
        return at + len(sound) + round(GAP_S * fs)

    for sound, what in notebook.noted:
        if what[0] != before or since >= MARKED_S * fs:
            at = mark()
            since, before = 0, what[0]
        frames = sound.shape[1]
        parts.append((at, sound))
        stretches.append(Stretch(at, frames, known(sound), tuple(what)))
        taken = frames + round(GAP_S * fs + GAP_SHARE * frames)
        at, since = at + taken, since + taken
    frames = mark() + round(LEAD_S * fs)
    whole = np.zeros((channels, frames))
    for start, sound in parts:
        whole[:, start : start + sound.shape[1]] = gain * sound
    return (
        Signals(
            fs,
            channels,
            notebook.settling_s,
            gain,
            tuple(measurements),
            tuple(map(float, levels_dbfs)),
            frames,
            tuple(markers),
            tuple(stretches),
        ),
        whole,
    )


def known(sound: Array) -> tuple[float, ...]:
    """Return a signal's values at places that are spread without a period, so that no two tones are alike at all."""
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    places = (np.arange(1, PLACES + 1) ** 2 * golden % 1.0 * sound.shape[1]).astype(np.int64)
    return tuple(round(float(value), 9) for value in sound[:, places].ravel())
