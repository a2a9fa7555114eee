"""The low-frequency oscillator against the definitions of its shapes in NumPy and SciPy, and where they step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from scipy import interpolate, signal
from tapegraph_nodes._kernels.random_streams import RandomStream
from tapegraph_nodes.motion.lfo import Lfo

import tapegraph
from tapegraph.node import Node

FS = 48_000.0
EDGE = 240  # frames that a step takes: 5 ms


def run(frames: int, fs: float = FS, **params: Any) -> Array:
    y: Array = process(prepared(Lfo, fs, **params), length=frames)[0][0]
    return y


def phase(frames: int, rate_hz: float, fs: float = FS) -> Array:
    p: Array = np.arange(frames, dtype=np.float64) * (rate_hz / fs)
    return p


def random_numbers(count: int) -> Array:
    """Return what a node without a name draws with the seed 0, between -1 and 1."""
    stream = RandomStream(0, "", 0, "lfo")
    return np.array([2 * stream.uniform() - 1 for _ in range(count)])


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
def test_sine_and_triangle_are_those_of_numpy_and_scipy(fs: float) -> None:
    p = phase(19_200, 3.3, fs) + 0.1
    kept: dict[str, Any] = {"rate_hz": 3.3, "depth": 2.0, "offset": -5.0, "phase": 0.1}
    sine, triangle = (run(19_200, fs, shape=shape, **kept) for shape in ("sine", "triangle"))
    np.testing.assert_allclose(sine, 2 * np.sin(2 * np.pi * p) - 5, atol=1e-10)
    np.testing.assert_allclose(triangle, 2 * signal.sawtooth(2 * np.pi * (p + 0.25), 0.5) - 5, atol=1e-10)


@pytest.mark.parametrize(("shape", "period"), [("square", 480), ("saw", 960)])
def test_square_and_saw_step_in_5_ms(shape: str, period: int) -> None:
    """At 50 Hz, half a turn from any rounding of the edge: away from the 240 frames after an edge w is exact."""
    y = run(9600, shape=shape, rate_hz=50.0)
    p = phase(9600, 50.0) * 2 * np.pi
    w = signal.square(p + 1e-9) if shape == "square" else signal.sawtooth(p + 1e-9)
    since = np.arange(9600) % period
    inside = (since > EDGE + 1) & (since < period - 2)
    np.testing.assert_allclose(y[inside], w[inside], atol=1e-7)
    assert np.max(np.abs(np.diff(y))) == pytest.approx(2 / EDGE, rel=0.3)


def test_sample_and_hold_goes_from_one_random_number_to_the_next_in_5_ms() -> None:
    """960 frames a number, 480 for the first, which is r_1, the second that was drawn."""
    y = run(4800, shape="sample_and_hold", rate_hz=50.0, phase=0.5)
    r = random_numbers(12)
    cycle, since = np.divmod(np.arange(4800) + 480, 960)
    held, before = r[1 + cycle], r[np.maximum(cycle, 1)]
    expected = before + (held - before) * np.clip(since / EDGE, 0, 1)
    np.testing.assert_allclose(y, expected, atol=1.01 * 2 / EDGE)  # an edge may come a frame later, by rounding


def test_random_is_the_cubic_b_spline_through_random_numbers() -> None:
    y = run(48_000, shape="random", rate_hz=10.0)
    r = random_numbers(14)
    spline = interpolate.BSpline(np.arange(-3.0, 15.0), r, 3)
    np.testing.assert_allclose(y, spline(phase(48_000, 10.0)), atol=1e-9)


def test_random_holds_little_above_its_rate_and_stays_within_its_depth() -> None:
    y = run(48_000 * 20, 4800.0, shape="random", rate_hz=20.0)
    hz, density = signal.welch(y, 4800.0, nperseg=9600)
    assert np.max(density[hz > 22.0]) < 1e-5 * np.max(density)
    assert np.sum(density[hz < 10.0]) > 0.9 * np.sum(density)
    assert 0.5 < np.max(np.abs(y)) <= 1.0


def test_the_phase_goes_on_when_the_rate_changes() -> None:
    node = prepared(Lfo, FS, rate_hz=2.0)
    first = process(node, length=6400)[0][0]
    node.set("rate_hz", 8.0)
    node.update()
    y = np.concatenate([first, process(node, length=6400)[0][0]])
    rate = np.interp(np.arange(12_800), [6400 - 1, 6400 - 1 + 256], [2.0, 8.0])  # 5 ms are four blocks of 64
    np.testing.assert_allclose(y, np.sin(2 * np.pi * np.concatenate([[0], np.cumsum(rate)[:-1]]) / FS), atol=1e-3)


def change(node: Node, name: str, value: Any) -> Array:
    """Return 640 frames, of which 320 come after a change."""
    before = process(node, length=320)[0][0]
    node.set(name, value)
    node.update()
    return np.concatenate([before, process(node, length=320)[0][0]])


@pytest.mark.parametrize(("name", "value"), [("shape", "square"), ("shape", "saw"), ("phase", 0.4)])
def test_a_change_of_shape_or_phase_is_a_straight_line_of_5_ms(name: str, value: Any) -> None:
    """What is added to the new course falls from the step to 0 in 240 frames."""
    kept: dict[str, Any] = {"rate_hz": 1.0}
    y = change(prepared(Lfo, FS, **kept), name, value)
    new = run(640, **{**kept, name: value})
    old = run(640, **kept)
    np.testing.assert_array_equal(y[:320], old[:320])
    line = np.clip(1 - np.arange(320) / EDGE, 0, 1) * (old[320] - new[320])
    np.testing.assert_allclose(y[320:], new[320:] + line, atol=1e-9)


def test_it_sweeps_a_gain_in_a_graph() -> None:
    """At the end of block b the gain is -20 dB + 10 dB times the sine there."""
    graph = tapegraph.Graph(
        nodes={"lfo": {"kind": "lfo", "rate_hz": 5.0, "depth": 10.0}, "level": {"kind": "gain", "gain_db": -20}},
        links=["lfo -> level.gain_db", "input -> level -> output"],
    )
    y = graph.render(np.ones(9600), 48_000)
    ends = np.arange(63, 9600, 64)
    gain_db = -20 + 10 * np.sin(2 * np.pi * 5 * ends / 48_000)
    lag_db = 10 * 2 * np.pi * 5 * 256 / 48_000  # a gain that keeps moving is up to 4 blocks late
    np.testing.assert_allclose(20 * np.log10(y[ends]), gain_db, atol=lag_db)
    assert np.ptp(20 * np.log10(y)) == pytest.approx(20.0, abs=0.5)


def test_it_has_one_channel_and_needs_no_input() -> None:
    assert (Lfo.INPUTS, Lfo.CHANNELS, Lfo.SOURCE) == ((), 1, True)
