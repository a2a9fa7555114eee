"""Balance against the decibel, and against its own undoing."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process, run
from tapegraph_nodes.levels.balance import Balance

FS = 48_000.0
NOISE: Array = np.random.default_rng(0).uniform(-1, 1, (2, 6400))


@pytest.mark.parametrize("balance_db", [-12.0, 0.0, 3.5])
def test_left_goes_up_and_right_down_by_as_much(balance_db: float) -> None:
    gains = np.array([[10 ** (balance_db / 20)], [10 ** (-balance_db / 20)]])
    np.testing.assert_allclose(run(Balance, NOISE, FS, balance_db=balance_db), gains * NOISE, atol=1e-14)


@pytest.mark.parametrize("frames", [16, 512])
def test_the_negative_value_undoes_it_also_while_both_move(frames: int) -> None:
    rng = np.random.default_rng(1)
    there, back = prepared(Balance, FS, 2, frames), prepared(Balance, FS, 2, frames)
    for _ in range(9600 // frames):
        value = float(rng.choice([-12.0, 12.0]))
        for node, balance_db in ((there, value), (back, -value)):
            node.set("balance_db", balance_db)
            node.update()
        x = rng.uniform(-1, 1, (2, frames))
        np.testing.assert_allclose(process(back, process(there, x)[0])[0], x, rtol=0, atol=1e-15)


def test_a_change_takes_5_ms_in_equal_steps_of_a_decibel() -> None:
    node = prepared(Balance, FS, 2, 48)
    node.set("balance_db", 6.0)
    node.update()
    db = 20 * np.log10(process(node, np.ones((2, 480)))[0])
    expected = 6.0 * np.clip(np.arange(1, 481) / 240, 0, 1)
    np.testing.assert_allclose(db, [expected, -expected], atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_other_numbers_of_channels_pass_through(channels: int) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (channels, 640))
    np.testing.assert_array_equal(run(Balance, x, FS, balance_db=6.0), x)
