"""Synchronised swept sine: a graph's linear response and its harmonics over frequency, from one sweep.

    x(t) = A sin(2 pi f1 L exp(t / L)),    L = round(f1 T / ln(f2 / f1)) / f1
    h = IFFT(Y / X)

f1 L is whole, so that n times the phase of x is the phase of x shifted by L ln n: what the graph adds at n times the
frequency stands in h as an impulse response of its own, L ln n before that of the sound itself. Each is cut out by a
window and transformed. Dividing by the spectrum of x as it was played, in place of that of an endless sweep, makes the
linear response exact. Before t = 0 f1 sounds, in phase with the sweep, for as long as the graph takes to settle.

What a graph sounds later than LATER_S is cut off. Harmonic n of a fundamental f stands at n f.

What aliases is no harmonic, but falls while the sweep rises, and passes the places of harmonics: the third that of the
second. So harmonic() keeps above ALIASED only what comes when the sound itself or an echo of it comes, give or
take milliseconds: only bass rings for longer. A spike is left where both meet, as at f = fs / 5, within 2 %; a steady
tone of that frequency has it, too.
Source: A. Novak, P. Lotton, L. Simon, Synchronized Swept-Sine: Theory, Application, and Implementation, JAES 63 (2015).
The second cut is ours.
"""

from __future__ import annotations

import functools
import math

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph.measure.machine import Machine
from tapegraph.measure.result import amplitude
from tapegraph.run.sound import Array

Spectrum = npt.NDArray[np.complex128]

LOWEST_HZ = 8.0
DURATION_S = 10.0
LATER_S = 1.2
FADE_S = 0.02
LINES_S = 10.0  # lines are 0.1 Hz apart
ALIASED = (1.0 / 24.0, 1.0 / 12.0)  # of the sample rate; above it harmonics are cut shorter
RINGING = (1.0 / 96.0, 1.0 / 48.0)  # of the sample rate; what is below it does not tell when sound comes
FAINT = 10.0 ** (-50.0 / 20.0)  # of the loudest; the harmonics of such echoes are not looked for
AROUND_S = 0.005  # before and after the sound, is kept as it is
EDGE_S = 0.015  # further away, fades


@attrs.frozen
class Sweep:
    """The impulse responses that a sweep found.

    impulses: h, time 0 at index 0, earlier times at the end
    rate: L, s
    """

    impulses: Array
    rate: float
    sample_rate: float

    def spectrum(self, order: int) -> Spectrum:
        """Return what stands at the place of harmonic `order`, at lines of 1 / LINES_S, relative to the sweep."""
        times, window = self.window(order)
        return self.transformed(order, times, window)

    def harmonic(self, order: int) -> Spectrum:
        """Return spectrum() without the aliases that pass."""
        times, window = self.window(order)
        long, short = (self.transformed(order, times, w) for w in (window, window * self.sounding[times]))
        return long + between(np.arange(len(long)) / self.frames, *ALIASED) * (short - long)

    @property
    def frames(self) -> int:
        """Return how many a spectrum is made of."""
        return round(LINES_S * self.sample_rate)

    @functools.cached_property
    def heard(self) -> npt.NDArray[np.int64]:
        """Return the frames in which sound comes out, echoes too; bass, which rings, does not count."""
        lines = np.arange(self.frames // 2 + 1) / self.frames
        h = np.abs(np.fft.irfft(self.spectrum(1) * between(lines, *RINGING), self.frames))
        times, _ = self.window(1)
        return np.asarray(times[h[times] >= FAINT * np.max(h)])

    @functools.cached_property
    def sounding(self) -> Array:
        """Return 1 at the times when sound comes out, echoes too, and a little around them, 0 at others."""
        times, _ = self.window(1)
        following = np.searchsorted(self.heard, times)
        before, behind = (
            self.heard[np.maximum(following - 1, 0)],
            self.heard[np.minimum(following, len(self.heard) - 1)],
        )
        apart_s = np.minimum(np.abs(times - before), np.abs(behind - times)) / self.sample_rate
        around = np.zeros(self.frames)
        around[times] = 1.0 - between(apart_s, AROUND_S, AROUND_S + EDGE_S)
        return around

    def is_apart(self, order: int) -> bool:
        """Tell whether a harmonic, all that comes before it, and its echoes end before the places of its neighbours."""
        times, _ = self.window(order + 1)
        return bool(times[0] <= self.heard[0] and self.heard[-1] <= times[-1])

    def window(self, order: int) -> tuple[npt.NDArray[np.int64], Array]:
        """Return the frames that are cut out around the place of a harmonic, and what they are multiplied by."""
        later = LATER_S if order == 1 else 0.7 * self.rate * math.log(order / (order - 1))
        earlier = 0.3 * self.rate * math.log((order + 1) / order)
        before, after = (round(time_s * self.sample_rate) for time_s in (earlier, later))
        return np.arange(-before, after), np.concatenate([rise(before), rise(after)[::-1]])

    def transformed(self, order: int, times: npt.NDArray[np.int64], window: Array) -> Spectrum:
        """Return the spectrum of what is cut out around the place of a harmonic."""
        place = self.rate * math.log(order) * self.sample_rate
        whole = round(place)
        cut = window * self.impulses[(times - whole) % len(self.impulses)]
        cycles = np.arange(self.frames // 2 + 1) / self.frames
        return np.asarray(np.fft.rfft(cut, self.frames) * np.exp(2j * np.pi * cycles * (whole - times[0] - place)))


def rise(frames: int) -> Array:
    """Return half of a window: a quarter of it rises as a cosine, the rest is 1."""
    edge = frames // 4
    return np.concatenate([0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge), np.ones(frames - edge)])


def sweep(rig: Machine, level_dbfs: float) -> Sweep:
    """Play a sweep whose peak is that of a sine at level_dbfs."""
    x = signal(rig)
    return found(rig, x, rig.play(amplitude(level_dbfs) * x) / amplitude(level_dbfs))


def sweep_one(rig: Machine, level_dbfs: float, driven: int) -> list[Sweep]:
    """Play a sweep into one channel, from 0, and silence into the others; return what each output channel makes of it.

    A sweep in a channel that gets none is relative to that in the driven one.
    """
    x = signal(rig)
    sound = np.zeros((rig.channels, len(x)))
    sound[driven] = amplitude(level_dbfs) * x
    return [found(rig, x, y / amplitude(level_dbfs)) for y in rig.play_channels(sound)]


def signal(rig: Machine) -> Array:
    """Return the sweep that is played, with a peak of 1: first its lowest frequency, last silence."""
    fs = rig.sample_rate
    highest_hz, rate = top_hz(rig), pace(rig)
    settling = round(math.ceil(rig.settling_s * LOWEST_HZ) / LOWEST_HZ * fs)
    sweeping = round(rate * math.log(highest_hz / LOWEST_HZ) * fs)
    t = (np.arange(settling + sweeping) - settling) / fs
    x = np.sin(2.0 * np.pi * LOWEST_HZ * np.where(t < 0.0, t, rate * np.exp(np.maximum(t, 0.0) / rate)))
    fade = round(FADE_S * fs)
    x[-fade:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(fade) / fade)
    return np.concatenate([x, np.zeros(round((LATER_S + 0.5) * fs))])


def found(rig: Machine, x: Array, y: Array) -> Sweep:
    """Return what a sweep x finds of what made y of it."""
    f = np.asarray(np.arange(len(x) // 2 + 1) * rig.sample_rate / len(x), dtype=np.float64)
    band = between(f, LOWEST_HZ, 2.0 * LOWEST_HZ) * (1.0 - between(f, 1.01 * rig.highest_hz, top_hz(rig)))
    ratio = np.zeros(len(f), np.complex128)
    np.divide(np.fft.rfft(y) * band, np.fft.rfft(x), out=ratio, where=band > 0.0)
    return Sweep(np.fft.irfft(ratio, len(x)), pace(rig), rig.sample_rate)


def top_hz(rig: Machine) -> float:
    """Return where the sweep ends."""
    return min(24_000.0, 0.48 * rig.sample_rate)


def pace(rig: Machine) -> float:
    """Return L, s."""
    return round(LOWEST_HZ * DURATION_S / math.log(top_hz(rig) / LOWEST_HZ)) / LOWEST_HZ


def between(f: Array, low: float, high: float) -> Array:
    """Return 0 up to low and 1 from high, and a cosine between them."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip((f - low) / (high - low), 0.0, 1.0)))


def grid(lowest_hz: float, highest_hz: float, per_decade: int) -> npt.NDArray[np.int64]:
    """Return lines of 1 / LINES_S, the ones nearest to steps of a decade that 1 kHz is one of."""
    first = round(per_decade * math.log10(lowest_hz / 1000.0))
    last = math.floor(per_decade * math.log10(highest_hz / 1000.0) + 1e-9)
    return np.round(LINES_S * 1000.0 * 10.0 ** (np.arange(first, last + 1) / per_decade)).astype(np.int64)


def every(step: int, frequency_hz: Array, per_decade: int) -> npt.NDArray[np.bool_]:
    """Tell which of the frequencies of a grid are a whole number of steps from 1 kHz."""
    return np.asarray(np.round(per_decade * np.log10(frequency_hz / 1000.0)) % step == 0)
