"""Loudness after the figures of the standards, and two settings compared at the same one."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

import tapegraph
from tapegraph import demo
from tapegraph.analysis.loudness import Meter, integrated, loudness, loudness_range, pre_filter, rlb
from tapegraph.analysis.matching import SHORT_TERM_S, match
from tapegraph.document.flat import FlatGraph
from tapegraph.live.deck import FADE_S, Deck
from tapegraph.live.recent import RecentInput

RATE = 48_000
# ITU-R BS.1770-5, annex 1, tables 1 and 2: b, a at 48 kHz
PRE_FILTER = [1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585]
RLB = [1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621]


def sine(frequency_hz: float, level_db: float, rate: int, seconds: float = 3.0) -> np.ndarray:
    n = np.arange(round(seconds * rate))
    return np.asarray(10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * n / rate))


@pytest.mark.parametrize(("rate", "tolerance"), [(8_000, 0.02), (44_100, 0.005), (48_000, 0.001), (192_000, 0.03)])
def test_997_hz_at_full_scale_in_one_channel_is_3_01_lkfs_down(rate: int, tolerance: float) -> None:
    tone = sine(997.0, 0.0, rate)
    assert loudness(np.stack([tone, 0.0 * tone]), rate) == pytest.approx(-3.01, abs=tolerance)


@pytest.mark.parametrize("level_db", [-23.0, -33.0])
def test_1_khz_in_both_channels_has_the_loudness_of_its_level(level_db: float) -> None:
    """EBU Tech 3341, test signals 1 and 2: within 0.1 LU."""
    tone = sine(1000.0, level_db, RATE, 20.0)
    assert loudness(np.stack([tone, tone]), RATE) == pytest.approx(level_db, abs=0.02)


def test_the_filters_are_those_of_the_tables() -> None:
    for found, table in ((pre_filter(RATE), PRE_FILTER), (rlb(RATE), RLB)):
        for ours, theirs in zip(found, table, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


def weighted(sound: np.ndarray) -> float:
    """The loudness by the standard's own way: filters over time."""
    heard = lfilter(*RLB, lfilter(*PRE_FILTER, sound))
    return float(-0.691 + 10 * math.log10(np.sum(np.mean(heard**2, axis=1))))


@pytest.mark.parametrize("frames", [3 * RATE, 3 * RATE - 1])
def test_noise_of_any_colour_has_the_loudness_that_filters_over_time_find(frames: int) -> None:
    white = np.random.default_rng(2).normal(0.0, 0.1, (2, frames))
    for a in ([1.0], [1.0, -0.99], [1.0, 0.9]):
        sound = lfilter([1.0], a, white)
        assert loudness(sound, RATE) == pytest.approx(weighted(sound), abs=0.01)


def test_silence_has_no_loudness_and_nothing_is_turned_down_for_it() -> None:
    assert loudness(np.zeros((2, RATE)), RATE) == -math.inf
    assert loudness(np.zeros((2, 0)), RATE) == -math.inf
    quiet, loud = (tapegraph.chain(gain={"gain_db": db}).flat() for db in (0.0, 12.0))
    assert match(quiet, loud, np.zeros((1, RATE)), RATE) == 1.0
    assert match(quiet, loud, np.zeros((1, 0)), RATE) == 1.0


def tones(rate: int, *parts: tuple[float, float], weights: tuple[float, ...] = (1.0, 1.0)) -> np.ndarray:
    """1 kHz in every channel; parts: level in dBFS and seconds, one after the other; weights: of each channel."""
    tone = np.concatenate([sine(1000.0, level_db, rate, seconds) for level_db, seconds in parts])
    return np.asarray(np.multiply.outer(weights, tone))


GATED = {
    "1": [(-23.0, 20.0)],
    "2": [(-33.0, 20.0)],
    "3": [(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)],
    "4": [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)],
    "5": [(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
}


@pytest.mark.parametrize("signal", GATED)
def test_the_signals_of_ebu_tech_3341_have_their_integrated_loudness(signal: str) -> None:
    """EBU Tech 3341, table 1: within 0.1 LU."""
    expected = -33.0 if signal == "2" else -23.0
    assert integrated(tones(RATE, *GATED[signal]), RATE) == pytest.approx(expected, abs=0.05)


def test_the_loudspeakers_at_the_sides_count_1_5_db_more() -> None:
    """EBU Tech 3341, table 1, signal 6: -28 dBFS in front, -24 in the centre, -30 at the sides; within 0.1 LU."""
    levels = 10 ** (np.array([-28.0, -28.0, -24.0, -30.0, -30.0]) / 20)
    sound = tones(RATE, (0.0, 20.0), weights=tuple(levels))
    assert integrated(sound, RATE, (1.0, 1.0, 1.0, 1.41, 1.41)) == pytest.approx(-23.0, abs=0.05)


@pytest.mark.parametrize("rate", [22_050, 44_100, 88_200, 96_000, 192_000])
def test_the_gates_are_the_same_at_any_rate(rate: int) -> None:
    parts = [(-72.0, 2.0), (-36.0, 2.0), (-23.0, 12.0), (-36.0, 2.0)]
    assert integrated(tones(rate, *parts), rate) == pytest.approx(integrated(tones(RATE, *parts), RATE), abs=0.05)


def gated(sound: np.ndarray) -> float:
    """The integrated loudness by the standard's own way: filters over time, and its sums over blocks as they stand."""
    heard = np.sum(lfilter(*RLB, lfilter(*PRE_FILTER, sound)) ** 2, axis=0)
    z = np.array([np.mean(heard[start : start + 19_200]) for start in range(0, len(heard) - 19_199, 4800)])
    z = z[-0.691 + 10 * np.log10(z + 1e-30) > -70]
    return float(-0.691 + 10 * np.log10(np.mean(z[z > np.mean(z) / 10])))


def test_music_has_the_integrated_loudness_that_filters_over_time_find() -> None:
    music = demo.music()
    assert integrated(music, RATE) == pytest.approx(gated(music), abs=1e-6)
    quiet_end = np.concatenate([music, 0.03 * music], axis=1)
    assert integrated(quiet_end, RATE) == pytest.approx(gated(quiet_end), abs=1e-6)
    assert loudness(quiet_end, RATE) < gated(quiet_end) - 2.0


@pytest.mark.parametrize("cut", [1, 480, 4799, 33_601, 200_000])
def test_a_programme_may_come_in_pieces(cut: int) -> None:
    music = demo.music()[:, : 5 * RATE // 2 + 7]
    meter = Meter(RATE, 2)
    meter.add(music[:, :cut])
    meter.integrated()  # may be asked for at any time
    meter.add(music[:, cut:])
    assert meter.frames == music.shape[1]
    assert meter.integrated() == pytest.approx(integrated(music, RATE), abs=1e-9)


def test_a_sound_shorter_than_a_block_counts_as_one_that_ends_in_silence() -> None:
    click = sine(1000.0, -6.0, RATE, 0.1)[np.newaxis]
    whole = integrated(np.pad(click, ((0, 0), (0, 14_400))), RATE)
    assert integrated(click, RATE) == pytest.approx(whole, abs=1e-9)
    assert whole == pytest.approx(-6.0 - 3.01 - 6.02, abs=0.05)  # a quarter of a block


def test_silence_has_no_integrated_loudness_nor_has_what_is_no_sound() -> None:
    assert integrated(np.zeros((2, RATE)), RATE) == -math.inf
    assert integrated(np.zeros((1, 0)), RATE) == -math.inf
    assert integrated(tones(RATE, (-75.0, 2.0)), RATE) == -math.inf
    tone = tones(RATE, (-23.0, 4.0))
    tone[:, :RATE] = np.nan
    assert integrated(tone, RATE) == pytest.approx(-23.0, abs=0.6)
    assert integrated(np.full((1, RATE), 1e200), RATE) == -math.inf


RANGES = {  # EBU Tech 3342, table 1: levels in dBFS, each for 20 s
    10.0: [-20.0, -30.0],
    5.0: [-20.0, -15.0],
    20.0: [-40.0, -20.0],
    15.0: [-50.0, -35.0, -20.0, -35.0, -50.0],
}


@pytest.mark.parametrize("range_lu", RANGES)
def test_the_signals_of_ebu_tech_3342_have_their_loudness_range(range_lu: float) -> None:
    """The standard allows 1 LU."""
    sound = tones(RATE, *[(level_db, 20.0) for level_db in RANGES[range_lu]])
    assert loudness_range(sound, RATE) == pytest.approx(range_lu, abs=0.01)


def spread(sound: np.ndarray) -> float:
    """The loudness range by the standard's own way: filters over time, sums over 3 s, gates, a sorted list."""
    heard = np.sum(lfilter(*RLB, lfilter(*PRE_FILTER, sound)) ** 2, axis=0)
    z = np.array([np.mean(heard[start : start + 144_000]) for start in range(0, len(heard) - 143_999, 4800)])
    levels = -0.691 + 10 * np.log10(z + 1e-30)
    z = z[levels > -70]
    levels = np.sort(levels[(levels > -70) & (levels >= -0.691 + 10 * np.log10(np.mean(z)) - 20)])
    low, high = (levels[round((len(levels) - 1) * percent / 100)] for percent in (10, 95))
    return float(high - low)


def test_music_has_the_loudness_range_that_filters_over_time_find() -> None:
    music = demo.music()
    quiet_end = np.concatenate([music, 0.1 * music, 1e-5 * music], axis=1)
    assert loudness_range(quiet_end, RATE) == pytest.approx(spread(quiet_end), abs=1e-6)
    assert spread(quiet_end) > 10.0


def test_what_is_silent_or_shorter_than_3_s_has_no_loudness_range() -> None:
    assert loudness_range(np.zeros((2, 5 * RATE)), RATE) == 0.0
    assert loudness_range(tones(RATE, (-20.0, 1.0), (-30.0, 1.9)), RATE) == 0.0
    assert loudness_range(tones(RATE, (-20.0, 0.2)), RATE) == 0.0


@pytest.mark.parametrize("late_s", [0.0, 0.02, 0.05, 0.075, 0.15])
def test_a_tone_of_400_ms_or_3_s_reads_its_level_wherever_it_begins(late_s: float) -> None:
    """As signals 10 and 13 of EBU Tech 3341: -23 LUFS within 0.1, whatever the pause before."""
    for seconds, highest in ((0.4, Meter.highest_momentary), (3.0, Meter.highest_short_term)):
        meter = Meter(RATE, 2)
        meter.add(tones(RATE, (-200.0, late_s), (-23.0, seconds), (-200.0, 1.0)))
        assert highest(meter) == pytest.approx(-23.0, abs=0.1)


def test_the_highest_loudness_of_a_short_sound_is_that_of_one_with_silence_behind_it() -> None:
    for seconds in (0.1, 1.0):
        short, long = Meter(RATE, 2), Meter(RATE, 2)
        tone = tones(RATE, (-23.0, seconds))
        short.add(tone)
        long.add(np.pad(tone, ((0, 0), (0, 4 * RATE))))
        assert short.highest_short_term() == pytest.approx(long.highest_short_term(), abs=0.01)
        assert short.highest_momentary() == pytest.approx(long.highest_momentary(), abs=0.01)
    assert Meter(RATE, 1).highest_momentary() == -math.inf


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100])
def test_the_highest_loudness_is_found_at_rates_that_10_ms_do_not_fit(rate: int) -> None:
    meter = Meter(rate, 2)
    meter.add(tones(rate, (-30.0, 1.0), (-20.0, 4.0)))
    assert meter.highest_momentary() == pytest.approx(-20.0, abs=0.05)
    assert meter.highest_short_term() == pytest.approx(-20.0, abs=0.05)


FFMPEG = shutil.which("ffmpeg")


@pytest.mark.skipif(FFMPEG is None, reason="there is no ffmpeg to compare with; EBU's signals are tested without")
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 192_000])
def test_ffmpeg_finds_the_same_integrated_loudness(rate: int, tmp_path: Path) -> None:
    """ffmpeg prints tenths."""
    noise = lfilter([1.0], [1.0, -0.95], np.random.default_rng(5).normal(0.0, 0.02, (2, 8 * rate)))
    swell = np.interp(np.arange(8 * rate) / rate, [0, 2, 4, 6, 8], [0.01, 1.0, 0.3, 1.2, 0.0])
    soundfile.write(tmp_path / "x.wav", (noise * swell).T, rate, "FLOAT")
    options = ["-nostats", "-i", "x.wav", "-af", "ebur128", "-f", "null", "-"]
    told = subprocess.run([str(FFMPEG), *options], cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    found = re.findall(r"I: +(-[0-9.]+) LUFS", told)[-1]
    assert integrated(noise * swell, rate) == pytest.approx(float(found), abs=0.1)


def test_a_graph_is_no_louder_than_another_at_the_gain_at_which_that_plays() -> None:
    tone = sine(1000.0, -20.0, RATE)[np.newaxis]
    quiet, loud = (tapegraph.chain(gain={"gain_db": db}).flat() for db in (0.0, 12.0))
    assert match(loud, quiet, tone, RATE, 0.1) == pytest.approx(10 ** ((12.0 - 20.0) / 20), rel=1e-9)
    assert match(loud, quiet, tone, RATE, 0.5) == 1.0


def hot(drive_db: float, level_db: float) -> FlatGraph:
    return tapegraph.chain(
        drive={"kind": "gain", "gain_db": drive_db},
        tape={"kind": "hysteresis", "drive": 0.8},
        level={"kind": "gain", "gain_db": level_db},
    ).flat()


def test_two_graphs_12_db_apart_are_within_half_a_db_when_compared() -> None:
    """Each way round; the sound before and after is measured by filters over time."""
    music = lfilter([1.0], [1.0, -0.95], np.random.default_rng(3).normal(0.0, 0.04, (2, 6 * RATE)))
    sides = hot(0.0, -12.0), hot(12.0, 0.0)
    apart = [weighted(Deck(side, RATE, 2).process(music[:, : 2 * RATE])) for side in sides]
    assert apart[1] - apart[0] > 12.0
    deck = Deck(sides[1], RATE, 2)
    deck.recent = RecentInput(RATE, 2)
    heard = []
    at = 1
    for part in np.split(music, 3, axis=1):
        blocks = np.split(part, 2 * RATE // 256, axis=1)
        heard.append(np.concatenate([deck.process(block) for block in blocks], axis=1))
        gain = match(sides[at], sides[1 - at], deck.recent.read(), RATE)
        at = 1 - at
        assert gain == 1.0 if at == 0 else gain < 10 ** (-11.5 / 20)
        deck.change(sides[at], gain)
    quiet, loud = (weighted(part[:, RATE // 2 :]) for part in heard[1:])
    assert loud == pytest.approx(quiet, abs=0.5)


def test_a_side_is_turned_down_by_a_ramp() -> None:
    graph = tapegraph.chain(gain={}).flat()
    deck = Deck(graph, RATE, 1)
    deck.change(graph, 0.25)
    y = np.concatenate([deck.process(np.ones((1, 256))) for _ in range(16)], axis=1)[0]
    assert (y[0], y[-1]) == (1.0, 0.25)
    assert np.max(np.abs(np.diff(y))) <= 0.75 * np.pi / 2 / round(FADE_S * RATE)


def test_the_past_is_the_last_three_seconds_in_order() -> None:
    past = RecentInput(1000, 2)
    assert past.read().shape == (2, 0)
    frames = np.arange(10_000.0)
    for start in range(0, 10_000, 250):
        past.write(np.stack([frames, -frames])[:, start : start + 250])
        end = start + 250
        expected = frames[max(0, end - round(SHORT_TERM_S * 1000)) : end]
        np.testing.assert_array_equal(past.read(), np.stack([expected, -expected]))
