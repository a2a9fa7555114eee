"""A batch: which clips are to be done, doing them, and its manifest.

What is done is recognised by a key, which stands for all that an output depends on, never by its place in a list. So a
batch goes on after any end, and does again what has changed: a source, the machine, an option, the version.

A shard is the part of a batch that one of several jobs does. A clip is in a shard because of its id alone:

    shard = 1 + SHA-256(id) mod N
"""

from __future__ import annotations

import contextlib
import functools
import os
import unicodedata
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

import attrs

from tapegraph.batch import manifest, places
from tapegraph.batch.clips import Clip, place, refuse
from tapegraph.batch.engines import Engine
from tapegraph.batch.manifest import Manifest
from tapegraph.batch.work import Job, Line, begun, failed, names_of
from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.kinds import check_subtype, find_container

STALE_S = 60.0  # age of a temporary file whose process cannot be alive: they live for milliseconds


@attrs.frozen
class Shard:
    """One of several parts of a batch, counted from 1."""

    index: int
    count: int

    def has(self, clip: Clip) -> bool:
        return 1 + clip.number % self.count == self.index


class Batch:
    """Clips, what is done with them, and what of that has been done.

    clips: all of this batch, or of its shard
    left: those that are still to be done
    changed: how many were done before, but from something else than there is now
    removed: how many outputs of before were deleted, as they are files of another kind now
    """

    def __init__(
        self,
        job: Job,
        clips: Sequence[Clip],
        *,
        shard: Shard | None = None,
        resume: bool = False,
        overwrite: bool = False,
        retries: int = 2,
    ) -> None:
        """Find out what is to be done. Raises TapegraphError where that would replace something.

        resume: keep what is done already; overwrite: do it again
        retries: how often a clip is tried again whose process died, or whose object store failed
        """
        self.job, self.retries = job, retries
        self.all_clips = clips
        self.clips = [clip for clip in clips if shard is None or shard.has(clip)]
        check_subtype_of(job, clips)
        check_names(job, clips)
        name = f"manifest-{shard.index}-of-{shard.count}.jsonl" if shard else "manifest.jsonl"
        self.manifest = Manifest(places.joined(job.out, name))
        there = self.manifest.has_lines()
        if there and not (resume or overwrite):
            raise TapegraphError(
                Problem("exists already; --resume goes on, --overwrite does all again", self.manifest.path)
            )
        self.lines = manifest.read(self.manifest.path) if there else {}
        self.changed = self.removed = 0
        sizes = places.sizes(job.out, [job.name(clip) for clip in self.clips])
        self.left = [clip for clip in self.clips if overwrite or not self.is_done(clip, sizes)]
        if not (resume or overwrite):
            refuse(
                [
                    Problem("exists already; it is replaced only with --overwrite", places.joined(job.out, name))
                    for name in sizes
                ]
            )

    def is_done(self, clip: Clip, sizes: dict[str, int]) -> bool:
        """Tell whether the manifest says that a clip is done as it would be now, and its output is there."""
        line = self.lines.get(clip.id)
        if line is None or line.get("status") != "done":
            return False
        size = sizes.get(self.job.name(clip))
        done = line.get("key"), line.get("bytes")
        if size is not None and done == (self.job.key(clip, places.identity(clip.source)), size):
            return True
        self.changed += 1
        return False

    @property
    def kept(self) -> int:
        """How many clips were done before."""
        return len(self.clips) - len(self.left)

    def run(self, engine: Engine) -> Generator[Line, None, None]:
        """Do what is left; yield the line of each clip once it is in the manifest.

        Raises TapegraphError where the manifest cannot be written, or there is nothing left to do the work.
        """
        self.manifest.begin(self.lines)
        with contextlib.ExitStack() as stack:
            if not self.manifest.remote:
                stack.callback(discard_stale, self.manifest.path)
            stack.enter_context(contextlib.closing(self.manifest))
            left = self.left
            for retries in range(self.retries, -1, -1):
                tried, left = left, []
                for index, outcome in engine(self.job, tried) if tried else ():
                    clip = tried[index]
                    line = died(clip, outcome) if isinstance(outcome, TapegraphError) else outcome
                    if line.pop("again", False) and retries:
                        left.append(clip)
                        continue
                    self.remove_earlier(line)
                    self.manifest.add(line)
                    yield line

    @functools.cached_property
    def sources(self) -> set[str]:
        """The places that clips are read from, those of other shards too."""
        return {places.real(clip.source) for clip in self.all_clips}

    def remove_earlier(self, line: Line) -> None:
        """Delete what a clip was before, where it has just become a file of another kind.

        That is what the manifest says of it, if it is called like the clip, still has the size that is stated there,
        and is the source of no clip.
        """
        before = self.lines.get(line["id"], {})
        name = before.get("out")
        if line.get("out") in (None, name) or name not in names_of(line["id"]):
            return
        path = places.joined(self.job.out, name)
        if places.identity(path)[:1] != [before.get("bytes")] or places.real(path) in self.sources:
            return
        try:
            places.delete(path)
            self.removed += 1
        except TapegraphError as error:
            line["warnings"].append(f"the output of before is still there: {error}")


def check_subtype_of(job: Job, clips: Iterable[Clip]) -> None:
    """Raise TapegraphError where a kind of file that outputs would be does not have the chosen subtype."""
    if job.subtype is None:
        return
    names = {Path(name).suffix: Path(name) for name in map(job.name, clips)}
    problems: list[Problem] = []
    for name in names.values():
        try:
            check_subtype(name, find_container(name), job.subtype)
        except TapegraphError as error:
            problems += error.problems
    refuse(problems)


def check_names(job: Job, clips: Iterable[Clip]) -> None:
    """Raise TapegraphError where two outputs would be one file, as capitals make no difference in their folder."""
    first: dict[str, Clip] = {}
    problems: list[Problem] = []
    for clip in clips:
        other = first.setdefault(unicodedata.normalize("NFC", job.name(clip).casefold()), clip)
        if other is not clip:
            both = f"{place(other)} and {place(clip)} would be one file in {job.out}, where capitals make no difference"
            problems.append(Problem(f"{both}; give one of them another name, or a list with ids"))
    if problems and places.ignores_case(job.out):
        refuse(problems)


def died(clip: Clip, error: TapegraphError) -> Line:
    """Return the line of a clip whose process has died."""
    return begun(clip) | failed(clip, error) | {"again": True}


def discard_stale(written: str) -> None:
    """Delete what processes that were killed have left in the folder of a manifest that has just been written."""
    for path in Path(written).parent.rglob(".tapegraph-*"):
        with contextlib.suppress(OSError):
            age_s = os.stat(written).st_mtime - path.stat().st_mtime  # by the clock of that file system
            if path.is_file() and age_s > STALE_S:
                path.unlink()
