"""Tells when a file has been saved."""

from __future__ import annotations

from pathlib import Path


class Watch:
    """Looks at a file now and then. Editors that put a new file in its place are noticed too."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.known = self.seen = self.look()

    def look(self) -> tuple[int, int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None  # in the middle of being replaced
        return status.st_ino, status.st_mtime_ns, status.st_size

    def changed(self) -> bool:
        """Return whether the file is another than before. It must have rested for a call: it may be half written."""
        before, self.seen = self.seen, self.look()
        if self.seen in (None, self.known) or self.seen != before:
            return False
        self.known = self.seen
        return True
