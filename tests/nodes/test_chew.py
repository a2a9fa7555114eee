"""Chew against its equations, written down again for whole arrays, and its times against their distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process, run
from scipy import signal
from tapegraph_nodes._kernels.random_streams import RandomStream
from tapegraph_nodes.age.chew import Chew

from tapegraph.node import Signal
from tapegraph.node.setup import make, start

FS = 48_000.0


def changes(m: Array) -> Array:
    """Return the frames at which m, a trapezoid, begins to rise or to fall."""
    slope = np.sign(np.diff(m, prepend=0.0))
    moving = np.nonzero(slope)[0]
    begins = moving[np.diff(slope[moving], prepend=-1.0) != 0]
    return np.asarray(begins)


def fractions(node: Any, seconds: float) -> Array:
    """Return m at every frame."""
    frames = int(node.frames)
    blocks = []
    for _ in range(round(seconds * node.fs) // frames):
        node.process([Signal(1, frames)], [Signal(1, frames)])
        blocks.append(np.array(list(node.fraction)))
    return np.concatenate(blocks)


def expected_times(seed: int, name: str, count: int, depth: float, frequency: float, variance: float) -> Array:
    """Return clean and creased times in turn, s, as the formulas draw them."""
    stream = RandomStream(seed, name, 0, "creases")
    q = frequency**0.1
    a = 0.2 + 0.8 * depth
    times = []
    for k in range(count):
        low, high = 1 - q, 2 - 1.99 * q
        if k % 2 == 1:
            high = 1 - q + a - (a - (0.001 + 0.01 * depth)) * q
        place, u = stream.uniform(), stream.uniform()
        times.append((low + place * (high - low)) * (2 * u) ** variance)
    return np.array(times)


def chewed(x: Array, depth: float, frequency: float, variance: float, distortion: float, seed: int, name: str) -> Array:
    """Return what the equations make of x, one channel at 48 kHz."""
    i = np.arange(x.size)
    ends = np.cumsum(np.ceil(expected_times(seed, name, 200, depth, frequency, variance) * FS))
    creased = np.searchsorted(ends, i + 1, side="right") % 2 == 1
    m = np.zeros(x.size)
    level = 0.0
    for k in range(x.size):
        level = min(level + 1 / 480, 1.0) if creased[k] else max(level - 1 / 480, 0.0)
        m[k] = level
    stream = RandomStream(seed, name, 0, "roughness")
    points = 1 + 2 * np.array([stream.uniform() for _ in range(x.size // 1440 + 2)])
    r = np.interp(i, 1440 * np.arange(points.size) + 1439, points)
    bent = np.where(np.abs(x) < 1, np.sign(x) * np.abs(x) ** (1 + depth * r), x)
    w = np.where(m > 0, (1 - distortion) * x * 10 ** (-6 * depth * r / 20) + distortion * bent, x)
    low = signal.lfilter(*signal.butter(1, 5000 / depth, fs=FS), w)
    return np.asarray(x + m * (low - x))


@pytest.mark.parametrize("distortion", [0.0, 0.3, 1.0])
def test_it_follows_its_equations(distortion: float) -> None:
    x = np.random.default_rng(0).normal(0.0, 0.5, 96_000)
    params = {"depth": 0.8, "frequency": 0.6, "variance": 0.7, "distortion": distortion}
    y = process(start(make(Chew, FS, 1, 64, params, name="it", seed=5)), x)[0][0]
    np.testing.assert_allclose(y, chewed(x, **params, seed=5, name="it"), atol=1e-9)


@pytest.mark.parametrize(("frequency", "variance"), [(0.1, 0.0), (0.5, 0.0), (0.5, 1.0)])
def test_times_are_drawn_as_the_formulas_say(frequency: float, variance: float) -> None:
    """Ends, and means within the scatter of a thousand: depth 0.5, (2 u)^v has the mean 2^v / (1 + v)."""
    fs = 2000.0
    q = frequency**0.1
    m = fractions(prepared(Chew, fs, 1, 1000, depth=0.5, frequency=frequency, variance=variance), 600)
    times = np.diff(changes(m)) / fs
    scale = 2**variance / (1 + variance)
    for found, high in ((times[1::2], 2 - 1.99 * q), (times[0::2], 1.6 - q - 0.594 * q)):
        low = 1 - q
        assert np.mean(found) == pytest.approx(scale * (low + high) / 2, rel=0.02 if variance == 0.0 else 0.06)
        assert np.max(found) <= 2**variance * high + 1 / fs
        if variance == 0.0:
            assert np.min(found) == pytest.approx(low, abs=0.02 * (high - low) + 1 / fs)
            assert np.max(found) == pytest.approx(high, abs=0.02 * (high - low) + 1 / fs)


def test_times_are_the_same_to_a_frame_in_blocks_of_any_size() -> None:
    params = {"depth": 0.5, "frequency": 0.8, "variance": 0.5}
    expected = np.cumsum(np.ceil(expected_times(5, "it", 40, **params) * FS))
    for frames in (1, 64, 1000):
        node = start(make(Chew, FS, 1, frames, params, name="it", seed=5))
        begins = changes(fractions(node, 1.0 if frames > 1 else 0.3))
        assert begins.size > 3
        np.testing.assert_array_equal(begins + 1, expected[: begins.size])


def test_between_creases_the_sound_is_the_input_itself() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, 48_000)
    np.testing.assert_array_equal(run(Chew, x, FS, depth=1.0, frequency=0.0), x)
    y = run(Chew, x, FS, depth=1.0, frequency=0.5, variance=0.0, distortion=1.0)
    m = fractions(prepared(Chew, FS, 1, 64, depth=1.0, frequency=0.5, variance=0.0), 1.0)
    assert 0.3 < np.mean(m == 0.0) < 0.7
    np.testing.assert_array_equal(y[m == 0.0], x[m == 0.0])


def test_turned_down_from_1_the_creases_end() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, 9600)
    node = prepared(Chew, FS, 1, 64, depth=1.0, frequency=1.0)
    process(node, x)
    node.set("frequency", 0.0)
    node.update()
    np.testing.assert_array_equal(process(node, x)[0][0, 512:], x[512:])


@pytest.mark.parametrize("depth", [0.25, 0.5, 1.0])
def test_a_crease_loses_6_to_18_db_times_its_depth(depth: float) -> None:
    """On a constant, in 30 s; evenly drawn, so 12 dB on the average."""
    y = run(Chew, np.ones(240_000), 8000.0, depth=depth, frequency=1.0)[239::240]
    loss = -20 * np.log10(y)
    assert (np.min(loss), np.max(loss)) == pytest.approx((6 * depth, 18 * depth), abs=0.1 * depth)
    assert np.mean(loss) == pytest.approx(12 * depth, rel=0.02)


@pytest.mark.parametrize("depth", [0.4, 1.0])
def test_treble_falls_from_a_cutoff_in_inverse_proportion_to_the_depth(depth: float) -> None:
    """A tone at 5 kHz / depth is 3 dB under a constant that is lifted off at the same time."""
    turns = 2 * np.pi * 5000 / depth * np.arange(48_000) / FS
    node = prepared(Chew, FS, 3, 64, depth=depth, frequency=1.0)
    y = process(node, np.array([np.ones(48_000), np.cos(turns), np.sin(turns)]))[0][:, 480:]
    np.testing.assert_allclose(np.hypot(y[1], y[2]) / y[0], np.sqrt(0.5), rtol=0.01)


def test_no_sample_is_made_louder_nor_the_first_ones_a_burst() -> None:
    x = np.random.default_rng(2).normal(0.0, 1.0, 96_000)
    for frequency in (0.9, 1.0):
        y = run(Chew, x, FS, depth=1.0, frequency=frequency, variance=1.0, distortion=1.0)
        assert np.max(np.abs(y)) <= np.max(np.abs(x))
        quiet = run(Chew, 1e-3 * x, FS, depth=1.0, frequency=frequency, variance=1.0, distortion=1.0)
        assert np.max(np.abs(quiet)) <= 1e-3 * np.max(np.abs(x))


def test_a_time_that_runs_follows_the_frequency() -> None:
    """At 0.001 the first crease comes after half a second or more; turned up to 0.9 after 0.1 s, within 0.03 s."""
    node = prepared(Chew, FS, 1, 64, frequency=0.001, variance=0.0)
    assert not fractions(node, 0.1).any()
    node.set("frequency", 0.9)
    node.update()
    assert fractions(node, 0.03).any()


def test_the_creases_depend_on_seed_and_name_and_are_the_same_in_every_channel() -> None:
    x = np.tile(np.random.default_rng(0).uniform(-1, 1, 48_000), (2, 1))

    def play(seed: int, name: str) -> Array:
        return process(start(make(Chew, FS, 2, 64, {"frequency": 0.5}, name=name, seed=seed)), x)[0]

    y = play(1, "tape")
    np.testing.assert_array_equal(y[0], y[1])
    np.testing.assert_array_equal(play(1, "tape"), y)
    assert np.any(play(2, "tape") != y)
    assert np.any(play(1, "reel") != y)
