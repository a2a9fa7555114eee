"""Speed: how much of the time of the sound a graph takes on this machine, whole and step by step.

    load  = time taken / duration of the sound
    speed = 1 / load, in times real time

The whole graph is timed as a stream that gets its sound in pieces of 64 to 4096 frames, as from a sound card or a host;
the graph's own block stays as it is. A load is that of all pieces, the highest load that of the one that takes longest,
each at its best of several runs: what other programs take is in none of them. Steps are those of run/profile.py, at the
graph's own block, resamplers and sums among them; their shares add up to 100 %.

The sound is the demo's music; it goes through the graph as it is. Times differ from machine to machine and from run to
run, so a limit on them should leave room.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import attrs
import numpy as np

from tapegraph import demo
from tapegraph.measure.result import Result, vector
from tapegraph.measure.rig import Measured, Rig, on_a_rig
from tapegraph.run.profile import profile, timed_ns
from tapegraph.run.sound import Array
from tapegraph.run.stream import Stream

BLOCKS_FRAMES = (64, 256, 1024, 4096)
SOUND_S = 1.0
RUNS = 7
WHOLE = "whole graph"


@attrs.frozen
class Speed(Result):
    """Times: a row for the whole graph at each block size, then one for each step.

    part, kind: of the graph: a node and its kind, or what else a step works on and does; "" for the whole
    frame_ns: time for a frame, all channels together
    highest_percent: load of the slowest piece; of the whole graph only
    """

    part: tuple[str, ...]
    kind: tuple[str, ...]
    block_frames: Array
    frame_ns: Array
    share_percent: Array
    load_percent: Array
    highest_percent: Array
    speed_times: Array

    def labels(self) -> dict[str, tuple[str, ...]]:
        return {"part": self.part, "kind": self.kind}

    def plot(self, ax: Any) -> None:
        """Draw what each step takes, the first at the top."""
        steps = [row for row, part in enumerate(self.part) if part != WHOLE]
        names = [f"{self.part[row]} ({self.kind[row]})" for row in steps]
        ax.barh(range(len(steps)), self.load_percent[steps])
        ax.set_yticks(range(len(steps)), names)
        ax.invert_yaxis()
        ax.set_xlabel("% of real time")
        ax.set_title(f"all: {self.load_percent[0]:.2g} % in blocks of {self.block_frames[0]:.0f}")
        ax.grid(True, axis="x", alpha=0.3)


def speed(graph: Measured, blocks_frames: Sequence[int] = BLOCKS_FRAMES) -> Speed:
    """Return how fast a graph runs, or that on a rig, with its rate and channels."""
    rig = on_a_rig(graph)
    sound = music(rig, max(round(SOUND_S * rig.sample_rate), *blocks_frames))
    pieces = [pieces_ns(rig, sound, frames) for frames in blocks_frames]  # first: a stream says which node fails
    found = profile(rig.as_it_is, sound, rig.sample_rate)
    steps = [*found.steps, found.rest]
    frame_ns = vector([*(float(np.mean(ns)) for ns in pieces), *(cost.frame_ns for cost in steps)])
    highest_ns = vector([*(float(np.max(ns)) for ns in pieces), *(np.nan for _ in steps)])
    nothing = np.full_like(frame_ns, np.inf)
    return Speed(
        part=(*(WHOLE for _ in pieces), *(cost.name for cost in steps)),
        kind=(*("" for _ in pieces), *(cost.kind for cost in steps)),
        block_frames=vector([*blocks_frames, *(rig.as_it_is.block for _ in steps)]),
        frame_ns=frame_ns,
        share_percent=vector([*(100.0 for _ in pieces), *(100.0 * cost.share for cost in steps)]),
        load_percent=frame_ns * rig.sample_rate / 1e7,
        highest_percent=highest_ns * rig.sample_rate / 1e7,
        speed_times=np.divide(1e9 / rig.sample_rate, frame_ns, out=nothing, where=frame_ns > 0.0),
    )


def music(rig: Rig, frames: int) -> Array:
    """Return music with the channels of a rig: the left and the right one in turns."""
    sound = demo.music()[:, :frames]
    return np.ascontiguousarray(sound[np.arange(rig.channels) % len(sound)])


def pieces_ns(rig: Rig, sound: Array, frames: int) -> Array:
    """Return what each piece of a sound takes, ns a frame: of every piece the least of several runs."""
    stream = Stream(rig.as_it_is, rig.sample_rate, rig.channels)
    pieces = [sound[:, at : at + frames] for at in range(0, sound.shape[1] - frames + 1, frames)]
    least = np.full(len(pieces), np.inf)
    for _ in range(RUNS):
        stream.reset()
        least = np.minimum(least, [timed_ns(partial(stream.process, piece)) for piece in pieces])
    return np.asarray(least / frames)
