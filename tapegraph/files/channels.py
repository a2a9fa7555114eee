"""One long file on several cores: channels that do not hear each other are rendered apart, two at a time.

Every process reads the source itself and sends on what becomes of its channels; this one puts them together again,
block by block, equal to the bit to what comes of all channels in one process. Two at a time, because kernels take two
channels in one loop: one alone takes them nearly as long.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Generator
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.document.order import reachable
from tapegraph.document.spec import INPUT
from tapegraph.errors import TapegraphError
from tapegraph.files.audio import Reader
from tapegraph.node import registry
from tapegraph.node.ports import find_param
from tapegraph.run.rendering import Rendering
from tapegraph.run.sound import Array, Tail

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from tapegraph.document.model import GraphModel

ENDED = "a process that rendered was ended from outside; fewer jobs need less memory"


class MustRenderTogetherError(Exception):
    """Something went wrong with the sound: only all channels together tell what it does to each of them."""


def channels_independent(graph: FlatGraph) -> bool:
    """Tell whether every channel of a graph comes out as it would alone.

    So where no node couples channels (Node.COUPLED_BY), no parameter is moved by sound that comes from the input, which
    moves all channels by the first one, and no loop decides by the loudest channel when a rendering ends.
    """
    reach = reachable(graph.links + graph.modulations)
    moved = {(link.target_node, link.target_port) for link in graph.modulations} | graph.automation.keys()
    for name, node in graph.nodes.items():
        coupled_by = vars(node.cls).get("COUPLED_BY")  # its own word, not that of a class which it changes
        if coupled_by is None or node.cls.CHANNELS > 1 or name in reach[name]:
            return False
        for param in coupled_by:
            declared = find_param(node.cls, param)
            if (name, param) in moved or node.params.get(param, declared and declared.default) != 0.0:
                return False
    return not any(link.source_node in reach[INPUT] | {INPUT} for link in graph.modulations)


def groups(channels: int, jobs: int) -> list[slice]:
    """Return which channels go together, pairs as far as there are any, into at most as many groups as jobs."""
    pairs = -(-channels // 2)
    bounds = [2 * (k * pairs // min(jobs, pairs)) for k in range(min(jobs, pairs) + 1)]
    return [slice(a, min(b, channels)) for a, b in pairwise(bounds)]


def render_in_parallel(
    graph: GraphModel, reader: Reader, parts: list[slice], tail: Tail
) -> Generator[Array, None, None]:
    """Yield the output for an audio file, each part of its channels rendered by a process of its own.

    reader: says which file; at the end it has the warnings of those who have read it
    Raises MustRenderTogetherError where the result has to come from all channels together.
    """
    context = get_context("spawn")  # on every system alike, and safe whatever threads this process has
    running = []
    try:
        for part in parts:
            here, there = context.Pipe(duplex=False)
            work = (there, registry.added_paths(), graph, reader.path, part, tail)
            process = context.Process(target=render_part, args=work, daemon=True)
            process.start()
            there.close()
            running.append((process, here))
        while True:
            pieces = [receive(here) for _, here in running]
            if isinstance(pieces[0], list):
                reader.warnings = pieces[0]
                return
            yield np.concatenate(pieces)
    finally:
        for process, here in running:
            here.close()
            process.terminate()
            process.join()


def receive(here: Connection) -> Any:
    """Return the next block of a part, or, at its end, what was wrong with the file."""
    try:
        sent = here.recv()
    except EOFError:
        raise TapegraphError(ENDED) from None
    if isinstance(sent, Exception):
        raise sent
    return sent


def render_part(there: Connection, paths: list[Path], graph: GraphModel, source: Path, part: slice, tail: Tail) -> None:
    """Send what becomes of some channels of a file, block by block, then what is wrong with it; or an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asked ends this one
    with contextlib.suppress(BrokenPipeError):  # it has been ended itself
        try:
            registry.add_paths(paths)
            with Reader(source) as reader:
                rendering = Rendering(
                    graph.flat(), reader.sample_rate, part.stop - part.start, tail, first_channel=part.start
                )
                for block in rendering.blocks(piece[part] for piece in reader.blocks()):
                    there.send(block)
            there.send(MustRenderTogetherError() if rendering.engine.warnings() else reader.warnings)
        except TapegraphError as error:
            there.send(error)
