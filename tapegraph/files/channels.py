"""One long file on several cores: independent channels are rendered in separate processes, two at a time.

Every process reads the source itself and sends its rendered channels; the parent joins them block by block. The file
is equal to the bit to one that a single process renders. Two at a time, because kernels take two channels in one loop:
one alone takes them nearly as long.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Generator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.document.order import Order, reachable
from tapegraph.document.spec import INPUT, OUTPUT
from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.read import PIECE_FRAMES, Reader
from tapegraph.node import registry
from tapegraph.node.ports import find_param
from tapegraph.run.plan import find_channels
from tapegraph.run.rendering import Rendering
from tapegraph.run.sound import Array, Tail

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from tapegraph.document.model import GraphModel


@attrs.frozen
class Sound:
    """Rendered sound on its way into a file.

    most_frames: how long it may become
    blocks: (channels, frames) each
    warnings: returns a sentence for each thing that went wrong, once all blocks have been taken
    """

    channels: int
    most_frames: int
    blocks: Generator[Array, None, None]
    warnings: Callable[[], list[str]]


class MustRenderTogetherError(Exception):
    """A worker muted or reset sound; start over in one process so that all channels are affected alike."""


def channels_independent(graph: FlatGraph) -> bool:
    """Tell whether every channel of a graph comes out as it would alone.

    That is so where no node couples channels (Node.COUPLED_BY); no parameter is modulated by the input, whose first
    channel would move all of them; and there is no loop, whose rendering ends when the loudest channel is silent.
    """
    reach = reachable(graph.links + graph.modulations)
    moved = {(link.target_node, link.target_port) for link in graph.modulations} | graph.automation.keys()
    for name, node in graph.nodes.items():
        coupled_by = vars(node.cls).get("COUPLED_BY")  # as this class declares it: a base class cannot know
        if coupled_by is None or node.cls.CHANNELS > 1 or name in reach[name]:
            return False
        for param in coupled_by:
            declared = find_param(node.cls, param)
            if (name, param) in moved or node.params.get(param, declared and declared.default) != 0.0:
                return False
    return not any(link.source_node in reach[INPUT] | {INPUT} for link in graph.modulations)


def groups(channels: int, jobs: int) -> list[slice]:
    """Return which channels each process renders: whole pairs where possible, in at most `jobs` groups."""
    pairs = -(-channels // 2)
    bounds = [2 * (k * pairs // min(jobs, pairs)) for k in range(min(jobs, pairs) + 1)]
    return [slice(a, min(b, channels)) for a, b in pairwise(bounds)]


@contextlib.contextmanager
def rendered_in_parallel(graph: GraphModel, reader: Reader, parts: list[slice], tail: Tail) -> Iterator[Sound]:
    """Give what becomes of an audio file, each part of its channels rendered by a process of its own.

    reader: names the file; nothing is read from it here
    Raises TapegraphError where the graph cannot run; the blocks raise MustRenderTogetherError where all channels have
    to be rendered together.
    """
    from multiprocessing import get_context  # here, for most files are rendered without processes

    from tapegraph.files.workers import start

    flat = graph.flat()
    channels = find_channels(flat, Order(flat), reader.channels)[OUTPUT]  # no part could tell that they do not fit
    context = get_context("spawn")  # on every system alike, and safe whatever threads this process has
    running: list[tuple[SpawnProcess, Connection]] = []
    warnings: list[str] = []

    def blocks() -> Generator[Array, None, None]:
        while True:
            pieces = [receive(*started) for started in running]
            if isinstance(pieces[0], list):
                warnings.extend(pieces[0])
                return
            yield np.concatenate(pieces)

    try:
        for part in parts:
            here, there = context.Pipe(duplex=False)
            work = (there, registry.added_paths(), graph, (reader.path, reader.local), part, tail)
            process = context.Process(target=render_part, args=work, daemon=True)
            start(process)
            there.close()
            running.append((process, here))
        most_frames = max(receive(*started) for started in running)
        yield Sound(channels, most_frames, blocks(), lambda: warnings)
    finally:
        for process, here in running:
            here.close()
            process.terminate()
            process.join()


def receive(process: SpawnProcess, here: Connection) -> Any:
    """Return the next message of a part, see render_part(). Raises the error that it has sent."""
    from tapegraph.files.workers import END_S, death

    try:
        message = here.recv()
    except (EOFError, OSError):
        process.join(END_S)
        raise TapegraphError(death(process.exitcode)) from None
    if isinstance(message, Exception):
        raise message
    return message


def render_part(
    there: Connection, paths: list[Path], graph: GraphModel, source: tuple[Path, Path], part: slice, tail: Tail
) -> None:
    """Render some channels of a file; send how many frames it may come to, each block, and the file's warnings.

    Instead of any of these an exception is sent.
    """
    from tapegraph.files.workers import explained

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process ends this one
    with contextlib.suppress(BrokenPipeError):  # the parent has been ended itself
        try:
            registry.add_paths(paths)
            with Reader(*source) as reader:
                rendering = Rendering(
                    graph.flat(),
                    reader.sample_rate,
                    part.stop - part.start,
                    tail,
                    first_channel=part.start,
                    chunk_frames=PIECE_FRAMES,
                )
                there.send(rendering.most(reader.frames))
                for block in rendering.blocks(piece[part] for piece in reader.blocks()):
                    there.send(block)
            there.send(MustRenderTogetherError() if rendering.warnings() else reader.warnings)
        except TapegraphError as error:
            there.send(error)
        except Exception as error:
            there.send(TapegraphError(Problem(explained(error), str(source[0]))))
