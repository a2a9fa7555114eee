"""Loudness: of a stretch of sound as it is, and of a whole programme with the gates that leave out its pauses.

    L = -0.691 + 10 log10(sum of G z over the channels)    in LUFS, which is the same as LKFS
    z = mean of (K x)^2,    K = pre-filter (a shelf: the head) * RLB (a high-pass: the ear)

G is 1 for a loudspeaker in front. loudness() takes the mean over all of a sound, without gates, as a short-term meter
does over 3 s; z is then taken from the spectrum, and the weighting is that of a sound that repeats. Meter and
integrated() take it over blocks of 400 ms that overlap by 75 %, of which those count that are louder than -70 LUFS, and
of these the ones that are louder than their common loudness less 10 LU.

Meter and loudness_range() also take it over blocks of 3 s, one every 100 ms. Of those that are louder than -70 LUFS,
and than the common loudness of these less 20 LU, the loudness range is the distance in LU between the one that 10 % are
below and the one that 5 % are above. The highest momentary loudness is that of any 400 ms, the highest short-term
loudness that of any 3 s, without gates; they are looked for every 10 ms, so that a tone of 400 ms reads its level.

K is applied to a programme in the frequency domain, a second at a time with overlap: it decays to -200 dB in 100 ms.
Sources: ITU-R BS.1770-5, annex 1 (the tables hold at 48 kHz); EBU Tech 3341; EBU Tech 3342 (the loudness range). The
filters at other rates: B. De Man, Evaluation of Implementations of the EBU R128 Loudness Measurement, AES 145 (2018).
"""

from __future__ import annotations

import functools
import math
from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tapegraph.run.sound import Array, Audio

QUIET_LUFS = -70.0  # the absolute gate
BELOW_LU = 10.0  # the relative gate, below the loudness of what passes the absolute one
RANGE_BELOW_LU = 20.0  # the same for the loudness range
RANGE_PERCENT = (10.0, 95.0)
HIGHEST = 1e6  # +120 dBFS, as the scheduler has it
STEP_S = 0.1  # from one block to the next
PARTS = 10  # of a step
BLOCK_STEPS = 4  # momentary
RANGE_STEPS = 30  # short-term: in a block of the loudness range
PIECE_STEPS = 7  # that are weighted at a time

Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]


class Meter:
    """Measures the integrated loudness of sound that comes in pieces, in little memory.

    weights: G of each channel; 1 for all where they are left out
    frames: how many have been measured
    powers: sum of G z over the channels, of each part of a step
    """

    def __init__(self, sample_rate: float, channels: int, weights: Sequence[float] = ()) -> None:
        self.step = round(STEP_S * sample_rate)
        self.weights = np.array(weights or [1.0] * channels)
        self.piece = np.zeros((channels, (1 + PIECE_STEPS) * self.step))  # begins with a step that was measured before
        self.k = k_of_spectrum(self.piece.shape[1], sample_rate)
        self.waiting = 0  # frames in the piece, not measured yet
        self.frames = 0
        self.powers = array("d")

    def add(self, sound: Audio) -> None:
        """Measure (channels, frames) more. What is no sound, or beyond HIGHEST, counts as silence."""
        size = PIECE_STEPS * self.step
        self.frames += sound.shape[1]
        while sound.shape[1]:
            part, sound = np.split(sound, [size - self.waiting], axis=1)
            at = self.step + self.waiting
            self.piece[:, at : at + part.shape[1]] = np.where(np.abs(part) < HIGHEST, part, 0.0)
            self.waiting += part.shape[1]
            if self.waiting == size:
                self.powers.extend(self.steps(PIECE_STEPS))
                self.piece[:, : self.step] = self.piece[:, -self.step :]
                self.waiting = 0

    def steps(self, count: int) -> list[float]:
        """Return the power of each part of the first steps of the piece."""
        heard = np.fft.irfft(np.fft.rfft(self.piece) * self.k, self.piece.shape[1])
        power = self.weights @ heard[:, self.step : (1 + count) * self.step] ** 2
        starts = np.arange(count * PARTS) * self.step // PARTS
        return list(np.add.reduceat(power, starts) * (PARTS / self.step)) if count else []

    def integrated(self) -> float:
        """Return the loudness of all so far, LUFS; minus infinity where no block is louder than QUIET_LUFS.

        Less than a block counts as one that ends in silence; otherwise what fills no step at the end does not count.
        """
        loud = gated(self.blocks(BLOCK_STEPS), BELOW_LU)
        return lufs(float(np.mean(loud))) if loud.size else -math.inf

    def loudness_range(self) -> float:
        """Return the loudness range of all so far, LU; 0 where no block of 3 s is louder than QUIET_LUFS."""
        loud = gated(self.blocks(RANGE_STEPS), RANGE_BELOW_LU)
        if not loud.size:
            return 0.0
        low, high = np.percentile(loud, RANGE_PERCENT, method="nearest")
        return 10.0 * math.log10(high / low)

    def highest_momentary(self) -> float:
        """Return the highest loudness of any 400 ms so far, LUFS; of silence, minus infinity."""
        return lufs(self.highest(BLOCK_STEPS))

    def highest_short_term(self) -> float:
        """Return the highest loudness of any 3 s so far, LUFS; of silence, minus infinity."""
        return lufs(self.highest(RANGE_STEPS))

    def highest(self, steps: int) -> float:
        """Return the highest power of any block of so many steps; of less than a block, as if silence followed."""
        sums = np.concatenate([[0.0], np.cumsum(self.parts())])
        parts = min(steps * PARTS, len(sums) - 1)
        return float(np.max(sums[parts:] - sums[: len(sums) - parts])) / (steps * PARTS)

    def blocks(self, steps: int) -> Array:
        """Return the power of each block of so many steps."""
        powers = np.mean(np.reshape(self.parts(), (-1, PARTS)), axis=1)
        return np.convolve(powers, [1.0 / steps] * steps, "valid") if len(powers) >= steps else np.zeros(0)

    def parts(self) -> list[float]:
        """Return the power of each part of a step so far."""
        short = self.frames < BLOCK_STEPS * self.step
        self.piece[:, self.step + self.waiting :] = 0.0
        return [*self.powers, *self.steps(BLOCK_STEPS if short else self.waiting // self.step)]


def gated(blocks: Array, below_lu: float) -> Array:
    """Return the powers that are above the absolute gate, and above their common loudness less below_lu."""
    loud = blocks[blocks > power(QUIET_LUFS)]
    return loud[loud > power(lufs(float(np.mean(loud))) - below_lu)] if loud.size else loud


def integrated(sound: Audio, sample_rate: float, weights: Sequence[float] = ()) -> float:
    """Return the integrated loudness of (channels, frames), LUFS; see Meter."""
    meter = Meter(sample_rate, sound.shape[0], weights)
    meter.add(sound)
    return meter.integrated()


def loudness_range(sound: Audio, sample_rate: float, weights: Sequence[float] = ()) -> float:
    """Return the loudness range of (channels, frames), LU; see Meter."""
    meter = Meter(sample_rate, sound.shape[0], weights)
    meter.add(sound)
    return meter.loudness_range()


def loudness(sound: Array, sample_rate: float) -> float:
    """Return the loudness of (channels, frames) without gates, LUFS; of silence, minus infinity."""
    frames = sound.shape[1]
    if not frames:
        return -math.inf
    bins = np.abs(np.fft.rfft(sound, axis=1)) ** 2
    bins[:, 1 : (frames + 1) // 2] *= 2.0  # the mirror image of each has as much
    w = 2.0 * np.pi * np.arange(bins.shape[1]) / frames
    return lufs(float(np.sum(bins * np.abs(k_weighting(w, sample_rate)) ** 2)) / frames**2)


def lufs(z: float) -> float:
    """Return the loudness of a K-weighted power; of none, minus infinity."""
    return -0.691 + 10.0 * math.log10(z) if z > 0.0 else -math.inf


def power(loudness_lufs: float) -> float:
    """Return the K-weighted power of a loudness."""
    return math.pow(10.0, (loudness_lufs + 0.691) / 10.0)


def k_weighting(w: Array, sample_rate: float) -> npt.NDArray[np.complex128]:
    """Return K at the angular frequencies w, radians a frame."""
    unit = np.exp(-1j * w)
    response = np.ones(len(w), dtype=np.complex128)
    for b, a in (pre_filter(sample_rate), rlb(sample_rate)):
        response *= np.polyval(b[::-1], unit) / np.polyval(a[::-1], unit)
    return response


@functools.lru_cache(8)  # many short sounds are measured at the same rate
def k_of_spectrum(frames: int, sample_rate: float) -> npt.NDArray[np.complex128]:
    """Return K at the frequencies of rfft() of so many frames; not to be written to."""
    return k_weighting(2.0 * np.pi * np.arange(frames // 2 + 1) / frames, sample_rate)


def pre_filter(sample_rate: float) -> Biquad:
    """Return the coefficients (b, a) of the shelf: table 1 of the standard."""
    g, q = math.tan(math.pi * 1681.974450955533 / sample_rate), 0.7071752369554196
    top = 10.0 ** (3.999843853973347 / 20.0)
    middle = top**0.4996667741545416
    a0 = 1.0 + g / q + g * g
    b = (top + middle * g / q + g * g) / a0, 2.0 * (g * g - top) / a0, (top - middle * g / q + g * g) / a0
    return b, (1.0, 2.0 * (g * g - 1.0) / a0, (1.0 - g / q + g * g) / a0)


def rlb(sample_rate: float) -> Biquad:
    """Return the coefficients (b, a) of the high-pass: table 2 of the standard."""
    g, q = math.tan(math.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    a0 = 1.0 + g / q + g * g
    return (1.0, -2.0, 1.0), (1.0, 2.0 * (g * g - 1.0) / a0, (1.0 - g / q + g * g) / a0)
