"""Times graphs: the overhead of the scheduler, the presets, and silence against music."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from tapegraph import demo, resources
from tapegraph.api import Graph, chain, load
from tapegraph.bench.figure import RUNS, Figure, figure, seconds
from tapegraph.run.engine import Engine
from tapegraph.run.sound import Array

GAINS = 40
REST_S = 4  # until tails have decayed so far that denormal numbers would slow processors down


def processing(engine: Engine, x: Array) -> float:
    """Return how long whole blocks of x take, s."""
    return seconds(functools.partial(engine.process, x[:, : x.shape[1] // engine.block * engine.block]))


def started(graph: Graph, channels: int) -> Engine:
    return graph.rendering(demo.SAMPLE_RATE, channels).engine


def scheduler() -> Iterator[Figure]:
    """Time chains of gains, one channel: the cost of each further one, and of a block without any.

    Then what two resamplers cost, from a gain that is oversampled beside one that is not.
    """
    x = demo.music()[:1, : demo.SAMPLE_RATE]
    short, long = (started(chain(**{f"gain{k}": {"kind": "gain"} for k in range(n)}), 1) for n in (1, 1 + GAINS))
    fast = started(chain(gain={"kind": "gain", "oversample": 2}), 1)
    block_ns = 1e9 * short.block / x.shape[1]
    runs = [(processing(short, x), processing(long, x), processing(fast, x)) for _ in range(RUNS)]
    further = [(b - a) / GAINS * block_ns for a, b, _ in runs]
    yield figure("one more node", "ns a block", further)
    yield figure(
        "a block without nodes", "ns a block", [a * block_ns - n for (a, _, _), n in zip(runs, further, strict=True)]
    )
    resamplers = [(c - a) / x.size * 1e9 for a, _, c in runs]
    yield figure("up and down by 2", "ns a sample and channel", resamplers, real_time=1e9 / demo.SAMPLE_RATE)


def bundled(every: bool) -> Iterator[tuple[str, Graph]]:
    """Yield presets with their names: those tagged as showcase, or every one."""
    for name in resources.presets():
        graph = load(name)
        if every or resources.SHOWCASE in graph.tags:
            yield name, graph


def presets(every: bool) -> Iterator[Figure]:
    """Time the presets on the demo's music in stereo: ms for a second of sound, so that 1000 is real time."""
    x = demo.music()
    for name, graph in bundled(every):
        render = functools.partial(graph.render, x, demo.SAMPLE_RATE)
        values = [seconds(render) * 1e3 * demo.SAMPLE_RATE / x.shape[1] for _ in range(RUNS)]
        yield figure(name, "ms a second of sound", values, real_time=1e3)


def silence(every: bool) -> Iterator[Figure]:
    """Time the presets in the silence after music, and on the music itself."""
    x = demo.music()[:, : demo.SAMPLE_RATE]
    rest = np.zeros((len(x), REST_S * demo.SAMPLE_RATE))
    for name, graph in bundled(every):
        engine = started(graph, len(x))
        quiet: list[float] = []
        loud: list[float] = []
        for _ in range(RUNS):
            loud.append(1e3 * processing(engine, x))
            quiet.append(1e3 / REST_S * processing(engine, rest))
        yield figure(f"{name}, silence", "ms a second of sound", quiet, {"music": loud}, real_time=1e3)
