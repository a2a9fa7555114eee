"""Where clips come from and go to: folders of this machine, and, for what has "://" in it, object stores.

Object stores are reached through fsspec. libsndfile cannot write into them: it seeks, which they only pretend to do. So
sound is read from a copy, and written to a file here, which is put there in one piece once it is complete.
"""

from __future__ import annotations

import contextlib
import glob
import os
import posixpath
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tapegraph.atomic import discard, make_temporary_folder
from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.folders import audio_files, is_audio

PIECE_BYTES = 1 << 12  # fetched at a time, where a file is not copied whole
WILD = re.compile(r"[*?\[]")


class StoreError(TapegraphError):
    """An object store could not do what was wanted, and may be able to the next time."""


def is_remote(path: str) -> bool:
    return "://" in path


def store(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it. Raises TapegraphError where its package is missing."""
    with reporting(address):
        try:
            import fsspec

            file_system, path = fsspec.core.url_to_fs(address)
        except ImportError as error:
            needed = f"needs more packages ({error}); pip install 'tapegraph[remote]'"
            raise TapegraphError(Problem(needed, address)) from None
        except ValueError as error:
            raise TapegraphError(Problem(f"cannot be reached: {error}", address)) from None
    return file_system, path.rstrip("/")


@contextlib.contextmanager
def reporting(address: str) -> Iterator[None]:
    """Raise TapegraphError for what is not there, and StoreError for any other failure of an object store."""
    try:
        yield
    except TapegraphError:
        raise
    except FileNotFoundError:
        raise TapegraphError(Problem("there is no such file", address)) from None
    except Exception as error:  # each store has its own
        text = " ".join(str(error).split()) or type(error).__name__
        raise StoreError(Problem(f"cannot be reached: {text}", address)) from None


def joined(folder: str, name: str) -> str:
    """Return the path or address of a name, with / between its parts, in a folder."""
    return posixpath.join(folder, name) if is_remote(folder) else str(Path(folder, name))


def is_folder(path: str) -> bool:
    if not is_remote(path):
        return os.path.isdir(path)
    file_system, inside = store(path)
    with reporting(path):
        return path.endswith("/") or bool(file_system.isdir(inside))


def is_same(path: str, other: str) -> bool:
    """Tell whether two paths, or two addresses, are of the same place."""
    return real(path) == real(other)


def real(path: str) -> str:
    """Return what all paths, or addresses, of a place have in common."""
    return path.rstrip("/") if is_remote(path) else os.path.realpath(path)


def audio_in(folder: str, out: str) -> list[str]:
    """Return the names of the audio files in a folder and in those inside, except in the folder out: "a/b.wav"."""
    if not is_remote(folder):
        return [path.as_posix() for path in audio_files(Path(folder), Path(out))]
    file_system, root = store(folder)
    with reporting(folder):
        found = [posixpath.relpath(path, root) for path in file_system.find(root)]
    inside = posixpath.relpath(store(out)[1], root) if is_remote(out) else ".."
    return [name for name in found if is_audio(name) and not name.startswith(f"{inside}/")]


def matching(pattern: str) -> tuple[str, list[str]]:
    """Return the folder before the first wildcard of a pattern, and the audio files that match it, relative to that."""
    head = WILD.split(pattern, maxsplit=1)[0]
    if is_remote(pattern):
        file_system, wild = store(pattern)
        _, root = store(posixpath.dirname(head))
        with reporting(pattern):
            found = [posixpath.relpath(path, root) for path in file_system.glob(wild)]
        return posixpath.dirname(head), sorted(filter(is_audio, found))
    root = os.path.dirname(head)
    found = [path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path)]
    return root, sorted(Path(os.path.relpath(path, root or ".")).as_posix() for path in found if is_audio(path))


def read_bytes(path: str) -> bytes:
    """Return all of a file."""
    if not is_remote(path):
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise TapegraphError(Problem(f"cannot be read: {error.strerror}", path)) from None
    file_system, inside = store(path)
    with reporting(path):
        return bytes(file_system.cat_file(inside))


@contextlib.contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """Give a file of an object store, of which only what is read is fetched."""
    file_system, inside = store(path)
    with reporting(path), file_system.open(inside, "rb", block_size=PIECE_BYTES) as file:
        yield file


def delete(path: str) -> None:
    """Delete a file. Raises TapegraphError where that does not work."""
    if not is_remote(path):
        try:
            os.unlink(path)
        except OSError as error:
            raise TapegraphError(Problem(f"cannot be deleted: {error.strerror}", path)) from None
        return
    file_system, inside = store(path)
    with reporting(path):
        file_system.rm_file(inside)


def ignores_case(folder: str) -> bool:
    """Tell whether names that differ in capitals alone are one file in a folder, or in the one that it is to be in."""
    if is_remote(folder):
        return False
    there = Path(os.path.abspath(folder))
    while not there.is_dir() and there != there.parent:
        there = there.parent
    try:
        temporary = make_temporary_folder(there)
    except OSError:
        return False  # nothing can be written there, which is told later
    try:
        (temporary / "a").touch()
        return (temporary / "A").exists()
    finally:
        discard(temporary)


def put(data: bytes, path: str) -> None:
    """Write a whole file into an object store, in one step."""
    file_system, inside = store(path)
    with reporting(path):
        file_system.pipe_file(inside, data)


def identity(path: str) -> list[Any]:
    """Return what changes when a file is replaced by another: its size and when it was changed, or its tag in a store.

    Empty where there is no such file.
    """
    if not is_remote(path):
        try:
            found = os.stat(path)
        except OSError:
            return []
        return [found.st_size, found.st_mtime_ns]
    file_system, inside = store(path)
    try:
        with reporting(path):
            found = file_system.info(inside)
    except StoreError:
        raise
    except TapegraphError:
        return []
    tag = next((str(found[name]) for name in ("ETag", "etag", "md5Hash", "mtime", "LastModified") if name in found), "")
    return [found["size"], tag]


def sizes(folder: str, names: list[str]) -> dict[str, int]:
    """Return the size of each of those files in a folder that are there."""
    if not is_remote(folder):
        found = ((name, identity(joined(folder, name))) for name in names)
        return {name: known[0] for name, known in found if known}
    file_system, root = store(folder)
    with reporting(folder):
        there = file_system.find(root, detail=True) if file_system.exists(root) else {}
    sizes_there = {posixpath.relpath(path, root): info["size"] for path, info in there.items()}
    return {name: sizes_there[name] for name in names if name in sizes_there}


class Copies:
    """Copies of files from object stores, of which the last one is kept: clips follow each other in one file."""

    def __init__(self) -> None:
        self.source = ""
        self.folder: Path | None = None

    def local(self, source: str) -> Path:
        """Return the file itself, or a copy of what is in an object store."""
        if not is_remote(source):
            return Path(source)
        if self.folder is None or self.source != source:
            self.discard()
            file_system, inside = store(source)
            self.folder = make_temporary_folder(Path(tempfile.gettempdir()))
            with reporting(source):
                file_system.get_file(inside, str(self.folder / posixpath.basename(inside)))
            self.source = source
        return self.folder / posixpath.basename(source)

    def discard(self) -> None:
        if self.folder is not None:
            discard(self.folder)
            self.folder, self.source = None, ""


@contextlib.contextmanager
def placing(folder: str, name: str) -> Iterator[Path]:
    """Yield the path to write a file to; it is in the folder, or in the object store, afterwards."""
    if not is_remote(folder):
        target = Path(joined(folder, name))
        make_folder(target.parent)
        yield target
        return
    file_system, root = store(folder)
    temporary = make_temporary_folder(Path(tempfile.gettempdir()))
    try:
        target = temporary / posixpath.basename(name)
        address = joined(folder, name)
        try:
            yield target
        except TapegraphError as error:  # name what the user knows
            named = (Problem(p.message, address if p.where == str(target) else p.where) for p in error.problems)
            raise TapegraphError(*named) from None
        with reporting(address):
            file_system.put_file(str(target), f"{root}/{name}")
    finally:
        discard(temporary)


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be made: {error.strerror}", str(folder))) from None
