"""Processes that work on files in parallel, and end with their parent whatever ends it.

Each process gets its tasks through a pipe that only the parent can write to. The pipe is closed by the system when the
parent ends, even by SIGKILL; the process then deletes its temporary files and ends.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tapegraph import atomic
from tapegraph.errors import TapegraphError
from tapegraph.node import registry

READY = "ready"
END_S = 1.0  # how long a process may take to end by itself
NOT_STARTED = (
    "a rendering process could not be started; a script that renders in parallel must start its work behind "
    'if __name__ == "__main__":, because each process imports the script'
)
Work = Callable[[Any], Any]


def run_in_parallel(work: Work, tasks: Sequence[Any], jobs: int) -> Iterator[tuple[int, Any]]:
    """Yield (index of the task, work(task)) as tasks are completed; a WorkerDiedError for one whose process died.

    work, tasks: can be pickled; work returns its errors instead of raising them
    Raises TapegraphError where no process can be started.
    """
    waiting = deque(enumerate(tasks))
    jobs = min(jobs, len(tasks))
    workers: list[Worker] = []
    try:
        while waiting or workers:
            while waiting and len(workers) < jobs:
                workers.append(Worker(work))
            for connection in wait([worker.connection for worker in workers]):
                worker = next(w for w in workers if w.connection is connection)
                index = worker.index
                message = worker.receive()
                if isinstance(message, WorkerDiedError):
                    if index is None:
                        raise TapegraphError(*message.problems)
                    workers.remove(worker)
                elif waiting:  # before the result is passed on: the process need not wait for what is done with it
                    worker.start(*waiting.popleft())
                else:
                    worker.end()
                    workers.remove(worker)
                if index is not None:
                    yield index, message
    finally:
        for worker in workers:
            worker.connection.close()
        for worker in workers:
            worker.end()


class WorkerDiedError(TapegraphError):
    """A process ended before its task was done.

    pid: its number
    """

    pid = 0


class Worker:
    """A process that does one task after another.

    index: of the task that it works on; None before the first
    """

    def __init__(self, work: Work) -> None:
        context = get_context("spawn")  # on every system alike, and safe whatever threads this process has
        self.connection, there = context.Pipe()
        self.process = context.Process(target=serve, args=(there, registry.added_paths(), work), daemon=True)
        try:
            start(self.process)
        finally:
            there.close()
        self.index: int | None = None

    def start(self, index: int, task: Any) -> None:
        self.index = index
        with contextlib.suppress(OSError):  # it has died; receive() tells
            self.connection.send(task)

    def receive(self) -> Any:
        """Return the result of the task, or a WorkerDiedError where the process has died."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            self.process.join(END_S)
            error = WorkerDiedError(NOT_STARTED if self.index is None else death(self.process.exitcode))
            error.pid = self.process.pid or 0
            return error

    def end(self) -> None:
        """End the process, which deletes its temporary files."""
        self.connection.close()
        self.process.join(END_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def start(process: BaseProcess) -> None:
    """Start a process that never gets SIGINT, not even while it imports: its parent ends it."""
    mask = getattr(signal, "pthread_sigmask", None)
    try:
        if mask is None:
            process.start()
            return
        resource_tracker.ensure_running()  # or else start() does that, and unblocks SIGINT
        before = mask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            mask(signal.SIG_SETMASK, before)
    except RuntimeError:  # this process is itself one that imports a script
        raise TapegraphError(NOT_STARTED) from None


def death(status: int | None) -> str:
    """Return how a process ended, from its exit code."""
    if status is None or status >= 0:
        return f"a rendering process ended with status {status}"
    if -status == getattr(signal, "SIGKILL", None):
        return "a rendering process was killed; fewer jobs need less memory"
    return f"a rendering process was ended by {signal.Signals(-status).name}"


def explained(error: Exception) -> str:
    """Return what an unexpected error says, and the line where it was raised."""
    if isinstance(error, MemoryError):
        return "cannot be rendered: there is not enough memory"
    frames = traceback.extract_tb(error.__traceback__)
    place = f", raised in {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    text = " ".join(str(error).split())
    return f"cannot be rendered: {type(error).__name__}{': ' if text else ''}{text}{place}"


def serve(connection: Connection, paths: list[Path], work: Work) -> None:
    """Do tasks until the connection is closed. Runs in a process of its own."""
    end_on_signals()
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=receive_tasks, args=(connection, tasks), daemon=True).start()
    registry.add_paths(paths)
    result: Any = READY
    while True:
        try:
            connection.send(result)
        except OSError:  # the parent has ended, and receive_tasks() may not have seen it yet
            end(0)
        result = work(tasks.get())


def receive_tasks(connection: Connection, tasks: queue.SimpleQueue[Any]) -> None:
    """Pass on tasks; end the process, in whatever it does, once the parent has closed the connection or ended."""
    try:
        while True:
            tasks.put(connection.recv())
    except (EOFError, OSError):
        end(0)


def end_on_signals() -> None:
    """Leave SIGINT to the parent; delete temporary files at SIGTERM and SIGHUP."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, lambda number, frame: end(128 + number))


def end(status: int) -> None:
    """End this process at once, without temporary files."""
    atomic.naming.acquire()  # no more are made
    atomic.discard_all()
    os._exit(status)
