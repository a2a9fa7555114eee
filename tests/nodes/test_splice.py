"""Splices by the geometry of a slanting cut: how long, how deep, when on which track; and what a stiff join costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, run
from tapegraph_nodes.age.splice import Splice

FS = 48_000.0
V = 7.5 * 0.0254  # m/s
FLAT: dict[str, Any] = {"every_s": 1.0, "lift_um": 0.0, "gap_um": 0.0}


def gain(channels: int = 1, seconds: float = 1.5, fs: float = FS, **params: Any) -> Array:
    """Return what becomes of a constant 1."""
    return run(Splice, np.ones((channels, int(seconds * fs))), fs, 64, **{**FLAT, **params})


@pytest.mark.parametrize("angle_deg", [30.0, 45.0, 60.0, 90.0])
def test_a_gap_takes_the_same_area_at_any_angle(angle_deg: float) -> None:
    """1 mm at 7.5 ips: 5.25 ms of silence, or less for longer."""
    missing = 1 - gain(angle_deg=angle_deg, gap_um=1000.0)[0]
    assert np.sum(missing) / FS == pytest.approx(1e-3 / V, rel=1e-3)


def test_a_straight_cut_falls_silent_and_a_slanting_one_dips() -> None:
    """A gap of 0.5 mm in a track of 2.1 mm at 45 degrees covers 0.238 of it, over 2.6 mm of tape."""
    straight, slanting = (gain(angle_deg=a, gap_um=500.0)[0] for a in (90.0, 45.0))
    assert np.min(straight) == 0.0
    assert np.sum(straight < 0.5) / FS == pytest.approx(0.5e-3 / V, abs=2 / FS)
    assert np.min(slanting) == pytest.approx(1 - 0.5 / 2.1, abs=1e-9)
    assert np.sum(slanting < 1) / FS == pytest.approx(2.6e-3 / V, abs=2 / FS)


@pytest.mark.parametrize(("fs", "frames"), [(44_100.0, 441), (96_000.0, 64)])
def test_joins_come_at_equal_times(fs: float, frames: int) -> None:
    y = run(Splice, np.ones(int(7 * fs)), fs, frames, every_s=2.0, lift_um=0.0, gap_um=300.0, speed_ips=15.0)
    missing = 1 - y
    t = np.arange(y.size) / fs
    for n in (1, 2, 3):
        near = np.abs(t - 2.0 * n) < 0.1
        assert np.sum(t[near] * missing[near]) / np.sum(missing[near]) == pytest.approx(2.0 * n, abs=1e-6)
        missing[near] = 0.0
    assert not missing.any()


def test_a_slanting_join_reaches_the_second_track_later() -> None:
    """By 4 mm / tan 60 at 7.5 ips: 12.1 ms. A straight one reaches both at once."""
    slanting, straight = (1 - gain(2, angle_deg=a, gap_um=300.0) for a in (60.0, 90.0))
    centre = np.sum(slanting * np.arange(slanting.shape[1]), axis=1) / np.sum(slanting, axis=1) / FS
    assert centre[1] - centre[0] == pytest.approx(4e-3 / np.tan(np.pi / 3) / V, abs=1e-6)
    np.testing.assert_allclose(straight[0], straight[1], atol=1e-12)


def test_pieces_take_turns_and_fade_over_the_slant() -> None:
    """At 45 degrees over the 2.1 mm of a track: 11 ms from 0 to -6 dB, and back a second later."""
    y = gain(seconds=2.5, angle_deg=45.0, step_db=-6.0)[0]
    low = 10 ** (-6 / 20)
    assert (y[0], y[int(1.5 * FS)], y[-1]) == pytest.approx((1.0, low, 1.0), abs=1e-12)
    assert y[int(FS)] == pytest.approx((1 + low) / 2, abs=1e-6)
    fading = np.sum((y < 1 - 1e-9) & (y > low + 1e-9)) / FS
    assert fading == pytest.approx(2 * 2.1e-3 / V, abs=4 / FS)


def test_a_stiff_join_loses_54_6_db_for_a_wavelength_of_its_lift() -> None:
    """10 um at 7.5 ips and 4 kHz: 11.5 dB in its middle, nothing 10 mm from it."""
    t = np.arange(int(1.5 * FS)) / FS
    x = np.array([np.cos(2 * np.pi * 4000 * t), np.sin(2 * np.pi * 4000 * t)])
    y = run(Splice, x, FS, 64, every_s=1.0, gap_um=0.0, lift_um=10.0, angle_deg=90.0)[0]
    middle = slice(int(FS) - 240, int(FS) + 240)
    level = 2 * abs(np.mean(y[middle] * np.exp(-2j * np.pi * 4000 * t[middle])))
    assert 20 * np.log10(level) == pytest.approx(-54.575 * 10e-6 * 4000 / V, abs=0.4)
    changed = np.flatnonzero(y != x[0]) / FS
    assert (changed[0], changed[-1]) == pytest.approx((1 - 0.01 / V, 1 + 0.01 / V), abs=2e-4)
