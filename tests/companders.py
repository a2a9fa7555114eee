"""Either half of a compander by itself, on tones at levels relative to 0 VU, -18 dBFS."""

from __future__ import annotations

from typing import Any

import numpy as np
from harness import Array, prepared, process

from tapegraph.node import Node

VU = 10 ** (-18 / 20)  # peak of a tone at 0 VU


def side(cls: type[Node], name: str, x: Array, fs: float = 48_000.0, **params: Any) -> Array:
    """Return what a fresh half of a compander makes of x."""
    x = np.atleast_2d(x)
    return process(prepared(cls, fs, x.shape[0], 64, side=name, **params), x)[0]


def tone(hz: float, level_db: float, seconds: float = 0.5, fs: float = 48_000.0) -> Array:
    """Return a tone at a level relative to 0 VU."""
    wave: Array = VU * 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * fs)) / fs)
    return wave


def gain_db(
    cls: type[Node], name: str, hz: float, level_db: float, fs: float = 48_000.0, *, settles_s: float, **params: Any
) -> float:
    """Return the gain of a tone, which has to fit into 0.1 s, in the 0.1 s after it has settled."""
    x = tone(hz, level_db, settles_s + 0.1, fs)
    last = slice(-round(0.1 * fs), None)
    bin_of_tone = np.exp(-2j * np.pi * hz * np.arange(x.size) / fs)[last]
    y = side(cls, name, x, fs, **params)[0]
    return float(20 * np.log10(abs(y[last] @ bin_of_tone) / abs(x[last] @ bin_of_tone)))
