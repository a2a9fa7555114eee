"""Times short pieces of sound: many in one process, as for training data, and a process for one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tapegraph import demo
from tapegraph.api import load
from tapegraph.bench.figure import Figure, figure
from tapegraph.bench.process import rendering, run
from tapegraph.bench.turns import RUNS, children_s, in_turns
from tapegraph.run.sound import Array

PRESET = "tc260"
CLIPS = 64  # of a second each
CLIP_RUNS = 3  # of all of them


def cut(count: int) -> list[Array]:
    """Return so many clips of a second from all over the demo's music, in stereo."""
    x = demo.music()
    step = (x.shape[1] - demo.SAMPLE_RATE) // count
    return [x[:, at : at + demo.SAMPLE_RATE] for at in range(0, count * step, step)]


def rendered() -> Iterator[Figure]:
    """Time graph.render on clips, without a tail, so that they stay as long; then the command for a clip."""
    graph = load(PRESET)
    works = {"clips": [partial(graph.render, clip, demo.SAMPLE_RATE, tail=0.0) for clip in cut(CLIPS)]}
    (times,) = in_turns(works, CLIP_RUNS).values()
    yield figure(f"clip of 1 s, {PRESET}", "ms", 1e3 * times / CLIPS, real_time=1e3)
    with tempfile.TemporaryDirectory() as folder:
        command = rendering(Path(folder), 2, 1, PRESET)
        (times,) = in_turns({"command": [partial(run, command)]}, RUNS, children_s).values()
    yield figure(f"tapegraph render, 1 s, {PRESET}", "ms", 1e3 * times, real_time=1e3)
