"""A batch on many computers, or on this one, by the workers of dask.distributed.

The scheduler knows of nothing but tasks of some tens of clips: to hand one out takes 3 ms. With each goes the machine,
and the files of nodes, which a worker unpacks once. When a worker dies, others get its tasks and make the same files.

Sound is not sent: workers read and write it, so paths have to lead to the same files on all computers, or be addresses
of an object store. Packages of nodes have to be installed on all of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pickle
import tempfile
import threading
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from tapegraph.atomic import discard_those_of
from tapegraph.batch import places
from tapegraph.batch.clips import Clip
from tapegraph.batch.engines import Engine, output
from tapegraph.batch.work import Job, Line, copies, render_clip
from tapegraph.errors import Problem, TapegraphError
from tapegraph.node import registry

TASK_CLIPS = 32  # at most
TASKS_EACH = 8  # for each worker at least, so that none is idle at the end
MOST_TASKS = 1000  # that the scheduler knows of at a time
FAILURES = 10  # workers that may die while a task waits in them, before it is given up
CONNECT = "20s"


@attrs.frozen
class Parcel:
    """What a worker needs before it can do clips.

    job: pickled, to be unpacked once the nodes are known
    nodes: content of the files of nodes, by name
    version: of this package
    """

    job: bytes
    nodes: dict[str, bytes]
    version: str

    @property
    def key(self) -> str:
        return hashlib.sha256(pickle.dumps((self.job, sorted(self.nodes.items()), self.version))).hexdigest()

    def unpacked(self) -> Job:
        """Return the job, in a worker. Raises TapegraphError where that is of another version."""
        import tapegraph

        if tapegraph.__version__ != self.version:
            raise TapegraphError(f"a worker has tapegraph {tapegraph.__version__}; it must be {self.version}, as here")
        for name, content in self.nodes.items():
            known = [path for path in registry.added_paths() if path.name == name]
            if not any(path.read_bytes() == content for path in known):
                path = known[0] if known else Path(tempfile.mkdtemp(prefix="tapegraph-nodes-")) / name
                path.write_bytes(content)
                registry.add_nodes(path)
        job: Job = pickle.loads(self.job)
        return job


unpacked: dict[str, Job] = {}  # by the key of the parcel, in this worker
turn = threading.Lock()  # a worker may have several threads: they would share what a machine keeps between clips


def render_clips(parcel: Parcel, clips: Sequence[Clip]) -> list[Line]:
    """Do the work of a task, in a worker."""
    with turn:
        key = parcel.key
        if key not in unpacked:
            unpacked[key] = parcel.unpacked()
        try:
            return [render_clip(unpacked[key], clip) for clip in clips]
        finally:
            copies.discard()


def on_cluster(address: str, workers: int) -> Engine:
    """Return what has the workers of a scheduler do the work.

    address: of the scheduler, or "local" for so many workers on this computer, which end with the work
    """

    def engine(job: Job, clips: Sequence[Clip]) -> Iterator[tuple[int, Line | TapegraphError]]:
        pids: set[int] = set()
        try:
            with connected(address, workers) as client:
                pids |= set(client.run(os.getpid).values()) if address == "local" else set()
                yield from outcomes(client, job, clips)
        finally:  # workers that were killed, or interrupted, may have left something
            if pids and not places.is_remote(job.out):
                for folder in {output(job, clip).parent for clip in clips}:
                    discard_those_of(pids, folder)

    return engine


@contextlib.contextmanager
def connected(address: str, workers: int) -> Iterator[Any]:
    """Give a client of a scheduler. Raises TapegraphError where there is none, or it is lost."""
    try:
        from distributed import Client, LocalCluster
        from distributed.comm import CommClosedError
    except ImportError as error:
        missing = f"--scheduler needs a package that is not installed ({error}); pip install 'tapegraph[cluster]'"
        raise TapegraphError(missing) from None
    try:
        with contextlib.ExitStack() as stack:
            cluster = address
            if address == "local":
                cluster = stack.enter_context(
                    LocalCluster(
                        n_workers=workers,
                        threads_per_worker=1,
                        dashboard_address=None,
                        memory_limit=0,
                        host="127.0.0.1",
                        silence_logs=logging.CRITICAL,
                    )
                )
            client = stack.enter_context(Client(cluster, timeout=CONNECT))
            client.run_on_scheduler(be_patient)
            yield client
    except (OSError, ValueError, CommClosedError) as error:
        if isinstance(error, TapegraphError):
            raise
        text = " ".join(str(error).split()) or type(error).__name__
        raise TapegraphError(Problem(f"the scheduler cannot be reached: {text}", address)) from None


def be_patient(dask_scheduler: Any) -> None:
    """Let workers die: one that does counts against every task that waits in it, not only the one it was at."""
    dask_scheduler.allowed_failures = max(dask_scheduler.allowed_failures, FAILURES)


def outcomes(client: Any, job: Job, clips: Sequence[Clip]) -> Iterator[tuple[int, Line | TapegraphError]]:
    """Have workers do clips; yield index and line of each, or an error where workers died of it."""
    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    import tapegraph

    nodes = {path.name: path.read_bytes() for path in registry.added_paths()}
    parcel = Parcel(pickle.dumps(job), nodes, tapegraph.__version__)
    workers = max(1, len(client.nthreads()))
    size = max(1, min(TASK_CLIPS, len(clips) // (TASKS_EACH * workers)))
    waiting = iter(range(0, len(clips), size))
    started: dict[str, int] = {}  # index of the first clip of each task

    def start(count: int) -> list[Any]:
        futures = []
        for first in islice(waiting, count):
            future = client.submit(render_clips, parcel, clips[first : first + size], pure=False)
            started[future.key] = first
            futures.append(future)
        return futures

    running = as_completed(start(MOST_TASKS))
    for future in running:
        running.update(start(1))
        first = started.pop(future.key)
        error = future.exception()
        if error is None:
            yield from enumerate(future.result(), first)
        elif isinstance(error, KilledWorker):
            died = TapegraphError(f"more than {FAILURES} workers died of it")
            yield from ((index, died) for index in range(first, min(first + size, len(clips))))
        else:
            raise TapegraphError(f"the workers cannot do it: {error}") from None
        future.release()  # a result that only a dead worker has would be made again
