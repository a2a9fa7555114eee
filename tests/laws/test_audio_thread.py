"""Laws of what runs in the audio thread: no files, no room, no work that would take longer than a block."""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import soloist
from soloist import music, started, variants

import tapegraph
from tapegraph.node import Node

OUTSIDE = ("open", "os.", "shutil.", "glob.", "pathlib.", "subprocess.", "socket.", "import", "compile", "exec")
ROOM = 0.5  # that any call may take, of what prepare() takes
# What takes more, and why.
MORE_ROOM = {
    "playhead_loss": 1.0,  # a design takes some in its first portion, and gives it back in its last
}
SMALL = 200_000  # bytes that any call may take for a while
TRANSFORMED = 1 << 16  # samples that the transforms of one call may take together: 50 of a long response's block
LOOSELY_S = 0.1
TRANSFORMS = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
events: list[str] = []
listening = False


def listen(event: str, args: Any) -> None:
    if listening and event.startswith(OUTSIDE):
        events.append(f"{event} {args[0] if args else ''}")


sys.addaudithook(listen)  # for good: Python takes none back


def calls(kind: str, params: dict[str, Any]) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what the audio thread does to a node, by name: changes before a reset, and while sound plays."""
    node = started(kind, frames=64, **params)
    assert node is not None
    x = music(frames=64)

    def change(values: dict[str, Any]) -> None:
        for param in type(node).PARAMS:
            if not param.name.endswith("#") and param.name not in params:
                node.set(param.name, param.resolve(values.get(param.name, param.default)))

    elsewhere = soloist.elsewhere(kind)
    soloist.play(node, x)
    yield "process", block_of(node, x)
    for values in (elsewhere, {}, elsewhere):
        change(values)
        yield "update", node.update
        yield "reset", node.reset
        yield "process after a reset", block_of(node, x)
    for values in ({}, elsewhere):
        change(values)
        yield "update", node.update
        for _ in range(20):
            yield "process after a change", block_of(node, x)


def block_of(node: Node, x: Any) -> Callable[[], object]:
    """Return the call of process() on one block."""
    return lambda: soloist.play(node, x)


def test_nothing_outside_the_process_is_touched(kind: str) -> None:
    global listening  # noqa: PLW0603  the hook stays for good
    for params in variants(kind):
        for name, call in calls(kind, params):
            events.clear()
            listening = True
            try:
                call()
            finally:
                listening = False
            assert not events, f"{name} {params}"


def taken_by(call: Callable[[], object]) -> int:
    """Return how many bytes a call takes at its peak."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_no_room_is_made(kind: str) -> None:
    """No call takes half of what prepare() does, but for what is small anyway, or listed."""
    for params in variants(kind):
        gc.collect()
        room = taken_by(partial(started, kind, frames=64, **params))
        for name, call in calls(kind, params):
            taken = taken_by(call)
            assert taken < max(SMALL, MORE_ROOM.get(kind, ROOM) * room), f"{name} {params}: {taken} of {room} bytes"


def test_the_work_of_a_call_fits_into_a_block(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in samples that are Fourier-transformed; of all else the time tells no more than that it is not vast."""
    done = [0]

    def counted(transform: Callable[..., Any]) -> Callable[..., Any]:
        def count(x: Any, *args: Any, **kwargs: Any) -> Any:
            y = transform(x, *args, **kwargs)
            done[0] += max(np.asarray(x).size, y.size)
            return y

        return count

    for name in TRANSFORMS:
        monkeypatch.setattr(np.fft, name, counted(getattr(np.fft, name)))
    for params in variants(kind):
        for name, call in calls(kind, params):
            done[0] = 0
            start = time.thread_time()
            call()
            took = time.thread_time() - start
            assert done[0] <= TRANSFORMED, f"{name} {params}"
            assert took < LOOSELY_S or not tapegraph.COMPILED, f"{name} {params}"
