"""Where the sound of a file really is: a header can state the wrong length, and a file can be several in a row.

libsndfile believes headers, and reads only the first of several. Each part is given to it as a file of its own, with a
header that states what is there.
"""

from __future__ import annotations

import io
import mmap
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal, cast

import attrs

from tapegraph.files.chunks import byte_order, is_id, walk

OPEN_ENDED = {0, 2**31 - 4096, 2**31 - 1, 2**31, 2**32 - 1}  # sizes that recorders write before they know better
FLAG_FIRST, FLAG_LAST = 2, 4  # of an Ogg page


@attrs.frozen
class Part:
    """A stretch of a file, bytes start to end, behind a header of its own.

    stated: bytes of sound that the header of the file states, None where it is right; present: those there are
    """

    start: int
    end: int
    head: bytes = b""
    stated: int | None = None
    present: int = 0


@attrs.frozen
class Parts:
    """The parts of a file that libsndfile cannot read correctly as it is.

    warning: what is odd about it, or ""
    """

    parts: tuple[Part, ...] = ()
    warning: str = ""


class PartFile(io.RawIOBase):
    """A part of a file, to be read like a file."""

    def __init__(self, path: Path, part: Part) -> None:
        self.file = path.open("rb")
        self.part, self.at = part, 0
        self.interrupted: BaseException | None = None  # libsndfile's callbacks would swallow it
        self.size = len(part.head) + part.end - part.start

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence])
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, count: int = -1) -> bytes:
        stop = self.size if count < 0 else min(self.size, self.at + count)
        head = self.part.head[self.at : stop]
        at = self.at + len(head)
        rest = b""
        if at < stop:
            self.file.seek(self.part.start + at - len(self.part.head))
            rest = self.file.read(stop - at)
        self.at = at + len(rest)
        return head + rest

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer)).cast("B")
        try:
            found = self.read(len(view))
        except BaseException as error:
            self.interrupted, found = error, b""
        view[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self.file.close()
        super().close()


def find_parts(path: Path) -> Parts:
    """Return the parts of an audio file; none where it can be read as it is, or where nothing is known about it."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        head = data[:4]
        if head in BY_HEAD:
            return BY_HEAD[head](data)
        if head == b"OggS":
            return ogg_parts(data)
        if head[:3] == b"ID3" or (head[0] == 0xFF and head[1:2] >= b"\xe0"):
            return mpeg_parts(data)
    return Parts()


def real_end(data: mmap.mmap, start: int, stated: int, trailer: Callable[[mmap.mmap, int], bool]) -> int | None:
    """Return where the sound ends that begins at a byte, where it does so later than its header states; or None."""
    end = len(data)
    if stated not in OPEN_ENDED and start + stated >= end:
        return None  # complete, or cut short: libsndfile reads what is there
    if stated in OPEN_ENDED:
        return end if start + stated < end else None
    behind = start + stated
    if trailer(data, behind) or trailer(data, behind + behind % 2) or data[behind:] == bytes(end - behind):
        return None
    return None if data[behind : behind + 3] in (b"TAG", b"ID3") or end - behind < 16 else end


def chunk_follows(data: mmap.mmap, at: int) -> bool:
    """Tell whether there is the end of the file, or a chunk: one that fits, or that the size of the file includes."""
    order: Literal["little", "big"] = "little" if byte_order(data[:4]) == "<" else "big"
    size, file_size = (int.from_bytes(data[k : k + 4], order) for k in (at + 4, 4))
    fits = at + 8 + size <= len(data) + 1
    return at == len(data) or (is_id(data[at : at + 4]) and (fits or file_size + 8 > at + 8))


def riff_parts(data: mmap.mmap) -> Parts:
    """Find the sound of a WAV or RF64 file."""
    block = 1
    for id_, start, _ in walk(cast(BinaryIO, data)):
        if id_ == b"fmt ":
            block = max(1, int.from_bytes(data[start + 12 : start + 14], "little"))
        if id_ != b"data":
            continue
        stated = int.from_bytes(data[start - 4 : start], "little")
        if stated == 2**32 - 1 and data[12:16] == b"ds64":
            stated = int.from_bytes(data[28:36], "little")
        end = real_end(data, start, stated, chunk_follows)
        if end is None:
            return Parts()
        present = (end - start) // block * block
        head = riff_head(data, start, present)
        return one_part(Part(start, start + present, head, stated, present))
    return Parts()


def riff_head(data: mmap.mmap, start: int, present: int) -> bytes:
    """Return the header of a WAV or RF64 file, for so many bytes of sound."""
    chunks = data[12 : start - 8]
    if chunks[:4] == b"ds64":
        chunks = chunks[8 + int.from_bytes(chunks[4:8], "little") :]
    size = 12 + len(chunks) + 8 + present - 8
    if size < 2**32:
        return struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + chunks + struct.pack("<4sI", b"data", present)
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, size + 36, present, 0, 0)
    unknown = 2**32 - 1
    head = struct.pack("<4sI4s", b"RF64", unknown, b"WAVE") + ds64 + chunks
    return head + struct.pack("<4sI", b"data", unknown)


def aiff_parts(data: mmap.mmap) -> Parts:
    """Find the sound of an AIFF file."""
    block = common = 0
    for id_, start, size in walk(cast(BinaryIO, data)):
        if id_ == b"COMM":
            common = start
            channels, bits = struct.unpack(">h4xh", data[start : start + 8])
            block = channels * (-(-bits // 8))
        if id_ != b"SSND" or block <= 0:
            continue
        end = real_end(data, start + 8, max(0, size - 8), chunk_follows)
        if end is None or (data[8:12] == b"AIFC" and data[common + 18 : common + 22] in (b"ima4", b"GSM ", b"DWVW")):
            return Parts()
        frames = min((end - start - 8) // block, (2**31 - 1 - start) // block)
        present = frames * block
        head = bytearray(data[: start + 8])
        head[common + 2 : common + 6] = frames.to_bytes(4, "big")
        head[4:8] = (start + present).to_bytes(4, "big")
        head[start - 4 : start] = (present + 8).to_bytes(4, "big")
        return one_part(Part(start + 8, start + 8 + present, bytes(head), max(0, size - 8), present))
    return Parts()


def au_parts(data: mmap.mmap) -> Parts:
    """Find the sound of an AU file."""
    start, stated = struct.unpack(">II", data[4:12])
    end = None if stated == 2**32 - 1 else real_end(data, start, stated, lambda data, at: at >= len(data))
    if end is None or not 24 <= start < len(data):
        return Parts()
    head = data[:8] + (2**32 - 1).to_bytes(4, "big") + data[12:start]
    return one_part(Part(start, end, head, stated, end - start))


def w64_parts(data: mmap.mmap) -> Parts:
    """Find the sound of a W64 file, whose chunks have IDs of 16 bytes and sizes of 8, header included."""
    at = 40
    while at + 24 <= len(data):
        id_, stated = data[at : at + 4], int.from_bytes(data[at + 16 : at + 24], "little")
        start = at + 24
        if id_ == b"data":
            end = real_end(data, start, max(0, stated - 24), w64_follows)
            if end is None:
                return Parts()
            head = data[:16] + end.to_bytes(8, "little") + data[24 : at + 16] + (end - at).to_bytes(8, "little")
            return one_part(Part(start, end, head, max(0, stated - 24), end - start))
        at += max(24, stated + -stated % 8)
    return Parts()


def w64_follows(data: mmap.mmap, at: int) -> bool:
    at += -at % 8
    return at >= len(data) or is_id(data[at : at + 4])


def flac_parts(data: mmap.mmap) -> Parts:
    """Find the streams that follow one another in a FLAC file."""
    starts = [0]
    while (at := data.find(b"fLaC\0\0\0\x22", starts[-1] + 1)) > 0:
        starts.append(at)
    return in_a_row(data, starts)


BY_HEAD: dict[bytes, Callable[[mmap.mmap], Parts]] = {
    b"RIFF": riff_parts,
    b"RF64": riff_parts,
    b"FORM": aiff_parts,
    b".snd": au_parts,
    b"riff": w64_parts,
    b"fLaC": flac_parts,
}


def one_part(part: Part) -> Parts:
    if part.stated in OPEN_ENDED - {0}:  # on purpose: it went through a pipe
        return Parts((part,))
    stated = f"{part.stated} of {part.present} bytes of sound"
    return Parts((part,), f"its header states {stated}, as of a recording that was not finished; all were read")


def ogg_parts(data: mmap.mmap) -> Parts:
    """Find the streams that follow one another in an Ogg file. A stream that begins among headers is parallel."""
    starts: list[int] = []
    sound, flags = True, 0
    for at, flags in ogg_pages(data):
        if not flags & FLAG_FIRST:
            sound = True
        elif sound:
            starts.append(at)
            sound = False
    warning = "" if flags & FLAG_LAST else "is truncated: its last page is missing"
    return in_a_row(data, starts, warning)


def in_a_row(data: mmap.mmap, starts: list[int], warning: str = "") -> Parts:
    """Return streams that begin at these bytes as parts; none where there is only one."""
    if len(starts) < 2:
        return Parts((), warning)
    ends = [*starts[1:], len(data)]
    parts = tuple(Part(start, end) for start, end in zip(starts, ends, strict=True))
    return Parts(parts, "; ".join(filter(None, [joined(len(parts)), warning])))


def joined(streams: int) -> str:
    return f"consists of {streams} streams in a row; all were read"


def ogg_pages(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Yield position and flags of each complete page."""
    at = data.find(b"OggS")
    while 0 <= at <= len(data) - 27:
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        after = at + 27 + len(lacing) + sum(lacing)
        if after > len(data):
            yield at, data[at + 5] & ~FLAG_LAST
        else:
            yield at, data[at + 5]
        at = after if data[after : after + 4] == b"OggS" else data.find(b"OggS", at + 4)


def mpeg_parts(data: mmap.mmap) -> Parts:
    """Find the streams that follow one another in an MP3 file, and give each a header that counts its frames."""
    from tapegraph.files import mpeg

    streams = mpeg.streams(data)
    if not streams or (len(streams) == 1 and streams[0].is_exact):
        return Parts()
    warnings = [joined(len(streams))] if len(streams) > 1 else []
    for stream in streams:
        if stream.stated is not None and stream.stated < stream.frames:
            warnings.append(f"its header states {stream.stated} of {stream.frames} MPEG frames; all were read")
    parts = tuple(Part(stream.body, stream.end, stream.head) for stream in streams)
    return Parts(parts, "; ".join(warnings))
