"""The time error of a recorded signal, from its own phase: what wow, flutter and a wrong clock did to it.

    heard(t) = played(t + tau(t))
    tau(t) = low-passed arg(heard played*) / 2 pi f(t),    f(t) the frequency that is played

Both as analytic signals; of several tones the one whose phase is the finest clock, that with the most amplitude times
frequency. Harmonics and hum lie outside the low-pass, distortion in step with the tone changes its amplitude alone.

Of a tone, which may get louder in steps, all of tau is an error of time. Of a sweep it is also the phase response of
the machine, which varies slowly with frequency: only what is fast beside SMOOTH_S counts, and nothing below BASS_HZ,
where wow hardly matters. What is left, slow wow, changes magnitudes by 8.7 dB L tau'', less than 0.1 dB for 0.1 % at
1 Hz.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph.measure.places import quick
from tapegraph.run.sound import Array

Analytic = npt.NDArray[np.complex128]

STEADY = 0.05  # of its amplitude, that a tone varies by at most
HELD = 0.8  # of the highest level before, by a tone that gets louder; filters overshoot its steps
HALF_BAND_HZ = 300.0  # around a tone
MOST_OF_TONE = 0.4  # of its frequency
EDGE_S = 0.03  # of a signal, where filters ring
RINGING = 5.0  # over a bandwidth, for how long a filter rings
WIDEST = 4.0  # ends of a sweep, at least
LOWEST_HZ = 20.0  # of a sweep
SLOWER_HZ = 50.0  # than this is what is taken out; what is faster may be distortion by a second tone
FASTEST = 0.05  # tau' of a phase that is to be believed
WEAKEST = 0.1  # of the median, a tone that can be followed
FAINTEST = 0.03  # a sweep, whose treble may be weak


@attrs.frozen
class Pass:
    """How closely a phase is followed.

    widest_hz: of the low-pass
    bass_hz: where the time error of a sweep fades in, over an octave
    smooth_s: what of it is faster counts
    """

    widest_hz: float
    bass_hz: float
    smooth_s: float


PASSES = (Pass(150.0, 150.0, 1.0), Pass(50.0, 150.0, 1.0), Pass(20.0, 30.0, 0.12))  # one after the other


@attrs.frozen
class Carrier:
    """What of a signal its time is read from.

    z: analytic, and frequency_hz
    low_hz, high_hz: the band that it lies in
    first, behind: frames where it can be read
    sweeps: whether its frequency varies
    weakest: of its median level when heard, that it can be followed at; of a staircase any, as its steps differ
    """

    z: Analytic
    frequency_hz: Array
    low_hz: float
    high_hz: float
    first: int
    behind: int
    sweeps: bool
    weakest: float


def carrier(played: Array, sample_rate: float, highest_hz: float) -> Carrier | None:
    """Return the carrier of a signal: its finest tone, steady or a staircase, or all of a sweep; None without one."""
    spectrum = np.abs(np.fft.rfft(played * np.hanning(len(played))))
    f = np.arange(len(spectrum)) * sample_rate / len(played)
    peak_hz = float(f[int(np.argmax(f * spectrum))])
    half_hz = min(HALF_BAND_HZ, MOST_OF_TONE * peak_hz)
    low_hz, high_hz = peak_hz - half_hz, peak_hz + half_hz
    return (
        read(played, sample_rate, low_hz, high_hz)
        or rising(played, sample_rate, low_hz, high_hz)
        or read(played, sample_rate, 0.0, highest_hz)
    )


def read(played: Array, sample_rate: float, low_hz: float, high_hz: float) -> Carrier | None:
    """Return what of a signal lies in a band; None where its amplitude varies. Of all of it, a sweep, not the bass."""
    sweeps = low_hz == 0.0
    edge = round((EDGE_S if sweeps else ringing_s(low_hz, high_hz)) * sample_rate)
    z = analytic(played, sample_rate, low_hz, np.inf if sweeps else high_hz)
    level = np.abs(z)
    loud = np.flatnonzero(level > 0.5 * float(np.max(level)))
    if len(loud) == 0 or loud[-1] - loud[0] < 4 * edge:
        return None
    first, behind = int(loud[0]) + edge, int(loud[-1]) + 1 - edge
    turned_hz = np.gradient(np.unwrap(np.angle(z[first:behind]))) * sample_rate / (2.0 * np.pi)
    if sweeps:
        bass = np.flatnonzero(turned_hz < LOWEST_HZ)
        bass_ends = int(bass[-1]) + 1 if len(bass) else 0
        first, turned_hz = first + bass_ends, turned_hz[bass_ends:]
        turned_hz = turned_hz[: int(np.searchsorted(turned_hz, high_hz))]
        behind = first + len(turned_hz)
        if behind - first < 4 * edge or turned_hz[-1] < WIDEST * turned_hz[0]:
            return None
        turned_hz = exponential(turned_hz)
    else:
        turned_hz[:] = np.mean(turned_hz)
    inside = level[first:behind]
    if len(inside) < 4 * edge or float(np.max(inside) - np.min(inside)) > STEADY * float(np.mean(inside)):
        return None
    weakest = FAINTEST if sweeps else WEAKEST
    return Carrier(z, turned_hz, low_hz, np.inf if sweeps else high_hz, first, behind, sweeps, weakest)


def rising(played: Array, sample_rate: float, low_hz: float, high_hz: float) -> Carrier | None:
    """Return a tone in a band that goes on while it gets louder; None where it gets quieter."""
    if low_hz == high_hz:
        return None
    edge = round(ringing_s(low_hz, high_hz) * sample_rate)
    z = analytic(played, sample_rate, low_hz, high_hz)
    inside = z[edge : len(z) - edge]
    level = np.abs(inside)
    if len(level) < 4 * edge or bool(np.any(level < HELD * np.maximum.accumulate(level))):
        return None
    t = (np.arange(len(level)) - 0.5 * (len(level) - 1)) / sample_rate
    phase = np.unwrap(np.angle(inside))
    frequency_hz = np.full(len(level), np.sum(t * phase) / np.sum(t**2) / (2.0 * np.pi))
    return Carrier(z, frequency_hz, low_hz, high_hz, edge, len(z) - edge, sweeps=False, weakest=0.0)


def ringing_s(low_hz: float, high_hz: float) -> float:
    """Return how long the filter of a band rings, or longer."""
    return max(EDGE_S, RINGING / (high_hz - low_hz))


def exponential(frequency_hz: Array) -> Array:
    """Return the exponential sweep next to a frequency over time."""
    t = np.linspace(-1.0, 1.0, len(frequency_hz))
    log_hz = np.log(np.maximum(frequency_hz, 1.0))
    return np.asarray(np.exp(np.mean(log_hz) + t * np.mean(t * log_hz) / np.mean(t**2)))


def time_error(heard: Array, like: Carrier, sample_rate: float, how: Pass) -> Array | None:
    """Return tau at each frame, s; None where the carrier cannot be followed."""
    lowest_hz = how.bass_hz if like.sweeps else float(like.frequency_hz[0]) / 3.0
    begin = int(np.searchsorted(like.frequency_hz, how.bass_hz)) if like.sweeps else 0
    frequency_hz = like.frequency_hz[begin:]
    inside = slice(like.first + begin, like.behind)
    product = analytic(heard, sample_rate, like.low_hz, like.high_hz)[inside] * np.conj(like.z[inside])
    product = lowpass(product / np.abs(like.z[inside]), sample_rate, min(how.widest_hz, lowest_hz))
    level = np.abs(product)
    weak = np.flatnonzero(level <= like.weakest * np.median(level))
    if like.sweeps and len(weak) > 0 and weak[0] > len(level) // 2:
        product, frequency_hz = product[: weak[0]], frequency_hz[: weak[0]]
    elif len(weak) > 0:
        return None
    phase = np.unwrap(np.angle(product))
    weight = np.ones(len(phase))
    if like.sweeps:
        weight = 0.5 - 0.5 * np.cos(np.pi * np.clip(np.log2(frequency_hz / how.bass_hz), 0.0, 1.0))
        phase -= np.average(phase, weights=weight * (1.0 - weight))
    tau = phase / (2.0 * np.pi * frequency_hz)
    if like.sweeps:
        tau = weight * (tau - smooth(tau, weight, how.smooth_s * sample_rate))
    tau = lowpass(tau.astype(np.complex128), sample_rate, min(SLOWER_HZ, how.widest_hz)).real
    if float(np.max(np.abs(np.diff(tau)))) * sample_rate > FASTEST:
        return None
    return np.interp(np.arange(len(heard)), inside.start + np.arange(len(tau)), tau)


def analytic(sound: Array, sample_rate: float, low_hz: float, high_hz: float) -> Analytic:
    """Return what of a sound lies in a band, its frequencies above 0 alone, doubled."""
    frames = quick(len(sound))
    spectrum = np.fft.fft(sound, frames)
    f = np.fft.fftfreq(frames, 1.0 / sample_rate)
    inside = (f > low_hz) & (f < high_hz)
    if np.isfinite(high_hz):
        place = np.abs(f - 0.5 * (low_hz + high_hz)) / (0.5 * (high_hz - low_hz))
        spectrum *= 2.0 * inside * (0.5 + 0.5 * np.cos(np.pi * np.clip(2.0 * place - 1.0, 0.0, 1.0)))
    else:
        spectrum *= 2.0 * inside
    return np.asarray(np.fft.ifft(spectrum)[: len(sound)])


def lowpass(z: Analytic, sample_rate: float, highest_hz: float) -> Analytic:
    """Return what turns slower than highest_hz, all of it up to two thirds of that; mirrored at the ends."""
    frames = quick(2 * len(z))
    before = len(z) // 2
    mirrored = np.pad(z, (before, frames - len(z) - before), "symmetric")
    f = np.abs(np.fft.fftfreq(frames, 1.0 / sample_rate)) / highest_hz
    gain = 0.5 + 0.5 * np.cos(np.pi * np.clip(3.0 * f - 2.0, 0.0, 1.0))
    return np.asarray(np.fft.ifft(np.fft.fft(mirrored) * gain)[before : before + len(z)])


def smooth(y: Array, weight: Array, sigma: float) -> Array:
    """Return a weighted mean of y around each place, and of what that leaves, so that slopes and bends stay."""
    frames = quick(2 * len(y))
    f = np.arange(frames // 2 + 1) / frames
    gain = np.exp(-2.0 * (np.pi * sigma * f) ** 2)

    def mean(values: Array) -> Array:
        total = np.fft.irfft(np.fft.rfft(values * weight, frames) * gain, frames)[: len(y)]
        return np.asarray(total / np.maximum(weights, 1e-9))

    weights = np.fft.irfft(np.fft.rfft(weight, frames) * gain, frames)[: len(y)]
    once = mean(y)
    return once + mean(y - once)
