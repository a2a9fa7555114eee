"""What a file says beside its sound goes along into its rendering, or is named in a warning."""

from __future__ import annotations

import base64
import struct
import time
from pathlib import Path
from typing import Any

import mutagen.aiff
import mutagen.flac
import mutagen.mp3
import mutagen.oggopus
import mutagen.oggvorbis
import mutagen.wave
import numpy as np
import pytest
import soundfile
from mutagen import id3

from tapegraph import Graph
from tapegraph.errors import TapegraphError
from tapegraph.files.render import render_file

RATE, FRAMES = 48_000, 4800
THROUGH = Graph(nodes={}, links=["input -> output"])
TITLE = "Grüße aus 東京"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300
SOUND = 0.3 * np.sin(2 * np.pi * 440 * np.arange(FRAMES) / RATE)
HISTORY = b"A=ANALOGUE,M=stereo,T=Studer A80\r\n"


def chunk(id_: bytes, data: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}4sI", id_, len(data)) + data + bytes(len(data) % 2)


def wav(path: Path, *chunks: bytes) -> Path:
    """Write a mono WAV with more chunks by hand."""
    sound = chunk(b"data", (SOUND * 32767).astype("<i2").tobytes())
    body = b"WAVE" + chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)) + sound + b"".join(chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def chunks_of(path: Path) -> dict[bytes, bytes]:
    """Return the chunks of a WAV, RF64 or AIFF; LIST chunks by their kind. Fails where sizes do not add up."""
    data = path.read_bytes()
    order = ">" if data[:4] == b"FORM" else "<"
    size, at, found = struct.unpack_from(f"{order}I", data, 4)[0], 12, {}
    while at < len(data):
        id_, length = struct.unpack_from(f"{order}4sI", data, at)
        if id_ == b"ds64":
            size, long = struct.unpack_from("<QQ", data, at + 8)
        length = long if length == 2**32 - 1 else length
        body = data[at + 8 : at + 8 + length]
        assert len(body) == length
        found[body[:4] if id_ == b"LIST" else id_] = body
        at += 8 + length + length % 2
    assert size == len(data) - 8
    return found


def bext(version: int = 1, loudness: int = 0) -> bytes:
    """Return the broadcast information of EBU Tech 3285: an hour after midnight."""
    who = b"Scene 1".ljust(256, b"\0") + b"Recorder".ljust(32, b"\0") + b"REF1".ljust(32, b"\0")
    return (
        who
        + b"2024-05-0112:00:00"
        + struct.pack("<QH", 3600 * RATE, version)
        + bytes(range(64))
        + struct.pack("<5h", *[loudness] * 5)
        + bytes(180)
        + HISTORY
    )


def cue(*frames: int) -> bytes:
    points = (struct.pack("<II4sIII", k, frame, b"data", 0, 0, frame) for k, frame in enumerate(frames, 1))
    return struct.pack("<I", len(frames)) + b"".join(points)


def smpl(*loops: tuple[int, int]) -> bytes:
    spans = (struct.pack("<6I", k, 0, start, end, 0, 0) for k, (start, end) in enumerate(loops))
    return struct.pack("<9I", 0, 0, 20833, 60, 0, 0, 0, len(loops), 0) + b"".join(spans)


LABELS = b"adtl" + chunk(b"labl", struct.pack("<I", 1) + b"Verse\0")
INFO = b"INFO" + chunk(b"INAM", TITLE.encode() + b"\0") + chunk(b"IART", b"Ann\0") + chunk(b"ITRK", b"3\0")
XML = b"<BWFXML><PROJECT>odd</PROJECT></BWFXML>"  # 39 bytes: an odd length has to stay
BIG = b"<axml>" + b"x" * 200_001  # libsndfile has room for 50 kB of header


def bwf(path: Path) -> Path:
    parts = {
        b"bext": bext(), b"cue ": cue(1200, 2400), b"smpl": smpl((1200, 3600)), b"iXML": XML, b"axml": BIG,
    }  # fmt: skip
    return wav(path, *(chunk(k, v) for k, v in parts.items()), chunk(b"LIST", LABELS), chunk(b"LIST", INFO))


def rendered(source: Path, name: str, **options: Any) -> tuple[Path, tuple[str, ...]]:
    target = source.with_name(name)
    report = render_file(THROUGH, source, target, overwrite=True, **options)
    np.testing.assert_equal(soundfile.info(str(target)).frames, soundfile.info(str(source)).frames)
    return target, tuple(line.partition(": ")[2] for line in report.warnings)


@pytest.mark.parametrize("name", ["a.wav", "a.rf64"])
def test_a_broadcast_wav_keeps_its_chunks_to_the_byte(tmp_path: Path, name: str) -> None:
    target, warnings = rendered(bwf(tmp_path / "in.wav"), name)
    assert not warnings
    found = chunks_of(target)
    assert (found[b"cue "], found[b"smpl"]) == (cue(1200, 2400), smpl((1200, 3600)))
    assert (found[b"iXML"], found[b"axml"], found[b"adtl"], found[b"INFO"]) == (XML, BIG, LABELS, INFO)
    assert list(found).index(b"bext") < list(found).index(b"data")
    assert found[b"bext"][:346] == bext()[:346]  # to the time reference; then version, UMID
    assert found[b"bext"][348:412] == bytes(range(64))
    assert found[b"bext"][602:].startswith(HISTORY + b"A=PCM,F=48000,W=16,M=mono,T=libsndfile")


def test_the_tail_moves_no_cue_point(tmp_path: Path) -> None:
    source = bwf(tmp_path / "in.wav")
    render_file(THROUGH, source, tmp_path / "a.wav", tail=1.0)
    assert soundfile.info(str(tmp_path / "a.wav")).frames == FRAMES + RATE
    assert chunks_of(tmp_path / "a.wav")[b"cue "] == cue(1200, 2400)


def test_cue_points_and_loops_beyond_the_end_are_left_out(tmp_path: Path) -> None:
    loops = smpl((100, FRAMES - 1), (100, FRAMES), (200, 100))
    source = wav(tmp_path / "in.wav", chunk(b"cue ", cue(0, FRAMES, FRAMES + 1)), chunk(b"smpl", loops))
    target, warnings = rendered(source, "a.wav")
    found = chunks_of(target)
    assert (found[b"cue "], found[b"smpl"]) == (cue(0, FRAMES), smpl((100, FRAMES - 1)))
    assert warnings == ("1 cue point beyond the end left out", "2 loops beyond the end left out")


def test_the_loudness_of_the_source_does_not_go_along(tmp_path: Path) -> None:
    source = wav(tmp_path / "in.wav", chunk(b"bext", bext(2, -2300)))
    target, warnings = rendered(source, "a.wav")
    assert struct.unpack_from("<5h", chunks_of(target)[b"bext"], 412) == (0x7FFF,) * 5  # EBU Tech 3285: not stated
    assert warnings == ("the loudness in its broadcast information (bext) is left out: it is that of the source",)


TAGS = {
    "TITLE": [TITLE],
    "ARTIST": ["Ann", "Bob"],
    "ALBUM": ["Tape"],
    "DATE": ["2024-05-01"],
    "TRACKNUMBER": ["3"],
    "TRACKTOTAL": ["12"],
    "GENRE": ["Dub"],
    "COMMENT": ["as heard"],
    "MY_OWN": ["kept"],
}


def flac(path: Path, more: dict[str, list[str]] | None = None) -> Path:
    soundfile.write(path, SOUND, RATE, "PCM_16")
    file = mutagen.flac.FLAC(path)
    file.update(TAGS | (more or {}))
    picture = mutagen.flac.Picture()
    picture.type, picture.mime, picture.desc, picture.data = 3, "image/png", "front", PNG
    file.add_picture(picture)
    file.save()
    return path


def id3_says(tag: Any) -> None:
    texts = ("TIT2", "TPE1", "TALB", "TDRC", "TRCK", "TCON", "COMM::XXX", "TXXX:MY_OWN")
    assert [[str(text) for text in tag[frame].text] for frame in texts] == [
        [TITLE], ["Ann", "Bob"], ["Tape"], ["2024-05-01"], ["3/12"], ["Dub"], ["as heard"], ["kept"],
    ]  # fmt: skip
    (picture,) = tag.getall("APIC")
    assert (picture.data, picture.mime, picture.type, picture.desc) == (PNG, "image/png", 3, "front")


def comments_say(file: Any) -> None:
    assert {name.upper(): values for name, values in file.tags.as_dict().items()}.items() >= TAGS.items()


def test_tags_and_pictures_of_a_flac_go_into_every_kind_that_has_them(tmp_path: Path) -> None:
    source = flac(tmp_path / "in.flac")
    for name in ("a.mp3", "a.wav", "a.aiff", "a.flac", "a.ogg", "a.opus"):
        assert not rendered(source, name)[1], name
    id3_says(mutagen.mp3.MP3(tmp_path / "a.mp3").tags)
    id3_says(mutagen.wave.WAVE(tmp_path / "a.wav").tags)
    id3_says(mutagen.aiff.AIFF(tmp_path / "a.aiff").tags)
    assert INFO[:16] in chunks_of(tmp_path / "a.wav")[b"INFO"]
    assert chunks_of(tmp_path / "a.aiff")[b"NAME"].decode() == TITLE
    comments_say(mutagen.flac.FLAC(tmp_path / "a.flac"))
    assert mutagen.flac.FLAC(tmp_path / "a.flac").pictures[0].data == PNG
    for kind, name in ((mutagen.oggvorbis.OggVorbis, "a.ogg"), (mutagen.oggopus.OggOpus, "a.opus")):
        file = kind(tmp_path / name)
        comments_say(file)
        (block,) = file["metadata_block_picture"]
        assert mutagen.flac.Picture(base64.b64decode(block)).data == PNG


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.aiff", "a.flac", "a.ogg", "a.opus"])
def test_tags_come_back_from_every_kind(tmp_path: Path, name: str) -> None:
    middle, _ = rendered(flac(tmp_path / "in.flac"), name)
    target, warnings = rendered(middle, "back.flac")
    assert not warnings
    comments_say(mutagen.flac.FLAC(target))
    assert [picture.data for picture in mutagen.flac.FLAC(target).pictures] == [PNG]


def test_tags_of_a_wav_are_said_in_other_systems(tmp_path: Path) -> None:
    latin = b"INFO" + chunk(b"INAM", "Grüße".encode("cp1252") + b"\0")
    target, _ = rendered(wav(tmp_path / "in.wav", chunk(b"LIST", latin)), "a.flac")
    assert mutagen.flac.FLAC(target)["title"] == ["Grüße"]


def test_id3_goes_from_mp3_to_mp3_frame_by_frame_but_for_what_tells_of_the_source(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.mp3", SOUND, RATE)
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=3, text=[TITLE]))
    tag.add(id3.PRIV(owner="someone", data=b"\1\2"))
    tag.add(id3.TLEN(encoding=3, text=["100"]))
    tag.add(id3.TXXX(encoding=3, desc="replaygain_track_gain", text=["-7 dB"]))
    tag.save(tmp_path / "in.mp3")
    target, warnings = rendered(tmp_path / "in.mp3", "a.mp3")
    assert sorted(mutagen.mp3.MP3(target).tags) == ["PRIV:someone:\x01\x02", "TIT2"]
    assert warnings == ("ReplayGain is left out: it is that of the source",)
    _, warnings = rendered(tmp_path / "in.mp3", "a.flac")
    assert warnings[-1] == "cannot hold ID3 frame PRIV; left out"


def test_a_stem_keeps_its_place_through_a_flac(tmp_path: Path) -> None:
    middle, warnings = rendered(wav(tmp_path / "in.wav", chunk(b"bext", bext())), "a.flac")
    assert mutagen.flac.FLAC(middle)["time_reference"] == [str(3600 * RATE)]
    assert warnings == ("keeps broadcast information (bext) in tags such as TIME_REFERENCE, which few programs read",)
    target, _ = rendered(middle, "back.wav")
    assert chunks_of(target)[b"bext"][:346] == bext()[:346]


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("a.mp3", "cue points, loops, chunks axml, iXML"),
        ("a.flac", "cue points, loops, chunks axml, iXML"),
        ("a.aiff", "broadcast information (bext), loops, chunks axml, iXML"),
        ("a.caf", "broadcast information (bext), cue points, loops, chunks axml, iXML"),
        (
            "a.w64",
            "broadcast information (bext), cue points, loops, chunks axml, iXML, tags ARTIST, TITLE, TRACKNUMBER",
        ),
    ],
)
def test_what_a_kind_of_file_cannot_hold_is_said_in_a_line(tmp_path: Path, name: str, lost: str) -> None:
    _, warnings = rendered(bwf(tmp_path / "in.wav"), name)
    assert warnings[0] == f"cannot hold {lost}; left out"


def test_cue_points_become_markers_and_come_back(tmp_path: Path) -> None:
    middle, _ = rendered(wav(tmp_path / "in.wav", chunk(b"cue ", cue(1200, 2400))), "a.aiff")
    marks = chunks_of(middle)[b"MARK"]
    assert struct.unpack_from(">HHI", marks) == (2, 1, 1200)
    target, warnings = rendered(middle, "back.wav")
    points = chunks_of(target)[b"cue "]
    assert [struct.unpack_from("<I", points, 4 + 24 * k + 20)[0] for k in range(2)] == [1200, 2400]
    assert not warnings


def test_caf_keeps_its_strings(tmp_path: Path) -> None:
    target, _ = rendered(bwf(tmp_path / "in.wav"), "a.caf")
    with soundfile.SoundFile(target) as file:
        assert (file.title, file.artist) == (TITLE, "Ann")
    back, _ = rendered(target, "back.flac")
    assert mutagen.flac.FLAC(back)["title"] == [TITLE]


@pytest.mark.parametrize("name", ["a.wav", "a.rf64", "a.w64", "a.caf", "a.aiff", "a.flac", "a.ogg", "a.opus", "a.mp3"])
def test_equal_renderings_are_equal_files(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / "in.wav", SOUND, RATE, "FLOAT")
    first = rendered(tmp_path / "in.wav", name)[0].read_bytes()
    time.sleep(1.1)  # dates in files count seconds
    assert rendered(tmp_path / "in.wav", name)[0].read_bytes() == first


def test_damaged_metadata_never_keeps_sound_from_being_rendered(tmp_path: Path) -> None:
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=3, text=[TITLE]))
    tag.save(tmp_path / "id3")
    whole = bwf(tmp_path / "in.wav").read_bytes().replace(BIG, BIG[:1000] + bytes(len(BIG) - 1000))
    whole += chunk(b"id3 ", (tmp_path / "id3").read_bytes())
    start = whole.index(b"bext")
    random = np.random.default_rng(3)
    for _ in range(150):
        data = bytearray(whole)
        for at in random.integers(start, len(data), 40):
            data[at] = random.integers(256)
        (tmp_path / "bad.wav").write_bytes(data[: random.integers(start, len(data))])
        for name in ("a.wav", "a.flac"):
            render_file(THROUGH, tmp_path / "bad.wav", tmp_path / name, overwrite=True)


@pytest.mark.parametrize("extension", ["flac", "ogg", "opus", "mp3"])
def test_damaged_tags_never_keep_sound_from_being_rendered(tmp_path: Path, extension: str) -> None:
    whole = rendered(flac(tmp_path / "in.flac"), f"whole.{extension}")[0].read_bytes()
    random = np.random.default_rng(4)
    bad = tmp_path / f"bad.{extension}"
    for _ in range(60):
        data = bytearray(whole)
        for at in random.integers(8, 2000, 5):
            data[at] = random.integers(256)
        bad.write_bytes(data)
        try:
            render_file(THROUGH, bad, tmp_path / "a.wav", overwrite=True)
        except TapegraphError:
            continue  # its sound cannot be read either


@pytest.mark.parametrize(
    ("chunks", "line"),
    [
        (chunk(b"cue ", cue(1, 2)[:-1]), "cue points are damaged and are left out"),
        (chunk(b"smpl", smpl((1, 2))[:40]), "loops (smpl) are damaged and are left out"),
        (chunk(b"bext", bext()[:600]), "broadcast information (bext) is damaged and is left out"),
        (struct.pack("<4sI", b"iXML", 10**6) + XML, "metadata is incomplete: its chunk iXML is truncated"),
    ],
)
def test_a_damaged_chunk_is_left_out_with_a_line(tmp_path: Path, chunks: bytes, line: str) -> None:
    target, warnings = rendered(wav(tmp_path / "in.wav", chunks), "a.wav")
    assert warnings == (line,)
    assert set(chunks_of(target)) == {b"fmt ", b"data"}


def noise(path: Path, seconds: int = 4, **options: Any) -> Path:
    sound = np.random.default_rng(1).uniform(-0.3, 0.3, (seconds * RATE, 2))
    soundfile.write(path, sound, RATE, **options)
    return path


@pytest.mark.parametrize("bitrate", [64, 128, 320])
def test_an_mp3_has_the_bit_rate_that_is_asked_for(tmp_path: Path, bitrate: int) -> None:
    target, _ = rendered(noise(tmp_path / "in.wav"), "a.mp3", bitrate=bitrate)
    assert mutagen.mp3.MP3(target).info.bitrate == bitrate * 1000


@pytest.mark.parametrize(
    ("bitrate", "extension"), [(96, "ogg"), (320, "ogg"), (64, "opus"), (320, "opus"), (200, "mp3"), (32, "mp3")]
)
def test_other_encoders_have_it_on_average(tmp_path: Path, bitrate: int, extension: str) -> None:
    target, _ = rendered(noise(tmp_path / "in.wav"), f"a.{extension}", bitrate=bitrate)
    assert target.stat().st_size * 8 / 4000 == pytest.approx(bitrate, rel=0.2)  # of noise, the hardest of sounds
    if extension == "ogg":
        assert mutagen.oggvorbis.OggVorbis(target).info.bitrate == pytest.approx(bitrate * 1000, rel=0.01)


def test_a_lossy_file_keeps_the_bit_rate_of_its_source(tmp_path: Path) -> None:
    for bitrate in (64, 320):
        source, _ = rendered(noise(tmp_path / "in.wav"), "source.mp3", bitrate=bitrate)
        assert mutagen.mp3.MP3(rendered(source, "a.mp3")[0]).info.bitrate == bitrate * 1000
        vorbis = mutagen.oggvorbis.OggVorbis(rendered(source, "a.ogg")[0])
        assert vorbis.info.bitrate == pytest.approx(bitrate * 1000, rel=0.01)
        opus, _ = rendered(source, "a.opus")
        again, _ = rendered(opus, "again.opus")
        assert again.stat().st_size == pytest.approx(opus.stat().st_size, rel=0.05)


@pytest.mark.parametrize(
    ("name", "bitrate", "line"),
    [
        ("a.wav", 320, "bitrate is 320 kb/s; only ogg, opus and mp3 take one"),
        ("a.mp3", 321, "bitrate is 321 kb/s; mp3 at 48000 Hz with 2 channels takes 32 to 320 kb/s"),
        ("a.opus", 5, "bitrate is 5 kb/s; opus at 48000 Hz with 2 channels takes 12 to 512 kb/s"),
        ("a.ogg", 600, "bitrate is 600 kb/s; ogg at 48000 Hz with 2 channels takes 64 to 500 kb/s"),
    ],
)
def test_a_bit_rate_that_cannot_be_is_refused(tmp_path: Path, name: str, bitrate: float, line: str) -> None:
    source = noise(tmp_path / "in.wav", 1)
    with pytest.raises(TapegraphError) as caught:
        render_file(THROUGH, source, tmp_path / name, bitrate=bitrate)
    assert str(caught.value) == f"{tmp_path / name}: {line}"
    assert not (tmp_path / name).exists()
