"""Steady tones with whole cycles in a stretch of sound: their spectrum is exact at every line, without a window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.measure.machine import Machine
from tapegraph.measure.result import amplitude, decibels
from tapegraph.quantity import format_number
from tapegraph.run.sound import Array

STRETCH_S = 1.0
AFTERWARDS_S = 0.1  # the tones go on, for resamplers look ahead


def stretch_frames(rig: Machine, stretch_s: float = STRETCH_S) -> int:
    """Return the frames of the stretch that is looked at."""
    return round(stretch_s * rig.sample_rate)


def line(rig: Machine, frequency_hz: float, stretch_s: float = STRETCH_S) -> int:
    """Return the line next to a frequency: how many cycles of it a stretch holds."""
    if not 1.0 / stretch_s <= frequency_hz <= rig.highest_hz:
        raise TapegraphError(
            f"a tone is {format_number(frequency_hz, 'Hz')}; it must be {1.0 / stretch_s:g} to "
            f"{format_number(rig.highest_hz, 'Hz')} at a sample rate of {format_number(rig.sample_rate, 'Hz')}"
        )
    return round(frequency_hz * stretch_frames(rig, stretch_s) / rig.sample_rate)


def usual(rig: Machine, frequencies_hz: Sequence[float]) -> list[float]:
    """Return those of the frequencies that the sample rate holds."""
    return [frequency_hz for frequency_hz in frequencies_hz if frequency_hz <= 0.99 * rig.highest_hz]


def lines_hz(rig: Machine) -> Array:
    frames = stretch_frames(rig)
    return np.asarray(np.arange(frames // 2 + 1) * rig.sample_rate / frames, dtype=np.float64)


def played(rig: Machine, lines: Sequence[int], level_dbfs: float, shares: Sequence[float] = (1.0,)) -> Array:
    """Return the stretch that comes out for tones, once the graph has settled.

    level_dbfs: of a sine with the peak of all tones together; shares: of them, of that peak
    """
    return stretch(rig, rig.play(tones(rig, lines, level_dbfs, shares)))


def tones(rig: Machine, lines: Sequence[int], level_dbfs: float, shares: Sequence[float] = (1.0,)) -> Array:
    """Return sines that last for the settling, a stretch, and a little more."""
    frames = stretch_frames(rig)
    n = np.arange(round(rig.settling_s * rig.sample_rate) + frames + round(AFTERWARDS_S * rig.sample_rate))
    parts = (share * np.sin(2.0 * np.pi * k * n / frames) for k, share in zip(lines, shares, strict=True))
    return np.asarray(amplitude(level_dbfs) * sum(parts))


def stretch(rig: Machine, sound: Array) -> Array:
    """Return the stretch of a sound that tones() began."""
    start = round(rig.settling_s * rig.sample_rate)
    return sound[start : start + stretch_frames(rig)]


def amplitudes(sound: Array) -> Array:
    """Return the amplitude of the sine at each line of a stretch."""
    return np.abs(np.fft.rfft(sound)) * 2.0 / len(sound)


def percent(part: float | np.floating, whole: float | np.floating) -> float:
    """Return a ratio of amplitudes in percent, not a number where there is no whole."""
    return float(100.0 * part / whole) if whole > 0.0 else float("nan")


def rms(parts: Array) -> float:
    """Return the amplitude of a sine with the power of all these."""
    return float(np.sqrt(np.sum(parts**2)))


def dbfs(part: float | np.floating) -> float:
    return float(decibels(np.asarray(part)))
