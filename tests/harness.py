"""Runs one node alone on audio, as the scheduler would; levels and differences of what comes out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tapegraph.analysis.loudness import integrated
from tapegraph.analysis.matching import gain_between, matching_gain
from tapegraph.node import Node
from tapegraph.run.sound import Array
from tapegraph.testing.single import prepared, process

__all__ = ["Array", "at_loudness", "esr_db", "loudness_change", "prepared", "process", "run"]


def run(cls: type[Node], x: Array, fs: float, frames: int = 64, **params: Any) -> Array:
    """Return the first output of a fresh node for the input x, in the shape of x."""
    node = prepared(cls, fs, np.atleast_2d(x).shape[0], frames, **params)
    return process(node, x)[0].reshape(x.shape)


def esr_db(y: Array, reference: Array) -> float:
    """Return the error-to-signal ratio 10 log10(sum (y - r)^2 / sum r^2), dB."""
    return float(10 * np.log10(np.sum((y - reference) ** 2) / np.sum(reference**2) + 1e-300))


def at_loudness(sound: Array, sample_rate: float, wanted_lufs: float) -> Array:
    """Return sound (channels, frames) at the gain at which it has an integrated loudness; silence as it is."""
    return sound * gain_between(wanted_lufs, integrated(sound, sample_rate))


def loudness_change(out: Array, audio: Array, sample_rate: float) -> float:
    """Return by how many LU what a graph made of audio, without the tail, is louder; 0 where either is silent."""
    return -20.0 * math.log10(matching_gain(out, audio, sample_rate))
