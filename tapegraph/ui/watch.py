"""Tells when a file has been saved."""

from __future__ import annotations

from pathlib import Path


class Watch:
    """Watches a file by polling, also where an editor replaces it by a new one."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.known = self.seen = self.stamp()

    def stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None  # it is being replaced
        return status.st_ino, status.st_mtime_ns, status.st_size

    def changed(self) -> bool:
        """Return whether the file has changed and then stayed the same for one call: it may be half written before."""
        before, self.seen = self.seen, self.stamp()
        if self.seen in (None, self.known) or self.seen != before:
            return False
        self.known = self.seen
        return True
