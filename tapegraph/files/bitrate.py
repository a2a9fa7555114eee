"""Bit rates of lossy files: what each encoder takes, and how libsndfile is told.

libsndfile takes a compression level from 0 (best) to 1; MP3 and Opus map it to bit rates in a straight line, Vorbis to
qualities whose nominal rates depend on sample rate and channels.
"""

from __future__ import annotations

import functools
import io
import os
import struct
from pathlib import Path
from typing import Any

from tapegraph.files.libsndfile import SFC_SET_BITRATE_MODE, SFC_SET_COMPRESSION_LEVEL, set_info, soundfile

LOSSY = ("MPEG_LAYER_III", "VORBIS", "OPUS")
MPEG_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # kb/s that a constant rate can have
MPEG_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
CONSTANT, AVERAGE = 0, 1
INFO_BYTES = 192  # frame, side information and LAME's Info tag: without that tag the length of the file is lost


def mpeg_rates(sample_rate: int) -> tuple[int, ...]:
    """Return the constant rates of MPEG-1, MPEG-2 or MPEG-2.5 layer III, kb/s."""
    if sample_rate >= 32_000:
        return MPEG_1
    return MPEG_2 if sample_rate >= 16_000 else MPEG_2[:8]


def limits(subtype: str, sample_rate: int, channels: int) -> tuple[float, float]:
    """Return the lowest and the highest bit rate of an encoder, kb/s."""
    if subtype == "MPEG_LAYER_III":
        rates = mpeg_rates(sample_rate)
        return rates[0], rates[-1]
    if subtype == "OPUS":
        return 6 * channels, 256 * channels
    return vorbis_nominal(1.0, sample_rate, channels), vorbis_nominal(0.0, sample_rate, channels)


def set_bitrate(file: Any, subtype: str, bitrate: float) -> None:
    """Set the rate, kb/s within limits(), of a file that is open for writing, before its first sample.

    An MP3 has this rate throughout where MPEG defines it and a frame has room for the length of the file; otherwise on
    average.
    """
    low, high = limits(subtype, file.samplerate, file.channels)
    if subtype == "MPEG_LAYER_III":
        frame_bytes = (144_000 if file.samplerate >= 32_000 else 72_000) * bitrate / file.samplerate
        constant = bitrate in mpeg_rates(file.samplerate) and frame_bytes >= INFO_BYTES
        set_info(file, SFC_SET_BITRATE_MODE, struct.pack("=i", CONSTANT if constant else AVERAGE))
    if subtype == "VORBIS":
        level = vorbis_level(bitrate, file.samplerate, file.channels)
    else:
        level = (high - bitrate) / (high - low)
    set_info(file, SFC_SET_COMPRESSION_LEVEL, struct.pack("=d", min(1.0, max(0.0, level))))


def vorbis_level(bitrate: float, sample_rate: int, channels: int) -> float:
    """Return the compression level of a nominal rate, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(10):
        level = (low + high) / 2
        low, high = (level, high) if vorbis_nominal(level, sample_rate, channels) > bitrate else (low, level)
    return (low + high) / 2


@functools.cache
def vorbis_nominal(level: float, sample_rate: int, channels: int) -> float:
    """Return the rate, kb/s, that the encoder writes into the header of a file of this compression level."""
    stream = io.BytesIO()
    sf = soundfile()
    with sf.SoundFile(stream, "w", sample_rate, channels, "VORBIS", format="OGG") as file:
        set_info(file, SFC_SET_COMPRESSION_LEVEL, struct.pack("=d", level))
    _, _, head = stream.getvalue().partition(b"\x01vorbis")
    return float(struct.unpack_from("<i", head, 13)[0]) / 1000  # after version, channels, rate and the upper limit


def source_bitrate(path: Path, subtype: str, seconds: float) -> float | None:
    """Return the rate of a lossy file, kb/s, or None for other files and where it cannot be told."""
    from mutagen import MutagenError
    from mutagen.mp3 import MP3
    from mutagen.ogg import OggPage
    from mutagen.oggvorbis import OggVorbis

    try:
        if subtype == "MPEG_LAYER_III":
            return float(round(MP3(path).info.bitrate / 1000))
        if subtype == "VORBIS":
            return float(OggVorbis(path).info.bitrate / 1000) or None
        if subtype == "OPUS":
            with path.open("rb") as file:
                while OggPage(file).position <= 0:  # of headers
                    sound = file.tell()
                return (file.seek(0, os.SEEK_END) - sound) * 8 / 1000 / seconds
    except (MutagenError, EOFError, OSError):
        pass
    return None
