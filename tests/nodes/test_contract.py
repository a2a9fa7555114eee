"""The four calls of a node keep to themselves: what each may touch, for every kind."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process

from tapegraph.node import Node, Param
from tapegraph.node.registry import find, kinds

FS = 768_000.0  # the bias oscillator works there


def made(kind: str) -> Node:
    cls = find(kind)
    return prepared(cls, FS, cls.CHANNELS or 2)


def ports(node: Node) -> list[Array]:
    rng = np.random.default_rng(0)
    return [rng.uniform(-0.5, 0.5, (int(node.channels), 640)) for _ in type(node).INPUTS] or [np.zeros((1, 640))]


@pytest.mark.parametrize("kind", kinds())
def test_update_touches_no_state(kind: str) -> None:
    """Parameters that go to an end of their range and come back before the next block leave no trace."""
    node, other = made(kind), made(kind)
    x = ports(node)
    for half in (slice(0, 320), slice(320, 640)):
        for param in type(node).PARAMS:
            if isinstance(param, Param) and not param.name.endswith("#"):
                for value in (param.minimum, param.maximum, param.default):
                    node.set(param.name, value)
                    node.update()
        np.testing.assert_array_equal(
            process(node, *(a[:, half] for a in x))[0], process(other, *(a[:, half] for a in x))[0]
        )


@pytest.mark.parametrize("kind", kinds())
def test_a_node_that_is_prepared_again_is_as_good_as_new(kind: str) -> None:
    node = made(kind)
    first = process(node, *ports(node))[0]
    node.prepare()
    node.update()
    node.reset()
    np.testing.assert_array_equal(process(node, *ports(node))[0], first)


@pytest.mark.parametrize(
    ("kind", "params"), [("playhead_loss", {"speed_ips": 1.0, "gap_um": 50.0}), ("delay", {"time_s": 9.99999})]
)
def test_what_takes_long_is_done_by_prepare_and_not_by_reset(kind: str, params: dict[str, Any]) -> None:
    node = prepared(find(kind), 48_000.0, 2)
    for name, value in params.items():
        node.set(name, value)
    node.update()
    start = time.perf_counter()
    node.reset()
    reset_s = time.perf_counter() - start
    node.prepare()
    assert reset_s < (time.perf_counter() - start) / 10


def test_a_reset_leaves_the_design_of_a_head_to_go_on_in_portions() -> None:
    x = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 48_000))
    before: dict[str, Any] = {"spacing_um": 0.0, "thickness_um": 0.0, "gap_um": 0.0}
    after = {**before, "spacing_um": 10.0}
    node = prepared(find("playhead_loss"), 48_000.0, 1, **before)
    process(node, x[:, :640])
    node.set("spacing_um", 10.0)
    node.update()
    process(node, x[:, :64])
    node.reset()
    y = process(node, x)[0]
    np.testing.assert_allclose(y[:, :64], x[:, :64], atol=1e-12)  # still the old head, without its past
    settled = process(prepared(find("playhead_loss"), 48_000.0, 1, **after), x)[0]
    np.testing.assert_allclose(y[:, 9600:], settled[:, 9600:], atol=1e-9)


@pytest.mark.parametrize(("kind", "low", "high"), [("dc_blocker", 1.0, 500.0), ("ms20_filter", 20.0, 20_000.0)])
@pytest.mark.parametrize("frames", [16, 64, 1024])
def test_a_filter_whose_cutoff_never_rests_stays_bounded(kind: str, low: float, high: float, frames: int) -> None:
    rng = np.random.default_rng(2)
    node = prepared(find(kind), 48_000.0, 1, frames)
    loudest = 0.0
    for _ in range(48_000 // frames):
        node.set("cutoff_hz", float(rng.choice([low, high])))
        node.update()
        loudest = max(loudest, float(np.max(np.abs(process(node, rng.uniform(-1, 1, frames))[0]))))
    assert 0.01 < loudest < 4.0
