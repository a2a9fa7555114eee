"""Loudspeakers: each channel of a file comes out of the one that it was for, whatever the kind of file."""

from __future__ import annotations

import struct
from pathlib import Path
from types import SimpleNamespace

import mutagen.flac
import numpy as np
import pytest
import soundfile

from tapegraph import Graph
from tapegraph.files.layouts import DEFAULTS, SPEAKERS, VORBIS_ORDER, from_mask, has_vorbis_order, to_mask
from tapegraph.files.read import Reader
from tapegraph.files.render import render_file
from tapegraph.run.sound import Array

RATE = 48_000
THROUGH = Graph(nodes={}, links=["input -> output"])
GUID = bytes.fromhex("0100000000001000800000aa00389b71")  # PCM

# Vorbis I specification, 4.3.9, in its words
VORBIS = {
    3: "left center right",
    4: "front-left front-right rear-left rear-right",
    5: "front-left center front-right rear-left rear-right",
    6: "front-left center front-right rear-left rear-right LFE",
    7: "front-left center front-right side-left side-right rear-center LFE",
    8: "front-left center front-right side-left side-right rear-left rear-right LFE",
}
SHORT = {
    "left": "FL", "front-left": "FL", "right": "FR", "front-right": "FR", "center": "FC", "LFE": "LFE",
    "rear-left": "BL", "rear-right": "BR", "rear-center": "BC", "side-left": "SL", "side-right": "SR",
}  # fmt: skip


def tones(channels: int) -> Array:
    """Return a sine of its own frequency in each channel, all low enough for an LFE channel: 40, 50 ... Hz."""
    t = np.arange(RATE) / RATE
    return np.stack([0.1 * np.sin(2 * np.pi * (40 + 10 * k) * t) for k in range(channels)])


def which(sound: Array) -> list[int]:
    """Return which of the tones each channel has."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.shape[1])))
    return [round((peak * RATE / sound.shape[1] - 40) / 10) for peak in spectrum[:, : sound.shape[1] // 100].argmax(1)]


def wave(path: Path, channels: int, mask: int) -> Path:
    """Write a WAVE_FORMAT_EXTENSIBLE of tones by hand."""
    data = (tones(channels).T * 32767).astype("<i2").tobytes()
    head = struct.pack("<HHIIHHHHI", 0xFFFE, channels, RATE, 2 * channels * RATE, 2 * channels, 16, 22, 16, mask)
    body = b"WAVEfmt " + struct.pack("<I", 40) + head + GUID + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def mask_of(path: Path) -> int:
    """Return the channel mask in the fmt chunk of a WAV or RF64, 0 where it is a plain one."""
    data = path.read_bytes()
    at = data.index(b"fmt ") + 8
    (kind,) = struct.unpack_from("<H", data, at)
    return int(struct.unpack_from("<I", data, at + 20)[0]) if kind == 0xFFFE else 0


def rendered(source: Path, name: str) -> tuple[Path, tuple[str, ...]]:
    target = source.with_name(name)
    return target, render_file(THROUGH, source, target, dither=False).warnings


@pytest.mark.parametrize("channels", VORBIS)
@pytest.mark.parametrize("extension", ["ogg", "opus"])
def test_ogg_files_have_the_channel_order_of_vorbis(tmp_path: Path, channels: int, extension: str) -> None:
    layout = DEFAULTS[channels]
    source = wave(tmp_path / "in.wav", channels, to_mask(layout))
    target, warnings = rendered(source, f"a.{extension}")
    assert not warnings
    stored = [layout.index(SHORT[word]) for word in VORBIS[channels].split()]
    assert which(soundfile.read(target, always_2d=True)[0].T) == stored
    back, _ = rendered(target, "back.wav")
    assert which(soundfile.read(back, always_2d=True)[0].T) == list(range(channels))
    assert mask_of(back) == to_mask(layout)


def test_orders_are_permutations_and_layouts_are_in_wave_order() -> None:
    assert all(sorted(order) == list(range(channels)) for channels, order in VORBIS_ORDER.items())
    assert all(list(layout) == sorted(layout, key=SPEAKERS.index) for layout in DEFAULTS.values())
    # the masks that ksmedia.h gives to quad, 5.1 and 7.1 surround, and that RFC 9639 implies for 7 channels
    assert [to_mask(DEFAULTS[n]) for n in (4, 6, 8, 7)] == [0x33, 0x3F, 0x63F, 0x70F]
    assert from_mask(0x60F, 6) == ("FL", "FR", "FC", "LFE", "SL", "SR")
    assert from_mask(0x60F, 5) == from_mask(0x8000003F, 6) == ()


@pytest.mark.parametrize("extension", ["wav", "rf64", "flac"])
@pytest.mark.parametrize(("channels", "mask"), [(6, 0x60F), (4, 0x107), (8, 0xFF), (1, 0x1), (6, 0x3F), (3, 0x103)])
def test_wav_and_flac_keep_any_channel_mask(tmp_path: Path, extension: str, channels: int, mask: int) -> None:
    if extension == "flac" and channels == 1:
        pytest.skip("FLAC has no mask for one channel: it is always mono")
    target, warnings = rendered(wave(tmp_path / "in.wav", channels, mask), f"a.{extension}")
    assert not warnings
    back, _ = rendered(target, "back.wav")
    assert mask_of(back) == mask
    assert which(soundfile.read(back, always_2d=True)[0].T) == list(range(channels))


def test_a_flac_states_only_what_its_number_of_channels_does_not(tmp_path: Path) -> None:
    side, _ = rendered(wave(tmp_path / "in.wav", 6, 0x60F), "side.flac")
    assert mutagen.flac.FLAC(side)["WAVEFORMATEXTENSIBLE_CHANNEL_MASK"] == ["0x060F"]
    plain, _ = rendered(wave(tmp_path / "in.wav", 6, 0x3F), "plain.flac")
    assert not mutagen.flac.FLAC(plain).tags


def test_plain_files_of_one_and_two_channels_stay_plain(tmp_path: Path) -> None:
    for channels, mask in ((1, 4), (2, 3)):
        target, _ = rendered(wave(tmp_path / "in.wav", channels, mask), f"{channels}.wav")
        assert mask_of(target) == 0


@pytest.mark.parametrize("extension", ["caf", "aiff"])
def test_layouts_of_apple_files_are_brought_into_wave_order(tmp_path: Path, extension: str) -> None:
    target, warnings = rendered(wave(tmp_path / "in.wav", 6, 0x3F), f"a.{extension}")
    assert not warnings
    data = bytearray(target.read_bytes())
    at = data.index(b"chan" if extension == "caf" else b"CHAN") + (12 if extension == "caf" else 8)
    assert data[at : at + 4] == struct.pack(">I", (121 << 16) | 6)  # CoreAudioBaseTypes.h: MPEG 5.1 A, L R C LFE Ls Rs
    data[at : at + 4] = struct.pack(">I", (124 << 16) | 6)  # MPEG 5.1 D: C L R Ls Rs LFE
    target.write_bytes(data)
    with Reader(target) as file:
        assert file.layout == DEFAULTS[6]
        found = which(np.concatenate(list(file.blocks()), axis=1))
    assert found == [1, 2, 0, 5, 3, 4]


@pytest.mark.parametrize(
    ("name", "channels", "mask", "line"),
    [
        ("a.ogg", 6, 0x60F, "cannot state the channel layout 5.1(side); states 5.1 instead"),
        ("a.opus", 4, 0x107, "cannot state the channel layout 4.0; states quad instead"),
        ("a.caf", 6, 0x60F, "cannot state the channel layout 5.1(side); states 5.1 instead"),
        ("a.aiff", 8, 0xFF, "cannot state the channel layout 7.1(wide); leaves it open"),
    ],
)
def test_a_layout_that_a_format_cannot_state_is_told(
    tmp_path: Path, name: str, channels: int, mask: int, line: str
) -> None:
    target, warnings = rendered(wave(tmp_path / "in.wav", channels, mask), name)
    assert warnings == (f"{target}: {line}",)


def test_channels_of_an_opus_that_are_no_loudspeakers_stay_in_order(tmp_path: Path) -> None:
    target, _ = rendered(wave(tmp_path / "in.wav", 6, 0x3F), "a.opus")
    data = target.read_bytes()
    at = data.index(b"OpusHead") + 18
    assert has_vorbis_order(SimpleNamespace(subtype="OPUS"), target)
    assert data[at] == 1  # RFC 7845, 5.1.1: the mapping family of Vorbis order
    target.write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    assert not has_vorbis_order(SimpleNamespace(subtype="OPUS"), target)
