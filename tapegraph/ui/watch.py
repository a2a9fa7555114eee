"""Tells when a file has been saved."""

from __future__ import annotations

from pathlib import Path

from tapegraph.node.node_files import node_files


class Watch:
    """Watches a file by polling, also where an editor replaces it by a new one, and others that it depends on.

    needed: files of nodes, and folders of them, in which files may come and go
    """

    def __init__(self, path: str | Path, needed: tuple[str | Path, ...] = ()) -> None:
        self.path = Path(path)
        self.needed = [Path(one) for one in needed]
        self.known = self.seen = self.stamp()

    def stamp(self) -> list[tuple[Path, int, int, int]] | None:
        """Return what changes when a file is saved; None while one is being replaced."""
        files = [self.path, *(file for path in self.needed for file in node_files(path))]
        try:
            return [
                (file, status.st_ino, status.st_mtime_ns, status.st_size) for file in files if (status := file.stat())
            ]
        except OSError:
            return None

    def changed(self) -> bool:
        """Return whether a file has changed and then stayed the same for one call: it may be half written before."""
        before, self.seen = self.seen, self.stamp()
        if self.seen in (None, self.known) or self.seen != before:
            return False
        self.known = self.seen
        return True
