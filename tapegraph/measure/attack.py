"""Attack and release: how fast the gain follows a tone of 1 kHz that gets 20 dB louder, and quieter again.

    gain(t) = level of y - level of x, in dB,    each over a period of the tone around t
    attack_ms, release_ms: from a step on, until 1 - 1/e = 63 % of the change of the gain is made, for good

That is the time constant of a gain that changes exponentially in dB; makers give times for other parts of the change,
or the time constants of detectors, which differ. The gain before a step and the one long after it are those of its last
50 ms; where they differ by less than LEAST_DB the times are blank, as of a graph whose gain does not depend on level.
Times are exact to half a period. Saturation changes the gain as well, but at once: machines without a compressor have
times of some milliseconds at most, in which their filters ring.
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

LEVELS_DBFS = (-10.0,)
STEP_DB = 20.0
TONE_HZ = 1000.0
LOUD_S = 1.5
QUIET_S = 4.0
END_S = 0.05  # in which the gain is taken as reached
BEFORE_S = 0.1  # of pictures
LEAST_DB = 0.1
LEFT = float(np.exp(-1.0))  # of a change, when its time is over


@attrs.frozen
class Attack(Result):
    """Times: arrays with a value for each level.

    level_dbfs: of the loud tone; the quiet one is 20 dB lower
    change_db: of the gain, from the quiet tone to the loud one
    time_s, gain_db: the gain over the time from the first step on, for pictures; gain_db is (levels, times)
    """

    level_dbfs: Array
    change_db: Array
    attack_ms: Array
    release_ms: Array
    time_s: Array
    gain_db: Array

    def columns(self) -> dict[str, Array]:
        names = ("level_dbfs", "change_db", "attack_ms", "release_ms")
        return {name: getattr(self, name) for name in names}

    def plot(self, ax: Any) -> None:
        for level_dbfs, gain_db in zip(self.level_dbfs, self.gain_db, strict=True):
            ax.plot(self.time_s, gain_db, label=f"{level_dbfs - STEP_DB:g}, {level_dbfs:g} dBFS")
        for step_s in (0.0, LOUD_S):
            ax.axvline(step_s, linestyle=":", color="gray")
        ax.set_xlabel("s after the tone gets louder")
        ax.set_ylabel("gain, dB")
        ax.grid(True, alpha=0.3)
        ax.legend()


def attack(graph: Measured, levels_dbfs: Sequence[float] = LEVELS_DBFS) -> Attack:
    """Return attack and release of a graph, or on a rig, for a loud tone of each level and one that is 20 dB lower."""
    rig = on_the_bench(graph)
    up, down = (round((rig.settling_s + later_s) * rig.sample_rate) for later_s in (0.0, LOUD_S))
    rows, curves = [], []
    picture_s = np.arange(-BEFORE_S, LOUD_S + QUIET_S - END_S, 1.0 / TONE_HZ)
    for level_dbfs in levels_dbfs:
        x = stepped(rig, level_dbfs, up, down)
        gain_db = level_db(rig, rig.play(x)) - level_db(rig, x)
        quiet, loud = (reached(rig, gain_db[:end]) for end in (up, down))
        times = (time_ms(rig, gain_db[up:down], quiet), time_ms(rig, gain_db[down:], loud))
        changes = abs(loud - quiet) >= LEAST_DB
        rows.append((level_dbfs, loud - quiet, *(times if changes else (np.nan, np.nan))))
        curves.append(np.interp(picture_s, (np.arange(len(x)) - up) / rig.sample_rate, gain_db))
    levels, changes_db, attacks_ms, releases_ms = np.array(rows).T
    return Attack(levels, changes_db, attacks_ms, releases_ms, picture_s, np.array(curves), changed=rig.changed)


def stepped(rig: Machine, level_dbfs: float, up: int, down: int) -> Array:
    """Return a tone that is loud from one frame to another; quiet before, until the graph has settled, and after."""
    n = np.arange(down + round(QUIET_S * rig.sample_rate))
    loud = (n >= up) & (n < down)
    sizes = np.where(loud, amplitude(level_dbfs), amplitude(level_dbfs - STEP_DB))
    return np.asarray(sizes * np.sin(2.0 * np.pi * TONE_HZ * n / rig.sample_rate))


def level_db(rig: Machine, sound: Array) -> Array:
    """Return the level of the tone in a sound, in dB, over a period around each frame."""
    period = round(rig.sample_rate / TONE_HZ)
    turned = sound * np.exp(-2j * np.pi * TONE_HZ * np.arange(len(sound)) / rig.sample_rate)
    return decibels(np.abs(np.convolve(turned, np.full(period, 2.0 / period), "same")))


def reached(rig: Machine, gain_db: Array) -> float:
    """Return the gain at the end of a stretch, but for the period that reaches into what follows."""
    last = len(gain_db) - round(rig.sample_rate / TONE_HZ)
    return float(np.mean(gain_db[last - round(END_S * rig.sample_rate) : last]))


def time_ms(rig: Machine, gain_db: Array, before_db: float) -> float:
    """Return after how long in a stretch 63 % of the change from the gain before it is made for good."""
    end = reached(rig, gain_db)
    left = np.abs(gain_db[: -round(rig.sample_rate / TONE_HZ)] - end)
    open_yet = np.flatnonzero(left > LEFT * abs(before_db - end))
    return 1e3 * (int(open_yet[-1]) + 1 if len(open_yet) else 0) / rig.sample_rate
