"""Times graphs: the overhead of the scheduler, the presets, silence against music, and what each step takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from tapegraph import demo, resources
from tapegraph.api import Graph, chain, load
from tapegraph.bench.figure import Figure, figure
from tapegraph.bench.turns import RUNS, Work, in_turns, least, median
from tapegraph.run import profile as steps
from tapegraph.run.engine import Engine
from tapegraph.run.sound import Array

GAINS = 40
PART_S = 0.25
SOUND_S = 2
REST_S = 4  # until tails have decayed so far that denormal numbers would slow processors down
REST_RUNS = 3
UNIT = "ms a second of sound"


def started(graph: Graph, channels: int) -> Engine:
    return graph.rendering(demo.SAMPLE_RATE, channels).engine


def cut(x: Array, block: int) -> list[Array]:
    """Return x in parts of equal length, PART_S or less, of whole blocks."""
    frames = min(round(PART_S * demo.SAMPLE_RATE), x.shape[1]) // block * block
    return [x[:, at : at + frames] for at in range(0, x.shape[1] - frames + 1, frames)]


def playing(engine: Engine, sound: list[Array]) -> list[Work]:
    """Return the work of taking each part of a sound through a running graph."""
    return [partial(engine.process, part) for part in sound]


def length_s(sound: list[Array]) -> float:
    return sum(len(part[0]) for part in sound) / demo.SAMPLE_RATE


def scheduler() -> Iterator[Figure]:
    """Time chains of gains, one channel: the cost of each further one, and of a block without any.

    Then what two resamplers cost, from a gain that is oversampled beside one that is not.
    """
    one, many, up = (
        started(chain(**{f"gain{k}": {"kind": "gain", "oversample": factor} for k in range(count)}), 1)
        for count, factor in ((1, 1), (1 + GAINS, 1), (1, 2))
    )
    sound = cut(demo.music()[:1, : demo.SAMPLE_RATE], one.block)
    works = {"one": playing(one, sound), "many": playing(many, sound), "up": playing(up, sound)}
    times = in_turns(works, RUNS)
    frame_ns = 1e9 / (length_s(sound) * demo.SAMPLE_RATE)
    block_ns = one.block * frame_ns
    further = block_ns / GAINS
    yield combined("one more node", "ns a block", times, {"many": further, "one": -further})
    yield combined("a block without nodes", "ns a block", times, {"one": block_ns + further, "many": -further})
    yield combined("up and down by 2", "ns a sample and channel", times, {"up": frame_ns, "one": -frame_ns})


def combined(name: str, unit: str, times: Mapping[str, Array], weights: Mapping[str, float]) -> Figure:
    """Return the figure of what is left of works when others are taken away."""
    best, middle = (sum(weight * of(times[work]) for work, weight in weights.items()) for of in (least, median))
    return Figure(name, unit, best, middle)


def bundled(every: bool) -> Iterator[tuple[str, Graph]]:
    """Yield presets with their names: those tagged as showcase, or every one."""
    for name in resources.presets():
        graph = load(name)
        if every or resources.SHOWCASE in graph.tags:
            yield name, graph


def presets(every: bool) -> Iterator[Figure]:
    """Time running presets on the demo's music in stereo: ms for a second of sound, so that 1000 is real time."""
    x = demo.music()[:, : SOUND_S * demo.SAMPLE_RATE]
    works: dict[str, list[Work]] = {}
    sounds: dict[str, list[Array]] = {}
    for name, graph in bundled(every):
        engine = started(graph, len(x))
        sounds[name] = cut(x, engine.block)
        works[name] = playing(engine, sounds[name])
    for name, times in in_turns(works, RUNS).items():
        yield figure(name, UNIT, 1e3 * times / length_s(sounds[name]), real_time=1e3)


def silence(every: bool) -> Iterator[Figure]:
    """Time the presets in the silence after music, and on the music itself."""
    x = demo.music()[:, : demo.SAMPLE_RATE]
    rest = np.zeros((len(x), round(REST_S * demo.SAMPLE_RATE)))
    works: dict[str, list[Work]] = {}
    sounds: dict[str, tuple[list[Array], list[Array]]] = {}
    for name, graph in bundled(every):
        engine = started(graph, len(x))
        sounds[name] = cut(x, engine.block), cut(rest, engine.block)
        works[name] = playing(engine, [*sounds[name][0], *sounds[name][1]])
    for name, times in in_turns(works, REST_RUNS).items():
        music, quiet = sounds[name]
        loud_ms = 1e3 * times[:, : len(music)] / length_s(music)
        quiet_ms = 1e3 * times[:, len(music) :] / length_s(quiet)
        yield figure(f"{name}, silence", UNIT, quiet_ms, {"music": loud_ms}, real_time=1e3)


def profile(graph: Graph, sound: Array | None = None, sample_rate: float = demo.SAMPLE_RATE) -> steps.Profile:
    """Return what each step of a graph takes, see run/profile.py, for a second of the demo's music unless for a sound.

    sound: (channels, frames)
    """
    x = demo.music()[:, : demo.SAMPLE_RATE] if sound is None else sound
    return steps.profile(graph.flat(), x, sample_rate)
