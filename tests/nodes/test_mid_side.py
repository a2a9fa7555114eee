"""Mid and side against the sum and difference themselves."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, run
from tapegraph_nodes.levels.mid_side import MidSide

FS = 48_000.0
NOISE: Array = np.random.default_rng(0).uniform(-1, 1, (2, 6400))


def test_mid_and_side_are_sum_and_difference_at_equal_power() -> None:
    mid, side = run(MidSide, NOISE, FS)
    np.testing.assert_allclose(mid, (NOISE[0] + NOISE[1]) / np.sqrt(2), atol=1e-15)
    np.testing.assert_allclose(side, (NOISE[0] - NOISE[1]) / np.sqrt(2), atol=1e-15)
    assert np.sum(mid**2 + side**2) == pytest.approx(np.sum(NOISE**2), rel=1e-12)


def test_equal_channels_have_no_side_and_a_mid_3_db_up() -> None:
    mid, side = run(MidSide, np.tile(NOISE[0], (2, 1)), FS)
    assert not side.any()
    np.testing.assert_allclose(mid, NOISE[0] * 10 ** (3.0103 / 20), atol=1e-6)


def test_decoding_returns_left_and_right_to_rounding() -> None:
    y = run(MidSide, run(MidSide, NOISE, FS), FS, direction="decode")
    np.testing.assert_allclose(y, NOISE, rtol=0, atol=5e-16)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("direction", ["encode", "decode"])
def test_other_numbers_of_channels_pass_through(channels: int, direction: str) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (channels, 640))
    np.testing.assert_array_equal(run(MidSide, x, FS, direction=direction), x)
