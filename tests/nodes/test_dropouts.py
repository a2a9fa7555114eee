"""Dropouts against Poisson, exponential and log-normal laws, and the loss of a tape that is lifted off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from librt.vecs import vec
from scipy import stats
from tapegraph_nodes._kernels.lift_offs import LiftOffs
from tapegraph_nodes.age.dropouts import Dropouts

import tapegraph
from tapegraph.node import Node
from tapegraph.node.setup import make, start

FS = 48_000.0


def started(seed: int = 1, channels: int = 1, fs: float = FS, frames: int = 512, **params: Any) -> Node:
    return start(make(Dropouts, fs, channels, frames, params, name="dirt", seed=seed))


def spacings(seconds: float, rate: float, length: float, height: float, fs: float, seed: int = 0) -> Array:
    """Return the spacing of one track; rate and length by the second."""
    places = LiftOffs(seed, "dirt", 0, "dropouts")
    places.restart()
    y = vec[float]([0.0] * int(seconds * fs))
    places.run(y, rate / fs, length * fs, height)
    return np.array(list(y))


def single(h: Array) -> tuple[Any, Any, Array]:
    """Return where dropouts start, how many frames they take, and their heights."""
    lifted = np.diff(np.concatenate([[0], h > 0, [0]]).astype(int))
    starts, ends = np.flatnonzero(lifted == 1), np.flatnonzero(lifted == -1)
    return starts, ends - starts, np.array([np.max(h[a:b]) for a, b in zip(starts, ends, strict=True)])


def test_times_lengths_and_heights_have_their_distributions() -> None:
    """So short that few of 1000 overlap: the tests of Kolmogorov and Smirnov, at 1 in 1000."""
    fs = 200_000.0
    starts, lengths, heights = single(spacings(10.0, 100.0, 2e-4, 3.0, fs))
    assert starts.size == pytest.approx(1000, abs=3.3 * np.sqrt(1000))
    whole = (lengths > 10) & (lengths < 200)  # of which the largest sample is the height
    assert stats.kstest(np.diff(starts) / fs, "expon", args=(0, 0.01)).pvalue > 1e-3
    assert stats.kstest(heights[whole], "expon", args=(0, 3.0)).pvalue > 1e-3
    assert np.std(np.log(lengths)) == pytest.approx(0.5, abs=0.05)
    assert stats.kstest(lengths + 0.5, "lognorm", args=(0.5, 0, 40)).pvalue > 1e-3


def test_the_mean_spacing_is_that_of_shot_noise() -> None:
    """Campbell: rate, times 8/15 of the mean height, times mean length exp(1/8), however much they overlap."""
    h = spacings(4000.0, 5.0, 0.1, 3.0, 100.0)
    assert np.mean(h) == pytest.approx(5.0 * 3.0 * 8 / 15 * 0.1 * np.exp(0.125), rel=0.04)


def test_times_do_not_depend_on_the_sample_rate() -> None:
    a, b = (spacings(20.0, 2.0, 0.05, 1.0, fs) for fs in (1000.0, 4000.0))
    np.testing.assert_allclose(a, b[3::4], atol=1e-7)


def test_a_dropout_is_a_smooth_hill() -> None:
    h = spacings(60.0, 0.1, 0.5, 1.0, 1000.0)
    starts, lengths, heights = single(h)
    n = lengths[0]
    u = (np.arange(n) + 0.5) / n
    np.testing.assert_allclose(h[starts[0] :][:n], heights[0] * (4 * u * (1 - u)) ** 2, atol=0.01)


def test_a_lifted_tape_loses_54_6_db_for_a_wavelength() -> None:
    """The level of tones while one dropout passes, against its spacing."""
    params: dict[str, Any] = {"rate_per_min": 6.0, "length_mm": 50.0, "depth_um": 40.0, "correlation": 0.0}
    node, seconds, v = started(3, 2, speed_ips=1.875, **params), 20, 1.875 * 0.0254
    t = np.arange(int(seconds * FS)) / FS
    for hz in (1000.0, 4000.0):
        node.reset()
        turns = 2 * np.pi * hz * t
        y = process(node, np.array([np.cos(turns), np.sin(turns)]))[0][0]
        places = LiftOffs(3, "dirt", 0, "dropouts")
        places.restart()
        h = vec[float]([0.0] * y.size)
        places.run(h, 0.1 / FS, 0.05 / v * FS, 40e-6)
        spacing = np.array(list(h))
        at = int(np.argmax(spacing))
        assert spacing[at] > 2e-6
        around = slice(at - 480, at + 480)
        level = 2 * abs(np.mean(y[around] * np.exp(-1j * turns[around])))
        expected = -54.575 * spacing[at] * hz / v
        assert 20 * np.log10(level) == pytest.approx(max(expected, -54.575 * hz * 1e-3), abs=0.5)


def test_between_dropouts_the_sound_passes_unchanged() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 48_000))
    y = process(started(channels=2, rate_per_min=60.0, speed_ips=15.0), x)[0]
    changed = y != x
    assert 0.001 < np.mean(changed) < 0.3
    np.testing.assert_array_equal(process(started(channels=2, rate_per_min=0.0), x)[0], x)


@pytest.mark.parametrize(("correlation", "least", "most"), [(0.0, -0.15, 0.15), (0.5, 0.3, 0.7), (1.0, 1.0, 1.0)])
def test_tracks_drop_out_together_as_often_as_the_correlation_says(
    correlation: float, least: float, most: float
) -> None:
    """From the level of 3 kHz on two tracks in 200 s, at 8 kHz."""
    fs = 8000.0
    t = np.arange(int((200 if tapegraph.COMPILED else 20) * fs)) / fs
    x = np.tile(np.sin(2 * np.pi * 3000 * t), (2, 1))
    params: dict[str, Any] = {"rate_per_min": 60.0, "depth_um": 5.0, "length_mm": 20.0, "correlation": correlation}
    y = process(started(2, 2, fs, **params), x)[0]
    loss = -20 * np.log10(np.sqrt(np.mean(y.reshape(2, -1, 160) ** 2, axis=2)) + 1e-4)
    if tapegraph.COMPILED or correlation == 1.0:
        assert least - 1e-9 <= np.corrcoef(loss)[0, 1] <= most + 1e-9


def test_it_depends_on_seed_and_channel_only() -> None:
    x = np.tile(np.random.default_rng(0).uniform(-1, 1, 96_000), (2, 1))
    params: dict[str, Any] = {"rate_per_min": 240.0, "correlation": 0.5}
    y = process(started(1, 2, **params), x)[0]
    np.testing.assert_array_equal(process(started(1, 2, frames=64, **params), x)[0], y)
    assert np.any(process(started(2, 2, **params), x)[0] != y)
    assert np.any(y[0] != y[1])
    node = prepared(Dropouts, FS, 2, **params)
    process(node, x)
    node.reset()
    np.testing.assert_array_equal(process(node, x)[0], process(prepared(Dropouts, FS, 2, **params), x)[0])
