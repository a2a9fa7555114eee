"""The presets: said where they come from, right in level on music, fit for the rates that people use."""

from __future__ import annotations

import numpy as np
import pytest

import tapegraph
from tapegraph import demo, resources
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
