"""Times nodes by themselves: every solver of the hysteresis node beside its rivals, then every other kind."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from tapegraph import demo
from tapegraph.bench.figure import RUNS, Figure, figure
from tapegraph.bench.rivals import compete, constants
from tapegraph.node import Choice, Node, Signal, registry
from tapegraph.node.params import Value
from tapegraph.node.setup import make, start
from tapegraph.run.sound import Array

BLOCK_FRAMES = 64  # at 48 kHz
OVERSAMPLE = 2
RATE = OVERSAMPLE * demo.SAMPLE_RATE
SOURCE_OVERSAMPLE = 16  # what a bias oscillator needs
SETTING = {"drive": 0.5, "saturation": 0.5, "bias": 0.5}
UNIT = "ns a sample and channel"


def music(channels: int, sound_s: float) -> Array:
    """Return the demo's music at RATE, over and over, (channels, frames): what an oversampled node hears."""
    x = demo.music()[:channels]
    doubled = np.fft.irfft(np.fft.rfft(x), OVERSAMPLE * x.shape[1]) * OVERSAMPLE
    frames = round(sound_s * RATE)
    return np.tile(doubled, math.ceil(frames / doubled.shape[1]))[:, :frames]


class Player:
    """A node by itself, every input port of which hears the same music in blocks.

    x: (channels, frames) at the node's sample rate fs, Hz; what does not fill a block is left out
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
        """Play all blocks once; return the time of a sample and channel, ns."""
        started = time.perf_counter()
        for block in self.blocks:
            self.node.process(block, self.y)
        return (time.perf_counter() - started) / self.samples * 1e9


def solvers(sound_s: float) -> Iterator[Figure | str]:
    """Time every solver in stereo and mono, and in turns with them the rivals, which take a channel at a time."""
    choice = next(p for p in registry.find("hysteresis").PARAMS if isinstance(p, Choice) and p.name == "solver")
    stereo = music(2, sound_s)
    mono = np.ascontiguousarray(stereo[:1])
    with compete() as (rivals, missing):
        yield from missing
        for solver in choice.options:
            setting: dict[str, Any] = {"solver": solver, **SETTING}
            two, one = Player("hysteresis", stereo, RATE, **setting), Player("hysteresis", mono, RATE, **setting)
            able = [rival for rival in rivals if solver in rival.SOLVERS]
            known = constants(solver, RATE, **SETTING)
            for rival in able:
                rival.play(known, solver, mono[0, :BLOCK_FRAMES])  # some compile when they are first called
            both: list[float] = []
            alone: list[float] = []
            theirs: dict[str, list[float]] = {rival.NAME: [] for rival in able}
            for _ in range(RUNS):
                both.append(two.ns())
                for rival in able:
                    theirs[rival.NAME].append(rival.play(known, solver, mono[0])[1])
                alone.append(one.ns())
            yield figure(f"{solver}, stereo", UNIT, both, theirs, real_time=1e9 / (2 * RATE))
            yield figure(f"{solver}, mono", UNIT, alone, theirs, real_time=1e9 / RATE)
            for name, values in theirs.items():
                yield figure(f"{solver}, {name}", UNIT, values, real_time=1e9 / RATE)


def nodes() -> Iterator[Figure]:
    """Time every other kind of node with its defaults in stereo at 48 kHz; sources oversampled, as they are used."""
    for kind in registry.kinds():
        if kind == "hysteresis":
            continue
        cls = registry.find(kind)
        fs = demo.SAMPLE_RATE * (SOURCE_OVERSAMPLE if cls.SOURCE else 1)
        channels = min(2, cls.MAX_CHANNELS or 2)
        x = np.tile(demo.music()[:channels, : demo.SAMPLE_RATE], fs // demo.SAMPLE_RATE)
        player = Player(kind, x, fs)
        values = [player.ns() for _ in range(RUNS)]
        yield figure(kind, UNIT, values, real_time=1e9 / (fs * (cls.CHANNELS or channels)))
