"""Times nodes by themselves: those with rivals option by option, then every other kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from tapegraph import demo
from tapegraph.api import chain
from tapegraph.bench.figure import Figure, figure
from tapegraph.bench.rivals import Rival, Rivals, compiled, find, options
from tapegraph.bench.turns import Work, in_turns
from tapegraph.errors import TapegraphError
from tapegraph.node import Node, Signal, registry
from tapegraph.node.params import Value
from tapegraph.node.setup import make, start
from tapegraph.run.sound import Array

BLOCK_FRAMES = 64  # at 48 kHz
OVERSAMPLE = 2
RATE = OVERSAMPLE * demo.SAMPLE_RATE
MOST_OVERSAMPLE = 16  # enough for a bias oscillator
PART_S = 0.1  # so that a part stays in the caches while works take turns on it
RENDERED_S = 1
SOLVER_RUNS, NODE_RUNS = 14, 30
NODE_REPEATS = 10  # of a part in each run, or the first pass, on cold caches, would be most of what a gain takes
UNIT = "ns a sample and channel"
BOTH, RENDER, MONO = "stereo", "stereo by graph.render", "mono"


def music(channels: int, sound_s: float) -> Array:
    """Return the demo's music at RATE, repeated, (channels, frames): the input of an oversampled node."""
    x = demo.music()[:channels]
    doubled = np.fft.irfft(np.fft.rfft(x), OVERSAMPLE * x.shape[1]) * OVERSAMPLE
    frames = round(sound_s * RATE)
    return np.tile(doubled, math.ceil(frames / doubled.shape[1]))[:, :frames]


def parts(x: Array, part_s: float, fs: int) -> list[Array]:
    """Return x in parts of equal length, part_s or less, each contiguous in memory. fs: its sample rate, Hz"""
    frames = min(round(part_s * fs), x.shape[1])
    return [np.ascontiguousarray(x[:, at : at + frames]) for at in range(0, x.shape[1] - frames + 1, frames)]


def samples(sound: list[Array]) -> int:
    return sum(part.size for part in sound)


def in_blocks(x: Array, fs: int) -> list[Signal]:
    """Return x in the blocks of a node; frames that do not fill one are left out. fs: sample rate of both, Hz"""
    frames = BLOCK_FRAMES * fs // demo.SAMPLE_RATE
    blocks = [Signal(len(x), frames) for _ in range(x.shape[1] // frames)]
    for k, block in enumerate(blocks):
        block.put(x[:, k * frames : (k + 1) * frames])
    return blocks


class Player:
    """A node by itself, with the same sound at every input port.

    sound: parts in blocks, see in_blocks; fs: sample rate of the node, Hz
    """

    def __init__(self, kind: str, sound: list[list[Signal]], fs: int, **params: Value) -> None:
        cls = registry.find(kind)
        first = sound[0][0]
        self.node: Node = start(make(cls, float(fs), cls.CHANNELS or first.channels, first.frames, params))
        self.y = [Signal(self.node.channels, first.frames) for _ in cls.OUTPUTS]
        ports = len(cls.INPUTS)
        self.parts: list[Work] = [partial(self.play, [[block] * ports for block in blocks]) for blocks in sound]
        self.samples = sum(map(len, sound)) * self.y[0].array.size

    def play(self, blocks: list[list[Signal]]) -> None:
        for block in blocks:
            self.node.process(block, self.y)


def solvers(sound_s: float) -> Iterator[Figure | str]:
    """Time nodes that have rivals, option by option."""
    x = music(2, sound_s)
    for rivals in find():
        with compiled(rivals) as (able, missing):
            yield from missing
            yield from compared(rivals, able, x)


def compared(rivals: Rivals, able: list[Rival], x: Array) -> Iterator[Figure]:
    """Time every option of a node in stereo, beside the rivals that have it, and alone in mono.

    And in stereo as people run it: as the only node of a graph, by graph.render, with planning and checks. All that
    takes turns part by part, options too: so each has its parts all over the time that this takes.
    """
    whole, stereo = parts(x, RENDERED_S, RATE), parts(x, PART_S, RATE)
    two, one = ([in_blocks(part[:channels], RATE) for part in stereo] for channels in (2, 1))
    y = np.empty_like(stereo[0])
    works: dict[tuple[str, str], list[Work]] = {}
    counts = {BOTH: samples(stereo), RENDER: samples(whole), MONO: samples(stereo) / 2}
    for option in options(rivals):
        setting = {rivals.CHOICE: option, **rivals.SETTING}
        graph = chain(node={"kind": rivals.KIND, **setting})
        works[option, BOTH] = Player(rivals.KIND, two, RATE, **setting).parts
        works[option, RENDER] = [partial(graph.render, part, RATE, tail=0.0) for part in whole]
        works[option, MONO] = Player(rivals.KIND, one, RATE, **setting).parts
        for rival in able:
            if option in rival.options:
                run = rival.start(option, float(RATE), rivals.SETTING)
                run(stereo[0], y)  # some compile when they are first called
                works[option, rival.name] = [partial(run, part, y) for part in stereo]
    times = in_turns(works, SOLVER_RUNS)
    ns = {key: 1e9 * taken / counts.get(key[1], counts[BOTH]) for key, taken in times.items()}
    for (option, name), own in ns.items():
        theirs = {rival.name: ns[option, rival.name] for rival in able if option in rival.options}
        real_time = 1e9 / (RATE if name == MONO else 2 * RATE)
        yield figure(f"{option}, {name}", UNIT, own, theirs if name in (BOTH, RENDER) else None, real_time)


def nodes() -> Iterator[Figure | str]:
    """Time every kind without rivals with its defaults, in stereo at 48 kHz, or oversampled where that is refused."""
    measured = {rivals.KIND for rivals in find()}
    x = demo.music()[:, : round(PART_S * demo.SAMPLE_RATE)]
    sounds = {channels: in_blocks(x[:channels], demo.SAMPLE_RATE) for channels in (1, 2)}
    players: dict[str, Player] = {}
    for kind in registry.kinds():
        if kind not in measured:
            try:
                players[kind] = with_defaults(kind, sounds)
            except TapegraphError as error:
                yield f"no figure of {kind}: {error}"
    for kind, times in in_turns({kind: player.parts for kind, player in players.items()}, NODE_RUNS).items():
        node = players[kind].node
        ns = 1e9 * times / players[kind].samples
        yield figure(kind, UNIT, ns, real_time=1e9 / (node.fs * float(node.channels)))


def with_defaults(kind: str, sounds: Mapping[int, list[Signal]]) -> Player:
    """Return a kind with its defaults, and sound to play: blocks at 48 kHz, by the number of channels.

    Raises TapegraphError where it refuses every rate.
    """
    blocks = sounds[min(registry.find(kind).MAX_CHANNELS or 2, 2)]
    try:
        return Player(kind, [NODE_REPEATS * blocks], demo.SAMPLE_RATE)
    except TapegraphError:
        x = np.tile(np.hstack([block.array for block in blocks]), MOST_OVERSAMPLE)
        fs = MOST_OVERSAMPLE * demo.SAMPLE_RATE
        return Player(kind, [in_blocks(x, fs)], fs)
