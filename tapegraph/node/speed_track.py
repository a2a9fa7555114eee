"""Files of measured speed: how far a tape or a record ran too fast or too slow, over time.

A file is a .csv, in UTF-8, with a header and at least two rows:

    time_s,deviation_percent
    0.00,0.05
    0.01,0.07

Times increase, in steps of any length; a deviation above 0 is faster. A file comes from anybody, so it is read within
limits, and nothing but numbers is taken from it.
"""

from __future__ import annotations

import functools
import math
import reprlib
from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph.contents import read_bytes
from tapegraph.errors import TapegraphError

HEADER = "time_s,deviation_percent"
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
    try:
        status = Path(path).stat()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or "not a valid file name"
        raise TapegraphError(f"{path}: cannot be read: {why}") from None
    found = read_once(Path(path), status.st_mtime_ns, status.st_size)
    if isinstance(found, TapegraphError):
        raise TapegraphError(*found.problems)
    return found


@functools.lru_cache(maxsize=8)
def read_once(path: Path, changed: int, size: int) -> SpeedTrack | TapegraphError:
    """Return the course in a file, or what is wrong with it, so that this too is found once.

    changed: its time of modification; both tell one version of a file from another
    """
    try:
        return decoded(path, read_bytes(path, MOST_BYTES))
    except TapegraphError as error:
        return TapegraphError(*error.problems)  # without the traceback, which would keep the content


def decoded(path: Path, content: bytes) -> SpeedTrack:
    """Return the course in the content of a file; path: for messages. Raises TapegraphError."""
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise TapegraphError(f"{path}: not a text file; it must be a .csv in UTF-8") from None
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
    if time_s[-1] - time_s[0] > LONGEST_S:
        raise TapegraphError(f"{path}: lasts {time_s[-1] - time_s[0]:.10g} s; the most is {LONGEST_S:g} s")
    return SpeedTrack(time_s - time_s[0], percent / 100.0)


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
