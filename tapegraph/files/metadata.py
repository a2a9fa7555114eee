"""What a file says beside its sound, and how it goes along into a rendering of it.

A rendering is in time with its source and at least as long, so positions in frames stay as they are.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from tapegraph.files import tags as tag
from tapegraph.files.chunks import Chunk, append_chunks, clear_peak_time, read_chunks, show
from tapegraph.files.libsndfile import SFC_GET_CUE, SFC_SET_BROADCAST_INFO, SFC_SET_CUE, get_info, set_info
from tapegraph.quantity import plural

# chunks that describe how samples are stored, or are filled with nothing
RIFF_OWN = {b"fmt ", b"fact", b"PEAK", b"ds64", b"JUNK", b"junk", b"PAD ", b"FLLR", b"filr", b"r64m", b"levl", b"wavl"}
AIFF_OWN = {b"COMM", b"FVER", b"CHAN", b"PEAK", b"FLLR"}
ID3 = {b"id3 ", b"ID3 "}
WAVE_FORMATS = ("WAV", "WAVEX", "RF64")
COMMENT_SUBTYPES = ("VORBIS", "OPUS")
CAF_STRINGS = ("TITLE", "ARTIST", "ALBUM", "DATE", "TRACKNUMBER", "GENRE", "COMMENT", "COPYRIGHT")
CAF_BYTES = 4000  # of a string: libsndfile's header has room for 50 kB

BEXT = struct.Struct("<256s32s32s10s8sQH64s5h180s")  # EBU Tech 3285, before the coding history
BEXT_NATIVE = struct.Struct("=256s32s32s10s8s2xQH64s5h180sI")  # SF_BROADCAST_INFO: the same, and a length
BEXT_FIELDS = ("DESCRIPTION", "ORIGINATOR", "ORIGINATOR_REFERENCE", "ORIGINATION_DATE", "ORIGINATION_TIME")
UNSET = 0x7FFF  # a loudness that is not stated
HISTORY_BYTES = 15_000  # libsndfile takes 16384, its own line included
CUE_POINTS, CUE_POINT_BYTES = 100, 280  # SF_CUES


@attrs.define
class Metadata:
    """What a file says beside its sound.

    chunks: of WAV and AIFF files, as they are, but for those that have a field of their own here
    frames: of ID3, as they are
    tags, pictures: what INFO, ID3 and Vorbis comments say
    bext: broadcast information
    cues: libsndfile's struct of cue points, for other kinds of file
    family: format whose chunks these are, RIFF or AIFF, or ""
    warnings: what was damaged, or is not true of a rendering; without the name of the file
    """

    family: str = ""
    chunks: list[Chunk] = attrs.Factory(list)
    frames: list[Any] = attrs.Factory(list)
    tags: tag.Tags = attrs.Factory(dict)
    pictures: list[Any] = attrs.Factory(list)
    bext: bytes = b""
    cues: bytes = b""
    warnings: list[str] = attrs.Factory(list)

    @property
    def chunk_bytes(self) -> int:
        """How much larger a WAV or AIFF file becomes, about."""
        pictures = sum(len(picture.data) for picture in self.pictures)
        return sum(len(data) + 9 for _, data in self.chunks) + len(self.bext) + pictures

    def attempt(self, what: str, work: Callable[[], None]) -> None:
        """Do what a damaged tag may make fail in any way: it must not keep the sound from being rendered."""
        try:
            work()
        except Exception as error:
            self.warnings.append(f"{what} cannot be read and are left out ({error or type(error).__name__})")


def read(path: Path, file: Any, frames: int) -> Metadata:
    """Return what an open audio file says beside its sound. Never raises for what is damaged.

    frames: its length; cue points and loops beyond it are left out
    """
    metadata = Metadata()
    if not path.is_file():  # a pipe can be read only once
        return metadata

    def read_tags() -> None:
        if file.format == "MP3":
            metadata.frames = tag.read_id3(path)
        elif file.format == "FLAC" or file.subtype in COMMENT_SUBTYPES:
            metadata.tags, metadata.pictures = tag.read_comments(path, file.subtype)
            if file.format == "FLAC" and tag.has_cue_sheet(path):
                metadata.warnings.append("its cue sheet is left out")

    if file.format in (*WAVE_FORMATS, "AIFF"):
        read_family(metadata, path, file, frames)
    elif file.format == "CAF":
        metadata.tags = {name.upper(): [text] for name, text in file.copy_metadata().items()}
    else:
        metadata.attempt("tags", read_tags)
    use_frames(metadata)
    if any(map(tag.is_level, metadata.tags)):
        metadata.warnings.append("ReplayGain is left out: it is that of the source")
    metadata.tags = {name: values for name, values in metadata.tags.items() if not tag.is_stale(name)}
    return metadata


def read_family(metadata: Metadata, path: Path, file: Any, frames: int) -> None:
    """Read the chunks of a WAV or AIFF file."""
    metadata.family = "AIFF" if file.format == "AIFF" else "RIFF"
    found, damage = read_chunks(path, AIFF_OWN if metadata.family == "AIFF" else RIFF_OWN)
    if damage:
        metadata.warnings.append(f"metadata is incomplete: {damage}")
    for id_, data in found:
        if id_ in ID3:
            metadata.attempt("ID3 tags", functools.partial(add_id3, metadata, data))
        elif metadata.family == "AIFF":
            metadata.chunks.append((id_, data))
        elif id_ == b"bext":
            metadata.bext = current_bext(metadata, data)
        elif id_ in REDUCERS:
            if reduced := REDUCERS[id_](metadata, data, frames):
                metadata.chunks.append((id_, reduced))
        else:
            metadata.chunks.append((id_, data))
            if id_ == b"LIST" and data[:4] == b"INFO":
                metadata.tags |= tag.from_info(data)
    if metadata.family == "AIFF":
        metadata.tags |= tag.from_aiff(metadata.chunks)
    if has_cues(metadata):
        metadata.cues = get_info(file, SFC_GET_CUE, 4 + CUE_POINTS * CUE_POINT_BYTES) or b""


def add_id3(metadata: Metadata, data: bytes) -> None:
    """Add the frames of a chunk. Raises what mutagen raises where it is damaged."""
    metadata.frames.extend(tag.read_id3(data))


def use_frames(metadata: Metadata) -> None:
    """Let ID3 say what it can: it has more than INFO."""
    if not metadata.frames:
        return

    def use() -> None:
        tags, pictures = tag.from_id3(metadata.frames)
        kept = tag.current_frames(metadata.frames)
        metadata.tags |= tags
        metadata.pictures, metadata.frames = pictures, kept

    metadata.attempt("ID3 tags", use)


def has_cues(metadata: Metadata) -> bool:
    return any(id_ in (b"cue ", b"MARK") for id_, _ in metadata.chunks)


def current_bext(metadata: Metadata, data: bytes) -> bytes:
    """Return broadcast information without the loudness of the source."""
    if len(data) < BEXT.size:
        metadata.warnings.append("broadcast information (bext) is damaged and is left out")
        return b""
    *fields, l1, l2, l3, l4, l5, reserved = BEXT.unpack_from(data)
    if fields[6] >= 2 and {l1, l2, l3, l4, l5} != {UNSET}:
        metadata.warnings.append(
            "the loudness in its broadcast information (bext) is left out: it is that of the source"
        )
    return BEXT.pack(*fields, *[UNSET] * 5, reserved) + data[BEXT.size :]


def reduce_cues(metadata: Metadata, data: bytes, frames: int) -> bytes:
    """Return a cue chunk without the points beyond the end, or b"" where none is left."""
    points = records(data, 0, 4, 24)
    if points is None:
        metadata.warnings.append("cue points are damaged and are left out")
        return b""
    kept = [point for point in points if struct.unpack_from("<I", point, 20)[0] <= frames]
    if len(kept) < len(points):
        metadata.warnings.append(f"{plural(len(points) - len(kept), 'cue point')} beyond the end left out")
    return struct.pack("<I", len(kept)) + b"".join(kept) if kept else b""


def reduce_loops(metadata: Metadata, data: bytes, frames: int) -> bytes:
    """Return a smpl chunk without the loops beyond the end; a chunk without loops still has a note and a tuning."""
    loops = records(data, 28, 36, 24)
    if loops is None:
        metadata.warnings.append("loops (smpl) are damaged and are left out")
        return b""
    kept = [loop for loop in loops if (span := struct.unpack_from("<2I", loop, 8))[0] <= span[1] < frames]
    if len(kept) < len(loops):
        metadata.warnings.append(f"{plural(len(loops) - len(kept), 'loop')} beyond the end left out")
    rest = data[36 + 24 * len(loops) :]
    return data[:28] + struct.pack("<I", len(kept)) + data[32:36] + b"".join(kept) + rest


REDUCERS = {b"cue ": reduce_cues, b"smpl": reduce_loops}


def records(data: bytes, count_at: int, start: int, size: int) -> list[bytes] | None:
    """Return the records of a chunk that counts them at a place, or None where it has fewer."""
    if len(data) < start:
        return None
    (count,) = struct.unpack_from("<I", data, count_at)
    if len(data) < start + count * size:
        return None
    return [data[start + k * size : start + (k + 1) * size] for k in range(count)]


def begin(metadata: Metadata, file: Any) -> None:
    """Write what has to come before the sound into a file that is open for writing."""
    if file.format in WAVE_FORMATS and (bext := metadata.bext or to_bext(metadata.tags)):
        history = bext[BEXT.size :].rstrip(b"\0")[:HISTORY_BYTES]
        native = BEXT_NATIVE.pack(*BEXT.unpack_from(bext), len(history)) + history
        set_info(file, SFC_SET_BROADCAST_INFO, native + bytes(256))
    if cues_convert(metadata, file.format):
        set_info(file, SFC_SET_CUE, metadata.cues)
    if file.format == "CAF":
        for name in CAF_STRINGS:
            if text := caf_text(metadata, name):
                setattr(file, name.lower(), text)


def cues_convert(metadata: Metadata, format_: str) -> bool:
    """Tell whether libsndfile turns cue points into markers, or markers into cue points."""
    pairs = (("RIFF", "AIFF"), ("AIFF", "WAV"), ("AIFF", "WAVEX"))
    return bool(metadata.cues) and (metadata.family, format_) in pairs


def caf_text(metadata: Metadata, name: str) -> str:
    text = "; ".join(metadata.tags.get(name, ())).replace("\0", "")
    return text if len(text.encode()) <= CAF_BYTES else ""


def end(metadata: Metadata, path: Path, format_: str, subtype: str, extra: tag.Tags) -> None:
    """Write the rest into a file that is complete otherwise.

    extra: Vorbis comments that belong to the file itself
    Raises OSError, or what mutagen raises.
    """
    tags = metadata.tags | (bext_tags(metadata.bext) if format_ in ("MP3", "FLAC", "OGG") else {})
    pictures = [picture for picture in metadata.pictures if len(picture.data) <= tag.PICTURE_BYTES]
    if format_ == "MP3" and (tags or pictures or metadata.frames):
        tag.to_id3(tags, pictures, metadata.frames).save(path)
    if format_ in ("FLAC", "OGG") and (tags or pictures or extra):
        tag.write_comments(path, subtype, tags | extra, pictures)
    if format_ == "RF64":
        clear_peak_time(path)
    if format_ in (*WAVE_FORMATS, "AIFF") and (chunks := to_chunks(metadata, format_)):
        append_chunks(path, chunks)


def to_chunks(metadata: Metadata, format_: str) -> list[Chunk]:
    """Return what goes behind the sound of a WAV or AIFF file."""
    family = "AIFF" if format_ == "AIFF" else "RIFF"
    own = metadata.family == family
    tags = metadata.tags
    chunks = list(metadata.chunks) if own else []
    if family == "RIFF" and to_bext(tags):
        tags = {name: values for name, values in tags.items() if name not in bext_tags(to_bext(tags))}
    if not own and family == "RIFF" and tags.keys() & tag.INFO.keys():
        chunks.append(tag.to_info(tags))
    elif not own and family == "AIFF":
        chunks += tag.to_aiff(tags)
    fields = tag.INFO if family == "RIFF" else tag.AIFF_TEXT
    if metadata.frames or metadata.pictures or (not own and tags.keys() - fields.keys()):
        id_ = b"ID3 " if family == "AIFF" else b"id3 "
        chunks.append((id_, tag.id3_bytes(tag.to_id3(tags, metadata.pictures, metadata.frames))))
    return chunks


def bext_tags(bext: bytes) -> tag.Tags:
    """Return broadcast information as comments, by the names that ffmpeg gives them."""
    if not bext:
        return {}
    fields = BEXT.unpack_from(bext)
    texts = {name: tag.decoded(field) for name, field in zip(BEXT_FIELDS, fields, strict=False)}
    texts |= {"TIME_REFERENCE": str(fields[5]), "CODING_HISTORY": tag.decoded(bext[BEXT.size :])}
    return {name: [text] for name, text in texts.items() if text}


def to_bext(tags: tag.Tags) -> bytes:
    """Return the broadcast information that comments hold, or b"" where they hold none."""
    try:
        time = int(tags["TIME_REFERENCE"][0])
        texts = [tags.get(name, [""])[0].encode() for name in BEXT_FIELDS]
        head = BEXT.pack(*texts, time, 1, bytes(64), *[UNSET] * 5, bytes(180))
    except (KeyError, IndexError, ValueError, struct.error):
        return b""
    return head + tags.get("CODING_HISTORY", [""])[0].encode()


def losses(metadata: Metadata, path: Path, format_: str) -> list[str]:
    """Return a line with what a kind of file cannot hold, and one where it holds it in an unusual way."""
    family = {"AIFF": "AIFF", "WAV": "RIFF", "WAVEX": "RIFF", "RF64": "RIFF"}.get(format_, "")
    lost = []
    ids = {id_ for id_, _ in metadata.chunks} if metadata.family != family else set()
    if metadata.bext and format_ in ("AIFF", "CAF", "W64", "AU"):
        lost.append("broadcast information (bext)")
    if ids & {b"cue ", b"MARK"} and not cues_convert(metadata, format_):
        lost.append("cue points")
    elif ids and metadata.cues and struct.unpack_from("=I", metadata.cues)[0] >= CUE_POINTS:
        lost.append(f"more than {CUE_POINTS} cue points")
    if ids & {b"smpl", b"INST"}:
        lost.append("loops")
    said = {b"cue ", b"MARK", b"smpl", b"INST", *tag.AIFF_TEXT.values()}
    if others := [show(id_) for id_ in sorted(ids - said) if not is_info(metadata, id_)]:
        lost.append(f"{'chunk' if len(others) == 1 else 'chunks'} {', '.join(others)}")
    if format_ in ("CAF", "W64", "AU", "FLAC", "OGG") and (frames := tag.untold_frames(metadata.frames)):
        lost.append(f"{'ID3 frame' if len(frames) == 1 else 'ID3 frames'} {', '.join(frames)}")
    if format_ in ("CAF", "W64", "AU"):
        if names := [
            n for n in sorted(metadata.tags) if format_ != "CAF" or not caf_text(metadata, n) or n not in CAF_STRINGS
        ]:
            lost.append(f"{'tag' if len(names) == 1 else 'tags'} {', '.join(names)}")
        if metadata.pictures:
            lost.append("pictures")
    elif format_ in ("FLAC", "OGG") and any(len(p.data) > tag.PICTURE_BYTES for p in metadata.pictures):
        lost.append("pictures of more than 16 MB")
    lines = [f"{path}: cannot hold {', '.join(lost)}; left out"] if lost else []
    if metadata.bext and format_ in ("MP3", "FLAC", "OGG"):
        lines.append(
            f"{path}: keeps broadcast information (bext) in tags such as TIME_REFERENCE, which few programs read"
        )
    return lines


def is_info(metadata: Metadata, id_: bytes) -> bool:
    """Tell whether all LIST chunks are of INFO, which goes along as tags, or of labels, which go with cue points."""
    return id_ == b"LIST" and all(data[:4] in (b"INFO", b"adtl") for i, data in metadata.chunks if i == id_)
