"""Sound as callers pass it: arrays (channels, frames), sample rates, tails; checked, and returned in their form."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tapegraph.errors import TapegraphError
from tapegraph.quantity import format_number, is_whole_number, plain, plural

Array = npt.NDArray[np.float64]
Audio = npt.NDArray[Any]
Tail = float | Literal["auto"]

SAMPLE_RATES_HZ = (8_000.0, 384_000.0)
MAX_CHANNELS = 64
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def planar(audio: Audio, channels: int | None = None) -> Audio:
    """Return audio as (channels, frames), without a copy. Raises TapegraphError for other shapes and types."""
    x = np.asarray(audio)
    if x.dtype not in FLOATS:
        hint = "; divide integers by their full scale first" if np.issubdtype(x.dtype, np.integer) else ""
        raise TapegraphError(f"audio is of type {x.dtype}; it must be float32 or float64{hint}")
    if x.ndim == 1:
        x = x[np.newaxis, :]
    if x.ndim != 2:
        raise TapegraphError(f"audio has {x.ndim} dimensions; it must be (channels, frames) or one-dimensional")
    if x.shape[0] != channels:
        check_channels(x.shape[0], "; audio is (channels, frames): transpose it")
        if channels is not None:
            raise TapegraphError(f"audio has {plural(x.shape[0], 'channel')}; this stream was opened for {channels}")
    return x


def shaped(out: Audio, like: Audio) -> Audio:
    """Return out one-dimensional where the input was and out has one channel."""
    return out[0] if np.ndim(like) == 1 and out.shape[0] == 1 else out


def check_sample_rate(sample_rate: float) -> None:
    low, high = SAMPLE_RATES_HZ
    if isinstance(sample_rate, bool) or not isinstance(sample_rate, int | float | np.number):
        raise TapegraphError(f"sample_rate is {sample_rate!r}; it must be a number of Hz")
    if not low <= sample_rate <= high:
        raise TapegraphError(
            f"sample_rate is {format_number(float(sample_rate), 'Hz')}; "
            f"it must be {format_number(low)} to {format_number(high, 'Hz')}"
        )


def check_channels(channels: int, hint: str = "") -> int:
    if not is_whole_number(channels, 1, MAX_CHANNELS):
        raise TapegraphError(f"channels are {channels!r}; there must be a whole number from 1 to {MAX_CHANNELS}{hint}")
    return int(channels)


def check_tail(tail: Any) -> float:
    tail = plain(tail)
    if isinstance(tail, bool) or not isinstance(tail, int | float) or not 0.0 <= tail <= 3600.0:
        raise TapegraphError(f'tail is {tail!r}; it must be 0 to 3600 s, or "auto"')
    return float(tail)


def decibels(level: float) -> float:
    """Return a level, full scale 1, in dBFS; of silence, minus infinity."""
    return 20.0 * math.log10(level) if level > 0.0 else -math.inf
