"""Runs one node alone on audio, as the scheduler would."""

from __future__ import annotations

from typing import Any

import numpy as np

from tapegraph.node import Node
from tapegraph.run.sound import Array
from tapegraph.testing.single import prepared, process

__all__ = ["Array", "esr_db", "prepared", "process", "run"]


def run(cls: type[Node], x: Array, fs: float, frames: int = 64, **params: Any) -> Array:
    """Return the first output of a fresh node for the input x, in the shape of x."""
    node = prepared(cls, fs, np.atleast_2d(x).shape[0], frames, **params)
    return process(node, x)[0].reshape(x.shape)


def esr_db(y: Array, reference: Array) -> float:
    """Return the error-to-signal ratio 10 log10(sum (y - r)^2 / sum r^2), dB."""
    return float(10 * np.log10(np.sum((y - reference) ** 2) / np.sum(reference**2) + 1e-300))
