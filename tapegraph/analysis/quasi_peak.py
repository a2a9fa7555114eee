"""The quasi-peak detector of ITU-R BS.468: reads clicks higher than RMS does, and steady tones at their level.

Two followers, one after the other, of the rectified sound x behind the weighting, each with a time constant for rising
and one for falling:

    z1' = max(|x| - z1, 0) / 1.43 ms - z1 / 283 ms
    z2' = max(z1 - z2, 0) / 234 ms - z2 / 338 ms,    reading = z2 / READS

The standard prescribes no circuit, only what is read of bursts of 5 kHz. The time constants were fitted to its two
tables, and meet single bursts of 1 to 200 ms and repeated bursts of 5 ms within 0.15 dB; the limits of the standard
are 0.25 to 2.1 dB away. READS is what z2 comes to for a tone whose peaks are 1: z1 for the root of

    2 / pi (sqrt(1 - z1^2) - z1 arccos z1) / 1.43 ms = z1 / 283 ms,    and z2 = z1 / (1 + 234 / 338)

Source: ITU-R BS.468-4, tables 2 and 3, as we remember them: no copy could be found to check them against. The four
constants are ours; that they meet all eleven values speaks for these.
"""

from __future__ import annotations

import numpy as np

from tapegraph.analysis.weighting import itu_468
from tapegraph.run.sound import Array, Audio

RISE_S = (1.43e-3, 234e-3)
FALL_S = (283e-3, 338e-3)
READS = 0.56715
SETTLED_S = 0.1  # in which the network has decayed


def quasi_peak(sound: Audio, sample_rate: float) -> Array:
    """Return the highest reading of each channel of (channels, frames): peak of a tone of 1 kHz that reads the same.

    A noise needs a second or two until the reading is steady. The rectified sound has to be sampled well: the sample
    rate must be at least 44.1 kHz for the figures above to hold.
    """
    frames = sound.shape[1]
    size = frames + round(SETTLED_S * sample_rate)
    response = itu_468(np.arange(size // 2 + 1) * sample_rate / size)
    heard = np.fft.irfft(np.fft.rfft(sound, size) * response, size)[:, :frames]
    return np.array([highest(np.abs(channel), sample_rate) / READS for channel in heard])


def highest(x: Array, sample_rate: float) -> float:
    """Return the highest z2 for a rectified sound."""
    rise1, rise2, fall1, fall2 = (1.0 - np.exp(-1.0 / (sample_rate * t)) for t in (*RISE_S, *FALL_S))
    z1 = z2 = most = 0.0
    for v in x.tolist():
        if v > z1:
            z1 += rise1 * (v - z1)
        z1 -= fall1 * z1
        if z1 > z2:
            z2 += rise2 * (z1 - z2)
            if z2 > most:
                most = z2
        z2 -= fall2 * z2
    return most
