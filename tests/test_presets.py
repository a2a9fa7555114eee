"""The presets: said where they come from, right in level on music, fit for the rates that people use.

A preset keeps the loudness of music, unless it has the tag changes_level; and it cuts no deep notches, unless it has
the tag comb.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import tapegraph
from tapegraph import demo, resources
from tapegraph.analysis.matching import at_loudness, loudness_change
from tapegraph.analysis.response import response
from tapegraph.document.targets import targets

PRESETS = list(resources.presets())
MUSIC = demo.music()[:, : 2 * demo.SAMPLE_RATE]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_what_it_is_and_where_its_figures_come_from(name: str) -> None:
    graph = tapegraph.load(name)
    assert graph.title
    assert len(graph.description) > 100
    assert graph.sources
    assert graph.controls
    assert not graph.remarks()


@pytest.mark.parametrize("name", PRESETS)
def test_all_that_can_be_set_in_a_preset_can_be_read_and_set_again(name: str) -> None:
    graph = tapegraph.load(name)
    assert set(graph.controls) < set(targets(graph))
    for target in targets(graph):
        graph.set(target, graph.get(target))
    assert graph.render(np.zeros((2, 64)), 48_000).shape[0] == 2


@pytest.mark.parametrize("name", PRESETS)
def test_music_that_peaks_at_6_dbfs_below_full_scale_comes_out_at_a_fitting_level(name: str) -> None:
    music = MUSIC * (10.0 ** (-6.0 / 20.0) / np.max(np.abs(MUSIC)))
    out = tapegraph.load(name).render(music, demo.SAMPLE_RATE)
    peak_dbfs = 20.0 * np.log10(np.max(np.abs(out)))
    assert -12.0 <= peak_dbfs <= 0.0


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(("sample_rate", "channels"), [(44_100, 1), (96_000, 2), (192_000, 2)])
def test_a_preset_works_at_every_usual_rate_in_mono_and_stereo(name: str, sample_rate: int, channels: int) -> None:
    tone = 0.25 * np.sin(2.0 * np.pi * 1000.0 / sample_rate * np.arange(3000))
    out = tapegraph.load(name).render(np.tile(tone, (channels, 1)), sample_rate, tail=0)
    assert out.shape == (channels, 3000)
    assert 0.05 < np.max(np.abs(out[:, 1500:])) < 1.0


KEPT_LU = 0.5
AT_ANY_RATE_LU = 0.1
DEEPEST_DB = 12.0
LEVELS_TO_BE_SET = ("cassette", "clean", "explicit_bias", "mastering", "tc260", "worn")
TO_BE_REBUILT = ("worn",)


def unless(names: Sequence[str], reason: str) -> list[Any]:
    """All presets, of which some may still break the law."""
    pending = pytest.mark.xfail(reason=reason, strict=False)
    return [pytest.param(name, marks=[pending] if name in names else []) for name in PRESETS]


def tags(graph: tapegraph.Graph) -> Sequence[str]:
    return getattr(graph, "tags", ())


def louder_by(name: str, sound: np.ndarray, sample_rate: int) -> float:
    """By how many LU a preset makes music louder that is as loud as a sine of 0 VU in both channels."""
    graph = tapegraph.load(name)
    if "changes_level" in tags(graph):
        pytest.skip("changing the level is what it is for")
    sound = at_loudness(sound, sample_rate, graph.reference_dbfs)
    return loudness_change(graph.render(sound, sample_rate, tail=0), sound, sample_rate)


@functools.cache
def beat(sample_rate: int) -> np.ndarray:
    """The first beat of the music at another rate, by its spectrum."""
    sound = MUSIC[:, : demo.SAMPLE_RATE // 2]
    frames = sample_rate // 2
    return np.asarray(np.fft.irfft(np.fft.rfft(sound), frames) * (frames / sound.shape[1]))


@pytest.mark.parametrize("name", unless(LEVELS_TO_BE_SET, "its level is not set by loudness yet"))
def test_music_at_the_reference_comes_out_as_loud_as_it_went_in(name: str) -> None:
    assert louder_by(name, MUSIC, demo.SAMPLE_RATE) == pytest.approx(0.0, abs=KEPT_LU)


@pytest.mark.parametrize("name", unless(["explicit_bias"], "its bias of 96 kHz is in the output at 192 kHz"))
def test_a_preset_is_as_loud_at_every_usual_rate(name: str) -> None:
    expected = louder_by(name, beat(48_000), 48_000)
    for rate in (44_100, 96_000, 192_000):
        assert louder_by(name, beat(rate), rate) == pytest.approx(expected, abs=AT_ANY_RATE_LU), f"{rate} Hz"


@pytest.mark.parametrize("name", unless(TO_BE_REBUILT, "the dry sound beside its tape combs"))
def test_no_notch_between_100_hz_and_8_khz_is_deep(name: str) -> None:
    graph = tapegraph.load(name)
    if "comb" in tags(graph):
        pytest.skip("combing is what it is for")
    depth_db, at_hz = response(graph.flat(), demo.SAMPLE_RATE).deepest_notch(100.0, 8000.0)
    assert depth_db < DEEPEST_DB, f"{depth_db:.1f} dB at {at_hz:.0f} Hz"
