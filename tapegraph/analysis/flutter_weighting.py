"""The weighting of wow and flutter: how much each rate of a varying speed is heard, 0 dB at 4 Hz.

Between the points of the table decibels are a cubic over the logarithm of frequency, which has no kinks (a kink rings
for long) and no maxima but that of the table; beyond its ends they go on as steeply as they end.

Sources: the curve of IEC 60386, DIN 45507, CCIR 409 and AES6-2008. The standards were not seen; the table is the one
of A. Oliver, aes6-wow-and-flutter-meter, and at 0.8, 4 and 20 Hz that of the readings in Wang Hongwei, Wow and Flutter
Measurement using Multi-Instrument, Virtins 2020. The cubic: F. N. Fritsch, J. Butland, SIAM J. Sci. Stat. Comput. 5
(1984).
"""

from __future__ import annotations

import numpy as np

from tapegraph.run.sound import Array

WEIGHTING_HZ = (0.1, 0.2, 0.315, 0.4, 0.63, 0.8, 1.0, 1.6, 2.0, 4.0, 6.3, 10.0, 20.0, 40.0, 63.0, 100.0, 200.0)
WEIGHTING_DB = (
    *(-48.0, -30.6, -19.7, -15.0, -8.4, -6.0, -4.2, -1.8, -0.9, 0.0),
    *(-0.9, -2.1, -5.9, -10.4, -14.2, -17.3, -23.0),
)
LOWEST_HZ = 1e-6  # what is slower is steady


def flutter_weighting(frequencies_hz: Array) -> Array:
    """Return the gains of the weighting at some frequencies of modulation."""
    place = np.log10(np.maximum(frequencies_hz, LOWEST_HZ))
    return np.asarray(10.0 ** (through_points(np.log10(WEIGHTING_HZ), np.array(WEIGHTING_DB), place) / 20.0))


def through_points(x: Array, y: Array, at: Array) -> Array:
    """Return the monotone cubics through points (x, y), x rising, and beyond them the lines through the last two."""
    width = np.diff(x)
    slopes = np.diff(y) / width
    before, behind = slopes[:-1], slopes[1:]
    inner = np.zeros(len(before))
    turns = before * behind <= 0.0
    a, b = (width[:-1] + 2.0 * width[1:])[~turns], (2.0 * width[:-1] + width[1:])[~turns]
    inner[~turns] = (a + b) / (a / before[~turns] + b / behind[~turns])
    d = np.concatenate([slopes[:1], inner, slopes[-1:]])
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    t = (np.clip(at, x[0], x[-1]) - x[k]) / width[k]
    bend = t * (1.0 - t) * width[k] * ((d[k] - slopes[k]) * (1.0 - t) - (d[k + 1] - slopes[k]) * t)
    beyond = np.where(at < x[0], at - x[0], np.maximum(at - x[-1], 0.0)) * slopes[k]
    return np.asarray(y[k] + t * width[k] * slopes[k] + bend + beyond)
