"""Times nodes by themselves: those with rivals option by option, then every other kind."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import partial

import numpy as np

from tapegraph import demo
from tapegraph.bench.figure import RUNS, Figure, figure, seconds
from tapegraph.bench.rivals import Rival, Rivals, compiled, find, options
from tapegraph.errors import TapegraphError
from tapegraph.node import Node, Signal, registry
from tapegraph.node.params import Value
from tapegraph.node.setup import make, start
from tapegraph.run.sound import Array

BLOCK_FRAMES = 64  # at 48 kHz
OVERSAMPLE = 2
RATE = OVERSAMPLE * demo.SAMPLE_RATE
MOST_OVERSAMPLE = 16  # enough for a bias oscillator
SHORT_FRAMES = demo.SAMPLE_RATE // 4  # what a node plays in a run: a few ms, less than a turn of other programs
SHORT_RUNS = 4  # of these for each run of the others
UNIT = "ns a sample and channel"


def music(channels: int, sound_s: float) -> Array:
    """Return the demo's music at RATE, repeated, (channels, frames): the input of an oversampled node."""
    x = demo.music()[:channels]
    doubled = np.fft.irfft(np.fft.rfft(x), OVERSAMPLE * x.shape[1]) * OVERSAMPLE
    frames = round(sound_s * RATE)
    return np.tile(doubled, math.ceil(frames / doubled.shape[1]))[:, :frames]


class Player:
    """A node by itself, with the same sound at every input port, in blocks.

    x: (channels, frames) at the node's sample rate fs, Hz; frames that do not fill a block are left out
    """

    def __init__(self, kind: str, x: Array, fs: int, **params: Value) -> None:
        cls = registry.find(kind)
        frames = BLOCK_FRAMES * fs // demo.SAMPLE_RATE
        self.node: Node = start(make(cls, float(fs), cls.CHANNELS or len(x), frames, params))
        self.y = [Signal(self.node.channels, frames) for _ in cls.OUTPUTS]
        self.blocks: list[list[Signal]] = []
        for at in range(0, x.shape[1] - frames + 1, frames):
            signal = Signal(len(x), frames)
            signal.put(x[:, at : at + frames])
            self.blocks.append([signal] * len(cls.INPUTS))
        self.samples = len(self.blocks) * self.y[0].array.size

    def ns(self) -> float:
        """Process all blocks once; return the time for a sample and channel, ns."""
        started = time.perf_counter()
        for block in self.blocks:
            self.node.process(block, self.y)
        return (time.perf_counter() - started) / self.samples * 1e9


def solvers(sound_s: float) -> Iterator[Figure | str]:
    """Time nodes that have rivals, option by option, in stereo and mono; rivals take turns, one channel at a time."""
    stereo = music(2, sound_s)
    mono = np.ascontiguousarray(stereo[:1])
    for rivals in find():
        with compiled(rivals) as (able, missing):
            yield from missing
            for option in options(rivals):
                yield from against(rivals, [rival for rival in able if option in rival.options], option, stereo, mono)


def against(rivals: Rivals, able: list[Rival], option: str, stereo: Array, mono: Array) -> Iterator[Figure]:
    """Time one option of a node and of the rivals that have it."""
    setting = {rivals.CHOICE: option, **rivals.SETTING}
    two, one = Player(rivals.KIND, stereo, RATE, **setting), Player(rivals.KIND, mono, RATE, **setting)
    runs = {rival.name: rival.start(option, float(RATE), rivals.SETTING) for rival in able}
    y = np.empty_like(mono[0])
    for run in runs.values():
        run(mono[0, :BLOCK_FRAMES], y[:BLOCK_FRAMES])  # some compile when they are first called
    both: list[float] = []
    alone: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(RUNS):
        both.append(two.ns())
        for name, run in runs.items():
            theirs[name].append(seconds(partial(run, mono[0], y)) / len(y) * 1e9)
        alone.append(one.ns())
    yield figure(f"{option}, stereo", UNIT, both, theirs, real_time=1e9 / (2 * RATE))
    yield figure(f"{option}, mono", UNIT, alone, theirs, real_time=1e9 / RATE)
    for name, values in theirs.items():
        yield figure(f"{option}, {name}", UNIT, values, real_time=1e9 / RATE)


def nodes() -> Iterator[Figure | str]:
    """Time every kind without rivals with its defaults, in stereo at 48 kHz, or oversampled where that is refused."""
    measured = {rivals.KIND for rivals in find()}
    for kind in registry.kinds():
        if kind in measured:
            continue
        try:
            player = with_defaults(kind)
        except TapegraphError as error:
            yield f"no figure of {kind}: {error}"
            continue
        values = [player.ns() for _ in range(SHORT_RUNS * RUNS)]
        yield figure(kind, UNIT, values, real_time=1e9 / (player.node.fs * float(player.node.channels)))


def with_defaults(kind: str) -> Player:
    """Return a kind with its defaults, and music to play. Raises TapegraphError where it refuses every rate."""
    x = demo.music()[: registry.find(kind).MAX_CHANNELS or 2, :SHORT_FRAMES]
    try:
        return Player(kind, x, demo.SAMPLE_RATE)
    except TapegraphError:
        return Player(kind, np.tile(x, MOST_OVERSAMPLE), MOST_OVERSAMPLE * demo.SAMPLE_RATE)
