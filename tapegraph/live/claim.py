"""Claims the name of a file that will be complete only later, so that of several programs only one gets it.

A recording cannot be refused at its end, when another program has taken its name meanwhile.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from tapegraph.errors import Problem, TapegraphError


def claim(path: Path) -> bool:
    """Create an empty file, which the complete one is to replace; return False where there is anything already."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be written: {error.strerror}", str(path))) from None
    return True


def release(path: Path) -> None:
    """Delete a file that was claimed, unless something has been written there."""
    with contextlib.suppress(OSError):
        if not path.stat().st_size:
            path.unlink()
