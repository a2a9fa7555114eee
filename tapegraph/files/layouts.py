"""Loudspeakers: which channel is for which, and in which order kinds of files store them.

Inside a graph channels are just numbered, in the order of the bits of WAVE_FORMAT_EXTENSIBLE's channel mask. Ogg
Vorbis and Opus store 3 and 5 to 8 channels in an order of their own.
Sources: Microsoft, WAVEFORMATEXTENSIBLE, dwChannelMask; Vorbis I specification, 4.3.9; RFC 7845, 5.1.1.2;
RFC 9639 (FLAC), 9.1.3 and 8.6.2.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tapegraph.files.libsndfile import SFC_GET_CHANNEL_MAP_INFO, SFC_SET_CHANNEL_MAP_INFO, get_info, set_info

Layout = tuple[str, ...]  # a loudspeaker for each channel, in WAVE order; () where a file does not say

# in the order of the bits of the channel mask, and libsndfile's SF_CHANNEL_MAP_... of each
CODES = {
    "FL": 2, "FR": 3, "FC": 4, "LFE": 11, "BL": 9, "BR": 10, "FLC": 12, "FRC": 13, "BC": 8,
    "SL": 14, "SR": 15, "TC": 16, "TFL": 17, "TFC": 19, "TFR": 18, "TBL": 20, "TBC": 22, "TBR": 21,
}  # fmt: skip
SPEAKERS = tuple(CODES)
BY_CODE = {code: speaker for speaker, code in CODES.items()} | {1: "FC", 5: "FL", 6: "FR", 7: "FC"}

# what Vorbis, Opus and FLAC mean by a number of channels
DEFAULTS: dict[int, Layout] = {
    1: ("FC",),
    2: ("FL", "FR"),
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
# the WAVE channel that Vorbis and Opus store in each place
VORBIS_ORDER = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 4, 5, 3),
    7: (0, 2, 1, 5, 6, 4, 3),
    8: (0, 2, 1, 6, 7, 4, 5, 3),
}
NAMES: dict[Layout, str] = {
    ("FC",): "mono",
    ("FL", "FR"): "stereo",
    ("FL", "FR", "FC"): "3.0",
    ("FL", "FR", "FC", "BC"): "4.0",
    ("FL", "FR", "BL", "BR"): "quad",
    ("FL", "FR", "SL", "SR"): "quad(side)",
    ("FL", "FR", "FC", "BL", "BR"): "5.0",
    ("FL", "FR", "FC", "SL", "SR"): "5.0(side)",
    ("FL", "FR", "FC", "LFE", "BL", "BR"): "5.1",
    ("FL", "FR", "FC", "LFE", "SL", "SR"): "5.1(side)",
    ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"): "6.1",
    ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"): "7.1",
    ("FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC"): "7.1(wide)",
}


def loudness_weights(layout: Layout) -> tuple[float, ...]:
    """Return how much each loudspeaker counts in the loudness: ITU-R BS.1770-5, table 4; () where it is not known.

    Those at the back are where the sides are as long as there are none at the sides.
    """
    beside = ("SL", "SR") if {"SL", "SR"} & set(layout) else ("BL", "BR")
    return tuple(0.0 if name == "LFE" else 1.41 if name in beside else 1.0 for name in layout)


def describe(layout: Layout) -> str:
    """Return the common name of a layout, or its loudspeakers."""
    return NAMES.get(layout, " ".join(layout))


def to_mask(layout: Layout) -> int:
    """Return the channel mask of WAVE_FORMAT_EXTENSIBLE."""
    return sum(1 << SPEAKERS.index(speaker) for speaker in layout)


def from_mask(mask: int, channels: int) -> Layout:
    """Return the layout of a channel mask, or () where it is not one for so many channels."""
    layout = tuple(speaker for bit, speaker in enumerate(SPEAKERS) if mask >> bit & 1)
    return layout if len(layout) == channels and to_mask(layout) == mask else ()


def with_rear_for_side(layout: Layout) -> Layout:
    """Return a layout with its side loudspeakers at the back: the same channels, in the same order."""
    if "BL" in layout or "BC" in layout:
        return layout
    return tuple({"SL": "BL", "SR": "BR"}.get(speaker, speaker) for speaker in layout)


def inverse(order: Sequence[int]) -> tuple[int, ...]:
    """Return the order that undoes an order."""
    return tuple(order.index(k) for k in range(len(order)))


def read_layout(file: Any, path: Path) -> tuple[Layout, tuple[int, ...] | None]:
    """Return the layout of an open file, and in which order its channels are taken, or None for as they are."""
    channels = file.channels
    if file.format == "OGG":
        if channels < 3 or channels > 8 or not has_vorbis_order(file, path):
            return (), None
        order = VORBIS_ORDER.get(channels)
        return DEFAULTS[channels], inverse(order) if order else None
    if file.format == "FLAC":
        return flac_layout(path, channels), None
    codes = get_info(file, SFC_GET_CHANNEL_MAP_INFO, 4 * channels)
    if codes is None:
        return (), None
    speakers = [BY_CODE.get(code, "") for code in struct.unpack(f"={channels}i", codes)]
    if "" in speakers or len(set(speakers)) < channels:
        return (), None
    order = tuple(sorted(range(channels), key=lambda k: SPEAKERS.index(speakers[k])))
    return tuple(speakers[k] for k in order), None if order == tuple(range(channels)) else order


def flac_layout(path: Path, channels: int) -> Layout:
    """Return the layout that a comment of a FLAC file states, or that of its number of channels."""
    default = DEFAULTS.get(channels, ())
    if channels < 3 or not path.is_file():
        return default
    from tapegraph.files.tags import MASK, read_comments

    try:
        return from_mask(int(read_comments(path, "")[0][MASK][0], 16), channels) or default
    except Exception:  # no such comment, or damaged in any way: the sound can be read all the same
        return default


def has_vorbis_order(file: Any, path: Path) -> bool:
    """Tell whether channels of an Ogg file stand for loudspeakers: in Opus only those of mapping family 1 do."""
    if file.subtype != "OPUS" or not path.is_file():
        return True
    with path.open("rb") as stream:
        _, found, head = stream.read(256).partition(b"OpusHead")
    return bool(found) and head[10:11] == b"\x01"


def write_layout(file: Any, layout: Layout) -> Layout:
    """Store a layout in a file open for writing, or the nearest that it can state; return that, or ()."""
    for candidate in dict.fromkeys((layout, with_rear_for_side(layout))):
        codes = struct.pack(f"={len(layout)}i", *(CODES[speaker] for speaker in candidate))
        if set_info(file, SFC_SET_CHANNEL_MAP_INFO, codes):
            return candidate
    return ()
