"""Gains at which sounds are equally loud, so that they can be compared by what else they are."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from tapegraph.analysis.loudness import QUIET_LUFS, integrated, loudness
from tapegraph.document.flat import FlatGraph
from tapegraph.errors import TapegraphError, shown
from tapegraph.run.engine import Engine
from tapegraph.run.sound import Array, Audio, planar

Match = Literal["loudness"]

SHORT_TERM_S = 3.0  # EBU Tech 3341


def check_match(match: Any) -> None:
    if match not in (None, "loudness"):
        raise TapegraphError(f"match is {shown(match)}; it must be 'loudness' or None")


def gain_between(wanted_lufs: float, found_lufs: float) -> float:
    """Return the gain from one loudness to another; 1 where either is that of silence, or not a number."""
    if not (math.isfinite(wanted_lufs) and math.isfinite(found_lufs)):
        return 1.0
    return math.pow(10.0, (wanted_lufs - found_lufs) / 20.0)


def weights_beside(channels: int, others: int) -> tuple[float, ...]:
    """Return the weights of sound that is compared with sound of so many channels: mono is played by two of them."""
    return (2.0,) if channels == 1 and others > 1 else ()


def matching_gain(out: Audio, audio: Audio, sample_rate: float) -> float:
    """Return the gain at which what a graph made of audio, without the tail, has the same integrated loudness."""
    x, y = planar(audio), planar(out)
    wanted = integrated(x, sample_rate, weights_beside(x.shape[0], y.shape[0]))
    found = integrated(y[:, : x.shape[1]], sample_rate, weights_beside(y.shape[0], x.shape[0]))
    return gain_between(wanted, found)


def matched(out: Audio, audio: Audio, sample_rate: float) -> Audio:
    """Return what a graph made of audio at the gain at which the two have the same integrated loudness.

    The tail is left out of the measurement, and is at that gain too.
    """
    return np.asarray(out * out.dtype.type(matching_gain(out, audio, sample_rate)))


def match(reference: FlatGraph, graph: FlatGraph, sound: Array, sample_rate: float, gain: float = 1.0) -> float:
    """Return the gain, at most 1, at which a graph is no louder than the reference at its own gain.

    sound: (channels, frames), which is rendered through both. Not for the audio thread: that takes time.
    """
    wanted, found = (loudness(rendered(some, sound, sample_rate), sample_rate) for some in (reference, graph))
    if min(wanted, found) < QUIET_LUFS:
        return 1.0
    return min(1.0, gain * gain_between(wanted, found))


def rendered(graph: FlatGraph, sound: Array, sample_rate: float) -> Array:
    """Return sound through a graph, rendered a block at a time: the GIL is free for the audio thread in between."""
    engine = Engine(graph, sample_rate, sound.shape[0])
    starts = range(0, sound.shape[1] - engine.block + 1, engine.block)
    blocks = [engine.process(sound[:, start : start + engine.block]) for start in starts]
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((engine.output_channels, 0))
