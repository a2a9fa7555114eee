"""Files of measured speed: how far a tape or a record ran too fast or too slow, over time.

A file is a .csv, in UTF-8, with a header and at least two rows:

    time_s,deviation_percent
    0.00,0.05
    0.01,0.07

or a .wav of one channel, whose samples are the deviation: 1.0 is 100 %, so 0.0005 is 0.05 %. Its sample rate is that of
the measurement, a few Hz to a few kHz. Samples in floating point or of 24 bits are best: a step of 16 bits is 0.003 %.

Times increase, in steps of any length; a deviation above 0 is faster. A file comes from anybody, so it is read within
limits, and nothing but numbers is taken from it.
"""

from __future__ import annotations

import io
import math
import reprlib
from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph.contents import read_once
from tapegraph.errors import TapegraphError

HEADER = "time_s,deviation_percent"
SOUND = ".wav"
WAVE = (b"RIFF", b"RIFX", b"RF64")  # the first bytes of a .wav; no decoder of another format sees a file
MOST_BYTES = 16 << 20
MOST_ROWS = 500_000
MOST_PERCENT = 10.0
LONGEST_S = 3600.0
SHORTEST_STEP_S = 1e-5
Array = npt.NDArray[np.float64]


@attrs.frozen(eq=False)
class SpeedTrack:
    """A course of speed.

    time_s: increasing, from 0; deviation: of the speed at these times, relative to the nominal one
    """

    time_s: Array
    deviation: Array


STEADY = SpeedTrack(np.array([0.0, 1.0]), np.zeros(2))


def load(path: str) -> SpeedTrack:
    """Return the course in a file, which is read again once it has changed; STEADY for "". Raises TapegraphError."""
    if not path:
        return STEADY
    return read_once(Path(path), MOST_BYTES, decoded)


def decoded(path: Path, content: bytes) -> SpeedTrack:
    """Return the course in the content of a file; path: for its suffix and messages. Raises TapegraphError."""
    time_s, deviation = sound(path, content) if path.suffix.lower() == SOUND else table(path, content)
    length_s = time_s[-1] - time_s[0]
    if length_s > LONGEST_S:
        raise TapegraphError(f"{path}: lasts {length_s:.10g} s; the most is {LONGEST_S:g} s")
    return SpeedTrack(time_s - time_s[0], deviation)


def sound(path: Path, content: bytes) -> tuple[Array, Array]:
    """Return the times and the deviations in a file of sound. Raises TapegraphError."""
    deviation, rate = samples(path, content)
    if len(deviation) > MOST_ROWS:
        raise TapegraphError(f"{path}: has more than {MOST_ROWS} samples, the most that are read")
    if len(deviation) < 2:
        raise TapegraphError(f"{path}: has {len(deviation)} samples; there must be at least 2")
    wrong = ~(np.abs(deviation) <= MOST_PERCENT / 100.0)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise TapegraphError(
            f"{path}: deviates by {100.0 * deviation[k]:.10g} % at {k / rate:.10g} s; "
            f"it must be -{MOST_PERCENT:g} to {MOST_PERCENT:g} %, where a sample of 1 is 100 %"
        )
    return np.arange(len(deviation)) / rate, deviation


def samples(path: Path, content: bytes) -> tuple[Array, int]:
    """Return the samples, one more than allowed at most, and their rate. Raises TapegraphError."""
    try:
        import soundfile  # slow to import, and of no use to tables
    except OSError as error:
        raise TapegraphError(f"{path}: reading it needs the library libsndfile: {error}") from None
    no_sound = TapegraphError(f"{path}: not a sound file; it must be a .wav of one channel")
    if not content.startswith(WAVE):
        raise no_sound
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            rate: int = file.samplerate
            if file.channels != 1:
                raise TapegraphError(f"{path}: has {file.channels} channels; it must have one")
            if rate * SHORTEST_STEP_S > 1.0:
                raise TapegraphError(
                    f"{path}: its sample rate is {rate} Hz; the most is {1.0 / SHORTEST_STEP_S:.0f} Hz"
                )
            return file.read(MOST_ROWS + 1, dtype="float64"), rate
    except soundfile.SoundFileError:
        raise no_sound from None


def table(path: Path, content: bytes) -> tuple[Array, Array]:
    """Return the times and the deviations in a table. Raises TapegraphError."""
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise TapegraphError(f"{path}: not a text file; it must be a .csv in UTF-8, or a .wav") from None
    if not lines or lines[0].replace(" ", "") != HEADER:
        found = reprlib.repr(lines[0]) if lines else "missing"
        raise TapegraphError(f"{path}:1: the header is {found}; it must be {HEADER}")
    if len(lines) > MOST_ROWS + 1:
        raise TapegraphError(f"{path}: has {len(lines) - 1} rows; the most is {MOST_ROWS}")
    rows = [row(f"{path}:{number}", line) for number, line in enumerate(lines[1:], 2) if line.strip()]
    if len(rows) < 2:
        raise TapegraphError(f"{path}: has {len(rows)} rows of numbers; there must be at least 2")
    time_s, percent = np.array(rows).T
    steps = np.diff(time_s)
    if (k := int(np.argmin(steps >= SHORTEST_STEP_S))) or steps[0] < SHORTEST_STEP_S:
        raise TapegraphError(
            f"{path}: the time after {time_s[k]:.10g} s is {time_s[k + 1]:.10g} s; "
            f"times must increase by {SHORTEST_STEP_S:g} s or more"
        )
    return time_s, percent / 100.0


def row(where: str, line: str) -> tuple[float, float]:
    """Return the time, s, and the deviation, percent, of a line. Raises TapegraphError."""
    try:
        time_s, percent = (float(field) for field in line.split(","))
    except ValueError:
        raise TapegraphError(f"{where}: is {reprlib.repr(line)}; it must be two numbers, {HEADER}") from None
    if not (math.isfinite(time_s) and abs(time_s) < 1e9):
        raise TapegraphError(f"{where}: time_s is {time_s:g} s; it must be a finite time")
    if not abs(percent) <= MOST_PERCENT:
        raise TapegraphError(
            f"{where}: deviation_percent is {percent:.10g} %; it must be -{MOST_PERCENT:g} to {MOST_PERCENT:g} %"
        )
    return time_s, percent
