"""From file to file: a graph run over an audio file of any length, in little memory."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from tapegraph.atomic import is_stream
from tapegraph.document.flat import FlatGraph
from tapegraph.document.model import GraphModel
from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.channels import (
    MustRenderTogetherError,
    Sound,
    channels_independent,
    groups,
    rendered_in_parallel,
)
from tapegraph.files.read import PIECE_FRAMES, Reader
from tapegraph.files.write import create
from tapegraph.run.rendering import Rendering
from tapegraph.run.sound import Array, Tail, decibels

if TYPE_CHECKING:
    from tapegraph.analysis.matching import Match
    from tapegraph.files.level import Level

Progress = Callable[[float], None]


@attrs.frozen
class Report:
    """What a rendering has written.

    seconds: length of the new file
    wall_seconds: how long making it took, reading and writing included
    peak_dbfs: the largest sample, dB; -infinity for silence
    clipped: samples beyond full scale, clipped because the kind of file cannot store them
    warnings: a sentence for each thing that the listener should know
    level: what its loudness was matched to, and by which gain; None where that was not wanted
    """

    target: Path
    sample_rate: int
    channels: int
    subtype: str
    seconds: float
    wall_seconds: float
    peak_dbfs: float
    clipped: int
    warnings: tuple[str, ...]
    level: Level | None = None

    @property
    def times_real_time(self) -> float:
        return self.seconds / self.wall_seconds

    def __str__(self) -> str:
        name = "standard output" if str(self.target) == "-" else self.target
        return (
            f"{name}: {self.seconds:.2f} s, {self.subtype}, peak {self.peak_dbfs:.1f} dBFS, "
            f"{f'{self.level}, ' if self.level else ''}"
            f"in {self.wall_seconds:.2f} s ({self.times_real_time:.1f} times real time)"
        )


def render_file(
    graph: GraphModel,
    source: str | Path,
    target: str | Path,
    *,
    subtype: str | None = None,
    dither: bool = True,
    overwrite: bool = False,
    tail: Tail = "auto",
    jobs: int = 1,
    progress: Progress | None = None,
    bitrate: float | None = None,
    kind: str | None = None,
    match: Match | None = None,
) -> Report:
    """Render an audio file through a graph into another, at the same sample rate.

    source, target: "-" for standard input and output; a pipe is read to its end before rendering begins
    kind: extension that selects the kind of file; otherwise that of target, or wav where it is a pipe without one

    subtype: libsndfile's name of how to store samples, PCM_24 say; otherwise as in the source
    tail: seconds, or "auto" for as long as the nodes say
    jobs: processes that share the channels, where these are independent; the file is the same
    progress: called now and then with how much has been rendered, 0 to 1
    bitrate: of a lossy file, kb/s; otherwise that of the source where that is lossy too, else the encoder's own
    match: "loudness" for one gain that makes the file as loud as the source, see files/level.py
    Raises TapegraphError, without leaving a file, for files that cannot be read or written.
    """
    started = time.perf_counter()
    level = matching(match) if match is not None else None

    def write(sound: Sound) -> Report:
        blocks = shown(sound.blocks, reader.frames, progress) if progress else sound.blocks
        if level:
            blocks = level.matched(blocks, sound.channels, reader, Path(target))
        with (
            contextlib.closing(sound.blocks),
            contextlib.closing(blocks),
            create(
                target,
                reader.sample_rate,
                sound.channels,
                sound.most_frames,
                subtype=subtype,
                like=reader.subtype,
                dither=dither,
                overwrite=overwrite,
                bitrate=bitrate,
                like_bitrate=reader.bitrate() if bitrate is None else None,
                layout=reader.layout if sound.channels == reader.channels else (),
                metadata=metadata,
                kind=kind,
            ) as writer,
        ):
            if level:
                writer.cure = "lower the level of the source"
            for block in blocks:
                writer.write(block)
        return Report(
            Path(target),
            reader.sample_rate,
            sound.channels,
            writer.subtype,
            writer.frames / reader.sample_rate,
            time.perf_counter() - started,
            decibels(writer.peak),
            writer.clipped,
            (*sound.warnings(), *(f"{source}: {line}" for line in metadata.warnings), *writer.warnings()),
            level,
        )

    with Reader(source) as reader:
        if is_same_file(source, target):
            raise TapegraphError(Problem("is both the source and the target; choose another name", str(target)))
        metadata = reader.metadata()
        flat = graph.flat()
        parts = groups(reader.channels, jobs)
        if len(parts) > 1 and channels_independent(flat):
            with (
                contextlib.suppress(MustRenderTogetherError),
                rendered_in_parallel(graph, reader, parts, tail) as sound,
            ):
                return write(sound)
        return write(rendered_together(flat, reader, tail))


def shown(blocks: Iterable[Array], frames: int, progress: Progress) -> Generator[Array, None, None]:
    """Yield blocks, and report after each what part of so many frames there has been."""
    count = 0
    for block in blocks:
        yield block
        count += block.shape[1]
        progress(min(1.0, count / frames))


def matching(match: Match) -> Level:
    """Return what matches a level. Raises TapegraphError for another match than there is."""
    from tapegraph.analysis.matching import check_match
    from tapegraph.files.level import Level

    check_match(match)
    return Level()


def is_same_file(source: str | Path, target: str | Path) -> bool:
    try:
        return not is_stream(Path(target)) and os.path.samefile(source, target)
    except OSError:
        return False


def rendered_together(graph: FlatGraph, reader: Reader, tail: Tail) -> Sound:
    """Return what becomes of a file in this process."""
    rendering = Rendering(graph, reader.sample_rate, reader.channels, tail, chunk_frames=PIECE_FRAMES)
    return Sound(
        rendering.output_channels,
        rendering.most(reader.frames),
        rendering.blocks(reader.blocks()),
        lambda: [*reader.warnings, *rendering.warnings(), *rendering.notes()],
    )
