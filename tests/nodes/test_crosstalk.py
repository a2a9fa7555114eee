"""Crosstalk against the decay of fringing flux, the slope of coupled coils, and which tracks are neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, run
from tapegraph_nodes.tape.crosstalk import Crosstalk

FS = 48_000.0
OFF_DB = -120.0


def heard_db(hz: float, fs: float = FS, **params: Any) -> float:
    """Return the level of a tone on the neighbouring track, relative to the tone."""
    frames = int(fs)
    x = np.zeros((2, frames))
    x[0] = np.cos(2 * np.pi * hz * np.arange(frames) / fs)
    y = run(Crosstalk, x, fs, 64, **params)[1, frames // 2 :]  # settled
    t = np.arange(frames // 2, frames) / fs
    return float(20 * np.log10(2 * abs(np.mean(y * np.exp(-2j * np.pi * hz * t)))))


@pytest.mark.parametrize(("guard_mm", "speed_ips"), [(1.0, 15.0), (1.0, 30.0), (0.3, 3.75)])
def test_fringing_falls_by_54_6_db_for_a_guard_band_of_one_wavelength(guard_mm: float, speed_ips: float) -> None:
    for part in (0.05, 0.2, 0.5):  # guard band / wavelength
        hz = round(part * speed_ips * 25.4 / guard_mm)
        expected = -30.0 - 54.575 * hz * guard_mm / (speed_ips * 25.4)
        found = heard_db(hz, fringing_db=-30.0, level_db=OFF_DB, guard_mm=guard_mm, speed_ips=speed_ips)
        assert found == pytest.approx(expected, abs=0.4)


@pytest.mark.parametrize("fs", [44_100.0, 96_000.0])
def test_coupling_has_its_level_at_1_khz_and_rises_by_6_db_per_octave(fs: float) -> None:
    """Under its corner at 10 kHz, where it is 3 dB below that slope."""
    for hz in (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 10_000.0):
        expected = -50.0 + 20 * np.log10(hz / 1000) - 10 * np.log10(1 + (hz / 10_000) ** 2)
        found = heard_db(hz, fs, fringing_db=OFF_DB, level_db=-50.0)
        assert found == pytest.approx(expected, abs=0.25 if hz < 5000 else 0.8)


def test_the_curve_is_lowest_in_the_middle() -> None:
    """As of a head at 15 ips: more at 50 Hz, from flux, and at 10 kHz, from coupling, than at 500 Hz."""
    low, middle, high = (heard_db(hz) for hz in (50.0, 500.0, 10_000.0))
    assert low > middle + 10
    assert high > middle + 10


def test_a_track_hears_its_neighbours_only() -> None:
    x: Array = np.zeros((5, 6400))
    x[2] = np.random.default_rng(0).uniform(-1, 1, 6400)
    y = run(Crosstalk, x, FS)
    assert np.any(y[1])
    np.testing.assert_array_equal(y[1], y[3])
    np.testing.assert_array_equal(y[2], x[2])
    assert not y[0].any()
    assert not y[4].any()


def test_a_track_in_the_middle_hears_the_sum_of_both_neighbours() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (3, 6400))
    apart = [run(Crosstalk, x * mask, FS)[1] for mask in ([[1], [0], [0]], [[0], [1], [0]], [[0], [0], [1]])]
    np.testing.assert_allclose(run(Crosstalk, x, FS)[1], sum(apart), atol=1e-12)


def test_a_single_track_passes_unchanged() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (1, 640))
    np.testing.assert_array_equal(run(Crosstalk, x, FS), x)
