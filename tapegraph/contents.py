"""The content of a file, read at once: of regular files only, and up to a limit of size."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tapegraph.errors import Problem, TapegraphError

READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe must not block open()


Decoded = TypeVar("Decoded")


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


def read_once(path: Path, max_bytes: int, decode: Callable[[Path, bytes], Decoded]) -> Decoded:
    """Return what decode makes of a path and its content, which is read again only once the file has changed.

    Raises TapegraphError where the file cannot be read, or decode raises one, which is found once, too.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise TapegraphError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:  # a null character or half a surrogate pair
        raise TapegraphError(f"{path}: cannot be read: not a valid file name") from None
    found: Decoded | TapegraphError = decoded(path, status.st_mtime_ns, status.st_size, max_bytes, decode)
    if isinstance(found, TapegraphError):
        raise TapegraphError(*found.problems)
    return found


@functools.lru_cache(maxsize=16)
def decoded(path: Path, changed: int, size: int, max_bytes: int, decode: Callable[[Path, bytes], Any]) -> Any:
    """Return what decode makes of a file, or what is wrong with it.

    changed: its time of modification; both tell one version of a file from another
    """
    try:
        return decode(path, read_bytes(path, max_bytes))
    except TapegraphError as error:
        return TapegraphError(*error.problems)  # without the traceback, which would keep the content


def exists(path: Path) -> bool:
    """Tell whether there is something at a path that can be looked at, whatever the path consists of."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, a folder that may not be searched
        return False
