"""Access to libsndfile through the package soundfile, and its error messages.

Of what handles sound, only the modules of this folder use it. Sound is (channels, frames), full scale is 1.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tapegraph.errors import Problem, TapegraphError

BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}


def soundfile() -> Any:
    """Return the module soundfile. Raises TapegraphError where libsndfile is missing."""
    try:
        import soundfile  # slow to import, and not needed for sound in arrays
    except OSError as error:
        raise TapegraphError(f"reading and writing audio files needs the library libsndfile: {error}") from None
    return soundfile


def file_error(path: Path, message: str) -> TapegraphError:
    return TapegraphError(Problem(message, str(path)))


def native(path: Path) -> str | bytes:
    """Return a path as soundfile takes it: it cannot encode names that are not UTF-8 itself."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def reason(error: Exception | str) -> str:
    """Return libsndfile's message without its prefix."""
    return str(getattr(error, "error_string", error) or "no reason given").strip().rstrip(".")


# numbers of sf_command(), from sndfile.h
SFC_SET_ADD_PEAK_CHUNK = 0x1050
SFC_GET_CUE, SFC_SET_CUE = 0x10CE, 0x10CF
SFC_SET_BROADCAST_INFO = 0x10F1
SFC_GET_CHANNEL_MAP_INFO, SFC_SET_CHANNEL_MAP_INFO = 0x1100, 0x1101
SFC_SET_COMPRESSION_LEVEL = 0x1301
SFC_SET_BITRATE_MODE = 0x1305


def get_info(file: Any, command: int, size: int) -> bytes | None:
    """Return a struct that libsndfile fills in about an open file, or None where it has none."""
    sf = soundfile()
    buffer = sf._ffi.new("char[]", size)
    return bytes(sf._ffi.buffer(buffer)) if sf._snd.sf_command(file._file, command, buffer, size) == 1 else None


def set_info(file: Any, command: int, value: bytes) -> bool:
    """Give libsndfile a struct about an open file; tell whether it took it."""
    sf = soundfile()
    return bool(sf._snd.sf_command(file._file, command, sf._ffi.new("char[]", value), len(value)))


def omit_peak_chunk(file: Any) -> None:
    """Write no PEAK chunk: it holds the time, so that equal renderings would differ."""
    sf = soundfile()
    sf._snd.sf_command(file._file, SFC_SET_ADD_PEAK_CHUNK, sf._ffi.NULL, 0)
