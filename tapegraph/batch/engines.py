"""Engines: what does the work of a batch, in this process or in several; for clusters see cluster.py.

Nodes hold Python's lock while they run, so it takes processes, not threads, to use several cores.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tapegraph.atomic import discard_those_of
from tapegraph.batch import places
from tapegraph.batch.clips import Clip
from tapegraph.batch.work import Job, Line, copies, render_clip
from tapegraph.errors import TapegraphError
from tapegraph.files.workers import WorkerDiedError, run_in_parallel

# Yields the index of each clip and its line, as they are done; an error for a clip whose process has died.
Engine = Callable[[Job, Sequence[Clip]], Iterator[tuple[int, Line | TapegraphError]]]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def here(job: Job, clips: Sequence[Clip]) -> Iterator[tuple[int, Line | TapegraphError]]:
    """Do the work in this process."""
    try:
        for index, clip in enumerate(clips):
            yield index, render_clip(job, clip)
    finally:
        copies.discard()


def processes(jobs: int) -> Engine:
    """Return what does the work in so many processes."""

    def engine(job: Job, clips: Sequence[Clip]) -> Iterator[tuple[int, Line | TapegraphError]]:
        with one_thread_each():
            for index, outcome in run_in_parallel(functools.partial(render_clip, job), clips, jobs):
                if isinstance(outcome, WorkerDiedError) and not places.is_remote(job.out):
                    discard_those_of([outcome.pid], output(job, clips[index]).parent)
                yield index, outcome

    return engine


def output(job: Job, clip: Clip) -> Path:
    """Return the file that a clip becomes."""
    return Path(places.joined(job.out, job.name(clip)))


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Let processes that are started multiply matrices in one thread: there are as many of them as cores."""
    added = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
