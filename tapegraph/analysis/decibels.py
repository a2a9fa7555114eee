"""Levels of sound in dBFS.

0 dBFS is a sine of full scale, by its RMS and by its peak alike: a mean square of 1 / 2 is 0 dBFS, and a peak of 1 is.
Source: AES17, IEC 61606-3 (both by way of public descriptions).
"""

from __future__ import annotations

import numpy as np

from tapegraph.run.sound import Array


def power_dbfs(power: Array) -> Array:
    """Return mean squares as levels re a sine of full scale; of silence, minus infinity."""
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(2.0 * power))


def peak_dbfs(peak: Array) -> Array:
    """Return peaks as levels re full scale; of silence, minus infinity."""
    with np.errstate(divide="ignore"):
        return np.asarray(20.0 * np.log10(peak))
