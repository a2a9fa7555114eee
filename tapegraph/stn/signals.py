"""Sounds to train on: sweeps, sums of tones, bands of noise and plucked strings, at all levels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
RANGE_DB = 52.0  # between the softest and the loudest
BAND_HZ = (30.0, 20_000.0)


def sounds(random: np.random.Generator, count: int, frames: int, fs: float, peak: float) -> Array:
    """Return sounds (count, frames) at the sample rate fs (Hz), of each sort in turn, none above peak.

    One in three has an offset, as from sub-bass.
    """
    made = np.array([SORTS[k % len(SORTS)](random, frames, fs) for k in range(count)])
    levels_db = random.uniform(-RANGE_DB, 0.0, (count, 1))
    made *= peak * 10.0 ** (levels_db / 20.0) / np.max(np.abs(made), axis=1, keepdims=True)
    offsets = 0.5 * peak * 10.0 ** (random.uniform(-36.0, 0.0, (count, 1)) / 20.0)
    offsets *= random.choice([-1.0, 0.0, 0.0, 0.0, 0.0, 1.0], (count, 1))
    rise = np.minimum(1.0, np.arange(frames) * (8.0 / frames))
    return np.asarray(np.clip(made + offsets * rise, -peak, peak))


def pitch(random: np.random.Generator, fs: float) -> float:
    low, high = BAND_HZ
    return float(low * (min(high, 0.45 * fs) / low) ** random.random())


def sweep(random: np.random.Generator, frames: int, fs: float) -> Array:
    """A sine whose pitch moves exponentially from one frequency to another."""
    t = np.arange(frames) / fs
    start, end = pitch(random, fs), pitch(random, fs)
    rate = np.log(end / start) * fs / frames
    return np.asarray(np.sin(2.0 * np.pi * start * np.expm1(rate * t) / rate + 2.0 * np.pi * random.random()))


def tones(random: np.random.Generator, frames: int, fs: float) -> Array:
    """One to five sines."""
    t = np.arange(frames) / fs
    mix = np.zeros(frames)
    for _ in range(random.integers(1, 6)):
        mix += random.random() * np.sin(2.0 * np.pi * (pitch(random, fs) * t + random.random()))
    return mix


def noise(random: np.random.Generator, frames: int, fs: float) -> Array:
    """Noise between two frequencies."""
    low, high = sorted((pitch(random, fs), pitch(random, fs)))
    spectrum = np.fft.rfft(random.standard_normal(2 * frames))
    hz = np.fft.rfftfreq(2 * frames, 1.0 / fs)
    spectrum[(hz < 0.7 * low) | (hz > 1.4 * high + fs / frames)] = 0.0
    return np.asarray(np.fft.irfft(spectrum)[:frames])


def pluck(random: np.random.Generator, frames: int, fs: float) -> Array:
    """A plucked string: a burst that comes back every period, softer and duller."""
    period = round(fs / min(pitch(random, fs), 2000.0))
    spectrum = np.fft.rfft(random.uniform(-1.0, 1.0, period))
    spectrum[np.fft.rfftfreq(period, 1.0 / fs) > BAND_HZ[1]] = 0.0
    decay = np.exp(-np.arange(len(spectrum)) * random.uniform(0.01, 0.3))
    rounds = -(-frames // period)
    return np.concatenate([np.fft.irfft(spectrum * decay ** (k + 1), period) for k in range(rounds)])[:frames]


SORTS = (sweep, tones, noise, pluck)
