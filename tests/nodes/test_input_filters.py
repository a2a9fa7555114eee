"""Input filters against the analogue Linkwitz-Riley filters, numbers worked out by hand, and their sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from scipy import signal
from tapegraph_nodes.filters.input_filters import InputFilters

import tapegraph

FS = 48_000.0
NOISE: Array = np.random.default_rng(0).uniform(-1, 1, (2, 20_000))
WIDE: dict[str, Any] = {"low_cut_hz": 20.0, "high_cut_hz": 22_000.0}
NARROW: dict[str, Any] = {"low_cut_hz": 300.0, "high_cut_hz": 3000.0}
TOUCHING: dict[str, Any] = {"low_cut_hz": 2000.0, "high_cut_hz": 2000.0}


def split(x: Array, fs: float = FS, **params: Any) -> tuple[Array, Array, Array]:
    out, low, high = process(prepared(InputFilters, fs, np.atleast_2d(x).shape[0], **params), x)
    return out, low, high


def linkwitz_riley(x: Array, cutoff_hz: float, kind: str, fs: float) -> Array:
    sos = signal.butter(2, cutoff_hz, kind, fs=fs, output="sos")
    y: Array = signal.sosfilt(np.concatenate([sos, sos]), x)
    return y


def allpass(x: Array, cutoff_hz: float, fs: float) -> Array:
    """The sum of both bands of a crossover."""
    return linkwitz_riley(x, cutoff_hz, "lowpass", fs) + linkwitz_riley(x, cutoff_hz, "highpass", fs)


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
@pytest.mark.parametrize("cuts", [NARROW, TOUCHING, {"low_cut_hz": 20.0, "high_cut_hz": 20_000.0}])
def test_the_bands_are_linkwitz_riley_filters_of_fourth_order(fs: float, cuts: dict[str, Any]) -> None:
    below, above = cuts["low_cut_hz"], cuts["high_cut_hz"]
    out, low, high = split(NOISE, fs, **cuts)
    passed = linkwitz_riley(NOISE, below, "highpass", fs)
    np.testing.assert_allclose(out, linkwitz_riley(passed, above, "lowpass", fs), atol=1e-9)
    np.testing.assert_allclose(high, linkwitz_riley(passed, above, "highpass", fs), atol=1e-9)
    np.testing.assert_allclose(low, allpass(linkwitz_riley(NOISE, below, "lowpass", fs), above, fs), atol=1e-9)


def test_it_splits_at_1_khz_as_worked_out_by_hand() -> None:
    """What passes the low cut, which is the sum of what the high cut keeps and removes: g = tan(pi / 48)."""
    x = np.zeros(64)
    x[0] = 1.0
    out, low, high = split(x, low_cut_hz=1000.0, sum="exact")
    passed = (out + high)[0]
    np.testing.assert_allclose(
        passed[:5], [0.830990253, -0.306899521, -0.247926026, -0.195460124, -0.149385394], atol=1e-9
    )
    np.testing.assert_allclose(low[0], x - passed, atol=1e-15)


@pytest.mark.parametrize("cutoff_hz", [300.0, 3000.0])
def test_both_bands_are_6_db_down_at_a_cutoff(cutoff_hz: float) -> None:
    x = np.zeros(48_000)
    x[0] = 1.0
    out, low, high = (np.fft.rfft(y[0]) for y in split(x, **NARROW))
    removed = low if cutoff_hz == 300.0 else high
    # The other cut, a decade away, takes |1 + (1/10)^4| of it.
    far = 20 * math.log10(1 + 1e-4)
    for band in (out, removed):
        assert 20 * math.log10(abs(band[round(cutoff_hz)])) == pytest.approx(-6.0206, abs=2 * far + 1e-4)
    assert abs(np.angle(out[round(cutoff_hz)] / removed[round(cutoff_hz)])) < 1e-6  # in phase


@pytest.mark.parametrize("cuts", [WIDE, NARROW, TOUCHING])
def test_summed_flat_they_have_every_level_of_the_input(cuts: dict[str, Any]) -> None:
    """And the phase of both allpasses in a row."""
    x = np.zeros(96_000)
    x[0] = 1.0
    total = np.sum(split(x, **cuts), axis=0)[0]
    np.testing.assert_allclose(np.abs(np.fft.rfft(total)), 1.0, atol=1e-9)
    below, above = cuts["low_cut_hz"], cuts["high_cut_hz"]
    np.testing.assert_allclose(total, allpass(allpass(x, below, FS), above, FS), atol=1e-9)


@pytest.mark.parametrize("cuts", [WIDE, NARROW, TOUCHING])
def test_summed_exactly_they_are_the_input(cuts: dict[str, Any]) -> None:
    np.testing.assert_allclose(np.sum(split(NOISE, sum="exact", **cuts), axis=0), NOISE, rtol=0, atol=1e-14)


def test_the_sum_changes_nothing_of_the_kept_band() -> None:
    np.testing.assert_array_equal(split(NOISE, **NARROW)[0], split(NOISE, sum="exact", **NARROW)[0])


def test_the_removed_bands_wait_for_a_kept_band_that_comes_late() -> None:
    """By the latency of a wow without depth; then the sum is the input."""
    graph = tapegraph.Graph(
        nodes={
            "bands": {"kind": "input_filters", "sum": "exact", **NARROW},
            "reel": {"kind": "wow", "depth_percent": 0},
            "sum": {"kind": "mix", "mix": 0},
        },
        links=["input -> bands -> reel -> sum.in1", "bands.low -> sum.in2", "bands.high -> sum.in3", "sum -> output"],
    )
    np.testing.assert_allclose(graph.render(NOISE, FS)[:, : NOISE.shape[1]], NOISE, rtol=0, atol=1e-14)


def moved(x: Array, mode: str, frames: int) -> Array:
    """Return the sum of the bands while both cutoffs jump between their ends."""
    rng = np.random.default_rng(1)
    node = prepared(InputFilters, FS, 1, frames, sum=mode)
    total = []
    for b in range(x.size // frames):
        node.set("low_cut_hz", float(rng.choice([20.0, 2000.0])))
        node.set("high_cut_hz", float(rng.choice([2000.0, 22_000.0])))
        node.update()
        total.append(np.sum(process(node, x[b * frames : (b + 1) * frames]), axis=0)[0])
    return np.concatenate(total)


@pytest.mark.parametrize("frames", [16, 512])
def test_summed_exactly_they_are_the_input_also_while_cutoffs_jump(frames: int) -> None:
    x = NOISE[0, : 20_000 // 512 * 512]
    np.testing.assert_allclose(moved(x, "exact", frames), x, rtol=0, atol=1e-14)


def test_summed_flat_they_stay_bounded_while_cutoffs_jump() -> None:
    """A tone, through two allpasses whose cutoffs jump, keeps its level but for what their states still hold."""
    x = np.sin(2 * np.pi * 500 * np.arange(48_000) / FS)
    assert 0.99 < np.max(np.abs(moved(x, "flat", 64))) < 2.0


def test_a_cutoff_that_jumps_makes_no_click() -> None:
    """A tone of 1 kHz bends by no more than 1.5 times its own (2 pi f / fs)^2 in a frame."""
    x = np.sin(2 * np.pi * 1000 * np.arange(9600) / FS)
    node = prepared(InputFilters, FS)
    before = process(node, x[:4800])
    node.set("low_cut_hz", 2000.0)
    node.set("high_cut_hz", 2000.0)
    node.update()
    for y, later in zip(before, process(node, x[4800:]), strict=True):
        bend = np.diff(np.concatenate([y[0], later[0]])[960:], 2)
        assert np.max(np.abs(bend)) < 1.5 * (2 * np.pi * 1000 / FS) ** 2


@pytest.mark.parametrize("fs", [8000.0, 44_100.0])
def test_the_high_cut_is_held_under_0_48_of_the_rate(fs: float) -> None:
    out = split(NOISE, fs, high_cut_hz=22_000.0)[0]
    passed = linkwitz_riley(NOISE, 20.0, "highpass", fs)
    np.testing.assert_allclose(out, linkwitz_riley(passed, 0.48 * fs, "lowpass", fs), atol=1e-8)
