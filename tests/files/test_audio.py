"""Audio files: what is read, what is written, and what is said when a file or a disk is not as it should be."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from toys import Echo, Scale, flat

from tapegraph import Graph
from tapegraph.document.flat import FlatGraph, FlatNode
from tapegraph.errors import TapegraphError
from tapegraph.files import libsndfile
from tapegraph.files.read import Reader
from tapegraph.files.render import render_file
from tapegraph.files.write import create
from tapegraph.run.sound import Array

RATE = 48_000
NOISE = np.random.default_rng(5).uniform(-0.9, 0.9, (2, 20_000))
THROUGH = Graph(nodes={}, links=["input -> output"])

# extension, subtype, and by how much an undithered sample may come back different: half an LSB, 2^-bits
LOSSLESS = [
    ("wav", "PCM_U8", 2.0**-8),
    ("wav", "PCM_16", 2.0**-16),
    ("wav", "PCM_24", 2.0**-24),
    ("wav", "PCM_32", 2.0**-32),
    ("wav", "FLOAT", 2.0**-25),
    ("wav", "DOUBLE", 0.0),
    ("rf64", "PCM_24", 2.0**-24),
    ("w64", "PCM_16", 2.0**-16),
    ("caf", "PCM_24", 2.0**-24),
    ("caf", "PCM_S8", 2.0**-8),
    ("aiff", "PCM_16", 2.0**-16),
    ("aif", "FLOAT", 2.0**-25),
    ("flac", "PCM_S8", 2.0**-8),
    ("flac", "PCM_16", 2.0**-16),
    ("flac", "PCM_24", 2.0**-24),
]


def write(path: Path, sound: Array = NOISE, subtype: str = "PCM_16", **options: Any) -> Path:
    with create(path, RATE, *sound.shape, subtype=subtype, **options) as file:
        file.write(sound)
    return path


def read(path: Path) -> Array:
    with Reader(path) as file:
        assert not file.warnings
        return np.concatenate(list(file.blocks(777)), axis=1)


def refused(path: Path) -> str:
    with pytest.raises(TapegraphError) as caught, Reader(path):
        pass
    return str(caught.value)


def cut(path: Path, part: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    return path


@pytest.mark.parametrize(("extension", "subtype", "half_lsb"), LOSSLESS)
def test_samples_come_back_rounded_to_the_nearest_step(
    tmp_path: Path, extension: str, subtype: str, half_lsb: float
) -> None:
    path = write(tmp_path / f"a.{extension}", subtype=subtype, dither=False)
    assert np.max(np.abs(read(path) - NOISE)) <= half_lsb
    with Reader(path) as file:
        assert (file.sample_rate, file.channels, file.frames, file.subtype) == (RATE, 2, 20_000, subtype)


@pytest.mark.parametrize(("extension", "subtype"), [("ogg", "VORBIS"), ("opus", "OPUS"), ("mp3", "MPEG_LAYER_III")])
def test_lossy_files_keep_the_length_and_most_of_a_tone(tmp_path: Path, extension: str, subtype: str) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(20_000) / RATE)[np.newaxis]
    back = read(write(tmp_path / f"a.{extension}", tone, subtype))
    assert back.shape == tone.shape
    assert np.sqrt(2 * np.mean(back[:, 5000:-5000] ** 2)) == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize(("extension", "subtype"), [("ogg", "VORBIS"), ("opus", "OPUS"), ("mp3", "MPEG_LAYER_III")])
@pytest.mark.parametrize("frames", [777, 5000])
def test_blocks_of_a_decoder_add_up_to_the_whole(tmp_path: Path, extension: str, subtype: str, frames: int) -> None:
    path = write(tmp_path / f"a.{extension}", subtype=subtype)
    with Reader(path) as file:
        pieces = np.concatenate(list(file.blocks(frames)), axis=1)
    np.testing.assert_array_equal(pieces, soundfile.read(path)[0].T)


def test_blocks_of_any_size_are_written(tmp_path: Path) -> None:
    silence = np.zeros((2, 5_000_000))  # 40 MB as float32, where a stack has 8
    with create(tmp_path / "a.ogg", RATE, *silence.shape) as file:
        file.write(silence)
    assert soundfile.info(str(tmp_path / "a.ogg")).frames == silence.shape[1]


def test_the_rights_are_those_of_any_new_file_and_stay_when_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    path = write(tmp_path / "a.wav")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode
    path.chmod(0o640)
    write(path, overwrite=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_replacing_a_link_replaces_what_it_points_to(tmp_path: Path) -> None:
    write(tmp_path / "real.wav", NOISE[:, :100])
    (tmp_path / "link.wav").symlink_to("real.wav")
    write(tmp_path / "link.wav", overwrite=True)
    assert (tmp_path / "link.wav").is_symlink()
    assert read(tmp_path / "real.wav").shape == NOISE.shape


def test_dither_makes_an_error_of_mean_0_and_variance_a_quarter_step_whatever_the_level(tmp_path: Path) -> None:
    lsb = 2.0**-15
    for level in (0.1, 0.25, 0.5, 3.3):  # steps: without dither each would come back as a constant of its own
        sound = np.full((1, 200_000), level * lsb)
        error = (read(write(tmp_path / "a.wav", sound, overwrite=True)) - sound) / lsb
        # standard error of the mean sqrt(1/4 / n) = 0.0011; of the variance below sqrt(2 / n) / 4 = 0.0008
        assert np.mean(error) == pytest.approx(0.0, abs=0.005)
        assert np.var(error) == pytest.approx(0.25, abs=0.004)


def test_dither_lets_a_tone_of_a_third_of_a_step_through(tmp_path: Path) -> None:
    tone = 0.3 * 2.0**-15 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)[np.newaxis]
    assert not read(write(tmp_path / "a.wav", tone, dither=False)).any()
    back = read(write(tmp_path / "b.wav", tone))
    amplitude = 2 * np.abs(np.fft.rfft(back[0])[1000]) / RATE
    assert amplitude == pytest.approx(0.3 * 2.0**-15, rel=0.05)  # noise in the bin: sqrt(1 / n) = 0.0046 steps


def test_dither_is_the_same_in_every_run_and_for_every_cut(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.wav").read_bytes()
    with create(tmp_path / "b.wav", RATE, *NOISE.shape, subtype="PCM_16") as file:
        for start in range(0, 20_000, 333):
            file.write(NOISE[:, start : start + 333])
    assert (tmp_path / "b.wav").read_bytes() == whole


def test_digital_silence_stays_digital_silence(tmp_path: Path) -> None:
    sound = NOISE.copy()
    sound[:, 5000:9000] = 0.0
    back = read(write(tmp_path / "a.wav", sound))
    assert not back[:, 5000:9000].any()
    assert back[:, :5000].all(axis=0).mean() > 0.99


def test_samples_beyond_full_scale_are_held_there_and_counted(tmp_path: Path) -> None:
    sound = np.array([[0.5, 1.0, -1.0, 1.5, -2.0, 1e30]])
    with create(tmp_path / "a.wav", RATE, *sound.shape, subtype="PCM_16", dither=False) as file:
        file.write(sound)
    assert (file.clipped, file.peak) == (3, 1e30)
    np.testing.assert_array_equal(read(tmp_path / "a.wav")[0] * 2**15, [16384, 32767, -32768, 32767, -32768, 32767])
    with create(tmp_path / "f.wav", RATE, *sound.shape, subtype="FLOAT") as file:
        file.write(sound)
    assert file.clipped == 0


@pytest.mark.parametrize(
    ("extension", "like", "kept"),
    [
        ("wav", "FLOAT", "FLOAT"),
        ("flac", "FLOAT", "PCM_24"),
        ("flac", "PCM_16", "PCM_16"),
        ("flac", "PCM_U8", "PCM_S8"),
        ("flac", "PCM_32", "PCM_24"),
        ("wav", "PCM_S8", "PCM_U8"),
        ("wav", "VORBIS", "PCM_24"),
        ("ogg", "PCM_24", "VORBIS"),
    ],
)
def test_samples_are_stored_as_in_the_source_or_the_nearest_way(
    tmp_path: Path, extension: str, like: str, kept: str
) -> None:
    with create(tmp_path / f"a.{extension}", RATE, 1, 100, like=like) as file:
        file.write(NOISE[:1, :100])
    assert soundfile.info(str(tmp_path / f"a.{extension}")).subtype == kept


@pytest.mark.parametrize(
    ("name", "rate", "channels", "options", "expected"),
    [
        ("a.opus", 44100, 2, {}, "sample rate is 44100 Hz; opus takes one of 8000, 12000, 16000, 24000, 48000 Hz"),
        ("a.mp3", 48000, 3, {}, "channels are 3; mp3 takes at most 2"),
        ("a.ogg", 384000, 2, {}, "sample rate is 384000 Hz; ogg takes at most 200000 Hz"),
        ("a.flac", 48000, 9, {}, "channels are 9; flac takes at most 8"),
        ("a.flac", 48000, 2, {"subtype": "FLOAT"}, "subtype is FLOAT; flac takes one of PCM_S8, PCM_16, PCM_24"),
        ("a.aiff", 48000, 64, {}, "may come to 192.0 GB; aiff takes at most 2.1 GB"),
        ("a", 48000, 2, {}, "has no extension; it selects the kind of file: .wav, "),
        ("a.xyz", 48000, 2, {}, "has the extension .xyz; it selects the kind of file: .wav, "),
        ("gone/a.wav", 48000, 2, {}, "cannot be written: No such file or directory"),
        ("folder.wav", 48000, 2, {}, "exists and is not a file"),
        ("there.wav", 48000, 2, {}, "exists already; it is replaced only with --overwrite"),
    ],
)
def test_what_cannot_be_written_is_said_before_work_starts(
    tmp_path: Path, name: str, rate: int, channels: int, options: dict[str, Any], expected: str
) -> None:
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "there.wav").write_text("precious")
    with (
        pytest.raises(TapegraphError) as caught,
        create(tmp_path / name, rate, channels, 10**9, **options),
    ):
        pytest.fail("was let in")
    assert str(caught.value).startswith(f"{tmp_path / name}: {expected}")
    assert (tmp_path / "there.wav").read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == ["folder.wav", "there.wav"]


def test_a_wav_that_may_pass_4_gib_is_an_rf64(tmp_path: Path) -> None:
    for frames, head in ((2**32 // 8 - 10**5, b"RIFF"), (2**32 // 8, b"RF64")):
        with create(tmp_path / "a.wav", RATE, 2, frames, subtype="FLOAT", overwrite=True) as file:
            file.write(NOISE)
        assert (tmp_path / "a.wav").read_bytes()[:4] == head
        assert read(tmp_path / "a.wav").shape == NOISE.shape


def test_more_frames_than_announced_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="opened for 100 frames"), create(tmp_path / "a.wav", RATE, 2, 100) as file:
        file.write(NOISE)


def test_samples_that_are_not_finite_never_reach_an_encoder(tmp_path: Path) -> None:
    with pytest.raises(TapegraphError, match="NaN or infinite"), create(tmp_path / "a.mp3", RATE, 1, 100) as file:
        file.write(np.array([[0.0, np.nan]]))
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_nothing_behind_and_the_old_file_whole(tmp_path: Path, error: type[BaseException]) -> None:
    old = write(tmp_path / "a.flac", NOISE[:, :100]).read_bytes()
    with pytest.raises(error), create(tmp_path / "a.flac", RATE, 2, 10**6, overwrite=True) as file:
        file.write(NOISE)
        raise error
    assert os.listdir(tmp_path) == ["a.flac"]
    assert (tmp_path / "a.flac").read_bytes() == old


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows cannot limit the size of files, which stands for a full disk"
)
@pytest.mark.parametrize(
    ("extension", "frames"),
    [
        ("wav", 20_000),
        ("flac", 200_000),
        ("flac", 3000),  # less than a block of the encoder: lost without a sign when the file is closed
        ("ogg", 200_000),
        ("opus", 200_000),
        ("mp3", 200_000),
        ("caf", 20_000),
    ],
)
def test_a_full_disk_is_said_in_a_line_and_leaves_nothing(tmp_path: Path, extension: str, frames: int) -> None:
    code = f"""if True:
        import resource, numpy as np
        from tapegraph.files.write import create
        from tapegraph.errors import TapegraphError
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        try:
            with create({str(tmp_path / "a")!r} + ".{extension}", 48000, 2, 10**7) as file:
                file.write(np.random.default_rng(0).uniform(-0.5, 0.5, (2, {frames})))
        except TapegraphError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        done.stdout == f"{tmp_path / 'a'}.{extension}: could not be finished: File too large; nothing of it was kept\n"
    )
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("extension", "subtype"),
    [
        ("wav", "PCM_24"),
        ("wav", "FLOAT"),
        ("rf64", "PCM_24"),
        ("w64", "PCM_16"),
        ("aiff", "PCM_24"),
        ("flac", "PCM_16"),
    ],
)
def test_a_file_cut_short_is_read_as_far_as_it_goes_with_a_warning(
    tmp_path: Path, extension: str, subtype: str
) -> None:
    path = cut(write(tmp_path / f"a.{extension}", subtype=subtype, dither=False), 0.6)
    with Reader(path) as file:
        sound = np.concatenate(list(file.blocks()), axis=1)
    assert 0.39 < sound.shape[1] / NOISE.shape[1] <= 0.6
    np.testing.assert_allclose(sound, NOISE[:, : sound.shape[1]], atol=2.0**-16)
    (warning,) = file.warnings
    missing = int(warning.partition(" frames")[0].rpartition(" ")[2])
    assert missing == pytest.approx(NOISE.shape[1] - sound.shape[1], abs=20)  # some count bytes of the header
    assert warning.startswith(f"{path}: is truncated")


@pytest.mark.parametrize(("extension", "subtype"), [("ogg", "VORBIS"), ("opus", "OPUS")])
def test_an_ogg_without_its_end_is_noticed(tmp_path: Path, extension: str, subtype: str) -> None:
    path = cut(write(tmp_path / f"a.{extension}", np.tile(NOISE, 5), subtype), 0.6)
    with Reader(path) as file:
        assert file.warnings == [f"{path}: is truncated: its last page is missing"]


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000])
def test_a_wav_that_went_through_a_pipe_is_whole(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "a.wav")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = size.to_bytes(4, "little")
    path.write_bytes(data)
    assert read(path).shape == NOISE.shape


def test_a_flac_of_unknown_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac")
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # 36 bits of STREAMINFO: the number of samples, 0 for unknown
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert read(path).shape == NOISE.shape


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.wav", b"", "is empty: it has 0 bytes"),
        ("text.wav", b"no sound at all", "is not an audio file of a supported kind, or is damaged ("),
        ("noise.mp3", bytes(range(256)) * 40, "is not an audio file of a supported kind, or is damaged ("),
        ("head.raw", b"\0" * 100, "is not an audio file of a supported kind, or is damaged ("),
    ],
)
def test_what_is_no_audio_file_is_refused(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name).startswith(f"{tmp_path / name}: {expected}")


def test_missing_files_folders_and_files_without_sound_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path / "guitar.wav", NOISE[:, :0])
    assert refused(tmp_path) == f"{tmp_path}: is a folder; an audio file is needed"
    assert refused(tmp_path / "gitar.wav").endswith("gitar.wav: there is no such file; did you mean guitar.wav?")
    assert refused(tmp_path / "guitar.wav").endswith("guitar.wav: contains no sound: it has 0 frames")
    soundfile.write(tmp_path / "slow.wav", NOISE[0], 4000)
    assert refused(tmp_path / "slow.wav").endswith("sample_rate is 4000 Hz; it must be 8000 to 384000 Hz")


def test_a_rendered_file_is_what_rendering_gives(tmp_path: Path) -> None:
    write(tmp_path / "in.wav", np.tile(NOISE, 5), "DOUBLE")
    graph = Graph(nodes={"low": {"kind": "gain", "gain_db": -6}}, links=["input -> low -> output"])
    parts: list[float] = []
    report = render_file(graph, tmp_path / "in.wav", tmp_path / "out.wav", progress=parts.append)
    expected = graph.render(np.tile(NOISE, 5), RATE)
    np.testing.assert_array_equal(read(tmp_path / "out.wav"), expected)
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert report.seconds == 100_000 / RATE
    assert report.peak_dbfs == pytest.approx(20 * np.log10(np.max(np.abs(expected))))
    assert (report.subtype, report.clipped, report.warnings) == ("DOUBLE", 0, ())


def test_a_report_warns_of_clipping_cut_sources_and_samples_that_are_not_finite(tmp_path: Path) -> None:
    sound = 2 * NOISE
    sound[0, 50] = np.nan
    soundfile.write(tmp_path / "in.wav", sound.T, RATE, "FLOAT")
    cut(tmp_path / "in.wav", 0.5)
    report = render_file(THROUGH, tmp_path / "in.wav", tmp_path / "out.flac")
    assert report.clipped > 5000
    assert all(
        part in text for part, text in zip(("truncated", "NaN, infinite", "clipped"), report.warnings, strict=True)
    )
    assert f"up to {20 * np.log10(1.8):.1f} dB" in report.warnings[2]


def test_the_source_is_never_the_target(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    (tmp_path / "b.wav").symlink_to("a.wav")
    with pytest.raises(TapegraphError, match="is both the source and the target"):
        render_file(THROUGH, path, tmp_path / "b.wav", overwrite=True)


def test_the_tail_of_a_loop_fits_into_what_was_announced(tmp_path: Path) -> None:
    class Loop(Graph):
        def flat(self) -> FlatGraph:
            links = "input.out>e.in, e.out>s.in, s.out>e.in, e.out>output.in"
            return flat(links, e=Echo, s=FlatNode(Scale, {"factor": 0.5}))

    write(tmp_path / "in.wav", NOISE[:, :100])
    report = render_file(Loop(nodes={}, links=["input -> output"]), tmp_path / "in.wav", tmp_path / "out.wav")
    assert 100 / RATE < report.seconds < 60.1


def test_it_is_said_when_libsndfile_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing(MetaPathFinder):
        def find_spec(self, name: str, *rest: object) -> None:
            if name == "soundfile":
                raise OSError("sndfile library not found")

    monkeypatch.delitem(sys.modules, "soundfile")
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(TapegraphError) as caught:
        libsndfile.soundfile()
    assert str(caught.value) == (
        "reading and writing audio files needs the library libsndfile: sndfile library not found"
    )
