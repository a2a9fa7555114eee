"""Outputs: files and folders that are written completely or not at all; devices, pipes and standard output."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from tapegraph.errors import Problem, TapegraphError

STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
SUFFIX_BYTES = 32  # of a temporary file: its name must not become too long

temporaries: set[Path] = set()  # of this process, none of which may outlive it
naming = threading.RLock()  # held while one is made


@contextlib.contextmanager
def replacing(path: str | Path, overwrite: bool = True) -> Iterator[Path]:
    """Yield a temporary file that becomes the output `path` at the end, and is deleted if anything fails.

    A file is created, or replaced where `overwrite` allows it, in one step; of a symbolic link, what it points to. A
    device, a pipe and standard output ("-") get the content of the temporary file once it is complete.
    Raises TapegraphError where path exists, cannot be written, or the disk is full.
    """
    path = Path(path)
    check_output(path, overwrite)
    to_stream = is_stream(path)
    with reporting(path):
        real = Path(os.path.realpath(path))
        temporary = make_temporary(path, None if to_stream else real.parent)
    try:
        yield temporary
        with reporting(path):
            if to_stream:
                send(temporary, path)
            else:
                temporary.chmod(real.stat().st_mode & 0o777 if real.exists() else 0o666 & ~umask())
                rename(temporary, real, path, overwrite)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        discard(temporary)


@contextlib.contextmanager
def replacing_folder(path: str | Path, overwrite: bool, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield a temporary folder that becomes the folder `path` at the end, and is deleted if anything fails.

    An empty folder is replaced in any case, another one where `overwrite` allows it and all that is in it is ours.
    Raises TapegraphError where path exists otherwise, cannot be written, or the disk is full.
    """
    path = Path(path)
    real = Path(os.path.realpath(path))
    with reporting(path):
        check_folder(path, overwrite, is_ours)
        temporary = make_temporary_folder(real.parent)
    try:
        yield temporary
        with reporting(path):
            temporary.chmod(0o777 & ~umask())
            check_folder(path, overwrite, is_ours)  # again: rendering took its time
            rename_folder(temporary, real)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        discard(temporary)


def check_folder(path: Path, overwrite: bool, is_ours: Callable[[Path], bool]) -> None:
    """Raise TapegraphError where a folder must not be replaced; OSError where it cannot be looked at."""
    if not os.path.lexists(path):
        return
    if not path.is_dir():
        raise TapegraphError(Problem("exists and is not a folder", str(path)))
    inside = sorted(path.iterdir())
    if inside and not overwrite:
        raise taken(path)
    for entry in inside:
        if not is_ours(entry):
            raise TapegraphError(Problem(f"contains {entry.name}, which is kept; choose another folder", str(path)))


def check_output(path: str | Path, overwrite: bool) -> None:
    """Raise TapegraphError where an output must not or cannot be written, before work starts."""
    path = Path(path)
    if str(path) in STANDARD_OUTPUT:
        return
    with reporting(path):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
    if stat.S_ISDIR(mode) or stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise TapegraphError(Problem("exists and is not a file", str(path)))
    if stat.S_ISREG(mode) and not overwrite:
        raise taken(path)


def is_stream(path: Path) -> bool:
    """Tell whether an output is standard output, a pipe or a device such as /dev/null, where nothing is replaced."""
    if str(path) in STANDARD_OUTPUT:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def make_temporary(path: Path, folder: Path | None) -> Path:
    """Create a file in a folder, or in that for temporary files, with the extension of path. Raises OSError."""
    suffix = path.suffix if len(os.fsencode(path.suffix)) <= SUFFIX_BYTES else ""
    with naming:
        handle, name = tempfile.mkstemp(prefix=prefix(os.getpid()), suffix=suffix, dir=folder)
        temporaries.add(Path(name))
    os.close(handle)
    return Path(name)


def make_temporary_folder(folder: Path) -> Path:
    """Create a folder in another. Raises OSError."""
    with naming:
        temporary = Path(tempfile.mkdtemp(prefix=prefix(os.getpid()), dir=folder))
        temporaries.add(temporary)
    return temporary


def prefix(pid: int) -> str:
    """Return how the names of the temporary files of a process begin."""
    return f".tapegraph-{pid}-"


def discard_those_of(pids: Collection[int], folder: Path) -> None:
    """Delete what processes that were killed have left in a folder."""
    beginnings = tuple(map(prefix, pids))
    for temporary in folder.glob(".tapegraph-*"):
        if temporary.name.startswith(beginnings):
            discard(temporary)


def rename(temporary: Path, real: Path, path: Path, overwrite: bool) -> None:
    """Give a complete file its name; without overwrite, only where there is none at that moment."""
    if overwrite:
        temporary.replace(real)
        return
    try:
        os.link(temporary, real)
    except FileExistsError:
        raise taken(path) from None
    except OSError:  # file systems without hard links
        try:
            os.close(os.open(real, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            raise taken(path) from None
        temporary.replace(real)


def rename_folder(temporary: Path, real: Path) -> None:
    """Give a complete folder its name; the one that has it is deleted once that is done, or keeps it."""
    if not real.exists():
        temporary.rename(real)
        return
    aside = make_temporary_folder(real.parent)
    try:
        old = real.rename(aside / real.name)
        try:
            temporary.rename(real)
        except OSError:
            old.rename(real)
            raise
    finally:
        discard(aside)


def send(temporary: Path, path: Path) -> None:
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(temporary.open("rb"))
        if str(path) in STANDARD_OUTPUT:
            shutil.copyfileobj(source, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            shutil.copyfileobj(source, stack.enter_context(path.open("wb")))


def discard(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        temporary.unlink(missing_ok=True)
    temporaries.discard(temporary)


def discard_all() -> None:
    """Delete all temporary files of this process, which is about to end."""
    for temporary in list(temporaries):
        discard(temporary)


@contextlib.contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Raise TapegraphError in place of OSError."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from None


def cannot_write(path: Path, error: OSError) -> TapegraphError:
    return TapegraphError(Problem(f"cannot be written: {error.strerror or error}", shown(path)))


def shown(path: Path) -> str:
    return "standard output" if str(path) == "-" else str(path)


def taken(path: Path) -> TapegraphError:
    return TapegraphError(Problem("exists already; it is replaced only with --overwrite", str(path)))


def umask() -> int:
    """Return the permissions that new files do not get, which can only be read by setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
