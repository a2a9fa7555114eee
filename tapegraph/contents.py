"""The content of a file, read at once: of regular files only, and up to a limit of size."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tapegraph.errors import Problem, TapegraphError

READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe must not block open()


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """Return the content of a file.

    Raises TapegraphError where it cannot be read, is a device, a pipe or a folder, or has more than max_bytes.
    """
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, READ_ONLY)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise TapegraphError(Problem("cannot be read: it is not a regular file", str(path)))
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be read: {error.strerror}", str(path))) from None
    except ValueError as error:  # a null character or half a surrogate pair
        if isinstance(error, TapegraphError):
            raise
        raise TapegraphError(Problem("cannot be read: not a valid file name", ascii(str(path)))) from None
    if len(content) > max_bytes:
        raise TapegraphError(Problem(f"has more than {max_bytes} bytes, the most that is read", str(path)))
    return content


def exists(path: Path) -> bool:
    """Tell whether there is something at a path that can be looked at, whatever the path consists of."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, a folder that may not be searched
        return False
