"""What a node is: parameters declared as data, and four calls on blocks of sound.

A node is a class in a file of its own. The scheduler sets its surroundings (fs, channels, frames, ...) and its
parameters, then calls

    prepare()      allocate for the surroundings, design what takes long, refuse what cannot work (raise TapegraphError)
    update()       after parameters were set, before the next block: compute coefficients and targets from them
    reset()        silence the state, and let what moves towards a target be there
    process(x, y)  each block: read the input signals x, write the output signals y, advance the state

in this order: update() and reset() follow every prepare(). While sound runs update(), reset() and process() are called
in the audio thread, where nothing may open a file, allocate as much as prepare() does or take longer than a block;
prepare() is not called there. It is called again before a new start when parameters have been set since.

All channels of a port come together. Blocks always have the same number of frames.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64, mypyc_attr

from tapegraph.node.params import AnyParam, Model, NodeValue, Track


class Signal:
    """The sound on one port during one block.

    samples: sample i of channel c is samples[c * frames + i]; full scale is 1
    """

    def __init__(self, channels: int, frames: int) -> None:
        self.channels: i64 = channels
        self.frames: i64 = frames
        self.samples: vec[float] = vec[float]([0.0] * (channels * frames))

    @property
    def array(self) -> npt.NDArray[np.float64]:
        """The block as (channels, frames), read only and without a copy."""
        return np.frombuffer(memoryview(self.samples)).reshape(self.channels, self.frames)

    def put(self, block: npt.NDArray[np.float64]) -> None:
        """Take (channels, frames) as this block's sound: how a node written in NumPy hands over its result."""
        if block.shape != (self.channels, self.frames):
            raise ValueError(f"a block of shape {(int(self.channels), int(self.frames))} is due, not {block.shape}")
        self.samples = vec[float](np.ascontiguousarray(block, dtype=np.float64).reshape(-1))


def silence(samples: vec[float]) -> None:
    """Set every sample of a buffer to 0."""
    n: i64 = len(samples)
    i: i64 = 0
    while i < n:
        samples[i] = 0.0
        i += 1


@mypyc_attr(allow_interpreted_subclasses=True)
class Node:
    """The base of every node.

    KIND: the name in graph files; also the name of the class, in snake_case, and of its file
    PARAMS: what a user can set; each is an attribute of the same name. That of a Model is given its Weights,
        that of a Track its SpeedTrack
    INPUTS, OUTPUTS: names of the ports; a name that ends in # stands for as many numbered ones as are linked
    CHANNELS: how many channels a node without inputs makes; 0 for as many as the graph has
    MAX_CHANNELS: the most channels it takes; 0 for any number
    BREAKS_LOOPS: True if the node may close a feedback loop: a block of output depends only on earlier blocks of
        input, delayed by `loop_latency`
    SOURCE: True when it makes sound out of silence
    COUPLED_BY: parameters that couple channels. Channels are independent when all of them are 0; (): always
        independent; None: coupled, or unknown
    """

    KIND: ClassVar[str] = ""
    PARAMS: ClassVar[tuple[AnyParam, ...]] = ()
    INPUTS: ClassVar[tuple[str, ...]] = ("in",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("out",)
    CHANNELS: ClassVar[int] = 0
    MAX_CHANNELS: ClassVar[int] = 0
    BREAKS_LOOPS: ClassVar[bool] = False
    SOURCE: ClassVar[bool] = False
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = None

    name: str  # in the graph, "sub/name" in a sub-graph
    seed: i64  # of the graph: what is random is drawn from it, the name and the number of the channel
    fs: float  # sample rate at which the node runs, Hz
    channels: i64  # channels of every port
    first_channel: i64  # number of the first of them in the whole sound, of which this node may get a part
    frames: i64  # frames of every block, at fs
    loop_latency: i64  # by how much the input lags because the node closes a loop, frames; its own delay is less by it

    def __init__(self) -> None:
        self.name = ""
        self.seed = 0
        self.fs = 48000.0
        self.channels = 1
        self.first_channel = 0
        self.frames = 64
        self.loop_latency = 0
        for param in type(self).PARAMS:
            if not isinstance(param, Model | Track):
                self.set(param.name, param.default)

    def set(self, name: str, value: NodeValue) -> None:
        """Set a parameter to a value that its declaration has checked and resolved; update() has to follow."""
        setattr(self, name, value)

    def prepare(self) -> None:
        """Allocate for the surroundings. Raises TapegraphError when the node cannot work there."""

    def update(self) -> None:
        """Compute coefficients from parameters; touch no state."""

    def reset(self) -> None:
        """Set the state to silence, and what moves to its target."""

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        """Turn one block of x, a signal for each input port, into y, one for each output port.

        An input port without a link holds silence. x must not be written.
        """

    def memory_samples(self) -> float:
        """Return how many samples prepare() allocates, where that is much more than a block; asked before prepare()."""
        return 0.0

    def latency(self) -> float:
        """Return by how many frames at fs the output lags the input, fixed while a stream runs."""
        return 0.0

    def tail(self) -> float:
        """Return for how many seconds the node may sound on after its input has gone silent."""
        return 0.0
