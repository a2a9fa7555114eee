"""Kinds of audio files that can be written: what each can hold."""

from __future__ import annotations

from pathlib import Path

import attrs

from tapegraph.atomic import is_stream
from tapegraph.files.bitrate import LOSSY, limits
from tapegraph.files.libsndfile import BITS, file_error, soundfile
from tapegraph.quantity import plural

DEPTH = {**BITS, "FLOAT": 25, "DOUBLE": 53}  # bits that a sample of full scale resolves
FLOATS = ("FLOAT", "DOUBLE")
LINEAR = ("PCM_16", "PCM_24", "PCM_32", *FLOATS)
MPEG_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)


@attrs.frozen
class Container:
    """A kind of file that can be written.

    format: libsndfile's name for it
    subtypes: how samples can be stored, by increasing resolution
    rates_hz: the only sample rates it takes; () for any up to max_rate_hz
    max_bytes: the largest size that its header can state
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
    ".aifc": Container("AIFF", ("PCM_S8", *LINEAR), max_bytes=2**31 - 1),
    ".au": Container("AU", ("PCM_S8", *LINEAR), max_bytes=2**32 - 2**16),
    ".bwf": Container("WAV", ("PCM_U8", *LINEAR)),
    ".wave": Container("WAV", ("PCM_U8", *LINEAR)),
    ".flac": Container("FLAC", ("PCM_S8", "PCM_16", "PCM_24"), max_channels=8),
    ".ogg": Container("OGG", ("VORBIS",), max_rate_hz=200_000),
    ".oga": Container("OGG", ("VORBIS",), max_rate_hz=200_000),
    ".opus": Container("OGG", ("OPUS",), rates_hz=OPUS_RATES_HZ),
    ".mp3": Container("MP3", ("MPEG_LAYER_III",), max_channels=2, rates_hz=MPEG_RATES_HZ),
}
READ_ONLY = (".mp1", ".mp2", ".snd", ".voc", ".sd2", ".w64", ".paf", ".svx", ".nist", ".sf", ".ircam")
WAV_BYTES = 2**32 - 2**16  # RIFF counts bytes in 32 bits; the header needs a few of them


def extension_of(path: Path, kind: str | None = None) -> str:
    """Return the extension that selects the kind of a file: that of `kind`, or of its name, or .wav for a stream."""
    extension = f".{kind.lower().removeprefix('.')}" if kind else path.suffix.lower()
    return ".wav" if kind is None and extension not in CONTAINERS and is_stream(path) else extension


def find_container(path: Path, kind: str | None = None) -> Container:
    extension = extension_of(path, kind)
    if extension not in CONTAINERS:
        found = f"has the extension {extension}" if extension else "has no extension"
        raise file_error(path, f"{found}; it selects the kind of file: {', '.join(CONTAINERS)}")
    container = CONTAINERS[extension]
    if container.format not in soundfile().available_formats():
        raise file_error(path, f"the installed libsndfile cannot write {container.format}")
    return container


def check_subtype(path: Path, container: Container, subtype: str) -> str:
    if subtype.upper() not in container.subtypes:
        raise file_error(path, f"subtype is {subtype}; {name(path)} takes {one_of(container.subtypes)}")
    return subtype.upper()


def check_limits(path: Path, container: Container, sample_rate: int, channels: int) -> None:
    if container.rates_hz and sample_rate not in container.rates_hz:
        raise file_error(path, f"sample rate is {sample_rate} Hz; {name(path)} takes {one_of(container.rates_hz)} Hz")
    if sample_rate > container.max_rate_hz:
        raise file_error(
            path, f"sample rate is {sample_rate} Hz; {name(path)} takes at most {container.max_rate_hz} Hz"
        )
    if channels > container.max_channels:
        raise file_error(path, f"channels are {channels}; {name(path)} takes at most {container.max_channels}")


def check_bitrate(path: Path, subtype: str, sample_rate: int, channels: int, bitrate: float | None) -> None:
    if bitrate is None:
        return
    if subtype not in LOSSY:
        raise file_error(path, f"bitrate is {bitrate:g} kb/s; only ogg, opus and mp3 take one")
    low, high = limits(subtype, sample_rate, channels)
    if not low <= bitrate <= high:
        raise file_error(
            path,
            f"bitrate is {bitrate:g} kb/s; {name(path)} at {sample_rate} Hz with {plural(channels, 'channel')} "
            f"takes {low:.0f} to {high:.0f} kb/s",
        )


def nearest(container: Container, like: str) -> str:
    """Return the subtype that keeps what `like` resolves in the fewest bits, or the finest there is."""
    wanted = DEPTH.get(like, 24)  # decoders of lossy formats give more than 16 bits
    if like in container.subtypes:
        return like
    enough = [s for s in container.subtypes if DEPTH.get(s, 0) >= wanted]
    return enough[0] if enough else container.subtypes[-1]


def name(path: Path) -> str:
    """Return the common name of the kind of file: wav, flac."""
    return extension_of(path)[1:]


def one_of(names: tuple[object, ...]) -> str:
    return str(names[0]) if len(names) == 1 else f"one of {', '.join(map(str, names))}"
