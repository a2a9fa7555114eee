"""Audio files: block-wise reading that tells what is wrong, and writing that leaves a whole file or none.

The only module that knows libsndfile, by way of soundfile. Sound is (channels, frames), full scale is 1.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph.atomic import replacing
from tapegraph.errors import Problem, TapegraphError, did_you_mean
from tapegraph.quantity import plural
from tapegraph.run.sound import Array, check_channels, check_sample_rate

PIECE_FRAMES = 1 << 15  # what is read at a time
UNKNOWN_FRAMES = 2**63 - 1  # libsndfile, of a stream whose header leaves its length open
OPEN_ENDED = {2**32 - 1, 0x7FFFF000}  # what ffmpeg and sox write as the size of a WAV that goes into a pipe
DITHER_SEED = 1979

BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}
DEPTH = {**BITS, "FLOAT": 25, "DOUBLE": 53}  # bits that a sample of full scale resolves
FLOATS = ("FLOAT", "DOUBLE")
LINEAR = ("PCM_16", "PCM_24", "PCM_32", *FLOATS)
MPEG_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)


@attrs.frozen
class Container:
    """A kind of file that can be written.

    format: libsndfile's name of it
    subtypes: how samples can be stored, by rising resolution
    rates_hz: the only rates, where there are only some
    max_bytes: what its size fields can count
    """

    format: str
    subtypes: tuple[str, ...]
    max_channels: int = 64
    rates_hz: tuple[int, ...] = ()
    max_rate_hz: int = 384_000
    max_bytes: float = float("inf")


CONTAINERS = {
    ".wav": Container("WAV", ("PCM_U8", *LINEAR)),  # longer than 4 GiB it becomes RF64
    ".rf64": Container("RF64", ("PCM_U8", *LINEAR)),
    ".w64": Container("W64", ("PCM_U8", *LINEAR)),
    ".caf": Container("CAF", ("PCM_S8", *LINEAR)),
    ".aiff": Container("AIFF", ("PCM_S8", *LINEAR), max_bytes=2**31 - 1),
    ".aif": Container("AIFF", ("PCM_S8", *LINEAR), max_bytes=2**31 - 1),
    ".flac": Container("FLAC", ("PCM_S8", "PCM_16", "PCM_24"), max_channels=8),
    ".ogg": Container("OGG", ("VORBIS",), max_rate_hz=200_000),
    ".opus": Container("OGG", ("OPUS",), rates_hz=OPUS_RATES_HZ),
    ".mp3": Container("MP3", ("MPEG_LAYER_III",), max_channels=2, rates_hz=MPEG_RATES_HZ),
}
WAV_BYTES = 2**32 - 2**16  # RIFF counts bytes in 32 bits; the header needs a few of them


def soundfile() -> Any:
    """Return the module soundfile. Raises TapegraphError where libsndfile is missing."""
    try:
        import soundfile  # slow to import, and not needed by those who bring their own sound
    except OSError as error:
        raise TapegraphError(f"reading and writing audio files needs the library libsndfile: {error}") from None
    return soundfile


class Reader:
    """An audio file, open for reading from its beginning to its end.

    frames: what the header promises, or, where it leaves the length open, what there is
    format, subtype: libsndfile's names of the container and of how samples are stored in it
    warnings: what was found wrong, a sentence each; complete when all blocks have been read
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.soundfile = soundfile()
        self.check_path()
        try:
            self.file = self.open()
        except (self.soundfile.SoundFileError, TypeError) as error:
            raise problem(
                self.path, f"is not audio of a kind that can be read, or is damaged ({reason(error)})"
            ) from None
        self.sample_rate: int = self.file.samplerate
        self.channels: int = self.file.channels
        self.frames: int = self.file.frames if self.file.frames < UNKNOWN_FRAMES else self.count()
        self.format: str = self.file.format
        self.subtype: str = self.file.subtype
        missing = missing_end(self.file)
        self.warnings = [f"{self.path}: is cut short: {missing}"] if missing else []
        self.check_sound()

    def open(self) -> Any:
        file = self.soundfile.SoundFile(str(self.path))
        file.seekable = lambda: False  # or else soundfile seeks after every read, which MP3 and Opus do inexactly
        return file

    def check_path(self) -> None:
        if self.path.is_dir():
            raise problem(self.path, "is a folder; an audio file is needed")
        try:
            with self.path.open("rb") as file:
                empty = not file.read(1)
        except FileNotFoundError:
            near = [p.name for p in self.path.parent.iterdir()] if self.path.parent.is_dir() else []
            raise problem(self.path, f"there is no such file{did_you_mean(self.path.name, near)}") from None
        except OSError as error:
            raise problem(self.path, f"cannot be read: {error.strerror}") from None
        if empty:
            raise problem(self.path, "is empty: it has 0 bytes")

    def check_sound(self) -> None:
        try:
            check_sample_rate(self.sample_rate)
            check_channels(self.channels)
        except TapegraphError as error:
            self.file.close()
            raise problem(self.path, str(error)) from None
        if self.frames == 0:
            self.file.close()
            raise problem(self.path, "holds no sound: it has 0 frames")

    def count(self) -> int:
        """Return how many frames there are, by reading them all once."""
        frames = 0
        while n := len(self.read(PIECE_FRAMES)):
            frames += n
        self.file.close()
        self.file = self.open()
        return frames

    def blocks(self, frames: int = PIECE_FRAMES) -> Iterator[Array]:
        """Yield all of the sound as (channels, up to frames), float64."""
        taken = 0
        while len(block := self.read(frames)):
            taken += len(block)
            yield block.T
        if taken < self.frames:
            missing = missing_frames(self.frames - taken, self.sample_rate)
            self.warnings.append(f"{self.path}: is cut short or damaged: {missing}")

    def read(self, frames: int) -> Array:
        """Return the next (up to frames, channels). At damage, what could be decoded before it."""
        block = np.full((frames, self.channels), np.nan)
        try:
            return np.asarray(self.file.read(out=block))
        except self.soundfile.SoundFileError:  # only decoders fail here, and their sound has no NaN
            return block[: np.count_nonzero(~np.isnan(block[:, 0]))]

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()


def missing_end(file: Any) -> str:
    """Return what the header promises beyond the end of the file, or nothing: libsndfile notes it in a log only."""
    log = file.extra_info
    missing = 0
    if found := re.search(r"(?:data|Data Size|SSND|riff)\s*: (\d+) \(should be (\d+)\)", log):  # WAV, AU, AIFF, W64
        promised, there = map(int, found.groups())
        frame_bytes = file.channels * BITS.get(file.subtype, 8) // 8
        missing = 0 if promised in OPEN_ENDED else (promised - there) // frame_bytes
    elif found := re.search(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)", log):  # RF64
        missing = int(found[2]) - int(found[1])
    elif "Last page lacks an end-of-stream bit" in log:  # Ogg
        return "its last page is missing"
    return missing_frames(missing, file.samplerate) if missing > 0 else ""


def missing_frames(frames: int, sample_rate: int) -> str:
    return f"it lacks {plural(frames, 'frame')} ({frames / sample_rate:.3f} s) that its header promises"


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
    overwrite: bool = False,
) -> Iterator[Writer]:
    """Give a Writer of a file that appears under its name when it is whole, and not at all after an error.

    path: its extension says which kind of file
    most_frames: how long it may become; a WAV that could pass 4 GiB is written as RF64
    subtype: how to store samples; otherwise as in a file of subtype `like`, or the nearest there is
    dither: round whole numbers with noise, see rounded()
    Raises TapegraphError for what that kind of file cannot hold, before anything is written, and when the disk is full.
    """
    path = Path(path)
    container = find_container(path)
    subtype = check_subtype(path, container, subtype) if subtype else nearest(container, like)
    check_limits(path, container, sample_rate, channels)
    check_target(path, overwrite)
    format_ = container.format
    size = most_frames * channels * BITS.get(subtype, 0) // 8
    if format_ == "WAV" and size > WAV_BYTES:
        format_ = "RF64"
    elif size > container.max_bytes:
        took = f"may come to {size / 1e9:.1f} GB; {name(path)} takes at most {container.max_bytes / 1e9:.1f} GB"
        raise problem(path, took)
    with replacing(Path(os.path.realpath(path))) as temporary:  # a link stays a link
        writer = Writer(path, temporary, format_, subtype, sample_rate, channels, most_frames, dither)
        try:
            yield writer
        except BaseException:
            writer.discard()
            raise
        writer.finish()


class Writer:
    """An audio file being written; made by create().

    frames: how many have been written
    clipped: how many samples were beyond full scale and held there (never in a float subtype)
    peak: the largest absolute value, before clipping
    """

    def __init__(
        self,
        path: Path,
        temporary: Path,
        format_: str,
        subtype: str,
        sample_rate: int,
        channels: int,
        most_frames: int,
        dither: bool,
    ) -> None:
        self.path, self.temporary, self.most_frames = path, temporary, most_frames
        self.format, self.subtype = format_, subtype
        self.dither = np.random.default_rng(DITHER_SEED) if dither else None
        self.frames = self.clipped = 0
        self.peak = 0.0
        self.soundfile = soundfile()
        try:
            self.file = self.soundfile.SoundFile(str(temporary), "w", sample_rate, channels, subtype, format=format_)
        except self.soundfile.SoundFileError as error:
            raise problem(path, f"cannot be written: {self.disk_error() or reason(error)}") from None

    def write(self, block: Array) -> None:
        """Add (channels, frames). Raises TapegraphError when the disk is full."""
        x = block.T
        if not np.isfinite(x).all():  # some encoders end the whole process at such a sample
            raise problem(self.path, "was given samples that are not finite")
        if self.frames + len(x) > self.most_frames:  # the format was chosen by that
            raise ValueError(f"{self.path} was opened for {self.most_frames} frames; there are more")
        self.frames += len(x)
        self.peak = max(self.peak, float(np.max(np.abs(x), initial=0.0)))
        try:
            self.file.write(self.stored(x))
        except (self.soundfile.SoundFileError, AssertionError) as error:
            raise self.unfinished(error) from None

    def stored(self, x: Array) -> npt.NDArray[Any]:
        """Return (frames, channels) as libsndfile keeps it without rounding of its own."""
        if self.subtype in FLOATS:
            return x
        self.clipped += int(np.count_nonzero(np.abs(x) > 1.0))
        if self.subtype in BITS:
            return rounded(x, BITS[self.subtype], self.dither)
        return np.clip(x, -1.0, 1.0)

    def warnings(self) -> list[str]:
        """Return what the file could not hold of the sound, a sentence each."""
        if not self.clipped:
            return []
        return [
            f"{self.path}: {plural(self.clipped, 'sample')} beyond full scale had to be clipped, by up to "
            f"{decibels(self.peak):.1f} dB; turn the level down, or store floats (subtype FLOAT)"
        ]

    def finish(self) -> None:
        """Close, and make sure that all is there: the last words of an encoder can be lost without a sign."""
        try:
            self.file.close()
            with self.soundfile.SoundFile(str(self.temporary)) as file:
                whole = file.frames == self.frames
                if whole and self.format == "FLAC" and self.frames:
                    file.seek(self.frames - 1)
                    whole = len(file.read(1)) == 1
        except self.soundfile.SoundFileError as error:
            raise self.unfinished(error) from None
        if not whole:
            raise self.unfinished("frames are missing")

    def cut_off(self) -> None:
        """Take what can be read for the whole, after the disk was full. Raises TapegraphError where that is nothing."""
        self.discard()
        with contextlib.suppress(self.soundfile.SoundFileError), self.soundfile.SoundFile(str(self.temporary)) as file:
            self.frames = file.frames
            return
        raise self.unfinished("none of it can be read")

    def discard(self) -> None:
        """Close a file that is not whole: what libsndfile says about it no longer matters."""
        with contextlib.suppress(self.soundfile.SoundFileError):
            self.file.close()

    def unfinished(self, error: Exception | str) -> TapegraphError:
        why = self.disk_error() or reason(error)
        return problem(self.path, f"could not be finished: {why}; nothing of it was kept")

    def disk_error(self) -> str:
        """Return why the disk takes no more, or nothing: libsndfile does not pass it on."""
        try:
            with self.temporary.open("ab", buffering=0) as file:
                for _ in range(2):  # the first may still fill up the disk
                    file.write(bytes(1 << 16))
        except OSError as error:
            return str(error.strerror)
        return ""


def decibels(level: float) -> float:
    return 20.0 * math.log10(level) if level > 0.0 else -math.inf


def find_container(path: Path) -> Container:
    extension = path.suffix.lower()
    if extension not in CONTAINERS:
        found = f"has the extension {extension}" if extension else "has no extension"
        raise problem(path, f"{found}; it decides about the kind of file: {', '.join(CONTAINERS)}")
    container = CONTAINERS[extension]
    if container.format not in soundfile().available_formats():
        raise problem(path, f"the installed libsndfile cannot write {container.format}")
    return container


def check_subtype(path: Path, container: Container, subtype: str) -> str:
    if subtype.upper() not in container.subtypes:
        raise problem(path, f"subtype is {subtype}; {name(path)} takes {one_of(container.subtypes)}")
    return subtype.upper()


def check_limits(path: Path, container: Container, sample_rate: int, channels: int) -> None:
    if container.rates_hz and sample_rate not in container.rates_hz:
        raise problem(path, f"sample rate is {sample_rate} Hz; {name(path)} takes {one_of(container.rates_hz)} Hz")
    if sample_rate > container.max_rate_hz:
        raise problem(path, f"sample rate is {sample_rate} Hz; {name(path)} takes at most {container.max_rate_hz} Hz")
    if channels > container.max_channels:
        raise problem(path, f"channels are {channels}; {name(path)} takes at most {container.max_channels}")


def check_target(path: Path, overwrite: bool) -> None:
    if path.exists() and not path.is_file():
        raise problem(path, "exists and is not a file")
    if path.exists() and not overwrite:
        raise problem(path, "exists already; it is replaced only with --overwrite")


def nearest(container: Container, like: str) -> str:
    """Return the subtype that keeps what `like` resolves in the fewest bits, or the finest there is."""
    wanted = DEPTH.get(like, 24)  # decoders of lossy formats give more than 16 bits
    if like in container.subtypes:
        return like
    enough = [s for s in container.subtypes if DEPTH.get(s, 0) >= wanted]
    return enough[0] if enough else container.subtypes[-1]


def rounded(x: Array, bits: int, dither: np.random.Generator | None) -> npt.NDArray[np.int32]:
    """Return x (frames, channels), full scale 1, as whole numbers of so many bits, in the upper bits of 32.

    Dither is triangular noise of 2 LSB peak to peak: the error then has mean 0 and variance LSB^2 / 4 whatever the
    sound. Frames of digital silence stay silent.
    Source: S. Lipshitz, R. Wannamaker, J. Vanderkooy, Quantization and Dither, J. Audio Eng. Soc. 40 (1992).
    """
    full = 2.0 ** (bits - 1)
    k = x * full
    if dither is not None:
        noise = dither.random((*x.shape, 2))  # drawn frame by frame, so that blocks make no difference
        noise[~x.any(axis=1)] = 0.0
        k += noise[..., 0] - noise[..., 1]
    k = np.clip(np.rint(k), -full, full - 1.0)
    return (k * 2.0 ** (32 - bits)).astype(np.int32)


def problem(path: Path, message: str) -> TapegraphError:
    return TapegraphError(Problem(message, str(path)))


def name(path: Path) -> str:
    """Return how people call the kind of file: wav, flac."""
    return path.suffix.lower()[1:]


def one_of(names: tuple[object, ...]) -> str:
    return str(names[0]) if len(names) == 1 else f"one of {', '.join(map(str, names))}"


def reason(error: Exception | str) -> str:
    """Return libsndfile's words without its prefix."""
    return str(getattr(error, "error_string", error) or "no reason given").strip().rstrip(".")
