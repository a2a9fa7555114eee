"""The glide against the step response of two one-poles in a row."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array
from tapegraph_nodes._kernels.glide import Glide

TIME_S = 0.01


def glide(fs: float, frames: int, seconds: float, start: float, target: float) -> Array:
    it = Glide(fs, frames, TIME_S)
    it.target = start
    it.jump()
    it.target = target
    blocks = []
    for _ in range(int(seconds * fs) // frames):
        it.begin()
        blocks.append(np.array(list(it.values)))
    return np.concatenate(blocks)


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
def test_a_step_is_that_of_two_one_poles_in_a_row(fs: float) -> None:
    """1 - (1 + t / T) exp(-t / T) within a frame, in which it moves by no more than 1 / (e T fs)."""
    v = glide(fs, 64, 0.1, 1.0, 3.0)
    t = np.arange(1, v.size + 1) / fs / TIME_S
    np.testing.assert_allclose(v, 1.0 + 2.0 * (1.0 - (1.0 + t) * np.exp(-t)), atol=2.0 / (np.e * TIME_S * fs))
    assert (v[round(6.64 * TIME_S * fs)] - 1.0) / 2.0 == pytest.approx(0.99, abs=0.001)


def test_it_does_not_depend_on_the_size_of_the_blocks() -> None:
    np.testing.assert_array_equal(glide(48_000.0, 16, 0.1, -1.0, 0.5), glide(48_000.0, 160, 0.1, -1.0, 0.5))


@pytest.mark.parametrize("target", [0.0, 0.1, 2000.0])
def test_at_rest_it_is_the_target_itself(target: float) -> None:
    np.testing.assert_array_equal(glide(48_000.0, 64, 1.0, 1.0, target)[-64:], target)


def test_a_target_that_changes_on_the_way_bends_the_glide_without_a_kink() -> None:
    """The slope changes by no more than a (target - target before) a in a frame."""
    it = Glide(48_000.0, 1, TIME_S)
    v = []
    for i in range(4000):
        it.target = 1.0 if i % 700 < 300 else -1.0
        it.begin()
        v.append(it.values[0])
    assert np.max(np.abs(np.diff(v, 2))) < 2.01 / (TIME_S * 48_000.0) ** 2
