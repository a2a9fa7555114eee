"""Which files the files of a graph may name: a graph from a stranger must not show what else is on the machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import attrs

from tapegraph import resources


@attrs.frozen
class Access:
    """Folders and files, with symbolic links resolved; a file below one of them may be named. None: any file."""

    roots: tuple[Path, ...] | None = None

    def refusal(self, path: Path) -> str | None:
        """Return why a file may not be read, where its symbolic links lead to; None where it may."""
        if self.roots is None:
            return None
        real = resolved(path)
        if any(real.is_relative_to(root) for root in self.roots):
            return None
        return (
            f"{path} is outside the folder of the graph; --allow PATH (in Python, allow=[path]) lets the graph use it"
        )


def below(folder: Path, allow: Iterable[str | Path] = ()) -> Access:
    """Return access to a folder, to what comes with tapegraph and to the paths that the user allows."""
    bundled = (resources.folder("presets"), resources.folder("weights"))
    return Access(tuple(resolved(Path(path)) for path in (folder, *bundled, *allow)))


def resolved(path: Path) -> Path:
    """Return a path without symbolic links; one that can be no name of a file as it is, for open() to refuse."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path.absolute()
