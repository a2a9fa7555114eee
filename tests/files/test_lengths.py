"""Files whose header states the wrong length, and files that are several in a row: all of their sound is read."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tapegraph.errors import TapegraphError
from tapegraph.files.read import Reader
from tapegraph.run.sound import Array

RATE = 48_000
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)
SIZE_AT = {"wav": (b"data", 4, "<I"), "aiff": (b"SSND", 4, ">I"), "au": (b".snd", 8, ">I"), "w64": (b"data", 16, "<Q")}
EXTRA = {"aiff": 8, "w64": 24}  # bytes that the size counts beside the sound


def read(path: Path) -> tuple[Array, list[str]]:
    with Reader(path) as reader:
        sound = np.concatenate(list(reader.blocks(5000)), axis=1)
        assert sound.shape[1] == reader.frames
    return sound, [warning.removeprefix(f"{path}: ") for warning in reader.warnings]


def encoded(path: Path, sound: Array = TONE, rate: int = RATE) -> bytes:
    """Return a file as libsndfile writes it."""
    options = {"format": "OGG", "subtype": "OPUS"} if path.suffix == ".opus" else {}
    soundfile.write(str(path), sound, rate, **options)
    return path.read_bytes()


def with_size(data: bytes, extension: str, size: int) -> bytes:
    """Return a file of 16 bits and one channel whose header states so many bytes of sound."""
    id_, offset, form = SIZE_AT[extension]
    changed = bytearray(data)
    struct.pack_into(form, changed, data.index(id_) + offset, size + EXTRA.get(extension, 0))
    if extension == "aiff":
        struct.pack_into(">I", changed, data.index(b"COMM") + 10, size // 2)
    return bytes(changed)


@pytest.mark.parametrize("extension", list(SIZE_AT))
@pytest.mark.parametrize("seconds", [0, 1])
def test_a_header_that_was_never_finished_hides_no_sound(tmp_path: Path, extension: str, seconds: int) -> None:
    path = tmp_path / f"a.{extension}"
    size = 2 * RATE * seconds
    path.write_bytes(with_size(encoded(path), extension, size))
    sound, warnings = read(path)
    np.testing.assert_allclose(sound[0], TONE, atol=2.0**-15)
    assert warnings == [
        f"its header states {size} of 288000 bytes of sound, as of a recording that was not finished; all were read"
    ]


@pytest.mark.parametrize("size", [0x7FFFFFFF, 0x80000000, 0x7FFFF000, 0xFFFFFFFF])
def test_sizes_that_are_left_open_need_no_warning(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(with_size(encoded(path), "wav", size))
    sound, warnings = read(path)
    assert sound.shape == (1, 3 * RATE)
    assert warnings == []


@pytest.mark.parametrize(
    "behind", [b"LIST\x04\0\0\0INFO", b"TAG" + bytes(125), bytes(4096), struct.pack("<4sI", b"id3 ", 3) + b"abc\0"]
)
def test_what_is_behind_the_sound_is_not_sound(tmp_path: Path, behind: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(encoded(path) + behind)
    sound, warnings = read(path)
    assert sound.shape == (1, 3 * RATE)
    assert warnings == []


def test_an_rf64_that_was_never_finished_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.rf64"
    data = bytearray(encoded(path))
    data[28:36] = bytes(8)  # in ds64: the size of the sound
    path.write_bytes(data)
    assert read(path)[0].shape == (1, 3 * RATE)


def varied(path: Path) -> bytes:
    """Return an MP3 of variable bit rate: a second of noise, then silence and a tone."""
    noise = np.random.default_rng(7).uniform(-0.5, 0.5, RATE)
    quiet = np.concatenate([noise, np.zeros(RATE), 0.01 * TONE])
    with soundfile.SoundFile(str(path), "w", RATE, 1, bitrate_mode="VARIABLE", compression_level=0.5) as file:
        file.write(quiet)
    return path.read_bytes()


def first_frame(data: bytes) -> bytes:
    """Return the frame with LAME's tag: up to the next sync word of the same kind."""
    start = data.index(b"\xff\xfb")
    return data[start : data.index(b"\xff\xfb", start + 100)]


def test_an_mp3_of_variable_bit_rate_without_a_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    data = varied(path)
    frames = -(-(5 * RATE + 1105) // 1152)  # of MPEG; LAME delays by 1105 samples
    path.write_bytes(data.replace(first_frame(data), b"", 1))
    assert abs(soundfile.info(str(path)).frames - 5 * RATE) > RATE  # libsndfile's estimate
    sound, warnings = read(path)
    assert sound.shape[1] == pytest.approx(1152 * frames, abs=1152 + 529)
    assert np.sqrt(2 * np.mean(sound[0, -2 * RATE : -RATE] ** 2)) == pytest.approx(0.005, rel=0.05)
    assert warnings == []


def test_an_mp3_that_states_half_of_its_frames_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    data = bytearray(varied(path))
    at = max(data.find(b"Xing"), data.find(b"Info")) + 8
    (frames,) = struct.unpack_from(">I", data, at)
    struct.pack_into(">I", data, at, frames // 2)
    path.write_bytes(data)
    sound, warnings = read(path)
    assert sound.shape == (1, 5 * RATE)
    assert warnings == [f"its header states {frames // 2} of {frames} MPEG frames; all were read"]


@pytest.mark.parametrize("extension", ["mp3", "ogg", "opus", "flac"])
def test_streams_in_a_row_are_read_one_after_the_other(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    data = encoded(path)
    alone, _ = read(path)
    path.write_bytes(3 * data)
    sound, warnings = read(path)
    np.testing.assert_array_equal(sound, np.tile(alone, 3))
    assert warnings == ["consists of 3 streams in a row; all were read"]


@pytest.mark.parametrize("extension", ["mp3", "ogg", "flac"])
def test_a_stream_of_another_rate_is_left_out_with_a_warning(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    path.write_bytes(encoded(path) + encoded(tmp_path / f"b.{extension}", rate=44_100))
    sound, warnings = read(path)
    assert sound.shape == (1, 3 * RATE)
    assert warnings == ["only the first 3.000 s are read; the stream that follows has 44100 Hz and 1 channel"]


@pytest.mark.parametrize("extension", ["ogg", "opus"])
@pytest.mark.parametrize("missing", [1, 100, 5000])
def test_an_ogg_cut_short_is_noticed_wherever_that_is(tmp_path: Path, extension: str, missing: int) -> None:
    path = tmp_path / f"a.{extension}"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 10 * RATE)
    path.write_bytes(encoded(path, noise)[:-missing])
    assert read(path)[1] == ["is truncated: its last page is missing"]


def test_a_flac_of_which_nothing_can_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    data = encoded(path)
    path.write_bytes(data[: data.index(b"\xff\xf8") + 40])  # its first frame is cut
    with pytest.raises(TapegraphError, match="damaged"):
        read(path)
