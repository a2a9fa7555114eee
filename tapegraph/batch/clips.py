"""Clips: what a batch is made of, found in files, folders, patterns and lists.

A clip has a name, its id, from which its random machine is drawn and its output is named. It is the path of its file
without the extension, relative to what was given: to a folder; to the folder of a file; in a pattern, to the folders
before the first wildcard; in a list, to the folder of the list. So a collection can be moved, or converted to another
kind of file, and every clip keeps its machine.

    corpus/           corpus/ann/yes.wav     ann/yes
    corpus/ann/*.wav  corpus/ann/yes.wav     yes
    corpus/list.csv   ann/yes.wav, 0.5, 2    ann/yes-0.5-2     the part from 0.5 s to 2 s

A list is a .csv file with a line of names above its columns, or a .jsonl file of objects: path, and where they are
wanted start and end in seconds, and id. A path in it begins at its folder; one that leads out of there is named by its
last part. Other columns are left alone.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import attrs

from tapegraph.batch import places
from tapegraph.errors import Problem, TapegraphError, did_you_mean, shown
from tapegraph.files.read import names_in

LISTS = (".csv", ".jsonl")
COLUMNS = ("path", "start", "end", "id")
MOST_SHOWN = 20  # problems of a list


@attrs.frozen
class Clip:
    """A stretch of an audio file.

    id: its name, a relative path without an extension, with / between its parts
    source: path or address of the file
    start_s, end_s: which part of it, s; without an end, all that follows
    """

    id: str
    source: str
    start_s: float = 0.0
    end_s: float | None = None

    @property
    def number(self) -> int:
        """The SHA-256 of the id: what depends on it is the same wherever the clip is met."""
        return int.from_bytes(hashlib.sha256(self.id.encode("utf-8", "surrogatepass")).digest(), "big")


def find_clips(given: Iterable[str], out: str) -> list[Clip]:
    """Return all clips of files, folders, patterns and lists.

    out: the folder for what becomes of them, in which none is looked for
    Raises TapegraphError for what is not there or contains none, for mistakes in lists, and where two clips have the
    same id.
    """
    clips = [clip for text in given for clip in find(text, out)]
    problems: list[Problem] = []
    by_id: dict[str, Clip] = {}
    for clip in clips:
        other = by_id.setdefault(clip.id, clip)
        if other is not clip:
            both = f"{place(other)} and {place(clip)} are both called {clip.id}"
            problem = f"{both}; give the folder that they are in, or a list with ids"
            problems.append(Problem("is given twice", place(clip)) if clip == other else Problem(problem))
    refuse(problems)
    return clips


def find(given: str, out: str) -> Iterator[Clip]:
    if given.lower().endswith(LISTS):
        yield from read_list(given)
    elif places.is_folder(given):
        if places.is_same(given, out):
            raise TapegraphError(Problem("is both IN and OUT; choose another folder", given))
        yield from clips_in(given, places.audio_in(given, out))
    elif places.WILD.search(given) and not places.identity(given):
        yield from clips_in(*places.matching(given), given)
    elif not places.is_remote(given) and not os.path.lexists(given):
        near = names_in(Path(given).parent)
        raise TapegraphError(Problem(f"there is no such file{did_you_mean(Path(given).name, near)}", given))
    else:
        yield Clip(stem(posixpath.basename(given) if places.is_remote(given) else Path(given).name), given)


def clips_in(folder: str, names: Sequence[str], given: str = "") -> Iterator[Clip]:
    """Yield a clip for each file of a folder. given: the pattern that these match"""
    if not names:
        raise TapegraphError(
            Problem("matches no audio file", given) if given else Problem("contains no audio files", folder)
        )
    for name in names:
        yield Clip(stem(name), places.joined(folder, name))


def stem(name: str) -> str:
    """Return a path without the extension of its last part."""
    return str(PurePosixPath(name).with_suffix("")) if PurePosixPath(name).name else name


def place(clip: Clip) -> str:
    """Return a clip as messages name it: its file, and the part of it."""
    if clip.end_s is None:
        return f"{clip.source} from {clip.start_s:.12g} s" if clip.start_s else clip.source
    return f"{clip.source} from {clip.start_s:g} to {clip.end_s:.12g} s"


def read_list(path: str) -> Iterator[Clip]:
    """Yield the clips of a list."""
    problems: list[Problem] = []
    found = False
    for line, row in rows(path, problems):
        found = True
        try:
            yield clip_of(row, path)
        except TapegraphError as error:
            problems += (Problem(problem.message, f"{path}:{line}") for problem in error.problems)
    refuse(problems)
    if not found:
        raise TapegraphError(Problem("contains no clips", path))


def rows(path: str, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number and columns of each line of a list; note those that cannot be read."""
    try:
        text = places.read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TapegraphError(Problem("not UTF-8 text; a list of clips must be", path)) from None
    if path.lower().endswith(".csv"):
        reader = csv.DictReader(io.StringIO(text), restval="")
        if "path" not in (reader.fieldnames or ()):
            found = shown(", ".join(reader.fieldnames)) if reader.fieldnames else "nothing"
            raise TapegraphError(Problem(f"the first line has no column path; it has {found}", path))
        for row in reader:
            yield reader.line_num, row
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            problems.append(Problem(f"not JSON: {error}", f"{path}:{number}"))
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            problems.append(Problem("a line must be an object: {...}", f"{path}:{number}"))


def clip_of(row: dict[str, Any], path: str) -> Clip:
    """Return the clip of a line of a list. Raises TapegraphError for its mistakes."""
    for column in row:
        meant = column.strip().lower().removesuffix("_s") if isinstance(column, str) else None
        if meant in COLUMNS and meant not in row:  # or else the whole file would silently be the clip
            raise TapegraphError(f"{shown(column)} is no column of a list; write {meant}")
    name, id_ = row.get("path"), row.get("id")
    if not isinstance(name, str) or not name:
        raise TapegraphError(f"path is {shown(name)}; it must be that of an audio file")
    start_s, end_s = seconds(row, "start"), seconds(row, "end")
    if end_s is not None and end_s <= (start_s or 0.0):
        raise TapegraphError(f"end is {end_s:.12g} s; it must be after the start at {start_s or 0.0:.12g} s")
    inside = name if places.is_remote(name) else Path(name).as_posix()
    if id_ in (None, ""):
        known = inside if is_inside(inside) else posixpath.basename(inside)
        id_ = f"{stem(known)}{'' if start_s is end_s is None else part_of(start_s or 0.0, end_s)}"
    id_ = str(id_)
    for column, text in (("path", name), ("id", id_)):
        if not can_be_named(text):
            raise TapegraphError(f"{column} is {shown(text)}; no file can have such a name")
    if not is_inside(id_):
        raise TapegraphError(f"id is {shown(id_)}; it must be a relative path without '..', for it names the output")
    if places.is_remote(path) and not places.is_remote(name):
        name = posixpath.join(posixpath.dirname(path), inside)
    elif not places.is_remote(name):
        name = str(Path(path).parent / name)
    return Clip(id_, name, start_s or 0.0, end_s)


def part_of(start_s: float, end_s: float | None) -> str:
    """Return what the id of a part of a file ends in."""
    return f"-{start_s:.12g}" if end_s is None else f"-{start_s:.12g}-{end_s:.12g}"


def seconds(row: dict[str, Any], column: str) -> float | None:
    value = row.get(column)
    if value in (None, ""):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number) or number < 0.0:
        raise TapegraphError(f"{column} is {shown(value)}; it must be a number of seconds from 0")
    return number


def is_inside(name: str) -> bool:
    """Tell whether a path stays in the folder that it begins in."""
    return not any(part in ("", ".", "..") for part in name.split("/")) and not Path(name).drive


def can_be_named(path: str) -> bool:
    """Tell whether the system takes the characters of a path."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half of a character
        return False


def refuse(problems: list[Problem]) -> None:
    """Raise a TapegraphError where there are problems, with the first of them."""
    if problems:
        more = len(problems) - MOST_SHOWN
        raise TapegraphError(*problems[:MOST_SHOWN], *([f"and {more} more like these"] if more > 0 else []))
