"""Writing audio files: a complete file appears under its name, or none at all."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tapegraph.atomic import check_output, replacing
from tapegraph.errors import TapegraphError
from tapegraph.files import metadata as metadata_
from tapegraph.files.bitrate import LOSSY, limits, set_bitrate
from tapegraph.files.kinds import (
    FLOATS,
    WAV_BYTES,
    check_bitrate,
    check_limits,
    check_subtype,
    find_container,
    name,
    nearest,
)
from tapegraph.files.layouts import DEFAULTS, VORBIS_ORDER, Layout, describe, to_mask, write_layout
from tapegraph.files.libsndfile import BITS, file_error, native, omit_peak_chunk, reason, soundfile
from tapegraph.files.metadata import Metadata
from tapegraph.files.tags import MASK, fix_serial
from tapegraph.quantity import plural
from tapegraph.run.sound import Array, decibels

DITHER_SEED = 1979
PIECE_FRAMES = 1 << 15  # what libsndfile is given at a time: its Vorbis encoder keeps all of it on the stack


@contextlib.contextmanager
def create(
    path: str | Path,
    sample_rate: int,
    channels: int,
    most_frames: int,
    *,
    subtype: str | None = None,
    like: str = "PCM_24",
    dither: bool = True,
    dither_seed: int = DITHER_SEED,
    overwrite: bool = False,
    bitrate: float | None = None,
    like_bitrate: float | None = None,
    layout: Layout = (),
    metadata: Metadata | None = None,
    kind: str | None = None,
    sync: bool = True,
) -> Iterator[Writer]:
    """Give a Writer; the file appears under its name once it is complete, and not at all after an error.

    path: its extension selects the kind of file, unless `kind` does; "-" is standard output
    most_frames: the most that will be written; a WAV that could exceed 4 GiB is written as RF64
    subtype: how to store samples; otherwise as in a file of subtype `like`, or the nearest there is
    dither: whether integer formats are dithered, see rounded(); dither_seed: what the dither is drawn from
    bitrate: of a lossy file, kb/s; otherwise as near as can be to `like_bitrate`, else the encoder's own
    layout: the loudspeakers of the channels, in WAVE order; () where they are not known
    metadata: what the file says beside its sound
    sync: whether to wait until the disk has it, which takes longer than to write a short file
    Raises TapegraphError for what that kind of file cannot hold, before anything is written, and when the disk is full.
    """
    path = Path(path)
    container = find_container(path, kind)
    subtype = check_subtype(path, container, subtype) if subtype else nearest(container, like)
    check_limits(path, container, sample_rate, channels)
    check_bitrate(path, subtype, sample_rate, channels, bitrate)
    if bitrate is None and like_bitrate is not None and subtype in LOSSY:
        low, high = limits(subtype, sample_rate, channels)
        bitrate = min(high, max(low, like_bitrate))
    check_target(path, overwrite)
    metadata = metadata or Metadata()
    format_ = container.format
    size = most_frames * channels * BITS.get(subtype, 0) // 8
    if format_ == "WAV" and size + metadata.chunk_bytes > WAV_BYTES:
        format_ = "RF64"
    elif format_ == "WAV" and layout and (channels > 2 or layout != DEFAULTS[channels]):
        format_ = "WAVEX"  # only that states loudspeakers
    elif size > container.max_bytes:
        took = f"may come to {size / 1e9:.1f} GB; {name(path)} takes at most {container.max_bytes / 1e9:.1f} GB"
        raise file_error(path, took)
    with replacing(path, overwrite) as temporary:
        seed = dither_seed if dither else None
        writer = Writer(path, temporary, format_, subtype, sample_rate, channels, most_frames, seed)
        if not sync:
            writer.file.flush = lambda: None  # or else soundfile has the disk synchronised when it closes a file
        try:
            writer.describe(layout, metadata, bitrate)
            yield writer
        except BaseException:
            writer.discard()
            raise
        writer.finish()


class Writer:
    """An audio file being written; made by create().

    frames: how many have been written
    clipped: how many samples beyond full scale were clipped (none in a float subtype)
    peak: the largest absolute value, before clipping
    cure: what helps against clipping
    """

    cure = "lower the level"

    def __init__(
        self,
        path: Path,
        temporary: Path,
        format_: str,
        subtype: str,
        sample_rate: int,
        channels: int,
        most_frames: int,
        dither_seed: int | None,
    ) -> None:
        self.path, self.temporary, self.most_frames = path, temporary, most_frames
        self.format, self.subtype = format_, subtype
        self.dither = None if dither_seed is None else np.random.default_rng(dither_seed)
        self.frames = self.clipped = 0
        self.peak = 0.0
        self.order = VORBIS_ORDER.get(channels) if format_ == "OGG" else None
        self.metadata = Metadata()
        self.comments: dict[str, list[str]] = {}  # Vorbis comments that the layout needs
        self.notes: list[str] = []  # what the file could not hold beside the sound
        self.soundfile = soundfile()
        little = path.suffix.lower() == ".aifc" and self.soundfile.check_format(format_, subtype, "LITTLE")
        endian = "LITTLE" if little else None  # or else integers become an AIFF
        try:
            self.file = self.soundfile.SoundFile(
                native(temporary), "w", sample_rate, channels, subtype, endian, format_
            )
        except self.soundfile.SoundFileError as error:
            raise file_error(path, f"cannot be written: {self.disk_error() or reason(error)}") from None

    def describe(self, layout: Layout, metadata: Metadata, bitrate: float | None) -> None:
        """Write what has to come before the sound."""
        omit_peak_chunk(self.file)
        if bitrate is not None:
            set_bitrate(self.file, self.subtype, bitrate)
        if layout:
            self.state_layout(layout)
        self.metadata = metadata
        metadata_.begin(metadata, self.file)
        self.notes += metadata_.losses(metadata, self.path, self.format)

    def state_layout(self, layout: Layout) -> None:
        """State which loudspeaker each channel is for, as far as this kind of file can."""
        if layout == DEFAULTS.get(len(layout)) and (len(layout) < 3 or self.format in ("FLAC", "OGG", "MP3")):
            return
        stated: Layout = ()
        if self.format == "FLAC":
            self.comments[MASK] = [f"0x{to_mask(layout):04X}"]
            stated = layout
        elif self.format in ("OGG", "MP3"):
            stated = DEFAULTS.get(len(layout), ())
        else:
            stated = write_layout(self.file, layout)
        if stated != layout:
            instead = f"states {describe(stated)} instead" if stated else "leaves it open"
            self.notes.append(f"{self.path}: cannot state the channel layout {describe(layout)}; {instead}")

    def write(self, block: Array) -> None:
        """Add (channels, frames). Raises TapegraphError when the disk is full."""
        x = block.T if self.order is None else block.T[:, self.order]
        peak = max(float(np.max(x, initial=0.0)), -float(np.min(x, initial=0.0)))  # NaN where one is
        if not math.isfinite(peak):  # some encoders abort the process at such a sample
            raise file_error(self.path, "cannot store samples that are NaN or infinite")
        if self.frames + len(x) > self.most_frames:  # the format was chosen by that
            raise ValueError(f"{self.path} was opened for {self.most_frames} frames; there are more")
        self.frames += len(x)
        self.peak = max(self.peak, peak)
        if peak > 1.0 and self.subtype not in FLOATS:
            self.clipped += int(np.count_nonzero(np.abs(x) > 1.0))
        try:
            stored = self.stored(x)
            for start in range(0, len(stored), PIECE_FRAMES):
                self.file.write(stored[start : start + PIECE_FRAMES])
        except (self.soundfile.SoundFileError, AssertionError) as error:
            raise self.unfinished(error) from None

    def stored(self, x: Array) -> npt.NDArray[Any]:
        """Return (frames, channels) in a type that libsndfile stores without rounding it."""
        if self.subtype in FLOATS:
            return x
        if self.subtype in BITS:
            return rounded(x, BITS[self.subtype], self.dither)
        return np.clip(x, -1.0, 1.0)

    def warnings(self) -> list[str]:
        """Return a sentence for each way in which the file differs from the sound."""
        if not self.clipped:
            return self.notes
        return [
            *self.notes,
            f"{self.path}: {plural(self.clipped, 'sample')} beyond full scale were clipped, by up to "
            f"{decibels(self.peak):.1f} dB; {self.cure}, or store floats (subtype FLOAT)",
        ]

    def finish(self) -> None:
        """Close the file and check that it is complete: an encoder can lose its last block without an error."""
        try:
            self.file.close()
            self.write_metadata()
            with self.soundfile.SoundFile(native(self.temporary)) as file:
                complete = file.frames == self.frames
                if complete and self.format == "FLAC" and self.frames:
                    file.seek(self.frames - 1)
                    complete = len(file.read(1)) == 1
        except (self.soundfile.SoundFileError, OSError) as error:
            raise self.unfinished(error) from None
        if not complete:
            raise self.unfinished("frames are missing")

    def write_metadata(self) -> None:
        """Write what comes after the sound. Raises OSError when the disk is full."""
        try:
            metadata_.end(self.metadata, self.temporary, self.format, self.subtype, self.comments)
            if self.format == "OGG":
                fix_serial(self.temporary)
        except OSError:
            raise
        except Exception as error:  # of mutagen, about a tag that it cannot write: the sound is worth more
            if error.args and isinstance(error.args[0], OSError):
                raise error.args[0] from None
            self.notes.append(f"{self.path}: tags could not be written ({error})")

    def cut_off(self) -> None:
        """Keep only what can be read back, after the disk was full. Raises TapegraphError where that is nothing."""
        self.discard()
        with (
            contextlib.suppress(self.soundfile.SoundFileError),
            self.soundfile.SoundFile(native(self.temporary)) as file,
        ):
            self.frames = file.frames
            return
        raise self.unfinished("none of it can be read")

    def discard(self) -> None:
        """Close an incomplete file: errors no longer matter."""
        with contextlib.suppress(self.soundfile.SoundFileError):
            self.file.close()

    def unfinished(self, error: Exception | str) -> TapegraphError:
        why = self.disk_error() or reason(error)
        return file_error(self.path, f"could not be finished: {why}; nothing of it was kept")

    def disk_error(self) -> str:
        """Return why the disk takes no more, or "": libsndfile does not report it."""
        try:
            with self.temporary.open("ab", buffering=0) as file:
                for _ in range(2):  # the first may still fill up the disk
                    file.write(bytes(1 << 16))
        except OSError as error:
            return str(error.strerror)
        return ""


def check_target(path: Path, overwrite: bool) -> None:
    """Raise TapegraphError where a file must not or cannot be written."""
    check_output(path, overwrite)


def rounded(x: Array, bits: int, dither: np.random.Generator | None) -> npt.NDArray[np.int32]:
    """Return x (frames, channels), full scale 1, as integers of so many bits, in the upper bits of 32.

    Dither is triangular noise of 2 LSB peak to peak: the error then has mean 0 and variance LSB^2 / 4 whatever the
    sound. Frames of digital silence stay silent.
    Source: S. Lipshitz, R. Wannamaker, J. Vanderkooy, Quantization and Dither, J. Audio Eng. Soc. 40 (1992).
    """
    full = 2.0 ** (bits - 1)
    k = x * full
    if dither is not None:
        noise = dither.random((*x.shape, 2))  # drawn frame by frame, so that it does not depend on the size of blocks
        noise[~x.any(axis=1)] = 0.0
        k += noise[..., 0] - noise[..., 1]
    np.rint(k, out=k)
    np.clip(k, -full, full - 1.0, out=k)
    k *= 2.0 ** (32 - bits)
    return k.astype(np.int32, order="C")
