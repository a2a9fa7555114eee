"""The mix against its own sum, written in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process
from tapegraph_nodes.levels.mix import Mix

FS = 48_000.0
SOUNDS: list[Array] = list(np.random.default_rng(0).uniform(-1, 1, (5, 2, 640)))


@pytest.mark.parametrize("mix", [0.0, 0.25, 1.0])
def test_dry_and_wet_fade_linearly(mix: float) -> None:
    dry, wet = SOUNDS[:2]
    out = process(prepared(Mix, FS, 2, mix=mix), dry, wet)[0]
    np.testing.assert_allclose(out, (1 - mix) * dry + mix * wet, atol=1e-15)


def test_all_dry_and_all_wet_are_exact() -> None:
    dry, wet = SOUNDS[:2]
    np.testing.assert_array_equal(process(prepared(Mix, FS, 2, mix=0.0), dry, wet)[0], dry)
    np.testing.assert_array_equal(process(prepared(Mix, FS, 2, mix=1.0), dry, wet)[0], wet)


def test_numbered_inputs_add_up_by_their_weights_and_fully_without() -> None:
    silence = np.zeros((2, 640))
    node = prepared(Mix, FS, 2, weight2=-0.5)
    out = process(node, silence, silence, *SOUNDS[:3])[0]
    np.testing.assert_allclose(out, SOUNDS[0] - 0.5 * SOUNDS[1] + SOUNDS[2], atol=1e-15)


def test_both_ways_of_mixing_add_up() -> None:
    node = prepared(Mix, FS, 2, mix=0.5, weight3=2.0)
    expected = 0.5 * SOUNDS[0] + 0.5 * SOUNDS[1] + SOUNDS[2] + SOUNDS[3] + 2.0 * SOUNDS[4]
    np.testing.assert_allclose(process(node, *SOUNDS)[0], expected, atol=1e-15)


def test_a_reset_starts_at_the_shares_that_are_set() -> None:
    node = prepared(Mix, FS, 1)
    node.set("weight1", 0.5)
    node.update()
    node.reset()
    silence = np.zeros((1, 64))
    np.testing.assert_array_equal(process(node, silence, silence, np.ones((1, 64)))[0], 0.5)
