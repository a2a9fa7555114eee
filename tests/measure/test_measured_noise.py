"""Noise of graphs whose hiss has a known power, and of recorded silence."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest

import tapegraph
from tapegraph import measure
from tapegraph.analysis.weighting import a_weighting, ccir_rms

RATE = 48_000
SIGMA = 0.01
DENSITY_DBFS = 10 * np.log10(2 * SIGMA**2 / (RATE / 2))  # of white noise


def test_a_graph_is_measured_with_the_noise_that_it_makes_once_that_has_come() -> None:
    nodes = {
        "hiss": {"kind": "noise", "level_db": -60.0},  # RMS from 20 Hz to 20 kHz
        "late": {"kind": "delay", "time_s": 2.0},
    }
    rig = measure.Rig(tapegraph.Graph(nodes=nodes, links=["hiss -> late -> output", "input -> late"]), RATE)
    assert rig.changed == ("hiss",)
    found = measure.noise(rig)
    assert found.changed == ()
    assert found.unweighted_dbfs[0] == pytest.approx(-60.0 + 3.01, abs=0.05)


def test_white_noise_reads_the_integrals_of_the_curves_and_its_density() -> None:
    found = measure.noise_of(np.random.default_rng(8).normal(0.0, SIGMA, 10 * RATE), RATE)
    hz = np.linspace(20.0, 20_000.0, 200_001)
    for levels, gain in (
        (found.unweighted_dbfs, np.ones_like(hz)),
        (found.a_weighted_dbfs, a_weighting(hz)),
        (found.ccir_rms_dbfs, ccir_rms(hz)),
    ):
        assert levels[0] == pytest.approx(DENSITY_DBFS + 10 * np.log10(19_980 * np.mean(gain**2)), abs=0.1)
    assert 4.0 < found.quasi_peak_dbfs[0] - (found.ccir_rms_dbfs[0] + 5.63) < 5.0
    assert (found.frequency_hz[0], found.frequency_hz[-1]) == pytest.approx((20.86, 19_027.0), rel=1e-3)
    assert 1000.0 in found.frequency_hz
    high = found.frequency_hz > 1000.0
    np.testing.assert_allclose(found.density_dbfs_per_hz[high], DENSITY_DBFS, atol=0.6)
    assert np.mean(found.density_dbfs_per_hz) == pytest.approx(DENSITY_DBFS, abs=0.3)


def test_hum_stands_out_of_hiss_as_a_line_with_its_power_over_the_band() -> None:
    t = np.arange(10 * RATE) / RATE
    found = measure.noise_of(np.random.default_rng(9).normal(0.0, 1e-5, len(t)) + 1e-3 * np.sin(2e2 * np.pi * t), RATE)
    line = int(np.argmax(found.density_dbfs_per_hz))
    assert found.frequency_hz[line] == pytest.approx(100.0, rel=0.03)
    width = found.frequency_hz[line] * (2 ** (1 / 24) - 2 ** (-1 / 24))
    assert found.density_dbfs_per_hz[line] == pytest.approx(-60.0 - 10 * np.log10(width), abs=0.1)
    assert found.density_dbfs_per_hz[line] > np.max(np.delete(found.density_dbfs_per_hz, line)) + 40.0


def test_what_is_no_sound_counts_as_silence() -> None:
    noise = np.random.default_rng(8).normal(0.0, SIGMA, RATE)
    broken = np.where(np.arange(RATE) % 2 == 0, noise, np.nan)
    clean = np.where(np.arange(RATE) % 2 == 0, noise, 0.0)
    assert measure.noise_of(broken, RATE).columns() == measure.noise_of(clean, RATE).columns()


def test_noise_of_several_channels_is_refused() -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.noise_of(np.zeros((2, RATE)), RATE)
    assert str(caught.value) == "the recording has 2 channels; noise is measured on one of them"


@pytest.mark.parametrize("left", [0.0, 1e-12])
def test_a_graph_without_noise_has_no_level_nor_has_what_rounding_leaves(left: float) -> None:
    found = measure.noise_of(np.full(RATE, left) * np.sin(np.arange(RATE)), RATE)
    assert all(values[0] == -np.inf for values in found.columns().values())
    assert np.all(found.density_dbfs_per_hz == -np.inf)
    assert set(found.rows()[0].values()) == {None}
    ax = MagicMock()
    found.plot(ax)
    ax.set_title.assert_called_once_with("silence")


def test_the_panel_shows_40_db_at_least() -> None:
    ax = MagicMock()
    measure.noise_of(np.random.default_rng(8).normal(0.0, SIGMA, RATE), RATE).plot(ax)
    low, high = ax.set_ylim.call_args.args
    assert high - low == pytest.approx(40.0)
