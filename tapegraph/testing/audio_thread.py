"""Laws of what runs in the audio thread: no files, no memory, no work that would take longer than a block."""

from __future__ import annotations

import contextlib
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from tapegraph.node import Node
from tapegraph.run.sound import Array
from tapegraph.testing.law import Kind, exceptions, require
from tapegraph.testing.single import COMPILED, elsewhere, music, play, started, variants
from tapegraph.testing.state import ready

OUTSIDE = ("open", "os.", "shutil.", "glob.", "pathlib.", "subprocess.", "socket.", "import", "compile", "exec")
SMALL = 200_000  # bytes that any call may take for a while
TRANSFORMED = 1 << 16  # samples that the transforms of one call may take together: 50 of a long response's block
LOOSELY_S = 0.1
TRANSFORMS = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")

events: list[str] = []
listening = hooked = False


def listen(event: str, args: Any) -> None:
    if listening and event.startswith(OUTSIDE):
        events.append(f"{event} {args[0] if args else ''}")


@contextlib.contextmanager
def listened() -> Iterator[list[str]]:
    """Give the list of what happens meanwhile that concerns more than this process."""
    global listening, hooked  # noqa: PLW0603  Python takes an audit hook back never
    if not hooked:
        sys.addaudithook(listen)
        hooked = True
    events.clear()
    listening = True
    try:
        yield events
    finally:
        listening = False


def calls(node_kind: Kind, params: dict[str, Any]) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what the audio thread does to a node, by name: changes before a reset, and while sound plays."""
    node = ready(node_kind, 2, 64, **params)
    x = music(frames=64)

    def change(values: dict[str, Any]) -> None:
        for param in type(node).PARAMS:
            if not param.name.endswith("#") and param.name not in params:
                node.set(param.name, param.resolve(values.get(param.name, param.default)))

    other = elsewhere(node_kind)
    play(node, x)
    yield "process()", block_of(node, x)
    for values in (other, {}, other):
        change(values)
        yield "update()", node.update
        yield "reset()", node.reset
        yield "process() after a reset", block_of(node, x)
    for values in ({}, other):
        change(values)
        yield "update()", node.update
        for _ in range(20):
            yield "process() after a change", block_of(node, x)


def block_of(node: Node, x: Array) -> Callable[[], object]:
    """Return the call of process() on one block."""
    return lambda: play(node, x)


def nothing_outside_the_process_is_touched(kind: Kind) -> None:
    for params in variants(kind):
        for name, call in calls(kind, params):
            with listened() as happened:
                call()
            require(not happened, f"{name} does: {', '.join(happened)}", params)


def taken_by(call: Callable[[], object]) -> int:
    """Return how many bytes a call takes at its peak."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def no_large_memory_is_taken(kind: Kind) -> None:
    """No call takes half of what prepare() does, but for what is small anyway."""
    for params in variants(kind):
        gc.collect()
        prepared = taken_by(partial(started, kind, frames=64, **params))
        most = max(SMALL, exceptions(kind).memory * prepared)
        for name, call in calls(kind, params):
            taken = taken_by(call)
            require(taken < most, f"{name} takes {taken} bytes; the most is {most:.0f}", params)


@contextlib.contextmanager
def transforms_counted() -> Iterator[list[int]]:
    """Give a list with the number of samples that NumPy's Fourier transforms take meanwhile."""
    done = [0]
    own = {name: getattr(np.fft, name) for name in TRANSFORMS}

    def counted(transform: Callable[..., Any]) -> Callable[..., Any]:
        def count(x: Any, *args: Any, **kwargs: Any) -> Any:
            y = transform(x, *args, **kwargs)
            done[0] += max(np.asarray(x).size, y.size)
            return y

        return count

    try:
        for name, transform in own.items():
            setattr(np.fft, name, counted(transform))
        yield done
    finally:
        for name, transform in own.items():
            setattr(np.fft, name, transform)


def the_work_of_a_call_fits_into_a_block(kind: Kind) -> None:
    """Counted in samples that are Fourier-transformed; of all else the time tells no more than that it is not vast."""
    with transforms_counted() as done:
        for params in variants(kind):
            for name, call in calls(kind, params):
                done[0] = 0
                start = time.thread_time()
                call()
                took = time.thread_time() - start
                found = f"{name} transforms {done[0]} samples; the most is {TRANSFORMED}"
                require(done[0] <= TRANSFORMED, found, params)
                require(took < LOOSELY_S or not COMPILED, f"{name} takes {1e3 * took:.0f} ms", params)
