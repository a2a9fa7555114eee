"""Files and arrays as loud as what they were made from."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

import tapegraph
from tapegraph import demo
from tapegraph.__main__ import main
from tapegraph.analysis.loudness import integrated
from tapegraph.analysis.matching import matched
from tapegraph.errors import TapegraphError
from tapegraph.files.layouts import loudness_weights
from tapegraph.files.many import render_files
from tapegraph.files.render import render_file

RATE = 48_000
MUSIC = demo.music()[:, : 2 * RATE]
QUIETER = tapegraph.chain(level={"kind": "gain", "gain_db": -20})
BRIGHT = tapegraph.chain(low_cut={"kind": "dc_blocker", "cutoff_hz": 200})
# The sound 20 dB down, and a second after its end as it was.
LATE = """\
tapegraph: 1
nodes: {quiet: {kind: gain, gain_db: -20}, late: {kind: delay, time_s: 2}}
links: [input -> quiet -> output, input -> late -> output]
"""


def written(path: Path, sound: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, sound.T, rate, "DOUBLE")
    return path


def test_one_gain_makes_sound_as_loud_as_it_was() -> None:
    np.testing.assert_allclose(QUIETER.render(MUSIC, RATE, match="loudness"), MUSIC, rtol=0, atol=1e-9)
    plain, loud = BRIGHT.render(MUSIC, RATE), BRIGHT.render(MUSIC, RATE, match="loudness")
    gains = (loud / plain)[np.abs(plain) > 1e-6]
    np.testing.assert_allclose(gains, gains[0], rtol=1e-9)
    assert gains[0] > 1.1
    assert integrated(loud[:, : MUSIC.shape[1]], RATE) == pytest.approx(integrated(MUSIC, RATE), abs=1e-6)


def test_matched_sound_keeps_the_type_and_the_form_of_the_input() -> None:
    out = QUIETER.render(MUSIC[0].astype(np.float32), RATE, match="loudness")
    assert out.dtype == np.float32
    assert out.ndim == 1
    np.testing.assert_allclose(out, MUSIC[0], rtol=0, atol=1e-6)


def test_the_tail_is_not_measured_and_has_the_same_gain(tmp_path: Path) -> None:
    tone = 0.1 * np.sin(2.0 * np.pi * 997.0 / RATE * np.arange(RATE))
    graph = tapegraph.Graph.from_yaml(LATE)
    render_file(graph, written(tmp_path / "in.wav", tone), tmp_path / "out.wav", match="loudness")
    for out in (graph.render(tone, RATE, match="loudness"), soundfile.read(tmp_path / "out.wav")[0]):
        np.testing.assert_allclose(out[:RATE], tone, rtol=0, atol=1e-9)
        np.testing.assert_allclose(out[2 * RATE : 3 * RATE], 10.0 * tone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_is_left_alone(level: float) -> None:
    """-100 dBFS is below the absolute gate."""
    x = level * MUSIC
    np.testing.assert_array_equal(QUIETER.render(x, RATE, match="loudness"), QUIETER.render(x, RATE))


def test_mono_is_as_loud_as_the_same_from_two_loudspeakers() -> None:
    both = np.tile(MUSIC[:1], (2, 1))
    np.testing.assert_allclose(matched(0.1 * both, MUSIC[:1], RATE), both, rtol=0, atol=1e-9)
    np.testing.assert_allclose(matched(0.1 * MUSIC[:1], both, RATE), MUSIC[:1], rtol=0, atol=1e-9)


def test_anything_but_the_loudness_cannot_be_matched(tmp_path: Path) -> None:
    expected = "^match is 'peak'; it must be 'loudness' or None$"
    with pytest.raises(TapegraphError, match=expected):
        QUIETER.render(MUSIC, RATE, match="peak")  # type: ignore[arg-type]  # the mistake that is tested
    with pytest.raises(TapegraphError, match=expected):
        render_file(QUIETER, "in.wav", tmp_path / "out.wav", match="peak")  # type: ignore[arg-type]  # the mistake that is tested


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_a_file_is_as_loud_as_its_source_and_the_report_says_by_what_gain(rate: int, tmp_path: Path) -> None:
    source = written(tmp_path / "in.wav", MUSIC, rate)
    report = render_file(QUIETER, source, tmp_path / "out.wav", match="loudness")
    found, _ = soundfile.read(tmp_path / "out.wav")
    np.testing.assert_allclose(found.T, MUSIC, rtol=0, atol=1e-9)
    lufs = integrated(MUSIC, rate)
    assert str(report.level) == f"matched to {lufs:.1f} LUFS: +20.0 dB"
    assert f", peak -6.0 dBFS, matched to {lufs:.1f} LUFS: +20.0 dB, in " in str(report)
    assert "LUFS" not in str(render_file(QUIETER, source, tmp_path / "out.wav", overwrite=True))


FFMPEG = shutil.which("ffmpeg")


@pytest.mark.skipif(FFMPEG is None, reason="needs ffmpeg")
def test_ffmpeg_finds_source_and_file_equally_loud(tmp_path: Path) -> None:
    written(tmp_path / "in.wav", lfilter([1.0], [1.0, -0.9], MUSIC) / 4.0)
    render_file(BRIGHT, tmp_path / "in.wav", tmp_path / "out.wav", match="loudness", tail=0)
    told = [
        subprocess.run(
            [str(FFMPEG), "-nostats", "-i", name, "-af", "ebur128", "-f", "null", "-"],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        ).stderr
        for name in ("in.wav", "out.wav")
    ]  # fmt: skip
    source, out = (float(re.findall(r"I: +(-[0-9.]+) LUFS", text)[-1]) for text in told)
    assert out == pytest.approx(source, abs=0.11)


def test_a_matched_file_is_the_same_from_one_process_or_several(tmp_path: Path) -> None:
    source = written(tmp_path / "in.wav", np.concatenate([MUSIC, 0.5 * MUSIC])[:, :30_000])
    done: list[float] = []
    for jobs in (1, 2):
        target = tmp_path / f"{jobs}.wav"
        report = render_file(BRIGHT, source, target, jobs=jobs, match="loudness", progress=done.append)
        assert report.level is not None
        assert done == sorted(done)
        assert done.pop() == 1.0
        done.clear()
    assert (tmp_path / "1.wav").read_bytes() == (tmp_path / "2.wav").read_bytes()


@pytest.mark.parametrize(("level", "gain_db"), [(1e-5, -20.0), (1.0, -90.0)])
def test_where_source_or_file_is_silent_the_file_is_written_as_it_is(
    level: float, gain_db: float, tmp_path: Path
) -> None:
    quieter = tapegraph.chain(level={"kind": "gain", "gain_db": gain_db})
    source = written(tmp_path / "in.wav", level * MUSIC)
    report = render_file(quieter, source, tmp_path / "out.wav", match="loudness")
    assert ", too quiet to match its loudness, in " in str(report)
    expected = level * 10.0 ** (gain_db / 20.0) * MUSIC
    np.testing.assert_allclose(soundfile.read(tmp_path / "out.wav")[0].T, expected, rtol=0, atol=1e-12)


def test_a_file_that_is_as_loud_as_its_source_by_itself_is_said_to_be(tmp_path: Path) -> None:
    report = render_file(
        tapegraph.chain(gain={}), written(tmp_path / "in.wav", MUSIC), tmp_path / "out.wav", match="loudness"
    )
    assert str(report.level).endswith(" LUFS: +0.0 dB")


def test_samples_that_a_match_brings_beyond_full_scale_are_told(tmp_path: Path) -> None:
    low = np.sin(2.0 * np.pi * 100.0 / RATE * np.arange(RATE))
    source = written(tmp_path / "in.wav", np.stack([low, low]))
    report = render_file(BRIGHT, source, tmp_path / "out.wav", subtype="PCM_16", match="loudness")
    assert report.level is not None
    assert report.level.gain > 2.0
    assert report.clipped > 0
    (warning,) = report.warnings
    assert re.fullmatch(
        rf"{re.escape(str(report.target))}: {report.clipped} samples beyond full scale were clipped, by up to "
        r"[0-9.]+ dB; lower the level of the source, or store floats \(subtype FLOAT\)",
        warning,
    )


def test_each_file_of_a_folder_is_matched_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, level in (("a", 1.0), ("b", 0.25), ("c", 0.0)):
        written(folder / f"{name}.wav", level * MUSIC)
    (tmp_path / "quieter.yaml").write_text(QUIETER.to_yaml())
    arguments = ["render", str(folder), str(tmp_path / "out"), "--graph", str(tmp_path / "quieter.yaml")]
    assert main([*arguments, "--match", "loudness", "--jobs", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    lufs = integrated(MUSIC, RATE)
    assert f", matched to {lufs:.1f} LUFS: +20.0 dB, in " in lines[0]
    assert f", matched to {lufs - 12.04:.1f} LUFS: +20.0 dB, in " in lines[1]
    assert ", too quiet to match its loudness, in " in lines[2]
    np.testing.assert_allclose(soundfile.read(tmp_path / "out" / "b.wav")[0].T, 0.25 * MUSIC, rtol=0, atol=1e-9)


def test_what_waits_to_be_matched_leaves_nothing_in_the_folder(tmp_path: Path) -> None:
    source = written(tmp_path / "in.wav", MUSIC)
    (tmp_path / "out").mkdir()
    present: set[int] = set()

    def look(fraction: float) -> None:
        present.add(len(os.listdir(tmp_path / "out")))

    render_file(QUIETER, source, tmp_path / "out" / "out.wav", match="loudness", progress=look)
    assert present == {1}  # the file itself, under its temporary name
    (outcome,) = render_files(QUIETER, [tmp_path / "gone.wav"], tmp_path / "out", 1, match="loudness")
    assert isinstance(outcome, TapegraphError)
    assert os.listdir(tmp_path / "out") == ["out.wav"]


def test_sound_from_a_pipe_into_a_pipe_is_matched_too(tmp_path: Path) -> None:
    (tmp_path / "quieter.yaml").write_text(QUIETER.to_yaml())
    source = written(tmp_path / "in.wav", MUSIC)
    arguments = ["render", "-", "-", "--graph", str(tmp_path / "quieter.yaml"), "--match", "loudness", "--tail", "0"]
    program = [sys.executable, "-P", "-m", "tapegraph", *arguments]
    done = subprocess.run(program, input=source.read_bytes(), capture_output=True, check=True)
    found, _ = soundfile.read(io.BytesIO(done.stdout))
    np.testing.assert_allclose(found.T, MUSIC, rtol=0, atol=1e-9)
    assert b"matched to " in done.stderr


def test_loudspeakers_count_as_the_standard_says() -> None:
    """ITU-R BS.1770-5: 1.41 between 60 and 120 degrees; the low-frequency effects not at all."""
    assert loudness_weights(("FL", "FR", "FC", "LFE", "BL", "BR")) == (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)
    seven = loudness_weights(("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"))
    assert seven == (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.41, 1.41)
    assert loudness_weights(()) == ()
