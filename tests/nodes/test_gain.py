"""Gain: decibels to the last digit, and a ramp of 5 ms or a block."""

from __future__ import annotations

import numpy as np
import pytest
from harness import prepared, process, run
from tapegraph_nodes.levels.gain import Gain

NOISE = np.random.default_rng(2).uniform(-1, 1, (2, 1000))
RAMP_S = 0.005


@pytest.mark.parametrize(
    ("gain_db", "ratio"),
    [(0.0, 1.0), (20.0, 10.0), (-20.0, 0.1), (-96.0, 1.584893192461113e-05), (48.0, 251.18864315095801)],
)
def test_decibels_are_those_of_amplitude(gain_db: float, ratio: float) -> None:
    np.testing.assert_allclose(run(Gain, NOISE, 48_000.0, gain_db=gain_db), ratio * NOISE, rtol=1e-14)


def test_at_0_db_it_passes_the_sound_on_to_the_bit() -> None:
    np.testing.assert_array_equal(run(Gain, NOISE, 44_100.0), NOISE)


@pytest.mark.parametrize("fs", [8_000.0, 48_000.0, 192_000.0])
@pytest.mark.parametrize("frames", [16, 64, 100, 2048])
def test_a_change_takes_5_ms_rounded_up_to_blocks_in_equal_steps(fs: float, frames: int) -> None:
    node = prepared(Gain, fs, 2, frames)
    ramp_frames = frames * int(np.ceil(RAMP_S * fs / frames))
    x = np.ones((2, ramp_frames + frames))
    np.testing.assert_array_equal(process(node, x)[0], x)
    node.set("gain_db", 20.0)
    node.update()
    ramp = 1.0 + 9.0 * np.arange(1, ramp_frames + 1) / ramp_frames
    for channel in process(node, x)[0]:
        np.testing.assert_allclose(channel[:ramp_frames], ramp, rtol=1e-11)
        np.testing.assert_allclose(channel[ramp_frames:], 10.0, rtol=1e-15)


def test_a_change_during_a_ramp_goes_on_from_where_that_is() -> None:
    """From 1 halfway to 3, which is 2, and from there back to 1, in 256 frames each."""
    node = prepared(Gain, 48_000.0)
    node.set("gain_db", 20.0 * np.log10(3.0))
    node.update()
    up = process(node, np.ones(128))[0][0]
    node.set("gain_db", 0.0)
    node.update()
    down = process(node, np.ones(256))[0][0]
    expected = np.concatenate([1.0 + np.arange(1, 129) / 128, 2.0 - np.arange(1, 257) / 256])
    np.testing.assert_allclose(np.concatenate([up, down]), expected, rtol=1e-12)
    np.testing.assert_array_equal(process(node, np.ones(64))[0], np.ones((1, 64)))


def test_a_gain_set_before_the_start_or_a_reset_is_there_at_once() -> None:
    node = prepared(Gain, 48_000.0, gain_db=20.0)
    np.testing.assert_allclose(process(node, np.ones(64))[0], 10.0, rtol=1e-15)
    node.set("gain_db", -20.0)
    node.update()
    node.reset()
    np.testing.assert_allclose(process(node, np.ones(64))[0], 0.1, rtol=1e-15)
