"""Null test: what is left of music when what one graph makes of it is subtracted from what another does.

    depth = RMS(a - b) / RMS(a),    matched = min over g of RMS(a - g b) / RMS(a)

a and b are what the two make of four bars of music, see demo.py, both held still and moved against each other by the
time at which their correlation is largest, parts of a frame included; gain_db is g, delay_ms how much later b is than
a in what is left of latency once each is moved back by its own. By octaves as well, where a has anything in them.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from tapegraph import demo
from tapegraph.errors import TapegraphError
from tapegraph.measure.result import Panel, Result, decibels, over_frequency, vector
from tapegraph.measure.rig import Measured, Rig, on_a_rig
from tapegraph.measure.sheet import pens
from tapegraph.measure.sweep import Spectrum
from tapegraph.quantity import format_number
from tapegraph.run.sound import Array

OCTAVES_HZ = tuple(1000.0 * 2.0**k for k in range(-5, 5))
NOTHING_DB = -400.0  # of nothing at all
ROUNDING_DB = -250.0
TINY = 1e-300  # power of silence
LEAST = 1e-9  # of all power: an octave with less says nothing
STEPS = 20  # of the search for the delay
STILL_FRAMES = 1e-6  # a shorter delay is that of rounding


@attrs.frozen
class Null(Result):
    """What is left: all of it in the first row, then by octaves; delay and gain are those of the whole."""

    low_hz: Array
    high_hz: Array
    depth_db: Array
    matched_db: Array
    delay_ms: Array
    gain_db: Array

    TITLE = "Null test"

    @property
    def is_identical(self) -> bool:
        known = self.depth_db[~np.isnan(self.depth_db)]  # none, where the first makes no sound
        return len(known) > 0 and bool(np.max(known) <= NOTHING_DB)

    def summary(self) -> dict[str, Array]:
        """Return the table, blank where nothing is left but the rounding of numbers."""
        blank = {name: np.where(values < ROUNDING_DB, np.nan, values) for name, values in self.columns().items()}
        return self.columns() | {name: blank[name] for name in ("depth_db", "matched_db")}

    def remarks(self) -> tuple[str, ...]:
        return ("identical",) if self.is_identical else ()

    def panels(self) -> dict[str, Panel]:
        return {} if self.is_identical else super().panels()

    def plot(self, ax: Any) -> None:
        """Draw the depth by octaves."""
        centres = np.sqrt(self.low_hz[1:] * self.high_hz[1:])
        depths = self.summary()
        ax.plot(centres, depths["depth_db"][1:], marker=".", label="as they are")
        ax.plot(centres, depths["matched_db"][1:], marker=".", label="matched in gain")
        over_frequency(ax, "dB, difference over the first")
        pens.fit_decibels(ax, most=120.0)
        ax.legend()

    def figures(self) -> dict[str, str]:
        if self.is_identical:
            return {self.TITLE: "identical"}
        matched_db = f"{self.matched_db[0]:.1f} dB" if self.matched_db[0] > ROUNDING_DB else "nothing left"
        return {
            self.TITLE: f"{self.depth_db[0]:.1f} dB",
            f"{self.TITLE}, matched by {self.gain_db[0]:.2f} dB": matched_db,
        }


def null(graph: Measured, other: Measured, sound: Array | None = None) -> Null:
    """Return what is left where what two graphs, or rigs, make of a sound is subtracted.

    sound: one channel at the sample rate of the rigs; four bars of music where it is None
    """
    rig, against = on_a_rig(graph), on_a_rig(other)
    if rig.sample_rate != against.sample_rate:
        raise TapegraphError(
            f"a null test needs one sample rate; there are {format_number(rig.sample_rate, 'Hz')} and "
            f"{format_number(against.sample_rate, 'Hz')}"
        )
    x = music(rig) if sound is None else sound
    a, b = rig.play(x), against.play(x)
    low, high = edges(rig.sample_rate)
    lines = 2 * len(a) / rig.sample_rate  # in a Hz
    found = compared(a, b, low * lines, high * lines)
    delay_ms = 1e3 * found.delay_frames / rig.sample_rate
    once = np.where(np.arange(len(low)) == 0, 1.0, np.nan)
    changed = tuple(dict.fromkeys((*rig.changed, *against.changed)))
    return Null(low, high, found.depth_db, found.matched_db, once * delay_ms, once * found.gain_db, changed=changed)


@attrs.frozen
class Compared:
    """What is left of two sounds, and how they were aligned for that."""

    depth_db: Array
    matched_db: Array
    delay_frames: float
    gain_db: float


def compared(a: Array, b: Array, low: Array, high: Array) -> Compared:
    """Compare two sounds, in bands between lines of their spectra, for which they are padded to twice their length."""
    A, B = (np.fft.rfft(y, 2 * len(y)) for y in (a, b))
    delay = delay_frames(A, B)
    if abs(delay) > STILL_FRAMES:
        B = B * np.exp(2j * np.pi * delay * np.arange(len(B)) / (2 * len(a)))
    gain = float(np.sum((A * np.conj(B)).real)) / max(power(B), TINY)
    bands = [slice(round(start), round(end) + (start == 0.0)) for start, end in zip(low, high, strict=True)]
    least = LEAST * power(A)
    depth, matched = (
        vector(left(A[lines], A[lines] - g * B[lines], least) for lines in bands) for g in (1.0, gain)
    )  # fmt: skip
    return Compared(depth, matched, delay, float(decibels(np.abs(gain))))


def music(rig: Rig) -> Array:
    """Return the music as one channel at the sample rate of a rig, as long as it."""
    sound = demo.music().mean(axis=0)
    frames = round(len(sound) * rig.sample_rate / demo.SAMPLE_RATE)
    return np.fft.irfft(np.fft.rfft(sound)[: frames // 2 + 1], frames) * (frames / len(sound))


def edges(sample_rate: float) -> tuple[Array, Array]:
    """Return the ends of all frequencies, and of the octaves that a sample rate holds."""
    half = 2.0**0.5
    centres = [centre for centre in OCTAVES_HZ if centre * half <= sample_rate / 2.0]
    return vector([0.0, *(f / half for f in centres)]), vector([sample_rate / 2.0, *(f * half for f in centres)])


def delay_frames(A: Spectrum, B: Spectrum) -> float:
    """Return by how many frames b is later than a: where their correlation is largest, of either sign."""
    frames = 2 * (len(A) - 1)
    X = A * np.conj(B)
    correlation = np.fft.irfft(X)
    whole = int(np.argmax(np.abs(correlation)))
    sign = np.sign(correlation[whole])
    omega = 2.0 * np.pi * np.arange(len(X)) / frames
    delay = -float(whole if whole < frames // 2 else whole - frames)
    for _ in range(STEPS):  # Newton's, on the slope of the correlation
        turned = sign * X * np.exp(-1j * omega * delay)
        slope, bend = float(np.sum(omega * turned.imag)), float(np.sum(omega**2 * turned.real))
        if bend <= 0.0:
            break
        delay += float(np.clip(slope / bend, -0.5, 0.5))
    return delay


def power(A: Spectrum) -> float:
    return float(np.sum(np.abs(A) ** 2))


def left(A: Spectrum, difference: Spectrum, least: float) -> float:
    """Return a difference in dB relative to a spectrum; not a number where that has too little power."""
    whole = power(A)
    return float(decibels(np.sqrt(power(difference) / whole))) if whole > max(least, TINY) else float("nan")
