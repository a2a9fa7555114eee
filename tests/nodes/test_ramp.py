"""The ramp, and the nodes that move by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from tapegraph_nodes._kernels.ramp import Ramp

import tapegraph
from tapegraph.node.registry import find


def blocks(ramp: Ramp, count: int) -> list[tuple[list[float], list[float]]]:
    """Return start and end of so many blocks."""
    seen = []
    for _ in range(count):
        ramp.begin()
        seen.append((list(ramp.start), list(ramp.end)))
        ramp.finish()
    return seen


@pytest.mark.parametrize(("fs", "frames", "count"), [(48_000.0, 64, 4), (48_000.0, 1024, 1), (192_000.0, 64, 15)])
def test_a_way_takes_5_ms_or_a_block_in_equal_steps_and_ends_exactly(fs: float, frames: int, count: int) -> None:
    ramp = Ramp(fs, frames, 2)
    ramp.target[0], ramp.target[1] = 0.1, -3.0
    seen = blocks(ramp, count + 2)
    k = np.minimum(np.arange(1, count + 3) / count, 1.0)
    np.testing.assert_allclose([end for _, end in seen], np.outer(k, [0.1, -3.0]), rtol=1e-13)
    assert [start for start, _ in seen[1:]] == [end for _, end in seen[:-1]]
    assert seen[count - 1][1] == [0.1, -3.0]


def test_a_new_target_restarts_the_time_and_the_same_one_does_not() -> None:
    ramp = Ramp(48_000.0, 64)
    ramp.target[0] = 1.0
    blocks(ramp, 2)
    ramp.target[0] = 1.0
    assert blocks(ramp, 1)[0][1] == [0.75]
    ramp.target[0] = -1.0
    assert [end[0] for _, end in blocks(ramp, 5)] == pytest.approx([0.3125, -0.125, -0.5625, -1.0, -1.0], abs=1e-15)


def test_a_target_that_moves_in_every_block_is_followed_without_lag_after_5_ms() -> None:
    """A quarter, a third, half of the way to it, then all of it; one block at rest, and the time starts again."""
    ramp = Ramp(48_000.0, 64)
    ends = []
    for target in (1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 7.0, 8.0):
        ramp.target[0] = target
        ends.append(blocks(ramp, 1)[0][1][0])
    assert ends == pytest.approx(
        [0.25, 0.25 + 1.75 / 3, (0.25 + 1.75 / 3 + 3) / 2, 4.0, 5.0, 7.0, 7.0, 7.25], abs=1e-15
    )


def test_a_tremolo_by_an_lfo_keeps_its_depth_and_its_time() -> None:
    """10 Hz on the gain: in blocks of 64 frames the level at the end of each is the one that is due there."""
    graph = tapegraph.Graph(
        block=64,
        nodes={
            "slow": {"kind": "lfo", "rate_hz": 10, "depth": 12},
            "it": {"kind": "gain"},
        },
        links=["input -> it -> output", "slow -> it.gain_db"],
    )
    y = graph.render(np.ones((1, 9600)), 48_000)[0]
    t = np.arange(9600) / 48_000
    due = 10 ** (12 / 20 * np.sin(2 * np.pi * 10 * t))
    np.testing.assert_allclose(y[63::64][8:], due[63::64][8:], rtol=1e-9)
    np.testing.assert_allclose(y[512:], due[512:], rtol=2e-3)


def test_setting_a_target_changes_no_state() -> None:
    ramp = Ramp(48_000.0, 64, 1, 0.5)
    ramp.target[0] = 2.0
    assert (list(ramp.start), list(ramp.end), ramp.blocks_left, ramp.moving) == ([0.5], [0.5], 0, False)
    ramp.jump()
    assert blocks(ramp, 1) == [([2.0], [2.0])]
    assert not ramp.moving


@pytest.mark.parametrize("frames", [64, 480])
@pytest.mark.parametrize(
    ("kind", "before", "after", "levels"),
    [
        ("gain", {"gain_db": 0.0}, {"gain_db": 20.0}, (1.0, 10.0)),
        ("mix", {"mix": 0.25}, {"mix": 1.0}, (0.25, 1.0)),
        ("mix", {"mix": 0.0}, {"weight2": -2.0}, (1.0, -2.0)),
        ("mix", {"mix": 0.0, "weight2": 3.0}, {"weight2": -2.0}, (3.0, -2.0)),
    ],
)
def test_a_changed_level_moves_in_equal_steps_over_5_ms_or_a_block(
    kind: str, before: dict[str, float], after: dict[str, float], levels: tuple[float, float], frames: int
) -> None:
    """One of the inputs is 1: of a mix the wet one, or in2 where a weight is turned."""
    ones, zeros = np.ones((1, 4 * frames + 480)), np.zeros((1, 4 * frames + 480))
    port = 0 if kind == "gain" else 3 if "weight2" in after else 1
    inputs: list[Array] = [ones if k == port else zeros for k in range(4 if kind == "mix" else 1)]
    node: Any = prepared(find(kind), 48_000.0, 1, frames, **before)
    first = process(node, *(x[:, :frames] for x in inputs))[0][0]
    for name, value in after.items():
        node.set(name, value)
    node.update()
    y = np.concatenate([first, process(node, *(x[:, frames:] for x in inputs))[0][0]])
    way = -(-240 // frames) * frames
    expected = np.interp(np.arange(y.size), [frames - 1, frames - 1 + way], levels)
    np.testing.assert_allclose(y, expected, atol=1e-12)
    np.testing.assert_array_equal(y[frames + way :], levels[1])
