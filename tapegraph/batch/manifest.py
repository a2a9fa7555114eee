"""The manifest of a batch: a line of JSON for each clip, added as soon as the clip is done or has failed.

Whatever ends a batch, what it has done is in its manifest; only the last line may be half written, and is left out when
it is read again. A clip that is done again has two lines until the batch ends, of which the last one holds. An object
store takes only whole files, so there the manifest is put anew every few seconds.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

from tapegraph.atomic import cannot_write, replacing
from tapegraph.batch import places
from tapegraph.errors import Problem, TapegraphError

Line = dict[str, Any]

PUT_S = 10.0  # between two times that a manifest is put into an object store


class Manifest:
    """A manifest that lines are added to.

    path: of its file, or its address
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.remote = places.is_remote(path)
        self.file: IO[bytes] | None = None
        self.lines: dict[str, bytes] = {}  # all of them by id, where they go to an object store
        self.put_at = 0.0
        self.ids: Collection[str] = ()  # of the lines that it began with
        self.again = False  # whether one of those has been added anew

    def has_lines(self) -> bool:
        """Tell whether it exists and says something: that of a batch which could not begin is empty."""
        size, *_ = places.identity(self.path) or [0]
        return bool(size)

    def begin(self, lines: dict[str, Line]) -> None:
        """Let the manifest consist of the lines of these ids, in one step, and be added to."""
        self.ids = lines.keys()
        if self.remote:
            self.lines = {id_: encode(line) for id_, line in lines.items()}
            self.put()
            return
        places.make_folder(Path(self.path).parent)
        self.write(lines)
        try:
            self.file = open(self.path, "ab", buffering=0)  # noqa: SIM115  until close(); a line is one call of the system
        except OSError as error:
            raise cannot_write(Path(self.path), error) from None

    def add(self, line: Line) -> None:
        """Add a line, which is in the hands of the system afterwards."""
        data = encode(line)
        if self.file is None:
            self.lines.pop(line["id"], None)
            self.lines[line["id"]] = data
            if time.monotonic() - self.put_at > PUT_S:
                self.put()
            return
        self.again = self.again or line["id"] in self.ids
        try:
            while data:
                data = data[self.file.write(data) :]
        except OSError as error:
            raise cannot_write(Path(self.path), error) from None

    def put(self) -> None:
        places.put(b"".join(self.lines.values()), self.path)
        self.put_at = time.monotonic()

    def write(self, lines: dict[str, Line]) -> None:
        with replacing(self.path) as temporary:
            temporary.write_bytes(b"".join(map(encode, lines.values())))

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            if self.again:
                with contextlib.suppress(TapegraphError):  # on a full disk: it is right as it is, only longer
                    self.write(read(self.path))
        elif self.lines:
            self.put()


def encode(line: Line) -> bytes:
    return json.dumps(line).encode() + b"\n"


def read(path: str) -> dict[str, Line]:
    """Return the lines of a manifest by the id of their clip, of several the last one; without one that was cut off.

    Raises TapegraphError where the manifest is none, or cannot be read.
    """
    *whole, _ = places.read_bytes(path).split(b"\n")
    lines: dict[str, Line] = {}
    for number, text in enumerate(whole, 1):
        try:
            line = json.loads(text)
            lines.pop(line["id"], None)
            lines[line["id"]] = line
        except (ValueError, TypeError, KeyError):
            told = "not a line of a manifest; without this file a batch begins anew"
            raise TapegraphError(Problem(told, f"{path}:{number}")) from None
    return lines
