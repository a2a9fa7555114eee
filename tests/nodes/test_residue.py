"""Residue against the depth of erasure and the loss of a buried layer, and in a tape loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import prepared, process
from tapegraph_nodes.tape.residue import Residue

import tapegraph

FS = 48_000.0


def left_db(hz: float, **params: Any) -> float:
    """Return the level of a tone of the former recording under a silent new one."""
    t = np.arange(48_000) / FS
    y = process(prepared(Residue, FS, 1, **params), np.zeros(48_000), np.cos(2 * np.pi * hz * t))[0][0, 24_000:]
    return float(20 * np.log10(2 * abs(np.mean(y * np.exp(-2j * np.pi * hz * t[24_000:])))))


@pytest.mark.parametrize("hz", [20.0, 1000.0, 5000.0])
def test_what_is_left_is_read_from_its_depth(hz: float) -> None:
    expected = -40.0 - 54.575 * 20e-6 * hz / (7.5 * 0.0254)
    assert left_db(hz, erase_db=40.0, depth_um=20.0, speed_ips=7.5) == pytest.approx(expected, abs=0.4)


def test_with_nothing_erased_it_is_sound_on_sound() -> None:
    a, b = np.random.default_rng(0).uniform(-1, 1, (2, 1, 6400))
    y = process(prepared(Residue, FS, 1, erase_db=0.0, depth_um=0.0), a, b)[0]
    np.testing.assert_allclose(y, a + b, atol=1e-14)


def test_without_a_former_recording_the_sound_passes_unchanged() -> None:
    graph = tapegraph.Graph(nodes={"it": {"kind": "residue"}}, links=["input -> it -> output"])
    x = np.random.default_rng(0).uniform(-1, 1, (2, 6400))
    np.testing.assert_array_equal(graph.render(x, FS)[:, :6400], x)


def test_a_loop_keeps_what_is_left_of_every_pass() -> None:
    """An impulse comes again each 0.5 s, by 20 dB fainter each time."""
    graph = tapegraph.Graph(
        nodes={
            "tape": {"kind": "residue", "erase_db": 20, "depth_um": 0},
            "loop": {"kind": "delay", "time_s": 0.5},
        },
        links=["input -> tape -> output", "tape -> loop -> tape.former"],
    )
    x = np.zeros((1, 60_000))
    x[0, 0] = 1.0
    y = graph.render(x, FS)[0]
    np.testing.assert_allclose(y[[0, 24_000, 48_000]], [1.0, 0.1, 0.01], rtol=1e-9)
