"""Times short pieces of sound: many in one process, as for training data, and a process for one of them.

Clips for training are of 4 s, mono, at 16 kHz, as for speech: through a graph, through a random machine of that graph,
and, where these are installed, through chains of effects of pedalboard and audiomentations, which take turns.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tapegraph import demo
from tapegraph.api import load
from tapegraph.augment import RandomMachine
from tapegraph.bench.figure import Figure, figure
from tapegraph.bench.process import rendering, run
from tapegraph.bench.turns import RUNS, Work, children_s, in_turns
from tapegraph.run.sound import Audio

PRESET = "tc260"
CLIPS = 64  # of a second each
CLIP_RUNS = 3  # of all of them
SPEECH_RATE, SPEECH_S, SPEECH_CLIPS = 16_000, 4, 24
DRAWN = {
    "Drive": {"uniform": [0.2, 0.9]},
    "Bias": {"triangular": [0.2, 0.5, 0.9]},
    "Wow": {"uniform": [0, 0.3]},
    "Flutter": {"uniform": [0, 0.3]},
    "Hiss": {"normal": [-74, 4]},
}
LEVEL = {"loudness_lufs": {"uniform": [-30, -16]}, "gain_db": {"uniform": [-6, 6]}}


def cut(count: int, frames: int = demo.SAMPLE_RATE) -> list[Audio]:
    """Return so many clips from all over the demo's music, in stereo."""
    x = demo.music()
    step = (x.shape[1] - frames) // count
    return [x[:, at : at + frames] for at in range(0, count * step, step)]


def rendered() -> Iterator[Figure | str]:
    """Time graph.render on clips, without a tail, so that they stay as long; clips for training; the command."""
    graph = load(PRESET)
    works = {"clips": [partial(graph.render, clip, demo.SAMPLE_RATE, tail=0.0) for clip in cut(CLIPS)]}
    (times,) = in_turns(works, CLIP_RUNS).values()
    yield figure(f"clip of 1 s, {PRESET}", "ms", 1e3 * times / CLIPS, real_time=1e3)
    yield from training()
    with tempfile.TemporaryDirectory() as folder:
        command = rendering(Path(folder), 2, 1, PRESET)
        (times,) = in_turns({"command": [partial(run, command)]}, RUNS, children_s).values()
    yield figure(f"tapegraph render, 1 s, {PRESET}", "ms", 1e3 * times, real_time=1e3)


def training() -> Iterator[Figure | str]:
    """Time clips for training through a graph, random machines of it, and the effects of others."""
    graph = load(PRESET)
    machine = RandomMachine({"graphs": [PRESET], "draw": DRAWN})
    loud = RandomMachine({"graphs": [PRESET], "draw": DRAWN, "level": LEVEL})
    clips = [clip[0].astype(np.float32) for clip in cut(SPEECH_CLIPS, SPEECH_RATE * SPEECH_S)]
    plain = f"{PRESET} by graph.render"
    works: dict[str, list[Work]] = {
        plain: [partial(graph.render, clip, SPEECH_RATE, tail=0.0) for clip in clips],
        f"random machine of {PRESET}": [partial(machine, x, SPEECH_RATE, k) for k, x in enumerate(clips)],
        "the same with its loudness": [partial(loud, x, SPEECH_RATE, k) for k, x in enumerate(clips)],
    }
    for name, effects in (("pedalboard", pedalboard), ("audiomentations", audiomentations)):
        if importlib.util.find_spec(name) is None:
            yield f"no clips through {name}: it is not installed"
            continue
        chain, call = effects()
        works[f"{name}: {chain}"] = [partial(call, clip) for clip in clips]
    times = {name: 1e3 * found / len(clips) for name, found in in_turns(works, CLIP_RUNS).items()}
    for name, found in times.items():
        rivals = {} if name == plain else {plain: times[plain]}
        title = f"clip of {SPEECH_S} s, {SPEECH_RATE / 1000:.0f} kHz, {name}"
        yield figure(title, "ms", found, rivals, real_time=1e3 * SPEECH_S)


def pedalboard() -> tuple[str, Callable[[Audio], Any]]:
    """Return a chain of effects of pedalboard: its name, and what puts a clip through it."""
    from pedalboard import Chorus, Distortion, LowpassFilter, Pedalboard

    board = Pedalboard([Distortion(drive_db=12.0), Chorus(), LowpassFilter(cutoff_frequency_hz=6000.0)])
    return "Distortion, Chorus, LowpassFilter", lambda clip: board(clip, SPEECH_RATE)


def audiomentations() -> tuple[str, Callable[[Audio], Any]]:
    """Return a chain of effects of audiomentations: its name, and what puts a clip through it."""
    from audiomentations import AddGaussianNoise, Compose, LowPassFilter, TanhDistortion

    chain = Compose([TanhDistortion(p=1.0), LowPassFilter(p=1.0), AddGaussianNoise(p=1.0)])
    return "TanhDistortion, LowPassFilter, AddGaussianNoise", lambda clip: chain(clip, SPEECH_RATE)
