"""Wow and flutter by phase demodulation of a tone, and the rotation that both share against its own statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from librt.vecs import vec
from scipy import signal
from tapegraph_nodes._kernels.moving_delay import MovingDelay
from tapegraph_nodes._kernels.rotation import Rotation
from tapegraph_nodes.motion.flutter import Flutter
from tapegraph_nodes.motion.wow import Wow

import tapegraph
from tapegraph.node import Node
from tapegraph.node.setup import make, start

TONE_HZ = 1000.0
RATES = (44_100.0, 48_000.0, 96_000.0, 192_000.0)


def demodulated(cls: type[Node], fs: float, seconds: float, **params: Any) -> tuple[Array, Array]:
    """Return times, s, and the frequencies, Hz, of a tone of 1 kHz there, from 0.1 s on.

    Cosine and sine on two channels, which move together, are a complex tone, whose phase is exact everywhere.
    """
    t = np.arange(int(seconds * fs)) / fs
    turns = 2 * np.pi * TONE_HZ * t
    y = process(prepared(cls, fs, 2, 512, **params), np.array([np.cos(turns), np.sin(turns)]))[0]
    hz: Array = np.gradient(np.unwrap(np.angle(y[0] + 1j * y[1]))) * fs / (2 * np.pi)
    inside = slice(int(0.1 * fs), -1)
    return t[inside], hz[inside]


@pytest.mark.parametrize("fs", RATES)
def test_wow_of_0_2_percent_moves_1000_hz_from_998_to_1002_hz(fs: float) -> None:
    t, hz = demodulated(Wow, fs, 2.2, depth_percent=0.2, rate_hz=1.0, irregularity=0.0)
    np.testing.assert_allclose(hz, TONE_HZ * (1 - 0.002 * np.cos(2 * np.pi * t)), atol=0.02)
    assert (np.min(hz), np.max(hz)) == pytest.approx((998.0, 1002.0), abs=0.02)


@pytest.mark.parametrize("fs", RATES)
def test_flutter_has_three_harmonics_of_the_speed(fs: float) -> None:
    """1 : 0.5 : 0.25, whose sum peaks at the depth."""
    t, hz = demodulated(Flutter, fs, 0.5, depth_percent=0.7, rate_hz=10.0, second=0.5, third=0.25, irregularity=0.0)
    deviation = sum(a * np.cos(2 * np.pi * 10 * k * t) for k, a in ((1, 0.004), (2, 0.002), (3, 0.001)))
    np.testing.assert_allclose(hz, TONE_HZ * (1 - deviation), atol=0.05)
    assert np.min(hz) == pytest.approx(993.0, abs=0.05)


@pytest.mark.parametrize("cls", [Wow, Flutter])
def test_without_depth_it_is_a_delay_by_its_latency(cls: type[Node]) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 6400))
    node = prepared(cls, 48_000.0, 2, depth_percent=0.0)
    late = int(node.latency())
    y = process(node, x)[0]
    np.testing.assert_array_equal(y[:, late:], x[:, :-late])
    assert not y[:, :late].any()


@pytest.mark.parametrize("part", [0.0, 0.1234, 0.5, 0.999])
def test_a_place_between_frames_is_flat_and_late_by_as_much(part: float) -> None:
    """To 0.7 of the Nyquist frequency within 0.1 dB, and 2.5e-3 frames; under a tenth within 2e-4 frames."""
    line = MovingDelay(1, 100)
    x, y = vec[float]([1.0] + [0.0] * 63), vec[float]([0.0] * 64)
    line.process(x, y, vec[float]([20.0 + part] * 64))
    w = np.linspace(0.01, 0.7 * np.pi, 100)
    response = signal.freqz(list(y), worN=w)[1] * np.exp(1j * w * (20.0 + part))
    assert np.max(np.abs(20 * np.log10(np.abs(response)))) < 0.1
    late = np.abs(np.angle(response) / w)
    assert np.max(late) < 2.5e-3
    assert np.max(late[w < 0.1 * np.pi]) < 2e-4


def angles(rotation: Rotation, frames: int, turns: float, sigma: float) -> Array:
    p = vec[float]([0.0] * frames)
    rotation.turn(p, turns, turns, sigma, sigma)
    return np.array(list(p))


def test_the_rate_wanders_as_an_ornstein_uhlenbeck_process() -> None:
    """Standard deviation sigma, correlation 1/e after 1 s, within the scatter of 2000 s."""
    fs = 200.0
    rotation = Rotation(fs, 0, "reel")
    rotation.restart()
    rate = np.diff(np.unwrap(angles(rotation, 400_000, 0.001, 0.1), period=1.0)) / 0.001
    assert np.mean(rate) == pytest.approx(1.0, abs=0.015)
    assert np.std(rate) == pytest.approx(0.1, rel=0.1)
    assert np.corrcoef(rate[:-200], rate[200:])[0, 1] == pytest.approx(np.exp(-1), abs=0.1)


def test_the_rate_stays_between_a_quarter_and_twice() -> None:
    rotation = Rotation(1000.0, 0, "reel")
    rotation.restart()
    rate = np.diff(np.unwrap(angles(rotation, 200_000, 0.01, 2.0), period=1.0)) / 0.01
    assert (np.min(rate), np.max(rate)) == pytest.approx((0.25, 2.0))


@pytest.mark.parametrize("kind", ["wow", "flutter"])
def test_dry_and_wet_are_aligned(kind: str) -> None:
    """Without depth, dry minus wet is nothing."""
    graph = tapegraph.Graph(
        nodes={
            "it": {"kind": kind, "depth_percent": 0},
            "blend": {"kind": "mix", "mix": 0, "weight1": -1, "weight2": 1},
        },
        links=["input -> it -> blend.in1", "input -> blend.in2", "blend -> output"],
    )
    x = np.random.default_rng(0).uniform(-1, 1, (2, 5000))
    assert not graph.render(x, 48_000).any()


def test_the_motion_depends_on_seed_and_name_and_is_the_same_in_every_channel() -> None:
    x = np.tile(np.random.default_rng(0).uniform(-1, 1, 24_000), (2, 1))

    def play(seed: int, name: str) -> Array:
        params = {"depth_percent": 1.0, "irregularity": 0.5}
        return process(start(make(Wow, 48_000.0, 2, 64, params, name=name, seed=seed)), x)[0]

    y = play(1, "reel")
    np.testing.assert_array_equal(y[0], y[1])
    np.testing.assert_array_equal(play(1, "reel"), y)
    assert np.any(play(2, "reel") != y)
    assert np.any(play(1, "motor") != y)
