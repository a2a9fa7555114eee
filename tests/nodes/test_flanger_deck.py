"""Flanger decks: the way through zero, the pitch of the glide, and the comb of two decks."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process
from librt.vecs import vec
from motion_tone import played, speeds
from tapegraph_nodes._kernels.inertia import Inertia
from tapegraph_nodes.motion.flanger_deck import FlangerDeck

import tapegraph
from tapegraph.node import Node

FS = 48_000.0


def moved(node: Node, x: Array, **params: float) -> Array:
    """Return x through a node whose parameters were set before its next block."""
    for name, value in params.items():
        node.set(name, value)
    node.update()
    return process(node, x)[0]


def glided(tau_frames: float, way: float, frames: int, most: float = 1e9) -> Array:
    glide = Inertia()
    glide.target = way
    places = vec[float]([0.0] * frames)
    glide.fill(places, tau_frames, most)
    return np.array(list(places))


def test_a_glide_is_the_critically_damped_way() -> None:
    """1 - (1 + t / tau) exp(-t / tau)."""
    t = np.arange(1, 2001) / 150.0
    np.testing.assert_allclose(glided(150.0, 7.0, 2000), 7 * (1 - (1 + t) * np.exp(-t)), rtol=1e-9)


def test_a_glide_ends_exactly_at_its_target_and_keeps_its_limit() -> None:
    places = glided(100.0, 500.3, 6000, most=0.25)
    assert places[-1] == 500.3
    assert np.max(np.diff(places)) == pytest.approx(0.25, abs=1e-9)
    assert np.min(np.diff(places)) >= -1e-9
    assert np.max(places) <= 500.3


@pytest.mark.parametrize("fs", [44_100.0, 48_000.0, 96_000.0])
@pytest.mark.parametrize("offset_s", [-0.01987, -0.0031, 0.0, 0.00123, 0.0197])
def test_the_offset_is_a_delay_beside_the_latency(fs: float, offset_s: float) -> None:
    x = played(prepared(FlangerDeck, fs, 2, 512), 0.0854)
    y = played(prepared(FlangerDeck, fs, 2, 512, offset_s=offset_s), 0.0854)
    turned = ((y[0] + 1j * y[1]) * (x[0] - 1j * x[1]))[int(0.06 * fs) :]
    np.testing.assert_allclose(turned, np.exp(-2j * np.pi * 1000.0 * offset_s), atol=1e-4)


def test_a_swing_through_zero_shifts_the_pitch_as_the_offset_moves() -> None:
    """From -5 to 5 ms, tau 50 ms: the speed is 1 - way t / tau^2 exp(-t / tau); the interpolation errs by 1e-4."""
    node = prepared(FlangerDeck, FS, 2, 64, offset_s=-0.005, inertia_s=0.3)
    played(node, 0.1)
    node.set("offset_s", 0.005)
    node.update()
    found = speeds(played(node, 0.4), FS)[2000:]  # a new tone needs 22 ms to come out
    t = np.arange(1.5, found.size + 1.5) / FS + 2000 / FS
    np.testing.assert_allclose(found, 1 - 0.01 * t / 0.05**2 * np.exp(-t / 0.05), atol=2e-4)


def test_two_decks_at_the_same_offset_cancel_to_the_bit_and_add_to_twice() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 48_000))
    still, swinging = (prepared(FlangerDeck, FS, 2, 64, offset_s=o) for o in (0.0, 0.01))
    a, b = process(still, x)[0], process(swinging, x)[0]
    assert np.max(np.abs(a - b)[:, 2000:]) > 0.1
    moved(swinging, np.tile(x, 2), offset_s=0.0)
    process(still, np.tile(x, 2))
    np.testing.assert_array_equal(process(swinging, x)[0], process(still, x)[0])


def test_on_its_way_through_zero_the_difference_of_two_decks_vanishes() -> None:
    """In the frame where the offset is 0 within a tenth of a frame; noise differs by far more anywhere else."""
    still, swinging = (prepared(FlangerDeck, FS, 2, 64, offset_s=o) for o in (0.0, -0.01))
    for node in (still, swinging):
        played(node, 0.1)
    swinging.set("offset_s", 0.01)
    swinging.update()
    x = np.random.default_rng(1).uniform(-1, 1, (2, 12_000))
    a, b = process(still, x)[0], process(swinging, x)[0]
    t = np.arange(1, 12_001) / FS / 0.05
    offset = -0.01 + 0.02 * (1 - (1 + t) * np.exp(-t))
    through = int(np.argmin(np.abs(offset)))
    near = np.abs(a - b)[:, through - 1 : through + 2]
    assert offset[through] * FS == pytest.approx(0.0, abs=0.1)
    assert np.max(near) < 0.25 < 0.9 * np.max(np.abs(a - b)[:, 1200:])
    total = np.abs(a + b)[:, through]
    np.testing.assert_allclose(total, 2 * np.abs(a[:, through]), atol=0.1)


def test_in_a_graph_the_decks_and_a_dry_path_are_aligned() -> None:
    graph = tapegraph.Graph(
        nodes={
            "one": {"kind": "flanger_deck"},
            "two": {"kind": "flanger_deck"},
            "sum": {"kind": "mix", "mix": 0, "weight1": 1, "weight2": 1, "weight3": -2},
        },
        links=["input -> one -> sum.in1", "input -> two -> sum.in2", "input -> sum.in3", "sum -> output"],
    )
    x = np.random.default_rng(0).uniform(-1, 1, (2, 5000))
    assert not graph.render(x, 48_000).any()


def test_the_notches_of_two_decks_lie_at_odd_multiples_of_half_the_inverse_offset() -> None:
    x = np.zeros((1, 8192))
    x[0, 0] = 1.0
    total = sum(process(prepared(FlangerDeck, FS, offset_s=o), x)[0][0] for o in (0.0, 0.001))
    H = np.abs(np.fft.rfft(total, 96_000))  # bins of 0.5 Hz
    np.testing.assert_allclose(H[[1000, 3000, 5000]], 0.0, atol=1e-3)
    np.testing.assert_allclose(H[[0, 2000, 4000]], 2.0, atol=1e-3)
