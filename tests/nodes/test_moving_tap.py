"""The moving tap against the moving delay, which reads a past of another make."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array
from librt.vecs import vec
from tapegraph_nodes._kernels.delay_line import DelayLine
from tapegraph_nodes._kernels.moving_delay import MovingDelay
from tapegraph_nodes._kernels.moving_tap import MovingTap


def both(x: Array, delay: Array, frames: int) -> tuple[Array, Array]:
    """Return two channels, read by a moving tap and by a moving delay."""
    line, tap, other = DelayLine(2, frames, 500), MovingTap(frames), MovingDelay(2, 500)
    results: list[list[Array]] = [[], []]
    for i in range(0, x.shape[1], frames):
        block, moved = vec[float](x[:, i : i + frames].reshape(-1).tolist()), vec[float](delay[i : i + frames].tolist())
        y, z = (vec[float]([0.0] * (2 * frames)) for _ in range(2))
        line.write(block)
        tap.add(line, y, moved, 1.0, 1.0)
        other.process(block, z, moved)
        for result, made in zip(results, (y, z), strict=True):
            result.append(np.array(list(made)).reshape(2, frames))
    first, second = (np.concatenate(result, axis=1) for result in results)
    return first, second


@pytest.mark.parametrize("frames", [5, 16, 64, 300])
def test_it_reads_what_a_moving_delay_reads(frames: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2, 4800))
    for delay in (np.full(4800, 100.3), np.full(4800, 8.0), 200 + 190 * np.sin(np.arange(4800) / 70)):
        y, expected = both(x, delay, frames)
        np.testing.assert_allclose(y, expected, atol=1e-14)


def test_what_it_reads_is_added_with_a_gain_that_moves_in_equal_steps() -> None:
    line, tap, y = DelayLine(1, 4, 20), MovingTap(4), vec[float]([1.0] * 4)
    for _ in range(5):
        line.write(vec[float]([1.0] * 4))
    for delay in (vec[float]([8.0] * 4), vec[float]([8.0, 8.0, 8.0, 9.0])):
        tap.add(line, y, delay, 0.0, 1.0)
    np.testing.assert_allclose(list(y), [1.5, 2.0, 2.5, 3.0], atol=1e-15)
