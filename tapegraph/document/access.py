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

    def permits(self, path: Path) -> bool:
        """Tell whether a file may be read, where its symbolic links lead to."""
        if self.roots is None:
            return True
        real = resolved(path)
        return any(real.is_relative_to(root) for root in self.roots)


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
