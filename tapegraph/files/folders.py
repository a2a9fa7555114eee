"""Audio files in folders: found by their extensions, in the folders inside too."""

from __future__ import annotations

import os
from pathlib import Path

from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.kinds import CONTAINERS, READ_ONLY


def audio_files(folder: Path, target: Path) -> list[Path]:
    """Return the audio files in a folder and its folders, except hidden ones and those in target, relative to it."""
    found = []

    def refuse(error: OSError) -> None:
        raise TapegraphError(Problem(f"cannot be read: {error.strerror}", str(error.filename))) from None

    seen: set[Path] = set()  # links to folders are followed, each folder once
    for place, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        real = Path(os.path.realpath(place))
        if real in seen or real == Path(os.path.realpath(target)):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in names:
            if is_audio(name) and not is_pipe_or_device(Path(place, name)):
                found.append(Path(place, name).relative_to(folder))
    return sorted(found)


def is_pipe_or_device(path: Path) -> bool:
    """Tell whether reading a path could wait for ever; of what is not there the reader tells."""
    return path.exists() and not path.is_file()


def is_audio(name: str) -> bool:
    """Tell whether a name is that of an audio file that can be read, and not a hidden one."""
    path = Path(name)
    return path.suffix.lower() in (*CONTAINERS, *READ_ONLY) and not path.name.startswith(".")
