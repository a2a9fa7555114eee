"""Tags and pictures: Vorbis comments, ID3 and RIFF INFO, and how each is said in the others.

Tags are known by the names of Vorbis comments: TITLE, ARTIST, DATE. mutagen reads and writes them.
Sources: xiph.org, Ogg Vorbis I comment field recommendation; ID3v2.4 native frames; Microsoft, RIFF INFO list.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tapegraph.files.chunks import Chunk, join, split

Tags = dict[str, list[str]]

NO_LANGUAGE = "XXX"  # ID3v2.4, section 4: what stands for a language that is not known
OWN_NAME = "TXXX"  # ID3v2.4, section 4.2.6: the frame of a text whose name is not one of ID3's
FRAMES = {
    "TITLE": "TIT2",
    "SUBTITLE": "TIT3",
    "GROUPING": "TIT1",
    "ARTIST": "TPE1",
    "ALBUMARTIST": "TPE2",
    "CONDUCTOR": "TPE3",
    "REMIXER": "TPE4",
    "ALBUM": "TALB",
    "DATE": "TDRC",
    "ORIGINALDATE": "TDOR",
    "TRACKNUMBER": "TRCK",
    "DISCNUMBER": "TPOS",
    "DISCSUBTITLE": "TSST",
    "GENRE": "TCON",
    "COMPOSER": "TCOM",
    "LYRICIST": "TEXT",
    "COPYRIGHT": "TCOP",
    "ORGANIZATION": "TPUB",
    "ENCODED-BY": "TENC",
    "ISRC": "TSRC",
    "BPM": "TBPM",
    "INITIALKEY": "TKEY",
    "LANGUAGE": "TLAN",
    "MEDIA": "TMED",
    "MOOD": "TMOO",
    "COMPILATION": "TCMP",
    "ALBUMARTISTSORT": "TSO2",
    "ALBUMSORT": "TSOA",
    "ARTISTSORT": "TSOP",
    "TITLESORT": "TSOT",
}
TOTALS = {"TRACKNUMBER": "TRACKTOTAL", "DISCNUMBER": "DISCTOTAL"}  # ID3 has "3/12" in one frame
INFO = {
    "TITLE": b"INAM",
    "ARTIST": b"IART",
    "ALBUM": b"IPRD",
    "DATE": b"ICRD",
    "TRACKNUMBER": b"ITRK",
    "GENRE": b"IGNR",
    "COMMENT": b"ICMT",
    "COPYRIGHT": b"ICOP",
    "COMPOSER": b"IMUS",
    "ENGINEER": b"IENG",
    "LANGUAGE": b"ILNG",
    "SUBJECT": b"ISBJ",
    "KEYWORDS": b"IKEY",
    "ENCODED-BY": b"ITCH",
}
AIFF_TEXT = {"TITLE": b"NAME", "ARTIST": b"AUTH", "COPYRIGHT": b"(c) ", "COMMENT": b"ANNO"}

# what tells of the encoder or of the samples of the source, and is not true of a rendering of it
LEVELS = ("REPLAYGAIN_", "R128_")
STALE = ("ENCODER", "ENCODER_OPTIONS", "ITUNSMPB", "ITUNNORM", "WAVEFORMATEXTENSIBLE_CHANNEL_MASK")
STALE_FRAMES = {"TLEN", "TSSE", "TSIZ", "TDLY", "MLLT", "ASPI", "SEEK"}
LEVEL_FRAMES = {"RVA2", "RVAD", "EQU2", "EQUA", "RGAD"}
PICTURE = "METADATA_BLOCK_PICTURE"
MASK = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"
PICTURE_BYTES = 2**24 - 1024  # of a FLAC block


def is_level(name: str) -> bool:
    """Tell whether a tag states a loudness."""
    return name.upper().startswith(LEVELS)


def is_stale(name: str) -> bool:
    return name.upper() in STALE or is_level(name)


def from_info(data: bytes) -> Tags:
    """Return the tags of a LIST INFO chunk. Its text is UTF-8, or else taken for Windows-1252."""
    names = {id_: name for name, id_ in INFO.items()} | {b"IPRT": "TRACKNUMBER"}
    return {names[id_]: [text] for id_, value in split(data) if id_ in names and (text := decoded(value))}


def to_info(tags: Tags) -> Chunk:
    """Return tags as a LIST INFO chunk, as far as that has fields for them."""
    return b"LIST", b"INFO" + join(
        (INFO[name], "; ".join(values).encode() + b"\0") for name, values in tags.items() if name in INFO
    )


def from_aiff(chunks: Iterable[Chunk]) -> Tags:
    names = {id_: name for name, id_ in AIFF_TEXT.items()}
    return {names[id_]: [text] for id_, data in chunks if id_ in names and (text := decoded(data))}


def to_aiff(tags: Tags) -> list[Chunk]:
    return [(AIFF_TEXT[name], "; ".join(values).encode()) for name, values in tags.items() if name in AIFF_TEXT]


def decoded(text: bytes) -> str:
    text = text.partition(b"\0")[0]
    try:
        return text.decode().strip()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace").strip()


def from_comments(comments: Iterable[tuple[str, str]]) -> tuple[Tags, list[Any]]:
    """Return the tags of Vorbis comments, and the pictures among them."""
    from mutagen.flac import Picture, error

    tags: Tags = {}
    pictures = []
    for name, value in comments:
        if name.upper() == PICTURE:
            try:
                pictures.append(Picture(base64.b64decode(value)))
            except (error, binascii.Error, ValueError):
                continue
        else:
            tags.setdefault(name.upper(), []).append(value)
    return tags, pictures


def from_id3(frames: Iterable[Any]) -> tuple[Tags, list[Any]]:
    """Return the tags of ID3 frames, and the pictures among them as those of FLAC."""
    from mutagen.flac import Picture

    names = {frame: name for name, frame in FRAMES.items()}
    tags: Tags = {}
    pictures = []
    for frame in frames:
        kind = frame.FrameID
        if kind == "APIC":
            picture = Picture()
            picture.type, picture.mime, picture.desc, picture.data = frame.type, frame.mime, frame.desc, frame.data
            pictures.append(picture)
            continue
        if kind in names:
            name, values = names[kind], frame.genres if kind == "TCON" else [str(text) for text in frame.text]
        elif kind == OWN_NAME:  # its description is the name of the tag
            name, values = frame.desc.upper(), list(frame.text)
        elif kind == "COMM":
            name, values = frame.desc.upper() or "COMMENT", list(frame.text)
        elif kind == "USLT":
            name, values = "LYRICS", [frame.text]
        else:
            continue
        if name in TOTALS and values and "/" in values[0]:
            number, _, total = values[0].partition("/")
            tags.setdefault(TOTALS[name], []).append(total)
            values = [number]
        if name and values:
            tags.setdefault(name, []).extend(values)
    return tags, pictures


def to_id3(tags: Tags, pictures: Iterable[Any], frames: Iterable[Any] = ()) -> Any:
    """Return ID3: frames as they are, and those tags and pictures that they do not say."""
    from mutagen import id3

    tag = id3.ID3()
    for frame in frames:
        tag.add(frame)
    known, shown = from_id3(tag.values())
    text = {name: list(values) for name, values in tags.items() if name not in known}
    for number, total in TOTALS.items():
        if number in text and total in text and "/" not in text[number][0]:
            text[number] = [f"{text[number][0]}/{text.pop(total)[0]}"]
    for name, values in text.items():
        if name in FRAMES:
            tag.add(getattr(id3, FRAMES[name])(encoding=3, text=values))
        elif name == "COMMENT":
            tag.add(id3.COMM(encoding=3, lang=NO_LANGUAGE, desc="", text=values))
        elif name == "LYRICS":
            tag.add(id3.USLT(encoding=3, lang=NO_LANGUAGE, desc="", text="\n".join(values)))
        else:
            tag.add(id3.TXXX(encoding=3, desc=name, text=values))
    if not shown:
        for p in pictures:
            tag.add(id3.APIC(encoding=3, mime=p.mime, type=p.type, desc=p.desc, data=p.data))
    return tag


def current_frames(frames: Iterable[Any]) -> list[Any]:
    """Return the ID3 frames that are still true of a rendering."""
    gone = STALE_FRAMES | LEVEL_FRAMES
    return [f for f in frames if f.FrameID not in gone and not is_stale(str(getattr(f, "desc", "")))]


def untold_frames(frames: Iterable[Any]) -> list[str]:
    """Return the IDs of ID3 frames that only ID3 has."""
    told = {*FRAMES.values(), OWN_NAME, "COMM", "USLT", "APIC"}
    return sorted({frame.FrameID for frame in frames} - told)


def has_cue_sheet(path: Path) -> bool:
    return comment_file(path, "").cuesheet is not None


def read_id3(source: Path | bytes) -> list[Any]:
    """Return the frames of an MP3 file or of an ID3 chunk."""
    from mutagen.id3 import ID3, ID3NoHeaderError

    try:
        return list(ID3(io.BytesIO(source) if isinstance(source, bytes) else source).values())
    except ID3NoHeaderError:
        return []


def id3_bytes(tag: Any) -> bytes:
    """Return an ID3 tag as the data of a chunk."""
    stream = io.BytesIO()
    tag.save(stream, padding=lambda info: 0)
    return stream.getvalue()


def read_comments(path: Path, subtype: str) -> tuple[Tags, list[Any]]:
    """Return tags and pictures of a FLAC, Ogg Vorbis or Opus file."""
    file = comment_file(path, subtype)
    tags, pictures = from_comments(file.tags or ())
    return tags, [*getattr(file, "pictures", ()), *pictures]


def write_comments(path: Path, subtype: str, tags: Mapping[str, list[str]], pictures: list[Any]) -> None:
    """Add tags and pictures to a FLAC, Ogg Vorbis or Opus file."""
    file = comment_file(path, subtype)
    if file.tags is None:
        file.add_tags()
    for name, values in tags.items():
        if name and all(" " <= c <= "}" and c != "=" for c in name):
            file.tags[name] = values
    if hasattr(file, "add_picture"):
        for picture in pictures:
            file.add_picture(picture)
    elif pictures:
        file.tags[PICTURE] = [base64.b64encode(picture.write()).decode() for picture in pictures]
    file.save()


def comment_file(path: Path, subtype: str) -> Any:
    from mutagen.flac import FLAC
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    return {"VORBIS": OggVorbis, "OPUS": OggOpus}.get(subtype, FLAC)(path)


def fix_serial(path: Path) -> None:
    """Give an Ogg file the serial number 1 in place of a random one, so that equal renderings are equal files."""
    from mutagen.ogg import OggPage

    with path.open("r+b") as file:
        at = 0
        while True:
            try:
                page = OggPage(file)
            except EOFError:
                return
            after = file.tell()
            page.serial = 1
            file.seek(at)
            file.write(page.write())
            at = file.seek(after)
