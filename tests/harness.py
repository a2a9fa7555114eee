"""Runs one node alone on audio, as the scheduler would."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tapegraph.node import Node, Signal
from tapegraph.node.setup import make, start

Array = npt.NDArray[np.float64]


def prepared(cls: type[Node], fs: float, channels: int = 1, frames: int = 64, **params: Any) -> Node:
    """Return a node of this class, set, prepared, updated and reset."""
    return start(make(cls, fs, channels, frames, params))


def process(node: Node, *inputs: Array, length: int | None = None) -> list[Array]:
    """Run whole blocks of inputs (channels, frames or one-dimensional) through a prepared node; return its outputs.

    The last block is padded with silence; outputs have the length of the inputs, or as many frames as are asked of a
    node without inputs.
    """
    frames = int(node.frames)
    audio = [np.atleast_2d(x) for x in inputs]
    length = audio[0].shape[1] if length is None else length
    blocks = -(-length // frames)
    padded = [np.pad(a, ((0, 0), (0, blocks * frames - length))) for a in audio]
    x = [Signal(a.shape[0], frames) for a in audio]
    y = [Signal(int(node.channels), frames) for _ in type(node).OUTPUTS]
    outputs = [np.zeros((int(node.channels), blocks * frames)) for _ in y]
    for b in range(blocks):
        block = slice(b * frames, (b + 1) * frames)
        for signal, a in zip(x, padded, strict=True):
            signal.put(a[:, block])
        node.process(x, y)
        for out, signal in zip(outputs, y, strict=True):
            out[:, block] = signal.array
    return [out[:, :length] for out in outputs]


def run(cls: type[Node], x: Array, fs: float, frames: int = 64, **params: Any) -> Array:
    """Return the first output of a fresh node for the input x, in the shape of x."""
    node = prepared(cls, fs, np.atleast_2d(x).shape[0], frames, **params)
    return process(node, x)[0].reshape(x.shape)


def esr_db(y: Array, reference: Array) -> float:
    """Return the error-to-signal ratio 10 log10(sum (y - r)^2 / sum r^2), dB."""
    return float(10 * np.log10(np.sum((y - reference) ** 2) / np.sum(reference**2) + 1e-300))
