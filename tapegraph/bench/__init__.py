"""Measures how fast this installation is, in figures that can be compared with another run.

A figure is a CPU time, see turns.py: the least and the median of several runs. Where a node has rivals, the same
equations in C and in Numba, they take turns with it, compiled in the same run, so that the ratios hold on any machine.

Rivals are found in the folder `_rivals` of a package of nodes, in a file named after the node's kind, with one class:

    KIND           kind of the node
    CHOICE         name of its parameter whose options are measured, a Choice
    SETTING        values of other parameters, by name
    C_SOURCES      C files beside it, by the name of the rival; a shared library is made of each
    C_OPTIONS      options that they have
    NUMBA_OPTIONS  options that Numba has

    in_c(library, option, fs, setting), in_numba(option, fs, setting)
        Return run(x, y), which processes all channels of x, (channels, frames), from silence into y, alike.
        library: of one of the C files, by ctypes; fs: sample rate, Hz; setting: values of the other parameters, by name

Rivals need no base class and import nothing from here: nodes stay free of the bench.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tapegraph.bench import clips, graphs, players, process
from tapegraph.bench.figure import Figure
from tapegraph.bench.graphs import profile

__all__ = ["Figure", "profile", "sections"]


def sections(sound_s: float, every: bool = False) -> dict[str, Callable[[], Iterator[Figure | str]]]:
    """Return what can be measured, by name: each yields figures, and sentences on what it has to leave out.

    sound_s: how much sound a solver plays in a run, s
    every: whether all presets are measured, not only those tagged as showcase
    """
    return {
        "solvers": partial(players.solvers, sound_s),
        "nodes": players.nodes,
        "scheduler": graphs.scheduler,
        "presets": partial(graphs.presets, every),
        "silence": partial(graphs.silence, every),
        "clips": clips.rendered,
        "starting": process.starting,
        "memory": process.memory,
    }
