"""Access to libsndfile through the package soundfile, and its error messages.

Only the modules of this folder use it. Sound is (channels, frames), full scale is 1.
"""

from __future__ import annotations

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


def reason(error: Exception | str) -> str:
    """Return libsndfile's message without its prefix."""
    return str(getattr(error, "error_string", error) or "no reason given").strip().rstrip(".")
