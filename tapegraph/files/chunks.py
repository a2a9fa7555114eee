"""Chunks of WAV, RF64 and AIFF files: read as bytes, and appended behind the sound.

libsndfile's own functions for chunks do not serve: they pad the data of a chunk to a multiple of 4 bytes without
adjusting the header, and do not return on RF64.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

Chunk = tuple[bytes, bytes]  # its ID of 4 characters, its data

MAX_BYTES = 64 << 20  # of a chunk that is kept: metadata is smaller
SOUND = {b"data", b"SSND"}


def byte_order(head: bytes) -> str:
    """Return the byte order, as struct writes it, of a file that begins like this; "" where it has no chunks."""
    return {b"RIFF": "<", b"RF64": "<", b"FORM": ">"}.get(head[:4], "")


def walk(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield ID, position and size of the chunks of a file; sizes and IDs as stated, the last ones perhaps damaged."""
    file.seek(0, os.SEEK_END)
    end = file.tell()
    file.seek(0)
    order = byte_order(file.read(12))
    at, sound_bytes = 12, 0
    while order and at + 8 <= end:
        file.seek(at)
        id_, size = struct.unpack(f"{order}4sI", file.read(8))
        if id_ == b"ds64" and len(sizes := file.read(16)) == 16:
            sound_bytes = struct.unpack("<8xQ", sizes)[0]
        if id_ == b"data" and size == 2**32 - 1:
            size = sound_bytes or end
        yield id_, at + 8, size
        at += 8 + size + size % 2


def read_chunks(path: Path, unwanted: Iterable[bytes] = ()) -> tuple[list[Chunk], str]:
    """Return the chunks of a file except the sound and the unwanted, and what is damaged, or ""."""
    unwanted = SOUND | set(unwanted)
    found: list[Chunk] = []
    end = path.stat().st_size
    with path.open("rb") as file:
        for id_, start, size in walk(file):
            if not is_id(id_):
                return found, f"there is no chunk at byte {start - 8}"
            if id_ in unwanted:
                continue
            if start + size > end:
                return found, f"its chunk {show(id_)} is truncated"
            if size > MAX_BYTES:
                return found, f"its chunk {show(id_)} has {size} bytes; at most {MAX_BYTES} are kept"
            file.seek(start)
            found.append((id_, file.read(size)))
    return found, ""


def clear_peak_time(path: Path) -> None:
    """Clear the time in the PEAK chunk of an RF64, which libsndfile cannot omit there."""
    with path.open("r+b") as file:
        for id_, start, size in walk(file):
            if id_ == b"PEAK" and size >= 8:
                file.seek(start + 4)  # after the version
                file.write(bytes(4))


def split(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks inside a LIST chunk, as far as they are complete."""
    at = 4
    while at + 8 <= len(data):
        id_, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            return
        yield id_, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def join(chunks: Iterable[Chunk], order: str = "<") -> bytes:
    """Return chunks as they are in a file, each padded to an even length."""
    return b"".join(struct.pack(f"{order}4sI", id_, len(data)) + data + bytes(len(data) % 2) for id_, data in chunks)


def append_chunks(path: Path, chunks: Iterable[Chunk]) -> None:
    """Add chunks at the end of a WAV, RF64 or AIFF file, and adjust its header."""
    with path.open("r+b") as file:
        head = file.read(4)
        order = byte_order(head)
        end = file.seek(0, os.SEEK_END)
        file.write(bytes(end % 2) + join(chunks, order))
        size = file.tell() - 8
        if head == b"RF64":
            file.seek(20)  # RF64, size, WAVE, ds64, size of ds64: then the 64-bit size of the file
            file.write(struct.pack("<Q", size))
        else:
            file.seek(4)
            file.write(struct.pack(f"{order}I", size))


def is_id(id_: bytes) -> bool:
    return all(32 <= c < 127 for c in id_)


def show(id_: bytes) -> str:
    return id_.decode("ascii", "replace").strip()
