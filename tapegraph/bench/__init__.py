"""Measures how fast this installation is, in figures that can be compared with another run.

A figure is the least and the median of several runs. The solvers of the hysteresis node take turns with the same
equations in plain C and in Numba, compiled in the same run, so that the ratios hold on any machine.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from tapegraph.bench import graphs, players, process
from tapegraph.bench.figure import Figure


def sections(sound_s: float) -> dict[str, Callable[[], Iterator[Figure | str]]]:
    """Return what can be measured, by name: each yields figures, and sentences on what it has to leave out.

    sound_s: how much sound a solver plays in a run, s
    """
    return {
        "solvers": functools.partial(players.solvers, sound_s),
        "nodes": players.nodes,
        "scheduler": graphs.scheduler,
        "presets": graphs.presets,
        "silence": graphs.silence,
        "starting": process.starting,
        "memory": process.memory,
    }
