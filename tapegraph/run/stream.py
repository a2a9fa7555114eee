"""Sound through a graph in pieces of any size.

The graph runs in its own fixed blocks, so that the result does not depend on how the sound is cut.
"""

from __future__ import annotations

import warnings
from itertools import chain
from typing import Any

import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.errors import SoundWarning
from tapegraph.node.params import NodeValue
from tapegraph.run.blocks import CHUNK_FRAMES, BlockCutter
from tapegraph.run.engine import Engine
from tapegraph.run.sound import Array, Audio, planar, shaped


class Stream:
    """A running graph for sound that comes in pieces of any size.

    latency: frames by which the output of process() lags its input: the graph's own, and block - 1 for cutting
    tail: for how many seconds the output may sound on after the input; infinite where the graph feeds back
    """

    def __init__(self, graph: FlatGraph, sample_rate: float, channels: int = 1) -> None:
        self.engine = Engine(graph, sample_rate, channels)
        self.sample_rate = float(sample_rate)
        self.channels = self.engine.channels
        self.latency = round(self.engine.plan.latency) + self.engine.block - 1
        self.tail = self.engine.plan.tail_s
        self.cutter: BlockCutter
        self.ready: Array  # what has been computed and not yet returned, less than a block
        self.dtype: np.dtype[Any]  # of what came in last
        self.ndim: int  # of that
        self.reset()

    def process(self, audio: Audio) -> Audio:
        """Return as many frames as come in, (channels, frames) or one-dimensional, of the same float type.

        Warns (SoundWarning) of each kind of thing that goes wrong with the sound, and each node, once.
        """
        x = planar(audio, self.channels)
        self.dtype, self.ndim = x.dtype, np.ndim(audio)
        out = np.empty((self.engine.output_channels, x.shape[1]), x.dtype)
        n = 0
        for ready in chain([self.ready], map(self.engine.process, self.cutter.cut(x))):
            given = min(ready.shape[1], x.shape[1] - n)
            out[:, n : n + given] = ready[:, :given]
            n += given
            self.ready = ready[:, given:]
        for message in self.engine.new_warnings():
            warnings.warn(message, SoundWarning, stacklevel=2)
        return shaped(out, audio)

    def flush(self) -> Audio:
        """Return the end of the sound so far, `latency` frames in the form of what was processed last, and reset."""
        silence: Audio = np.zeros((self.channels, self.latency), self.dtype)
        rest = self.process(silence[0] if self.ndim == 1 else silence)
        self.reset()
        return rest

    def set(self, node: str, param: str, value: NodeValue) -> None:
        """Set a parameter from the next block on. The value must have been checked, as Graph.set does."""
        self.engine.set(node, param, value)

    def reset(self) -> None:
        """Return to the initial state."""
        self.engine.reset()
        self.cutter = BlockCutter(self.channels, self.engine.block, CHUNK_FRAMES)
        self.ready = np.zeros((self.engine.output_channels, self.engine.block - 1))
        self.dtype, self.ndim = np.dtype(np.float64), 2

    def warnings(self) -> list[str]:
        """Return a sentence for each thing that went wrong with the sound so far."""
        return self.engine.warnings()

    def __repr__(self) -> str:
        return f"Stream: {self.engine.summary(self.sample_rate, self.latency)}"

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self.reset()
