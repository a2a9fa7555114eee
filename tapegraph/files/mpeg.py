"""Frames of MPEG audio: found and counted, so that the length of an MP3 file is known without decoding it.

libsndfile takes the length from a Xing or VBRI header, or estimates it from the bit rate of the first frames.
Source: ISO/IEC 11172-3, 2.4.1.3; ISO/IEC 13818-3, 2.4.2.3.
"""

from __future__ import annotations

import functools
import mmap
import struct
from typing import NamedTuple

MPEG_1 = 3  # code of the version; 2 is MPEG-2, 0 is MPEG-2.5
LAYER_1, LAYER_2, LAYER_3 = 3, 2, 1  # codes
RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
KBPS = {
    (True, LAYER_1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, LAYER_2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, LAYER_3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, LAYER_1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, LAYER_2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, LAYER_3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
SAME = 0xFFFE0C00  # sync word, version, layer, sample rate: what all frames of a stream have in common
MONO = 3
SEARCH_BYTES = 1 << 20  # how far the first frame may be behind the tags


class Stream(NamedTuple):
    """Consecutive frames of one kind.

    body, end: bytes of the file behind `head`, which counts the frames
    frames: how many carry sound; stated: how many the header of the file states, None without one
    """

    head: bytes
    body: int
    end: int
    frames: int
    stated: int | None

    @property
    def is_exact(self) -> bool:
        """True where libsndfile knows the length, or notices that frames are missing."""
        return self.stated is not None and self.stated >= self.frames


@functools.cache
def frame_bytes(header: int) -> int:
    """Return the length of the frame with this header of 32 bits, or 0 where it is none."""
    version, layer = header >> 19 & 3, header >> 17 & 3
    bitrate, rate = header >> 12 & 15, header >> 10 & 3
    if header >> 21 != 0x7FF or version == 1 or layer == 0 or bitrate in (0, 15) or rate == 3:
        return 0
    kbps, rate_hz = KBPS[version == MPEG_1, layer][bitrate - 1], RATES_HZ[version][rate]
    padding = header >> 9 & 1
    if layer == LAYER_1:
        return (12_000 * kbps // rate_hz + padding) * 4
    return (72_000 if layer == LAYER_3 and version != MPEG_1 else 144_000) * kbps // rate_hz + padding


def header_at(data: mmap.mmap, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big") & 0xFFFFFE00 | data[at + 3] & 0xC0 if at + 4 <= len(data) else 0


def streams(data: mmap.mmap) -> list[Stream]:
    """Return the streams of a file, which begin at tags of length, or where sample rate or layer change."""
    found: list[Stream] = []
    first = frames = begin = 0  # of the stream
    tag: int | None = None
    at, end = skip_id3(data, 0), len(data)
    limit = at + SEARCH_BYTES

    def finish(at: int) -> None:
        if frames:
            found.append(make_stream(data, begin, at, first, frames, tag))

    while at + 4 <= end:
        header = header_at(data, at)
        size = frame_bytes(header)
        known = bool(first) and (header ^ first) & SAME == 0
        if not size or at + size > end or not (known or starts_stream(data, at, header, size)):
            if not size or at + size <= end:
                following = skip_id3(data, at)
                at = following if following > at else next_sync(data, at + 1)
                if not first and at > limit:
                    return []
                continue
            break  # the last frame is incomplete
        counts = find_count(data, at, header, size)
        if counts is not None or not known:
            finish(at)
            first, begin, frames, tag = header, at, 0, counts
        if counts is None:
            frames += 1
        at += size
    finish(end)
    return found


def starts_stream(data: mmap.mmap, at: int, header: int, size: int) -> bool:
    """Tell whether a frame of a new kind is one: others of its kind follow."""
    for _ in range(2):
        at += size
        following = header_at(data, at)
        size = frame_bytes(following)
        if at == len(data):
            return True
        if not size or (following ^ header) & SAME:
            return False
    return True


def next_sync(data: mmap.mmap, at: int) -> int:
    found = data.find(b"\xff", at)
    return found if found >= 0 else len(data)


def skip_id3(data: mmap.mmap, at: int) -> int:
    """Return where an ID3v2 tag at this byte ends, or the byte itself."""
    while data[at : at + 3] == b"ID3" and at + 10 <= len(data):
        a, b, c, d = data[at + 6 : at + 10]
        at += 10 + (a << 21 | b << 14 | c << 7 | d) + 10 * bool(data[at + 5] & 0x10)
    return at


def side_bytes(header: int) -> int:
    """Return the length of the side information of a layer III frame."""
    mono = header >> 6 & 3 == MONO
    if header >> 19 & 3 == MPEG_1:
        return 17 if mono else 32
    return 9 if mono else 17


def find_count(data: mmap.mmap, at: int, header: int, size: int) -> int | None:
    """Return where in the file a frame of layer III states the number of frames; 0 for a tag without; else None."""
    if header >> 17 & 3 != LAYER_3:
        return None
    xing = at + 4 + side_bytes(header)
    if data[xing : xing + 4] in (b"Xing", b"Info") and size >= side_bytes(header) + 16:
        return xing + 8 if data[xing + 7] & 1 else 0
    if data[at + 36 : at + 40] == b"VBRI" and size >= 54:
        return at + 50
    return None


def make_stream(data: mmap.mmap, begin: int, end: int, first: int, frames: int, tag: int | None) -> Stream:
    """Return a stream whose header counts its frames."""
    if tag:
        stated = int.from_bytes(data[tag : tag + 4], "big")
        body = begin + frame_bytes(first)
        vbri = data[begin + 36 : begin + 40] == b"VBRI"
        size_at = tag - 4 if vbri else tag + 4
        head = bytearray(data[begin:body])
        head[tag - begin : tag - begin + 4] = frames.to_bytes(4, "big")
        if vbri or data[tag - 1] & 2:  # mpg123 complains where it is wrong
            head[size_at - begin : size_at - begin + 4] = (end - begin).to_bytes(4, "big")
        return Stream(data[begin:body] if stated >= frames else bytes(head), body, end, frames, stated)
    body = begin if tag is None else begin + frame_bytes(first)
    return Stream(xing_frame(first, frames), body, end, frames, None)


def xing_frame(header: int, frames: int) -> bytes:
    """Return a frame without sound that states the number of frames; b"" for layers that have no such thing."""
    if header >> 17 & 3 != LAYER_3:
        return b""
    header = header & 0xFFFF0DFF | 9 << 12 | 1 << 16  # a bit rate with room, no padding, no CRC
    content = struct.pack(">I", header) + bytes(side_bytes(header)) + struct.pack(">4sII", b"Xing", 1, frames)
    return content.ljust(frame_bytes(header), b"\0")
