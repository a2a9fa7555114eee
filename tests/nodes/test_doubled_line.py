"""The delay line at twice the rate: its response and delay between frames, and places that move, against sines."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array
from librt.vecs import vec
from tapegraph_nodes._kernels.doubled_line import DoubledLine


def read(x: Array, delay: Array, frames: int, gain: float = 1.0) -> Array:
    """Return every channel of x, delayed, in blocks."""
    channels = len(x)
    line, found = DoubledLine(channels, frames, 500), []
    for i in range(0, x.shape[1], frames):
        y = vec[float]([0.0] * (channels * frames))
        line.write(vec[float](x[:, i : i + frames].reshape(-1).tolist()))
        line.add(y, vec[float](delay[i : i + frames].tolist()), gain, gain)
        found.append(np.array(list(y)).reshape(channels, frames))
    return np.concatenate(found, axis=1)


def tones(nyquists: Array, frames: int) -> Array:
    """Return a cosine and a sine of each frequency, which together turn round in the complex plane."""
    turns = np.exp(1j * np.pi * np.multiply.outer(nyquists, np.arange(frames)))
    return np.concatenate([turns.real, turns.imag])


@pytest.mark.parametrize(("top", "error_db"), [(0.7, -40.0), (0.5, -55.0), (0.3, -75.0)])
def test_between_frames_the_response_is_flat_and_the_delay_right(top: float, error_db: float) -> None:
    nyquists = np.linspace(0.02, top, 18)
    for delay in 20 + np.arange(0, 1, 0.05):
        y = read(tones(nyquists, 64), np.full(64, delay), 64)[:, -1]
        response = (y[:18] + 1j * y[18:]) * np.exp(-1j * np.pi * nyquists * (63 - delay))
        assert np.max(np.abs(20 * np.log10(np.abs(response)))) < 0.1
        assert np.max(np.abs(np.angle(response) / (np.pi * nyquists))) < 0.001
        assert 20 * np.log10(np.max(np.abs(response - 1))) < error_db


@pytest.mark.parametrize("frames", [5, 16, 64, 300])
def test_a_place_that_moves_is_read_where_it_is_in_blocks_of_any_size(frames: int) -> None:
    """At up to 3.7 times the speed and backwards, also at the shortest delay. -75 dB are 1.8e-4, or 0.0006 frames."""
    nyquists = np.array([0.01, 0.1])
    n = np.arange(4800)
    delay = 208 - 200 * np.cos(n / 74)
    expected = np.exp(1j * np.pi * np.multiply.outer(nyquists, n - delay))
    y = read(tones(nyquists, n.size), delay, frames)[:, 500:]
    np.testing.assert_allclose(y[:2] + 1j * y[2:], expected[:, 500:], atol=1.8e-4)


def test_whole_frames_are_exact_and_before_the_first_was_silence() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 480))
    for late in (8, 9, 100):
        y = read(x, np.full(480, float(late)), 48)
        np.testing.assert_array_equal(y[:, late:], x[:, :-late])
        np.testing.assert_array_equal(y[:, :late], 0.0)


def test_what_it_reads_is_added_with_a_gain_that_moves_in_equal_steps() -> None:
    line, y = DoubledLine(1, 4, 20), vec[float]([1.0] * 4)
    for _ in range(8):
        line.write(vec[float]([1.0] * 4))
    line.add(y, vec[float]([8.0, 8.0, 8.25, 9.3]), 0.0, 1.0)
    np.testing.assert_allclose(list(y), [1.25, 1.5, 1.75, 2.0], atol=1e-15)


def test_after_it_was_cleared_nothing_of_before_is_left() -> None:
    line = DoubledLine(1, 16, 50)
    line.write(vec[float]([1.0] * 16))
    line.clear()
    for _ in range(5):
        y = vec[float]([0.0] * 16)
        line.write(vec[float]([0.0] * 16))
        line.add(y, vec[float]([10.3] * 16), 1.0, 1.0)
        assert list(y) == [0.0] * 16
