"""Loudness of songs through graphs, and of sounds, whose levels are known."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
import soundfile

import tapegraph
from tapegraph import demo, measure
from tapegraph.measure.loudness import at_rate

RATE = 48_000
FFMPEG = shutil.which("ffmpeg")


def tone(level_dbfs: float, seconds: float, rate: int = RATE) -> np.ndarray:
    """1 kHz in two channels, whose loudness is its level."""
    n = np.arange(round(seconds * rate))
    return np.tile(10 ** (level_dbfs / 20) * np.sin(2 * np.pi * 1000.0 * n / rate), (2, 1))


def test_a_gain_makes_the_demo_song_louder_by_itself() -> None:
    found = measure.loudness(measure.Rig(tapegraph.chain(gain={"gain_db": 4.0}), RATE, channels=2))
    columns = found.columns()
    assert len(columns) == 10
    for name in ("integrated_lufs", "true_peak_dbtp", "max_momentary_lufs", "max_short_term_lufs"):
        assert columns[name][0] - columns[f"input_{name}"][0] == pytest.approx(4.0, abs=1e-6)
    assert columns["range_lu"] == pytest.approx(columns["input_range_lu"], abs=1e-6)
    assert found.played is not None
    whole = measure.loudness_of(demo.music(), RATE)
    assert found.played.integrated_lufs[0] == pytest.approx(whole.integrated_lufs[0], abs=1e-9)


def test_a_song_at_another_rate_is_as_loud() -> None:
    for rate, hz in ((44_100, 5000.0), (96_000, 15_000.0)):
        t = np.arange(2 * RATE) / RATE
        moved = at_rate(np.sin(2 * np.pi * hz * t)[np.newaxis], RATE, rate)
        assert moved.shape == (1, 2 * rate)
        np.testing.assert_allclose(moved[0], np.sin(2 * np.pi * hz * np.arange(2 * rate) / rate), atol=1e-9)
    high = measure.loudness(measure.Rig(tapegraph.chain(gain={}), 96_000.0, channels=2))
    assert high.integrated_lufs[0] == pytest.approx(
        measure.loudness_of(demo.music(), RATE).integrated_lufs[0], abs=0.05
    )


def test_a_rig_of_one_channel_plays_the_mean_of_the_song() -> None:
    song = np.stack([tone(-20.0, 1.0)[0], np.zeros(RATE)])
    found = measure.loudness(measure.Rig(tapegraph.chain(gain={}), RATE), song)
    assert found.integrated_lufs[0] == pytest.approx(-20.0 - 6.02 - 3.01, abs=0.02)
    assert found.columns()["input_integrated_lufs"] == found.integrated_lufs


def test_a_machine_is_heard_as_it_is() -> None:
    graph = tapegraph.Graph(
        nodes={"hiss": {"kind": "noise", "level_db": -20.0}}, links=["hiss -> output", "input -> output"]
    )
    found = measure.loudness(measure.Rig(graph, RATE, channels=2), np.zeros((2, RATE)))
    assert found.integrated_lufs[0] > -25.0
    assert found.columns()["input_integrated_lufs"][0] == -np.inf


def test_levels_over_time_are_those_of_the_time_before() -> None:
    found = measure.loudness_of(np.concatenate([tone(-30.0, 5.0), tone(-20.0, 5.0)], axis=1), RATE)
    for values, length_s in ((found.momentary_lufs, 0.4), (found.short_term_lufs, 3.0)):
        quiet = (found.time_s > length_s + 0.05) & (found.time_s < 4.95)
        loud = found.time_s > 5.05 + length_s
        np.testing.assert_allclose(values[quiet], -30.0, atol=0.02)
        np.testing.assert_allclose(values[loud], -20.0, atol=0.02)
    assert (found.time_s[0], found.time_s[-1]) == pytest.approx((0.4, 10.0))
    assert np.all(np.isnan(found.short_term_lufs[found.time_s < 2.95]))
    assert np.isfinite(found.short_term_lufs[found.time_s > 2.95]).all()
    middle = found.momentary_lufs[np.argmin(np.abs(found.time_s - 5.2))]  # half of each
    assert middle == pytest.approx(10 * np.log10((1e-3 + 1e-2) / 2), abs=0.05)


def test_silence_and_sound_of_no_length_to_speak_of_have_readings() -> None:
    silent = measure.loudness_of(np.zeros((1, RATE)), RATE)
    assert silent.rows()[0]["integrated_lufs"] is None
    silent.plot(MagicMock())
    short = measure.loudness_of(tone(-20.0, 0.05), RATE)
    assert short.max_momentary_lufs[0] == pytest.approx(-20.0 - 9.03, abs=0.3)
    assert short.max_short_term_lufs[0] == pytest.approx(-20.0 - 17.8, abs=0.3)


def test_loudspeakers_at_the_sides_of_a_file_count_1_5_db_more(tmp_path: Path) -> None:
    """The five channels of a FLAC file are left, right, centre and two at the sides."""
    for place, more_db in ((0, 0.0), (4, 1.49)):
        sound = np.zeros((5, RATE))
        sound[place] = tone(-20.0, 1.0)[0]
        soundfile.write(tmp_path / "x.flac", sound.T, RATE)
        found = measure.OF_SOUND["loudness"](measure.Sound.read(tmp_path / "x.flac"))
        assert found.columns()["integrated_lufs"][0] == pytest.approx(-20.0 - 3.01 + more_db, abs=0.02)


def test_a_file_with_what_is_no_number_is_read_as_silence_there(tmp_path: Path) -> None:
    sound = np.array([0.5, np.nan, np.inf, -np.inf, -0.5])
    soundfile.write(tmp_path / "x.wav", sound, RATE, "DOUBLE")
    assert measure.Sound.read(tmp_path / "x.wav").audio.tolist() == [[0.5, 0.0, 0.0, 0.0, -0.5]]


@pytest.mark.skipif(FFMPEG is None, reason="there is no ffmpeg to compare with; levels of tones are tested without")
def test_ffmpeg_reads_the_same_of_music(tmp_path: Path) -> None:
    """It prints tenths, and looks for the highest loudness every 100 ms."""
    music = demo.music()
    song = np.concatenate([music, 0.2 * music], axis=1)
    soundfile.write(tmp_path / "x.wav", song.T, RATE, "FLOAT")
    options = ["-i", "x.wav", "-af", "ebur128=peak=true:framelog=info", "-f", "null", "-"]
    told = subprocess.run([str(FFMPEG), *options], cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    found = measure.loudness_of(song, RATE)

    def last(pattern: str) -> float:
        return float(re.findall(pattern, told)[-1])

    def most(pattern: str) -> float:
        return max(map(float, re.findall(pattern, told)))

    assert found.integrated_lufs[0] == pytest.approx(last(r"I: +(-[0-9.]+) LUFS"), abs=0.1)
    assert found.range_lu[0] == pytest.approx(last(r"LRA: +([0-9.]+) LU"), abs=0.15)
    assert found.true_peak_dbtp[0] == pytest.approx(last(r"Peak: +(-?[0-9.]+) dBFS"), abs=0.2)
    for values, highest, pattern in (
        (found.momentary_lufs, found.max_momentary_lufs, r"M: *(-[0-9.]+)"),
        (found.short_term_lufs, found.max_short_term_lufs, r"S: *(-[0-9.]+)"),
    ):
        assert np.nanmax(values) == pytest.approx(most(pattern), abs=0.1)
        assert 0.0 <= highest[0] - np.nanmax(values) < 0.6
