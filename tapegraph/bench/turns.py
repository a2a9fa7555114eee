"""Lets works take turns and counts the CPU time of each, so that a busy machine disturbs figures little."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from tapegraph.run.sound import Array

RUNS = 7

K = TypeVar("K", bound=Hashable)
Work = Callable[[], object]
# Of this thread. Windows counts it in steps of 16 ms, longer than most works take.
cpu_s = time.perf_counter if sys.platform == "win32" else time.thread_time


def children_s() -> float:
    """Return the CPU time of all processes that this one has waited for, s; on Windows the time."""
    if sys.platform == "win32":
        return time.perf_counter()
    import resource

    taken = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken.ru_utime + taken.ru_stime


def in_turns(works: Mapping[K, Sequence[Work]], runs: int, clock: Callable[[], float] = cpu_s) -> dict[K, Array]:
    """Return how long works take, s, each as (runs, parts), by their names.

    works: the parts of each, in order; all works take turns after every part
    """
    times = {name: np.zeros((runs, len(parts))) for name, parts in works.items()}
    for run in range(runs):
        for part in range(max(map(len, works.values()), default=0)):
            for name, parts in works.items():
                if part < len(parts):
                    start = clock()
                    parts[part]()
                    times[name][run, part] = clock() - start
    return times


def least(times: Array) -> float:
    """Return the time of a work, had each of its parts gone as well as in its best run.

    Other programs slow a processor down even by the CPU time of a thread: they empty its caches, and change its speed.
    They seldom disturb a short part in all runs.
    """
    return float(times.min(axis=0).sum())


def median(times: Array) -> float:
    """Return the median of the runs."""
    return float(np.median(times.sum(axis=1)))
