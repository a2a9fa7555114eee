"""The delay line alone: two taps on one past, places between frames, and what is forgotten."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array
from librt.vecs import vec
from tapegraph_nodes._kernels.delay_line import DelayLine, Tap


def read(line: DelayLine, tap: Tap, channels: int, frames: int) -> Array:
    y = vec[float]([0.0] * (channels * frames))
    line.read(y, tap)
    return np.array(y).reshape(channels, frames)


def test_any_number_of_taps_reads_one_past() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 640))
    line, taps = DelayLine(2, 64, 200), [Tap(), Tap(), Tap()]
    for tap, place in zip(taps, (0.0, 70.0, 200.0), strict=True):
        tap.place(place)
    heard: list[list[Array]] = [[], [], []]
    for block in np.split(x, 10, axis=1):
        line.write(vec[float](block.reshape(-1)))
        for tap, blocks in zip(taps, heard, strict=True):
            blocks.append(read(line, tap, 2, 64))
    for blocks, late in zip(heard, (0, 70, 200), strict=True):
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1), np.pad(x, ((0, 0), (late, 0)))[:, :640])


def test_a_frame_lies_in_the_ring_where_the_docstring_says() -> None:
    line = DelayLine(2, 16, 100)
    for b in range(20):
        line.write(vec[float]((np.arange(16.0) + 16 * b + 1000 * np.array([[1], [2]])).reshape(-1)))
    for frame in range(line.first + 15, line.first + 15 - 100, -1):
        samples = line.ring[frame // 16 % len(line.ring)].samples
        assert [samples[frame % 16], samples[16 + frame % 16]] == [1000.0 + float(frame), 2000.0 + float(frame)]


@pytest.mark.parametrize("place", [0.5, 3.25, 31.9, 32.5, 150.125])
def test_weights_between_frames_add_up_to_one_and_place_a_slow_sine(place: float) -> None:
    tap = Tap()
    tap.place(place)
    weights = np.array(tap.weights)[: tap.taps]
    assert np.sum(weights) == pytest.approx(1.0, abs=1e-12)
    w = 0.2
    late = tap.newest + np.arange(tap.taps)
    H = np.sum(weights * np.exp(-1j * w * late))
    # A straight line, which a delay under one frame is, bends by w^2 / 8 at most.
    assert abs(H - np.exp(-1j * w * place)) < (w * w / 7 if place < 1 else 1.2e-3)


def test_a_tap_that_goes_from_place_to_place_keeps_nothing_of_the_old_ones() -> None:
    moved = Tap()
    for place in (77.7, 2.5, 5.0, 33.3, 40.0):
        moved.place(place)
        fresh = Tap()
        fresh.place(place)
        taps = int(fresh.taps)
        assert (moved.newest, moved.taps) == (fresh.newest, taps)
        assert list(moved.weights)[:taps] == list(fresh.weights)[:taps]


def test_what_came_before_a_clear_is_not_read() -> None:
    line, tap = DelayLine(1, 16, 100), Tap()
    tap.place(60.5)  # its nearest weight lies 29 frames back
    ones = vec[float]([1.0] * 16)
    for _ in range(20):
        line.write(ones)
    line.clear()
    line.write(ones)
    assert not read(line, tap, 1, 16).any()
