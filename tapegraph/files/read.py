"""Reads audio files block by block, and finds what is wrong with them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tapegraph.atomic import discard, make_temporary
from tapegraph.errors import TapegraphError, did_you_mean
from tapegraph.files import metadata
from tapegraph.files.bitrate import LOSSY, source_bitrate
from tapegraph.files.layouts import read_layout
from tapegraph.files.libsndfile import BITS, file_error, native, reason, soundfile
from tapegraph.files.metadata import Metadata
from tapegraph.files.parts import Part, PartFile, Parts, find_parts
from tapegraph.quantity import plural
from tapegraph.run.sound import Array, check_channels, check_sample_rate

PIECE_FRAMES = 1 << 15  # what is read at a time
STANDARD_INPUT = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
UNKNOWN_FRAMES = 2**63 - 1  # libsndfile, of a stream whose header leaves its length open
OPEN_ENDED = {2**32 - 1, 0x7FFFF000, 2**31 - 1, 2**31}  # sizes of a WAV that goes into a pipe


class Reader:
    """An audio file, open for reading from its beginning to its end.

    frames: what the header states, or, where it leaves the length open, what was counted
    format, subtype: libsndfile's names for the container and for how samples are stored in it
    layout: the loudspeaker of each channel, in WAVE order, in which channels are read; () where the file does not say
    warnings: what is wrong with the file, a sentence each; complete when all blocks have been read
    """

    def __init__(self, path: str | Path, local: Path | None = None) -> None:
        self.path = Path("standard input" if str(path) == "-" else path)  # as messages name it
        self.soundfile = soundfile()
        self.spooled = None if local else spool(Path(path))
        self.local = local or self.spooled or self.path
        try:
            self.begin()
        except BaseException:
            self.delete()
            raise

    def begin(self) -> None:
        """Open the file and find out what it contains."""
        self.check_path()
        found = find_parts(self.local) if self.local.is_file() else Parts()
        self.warnings = [f"{self.path}: {found.warning}"] if found.warning else []
        self.parts: tuple[Part | None, ...] = found.parts or (None,)
        self.part = 0  # which is being read
        try:
            self.file = self.open()
        except (self.soundfile.SoundFileError, TypeError) as error:
            raise file_error(
                self.path, f"is not an audio file of a supported kind, or is damaged ({reason(error)})"
            ) from None
        self.layout, self.order = read_layout(self.file, self.local)
        self.sample_rate: int = self.file.samplerate
        self.channels: int = self.file.channels
        self.format: str = self.file.format
        self.subtype: str = self.file.subtype
        if missing := missing_end(self.file):
            self.warnings.append(f"{self.path}: is truncated: {missing}")
        self.frames = self.file.frames if len(self.parts) == 1 else self.measure()
        if self.frames >= UNKNOWN_FRAMES:
            self.frames = self.count()
        self.check_sound()

    def open(self) -> Any:
        """Open the current part."""
        part = self.parts[self.part]
        self.source = PartFile(self.local, part) if part else None
        file = self.soundfile.SoundFile(self.source or native(self.local))
        file.seekable = lambda: False  # or else soundfile seeks after every read, which MP3 and Opus do inexactly
        return file

    def measure(self) -> int:
        """Return how many frames all parts have, and leave out those behind one that does not fit to the first."""
        frames, self.part = self.file.frames, 1
        while self.part < len(self.parts):
            try:
                file = self.open()
            except self.soundfile.SoundFileError as error:
                why = f"is damaged ({reason(error)})"
            else:
                file.close()
                frames += file.frames
                if (file.samplerate, file.channels) == (self.sample_rate, self.channels):
                    self.part += 1
                    continue
                frames -= file.frames
                why = f"has {file.samplerate} Hz and {plural(file.channels, 'channel')}"
            what = f"only the first {frames / self.sample_rate:.3f} s are read"
            self.warnings = [f"{self.path}: {what}; the stream that follows {why}"]
            self.parts = self.parts[: self.part]
        self.part = 0
        return int(frames)

    def check_path(self) -> None:
        try:
            if self.local.is_dir():
                raise file_error(self.path, "is a folder; an audio file is needed")
            with self.local.open("rb") as file:
                empty = not file.read(1)
        except FileNotFoundError:
            if self.local.is_symlink():
                raise file_error(self.path, f"is a link to {self.local.readlink()}, which does not exist") from None
            near = names_in(self.path.parent)
            raise file_error(self.path, f"there is no such file{did_you_mean(self.path.name, near)}") from None
        except OSError as error:
            raise file_error(self.path, f"cannot be read: {error.strerror}") from None
        if empty:
            raise file_error(self.path, "is empty: it has 0 bytes")

    def check_sound(self) -> None:
        try:
            check_sample_rate(self.sample_rate)
            check_channels(self.channels)
        except TapegraphError as error:
            self.file.close()
            raise file_error(self.path, str(error)) from None
        if self.frames == 0:
            self.file.close()
            raise file_error(self.path, "contains no sound: it has 0 frames")

    def count(self) -> int:
        """Return how many frames there are, by reading them all once."""
        frames = 0
        while n := len(self.read(PIECE_FRAMES)):
            frames += n
        self.file.close()
        self.part = 0
        self.file = self.open()
        return frames

    def blocks(self, frames: int = PIECE_FRAMES) -> Iterator[Array]:
        """Yield all of the sound as (channels, up to frames), float64."""
        taken = 0
        while len(block := self.read(frames)):
            taken += len(block)
            yield block.T
        if not taken:
            raise file_error(self.path, "is damaged: none of its sound can be read")
        if taken < self.frames:
            missing = missing_frames(self.frames - taken, self.sample_rate)
            self.warnings.append(f"{self.path}: is truncated or damaged: {missing}")

    def part_between(self, start: int, end: int) -> Array:
        """Return the frames from start to end, as (channels, frames); fewer where the file ends before."""
        if start and self.subtype not in LOSSY and len(self.parts) == 1:  # decoders seek inexactly
            self.file.seek(min(start, self.frames))
            start, end = 0, end - start
        found = []
        at = 0
        while at < end and len(block := self.read(min(PIECE_FRAMES, end - at))):
            found.append(block[max(0, start - at) :])
            at += len(block)
        return np.concatenate(found).T if found else np.zeros((self.channels, 0))

    def read(self, frames: int) -> Array:
        """Return the next (up to frames, channels); none at the end."""
        block = self.read_part(frames)
        while not len(block) and self.part + 1 < len(self.parts):
            self.part += 1
            self.file.close()
            self.file = self.open()
            block = self.read_part(frames)
        return block

    def read_part(self, frames: int) -> Array:
        """Return the next frames of the current part; where it is damaged, what could be decoded before that."""
        block = np.full((frames, self.channels), np.nan)
        try:
            found = np.asarray(self.file.read(out=block))
        except self.soundfile.SoundFileError:  # only decoders fail here, and their sound has no NaN
            found = block[: np.count_nonzero(~np.isnan(block[:, 0]))]
        if self.source and self.source.interrupted:
            raise self.source.interrupted
        return self.ordered(found)

    def ordered(self, block: Array) -> Array:
        """Return (frames, channels) in WAVE order."""
        return block if self.order is None else block[:, self.order]

    def bitrate(self) -> float | None:
        """Return the bit rate of a lossy file, kb/s, or None for other files and where it cannot be told."""
        lossy = self.subtype in LOSSY
        return source_bitrate(self.local, self.subtype, self.frames / self.sample_rate) if lossy else None

    def metadata(self) -> Metadata:
        """Return what the file says beside its sound."""
        return metadata.read(self.local, self.file, self.frames)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()
        self.delete()

    def delete(self) -> None:
        """Delete the copy of what came through a pipe."""
        if self.spooled:
            discard(self.spooled)


def spool(path: Path) -> Path | None:
    """Return a temporary copy of what comes through a pipe, whose length is known only at its end; None for a file."""
    standard_input = str(path) in STANDARD_INPUT
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode if standard_input else path.stat().st_mode
    except (OSError, ValueError):
        return None
    if stat.S_ISCHR(mode):
        raise file_error(path, "is a device or terminal; an audio file or a pipe is needed")
    if not standard_input and not stat.S_ISFIFO(mode):
        return None
    copy = None
    try:
        copy = make_temporary(Path("pipe"), None)
        with copy.open("wb") as file, contextlib.ExitStack() as stack:
            source = sys.stdin.buffer if standard_input else stack.enter_context(path.open("rb"))
            shutil.copyfileobj(source, file, 1 << 20)
    except BaseException as error:
        if copy:
            discard(copy)
        if isinstance(error, OSError):
            raise file_error(path, f"cannot be copied to {tempfile.gettempdir()}: {error.strerror}") from None
        raise
    return copy


def names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def missing_end(file: Any) -> str:
    """Return what is missing at the end of the file, or "": libsndfile only notes it in a log."""
    log = file.extra_info
    missing = 0
    if found := re.search(r"(?:data|Data Size|SSND|riff)\s*: (\d+) \(should be (\d+)\)", log):  # WAV, AU, AIFF, W64
        stated, present = map(int, found.groups())
        frame_bytes = file.channels * BITS.get(file.subtype, 8) // 8
        missing = 0 if stated in OPEN_ENDED else (stated - present) // frame_bytes
    elif found := re.search(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)", log):  # RF64
        missing = int(found[2]) - int(found[1])
    return missing_frames(missing, file.samplerate) if missing > 0 else ""


def missing_frames(frames: int, sample_rate: int) -> str:
    return f"{plural(frames, 'frame')} ({frames / sample_rate:.3f} s) of those in its header are missing"
