"""Files that are written completely or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tapegraph.errors import Problem, TapegraphError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside path that replaces it at the end, and is deleted if anything fails.

    Raises TapegraphError where the folder cannot be written or the disk is full.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be written: {error.strerror}", str(path))) from None
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~umask())
        temporary.replace(path)
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be written: {error.strerror or error}", str(path))) from None
    finally:
        temporary.unlink(missing_ok=True)


def umask() -> int:
    """Return the permissions that new files do not get, which can only be read by setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
