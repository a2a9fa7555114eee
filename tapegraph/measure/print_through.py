"""Print-through: the loudest echo before and after a burst of 1 kHz, how far under it and how far away in time.

    x(t) = A sin(2 pi 1 kHz t) w(t),    silence before and after,    w a Hann window of BURST_S
    e(t) = |x exp(-2 pi i 1 kHz t) as it comes out, correlated with w|
    level = e of the echo / e of the burst

The correlation is a band-pass some 7 Hz wide, as narrow as the reading of such a burst can be, so that hiss hardly gets
into it. An echo is a maximum of e over floor_db, which lies MARGIN_DB over the median of e away from the burst, or at
FLOOR_DB; where there is none, as in a graph without print-through, values are blank. Echoes nearer than NEAR_S are not
told from the burst, and those further than AWAY_S are not waited for. What comes back for another reason, such as a
tape echo, is found as well.

The graph plays as it is: echoes glide while the reel turns, so that of a graph held still they are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.measure.machine import Machine
from tapegraph.measure.result import Result, amplitude, decibels
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.run.sound import Array

LEVELS_DBFS = (0.0,)
TONE_HZ = 1000.0
BURST_S = 0.2
NEAR_S = 0.25
AWAY_S = 6.5
MARGIN_DB = 12.0  # noise exceeds its median by so much once in some 10 000 times BURST_S
FLOOR_DB = -110.0
PICTURE_HZ = 100.0  # points a second in pictures


@attrs.frozen
class PrintThrough(Result):
    """Print-through: arrays with a value for each level.

    pre_db, post_db: relative to the burst at the output
    pre_ms, post_ms: how long before and after it
    floor_db: what lies below is not told from noise
    away_s, envelope_db: e over the time from the burst on, for pictures; envelope_db is (levels, times)
    """

    level_dbfs: Array
    pre_db: Array
    pre_ms: Array
    post_db: Array
    post_ms: Array
    floor_db: Array
    away_s: Array
    envelope_db: Array

    def columns(self) -> dict[str, Array]:
        names = ("level_dbfs", "pre_db", "pre_ms", "post_db", "post_ms", "floor_db")
        return {name: getattr(self, name) for name in names}

    def plot(self, ax: Any) -> None:
        """Draw the envelope at the highest level."""
        loudest = int(np.argmax(self.level_dbfs))
        ax.plot(self.away_s, self.envelope_db[loudest])
        ax.axhline(self.floor_db[loudest], linestyle=":", label="floor")
        ax.set_xlabel("s after the burst")
        ax.set_ylabel("1 kHz relative to the burst, dB")
        ax.set_ylim(FLOOR_DB - 20.0, 0.0)
        ax.grid(True, alpha=0.3)
        ax.legend()


def print_through(graph: Measured, levels_dbfs: Sequence[float] = LEVELS_DBFS) -> PrintThrough:
    """Return the echoes of a burst in a graph, or on a rig, at each level."""
    rig = on_the_bench(graph)
    far, near = (round(seconds * rig.sample_rate) for seconds in (AWAY_S, NEAR_S))
    rows, curves = [], []
    for level_dbfs in levels_dbfs:
        e = envelope_db(rig, rig.play(burst(rig, level_dbfs), moving=True))
        place = int(np.argmax(e))
        e -= e[place]
        before, after = e[max(0, place - far) : place + 1][::-1], e[place : place + far]
        floor_db = max(FLOOR_DB, float(np.median(np.concatenate([before[near:], after[near:]]))) + MARGIN_DB)
        pre, post = (echo(side, near, floor_db, rig.sample_rate) for side in (before, after))
        rows.append((level_dbfs, *pre, *post, floor_db))
        curves.append(np.interp(picture_s(), (np.arange(len(e)) - place) / rig.sample_rate, e))
    levels, pre_db, pre_ms, post_db, post_ms, floors_db = np.array(rows).T
    return PrintThrough(levels, pre_db, pre_ms, post_db, post_ms, floors_db, picture_s(), np.array(curves))


def picture_s() -> Array:
    return np.arange(-AWAY_S, AWAY_S, 1.0 / PICTURE_HZ)


def burst(rig: Machine, level_dbfs: float) -> Array:
    """Return a burst with silence around it."""
    n = np.arange(round(BURST_S * rig.sample_rate))
    tone = np.sin(2.0 * np.pi * TONE_HZ * n / rig.sample_rate) * np.hanning(len(n))
    silence = np.zeros(round((AWAY_S + BURST_S) * rig.sample_rate))
    return np.concatenate([silence, amplitude(level_dbfs) * tone, silence])


def envelope_db(rig: Machine, sound: Array) -> Array:
    """Return e in dB: at each frame that of a burst which begins there."""
    n = np.arange(round(BURST_S * rig.sample_rate))
    pattern = np.hanning(len(n)) * np.exp(2j * np.pi * TONE_HZ * n / rig.sample_rate)
    size = len(sound) + len(n)
    e = np.fft.ifft(np.fft.fft(sound, size) * np.conj(np.fft.fft(pattern, size)))
    return decibels(np.abs(e[: len(sound)]))


def echo(side_db: Array, near: int, floor_db: float, sample_rate: float) -> tuple[float, float]:
    """Return level in dB and distance in ms of the loudest maximum on one side of a burst; neither where there is none.

    side_db: e, from the burst on away from it; near: frames from where on echoes are told from the burst
    """
    middle = side_db[near:-1]
    maxima = (middle >= side_db[near - 1 : -2]) & (middle > side_db[near + 1 :]) & (middle > floor_db)
    if not maxima.any():
        return np.nan, np.nan
    place = int(np.argmax(np.where(maxima, middle, -np.inf)))
    return float(middle[place]), 1e3 * (near + place) / sample_rate
