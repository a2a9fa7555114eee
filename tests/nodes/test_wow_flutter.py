"""Wow and flutter by phase demodulation of a tone, and the rotation that both share against its own statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from librt.vecs import vec
from scipy import signal
from tapegraph_nodes._kernels.rotation import Rotation
from tapegraph_nodes._kernels.swinging_delay import SwingingDelay
from tapegraph_nodes.motion.flutter import Flutter
from tapegraph_nodes.motion.wow import Wow

import tapegraph
from tapegraph.node import Node, Signal
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


def displacements(node: Any, seconds: float) -> Array:
    """Return D, s, at every frame."""
    frames = int(node.frames)
    count = round(seconds * node.fs)
    x = [Signal(int(node.channels), frames)]
    blocks = []
    for _ in range(-(-count // frames)):
        node.process(x, [Signal(int(node.channels), frames)])
        blocks.append(np.array(list(node.past.displacement)))
    D: Array = (np.concatenate(blocks)[:count] - node.latency()) / node.fs
    return D


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


@pytest.mark.parametrize("fs", RATES)
def test_flutter_follows_a_machine_whose_harmonics_have_phases(fs: float) -> None:
    """A capstan as it was measured: -230 cos v - 80 cos(2 v + 13 pi / 4) - 99 cos(3 v - pi / 10) frames at 48 kHz.

    Here it is at 0.36 of that and 10 Hz; v = 2 pi p + pi / 2, so the phases are -45 and 162 degrees.
    """
    frames = 0.36 * np.array([230.0, 80.0, 99.0])
    node = prepared(
        Flutter,
        fs,
        2,
        512,
        depth_percent=100 * 2 * np.pi * 10 / 48_000 * float(frames @ [1, 2, 3]),
        rate_hz=10.0,
        second=2 * 80 / 230,
        third=3 * 99 / 230,
        second_phase_deg=-45.0,
        third_phase_deg=162.0,
        irregularity=0.0,
        reach_ms=4.0,
    )
    v = 2 * np.pi * 10 * np.arange(int(0.3 * fs)) / fs + np.pi / 2
    expected = -frames @ [np.cos(v), np.cos(2 * v + 13 * np.pi / 4), np.cos(3 * v - np.pi / 10)] / 48_000
    np.testing.assert_allclose(displacements(node, 0.3), expected, atol=1e-9)


def test_flutter_reaches_the_ends_of_that_machine_at_100_hz() -> None:
    """Where the speeds coincide they add up to 323 %: the tape runs backwards for a moment."""
    depth = 100 * 2 * np.pi * 100 / 48_000 * 0.36 * (230 + 2 * 80 + 3 * 99)
    params = {"second": 2 * 80 / 230, "third": 3 * 99 / 230, "irregularity": 0.0, "reach_ms": 5.0}
    node = prepared(Flutter, 48_000.0, 1, 480, depth_percent=depth, rate_hz=100.0, **params)
    assert np.max(np.diff(displacements(node, 0.5))) * 48_000 == pytest.approx(3.2345, rel=1e-3)


@pytest.mark.parametrize(("cls", "frames"), [(Wow, (476, 518, 1027, 2046)), (Flutter, (23, 24, 39, 70))])
def test_a_longer_reach_is_a_longer_latency(cls: type[Node], frames: tuple[int, ...]) -> None:
    for fs, late in zip(RATES, frames, strict=True):
        assert prepared(cls, fs).latency() == late
        assert prepared(cls, fs, reach_ms=5.0).latency() == np.ceil(0.005 * fs) + 8


@pytest.mark.parametrize("reach_ms", [5.0, 20.0, 25.0])
def test_wow_of_20_8_ms_at_3_5_hz_is_held_to_its_reach(reach_ms: float) -> None:
    """The least reach is 20.8 ms; under it the same motion is smaller."""
    depth = 100 * 2 * np.pi * 3.5 * 1000 / 48_000
    node = prepared(Wow, 48_000.0, 1, 480, depth_percent=depth, rate_hz=3.5, irregularity=0.0, reach_ms=reach_ms)
    t = np.arange(48_000) / 48_000
    expected = min(reach_ms * 1e-3, 1 / 48) * np.sin(2 * np.pi * 3.5 * t)
    np.testing.assert_allclose(displacements(node, 1.0), expected, atol=1e-9)


def test_jerks_have_the_variance_of_their_low_passed_process() -> None:
    """That of the place is H (1 + a / (sqrt(2) c)), that of the speed c a H / sqrt(2), within the scatter of 400 s.

    H = c^2 / (a^2 + sqrt(2) c a + c^2),    a = 10 / s,    c = 20 pi / s
    """
    fs, A = 1000.0, 0.001
    params = {"depth_percent": 100 * 2 * np.pi * A, "rate_hz": 1.0, "irregularity": 0.0, "reach_ms": 25.0}
    steady = displacements(prepared(Wow, fs, 1, 1000, **params), 400)
    D = displacements(prepared(Wow, fs, 1, 1000, variance=0.5, **params), 400) - steady
    a, c, root = 10.0, 20 * np.pi, np.sqrt(2)
    H = c**2 / (a**2 + root * c * a + c**2)
    assert np.mean(D) == pytest.approx(0.0, abs=0.05 * 0.5 * A)
    assert np.std(D) == pytest.approx(0.5 * A * np.sqrt(H * (1 + a / (root * c))), rel=0.04)
    assert np.std(np.diff(D)) * fs == pytest.approx(0.5 * A * np.sqrt(c * a * H / root), rel=0.04)


def test_drift_has_the_deviation_of_the_speed_that_was_set_and_no_mean() -> None:
    """Its place then scatters by 2 s times as much, within the scatter of 6000 s."""
    fs = 100.0
    node = prepared(Wow, fs, 1, 1000, depth_percent=0.0, drift_percent=0.3, reach_ms=25.0)
    E = displacements(node, 6000)
    assert np.std(np.diff(E)) * fs == pytest.approx(0.003, rel=0.06)
    assert np.std(E) == pytest.approx(0.006, rel=0.06)
    assert np.mean(E) == pytest.approx(0.0, abs=0.0006)


def test_drift_starts_anywhere_and_at_any_speed_as_it_goes_on() -> None:
    """Over 400 seeds: the deviation of place and speed at the start, within 3 times their scatter."""
    starts = []
    for seed in range(400):
        params = {"depth_percent": 0.0, "drift_percent": 0.3, "reach_ms": 25.0}
        starts.append(displacements(start(make(Wow, 1000.0, 1, 10, params, name="it", seed=seed)), 0.01)[[1, 9]])
    place = np.array(starts)
    assert np.std(place[:, 0]) == pytest.approx(0.006, rel=0.11)
    assert np.std(place[:, 1] - place[:, 0]) / 0.008 == pytest.approx(0.003, rel=0.11)


def test_what_is_random_is_the_same_at_any_rate_and_size_of_blocks() -> None:
    params = {"variance": 0.3, "drift_percent": 0.1, "depth_percent": 0.5}
    one, other = (prepared(Wow, 48_000.0, 1, frames, **params) for frames in (64, 100))
    D = displacements(one, 0.5)
    np.testing.assert_array_equal(displacements(other, 0.5), D)
    fast = displacements(prepared(Wow, 96_000.0, 1, 64, **params), 0.5)
    np.testing.assert_allclose(fast[::2], D, atol=3e-7)


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
    line = SwingingDelay(1, 64, 12)
    x, y = vec[float]([1.0] + [0.0] * 63), vec[float]([0.0] * 64)
    line.displacement = vec[float]([part] * 64)
    line.process(x, y)
    w = np.linspace(0.01, 0.7 * np.pi, 100)
    response = signal.freqz(list(y), worN=w)[1] * np.exp(1j * w * (20.0 + part))
    assert np.max(np.abs(20 * np.log10(np.abs(response)))) < 0.1
    late = np.abs(np.angle(response) / w)
    assert np.max(late) < 2.5e-3
    assert np.max(late[w < 0.1 * np.pi]) < 2e-4


def test_a_delay_is_held_within_its_reach() -> None:
    for part, late in ((12.5, 32), (-1e9, 8)):
        line = SwingingDelay(1, 64, 12)
        x, y = vec[float]([1.0] + [0.0] * 63), vec[float]([0.0] * 64)
        line.displacement = vec[float]([part] * 64)
        line.process(x, y)
        assert list(y) == [float(i == late) for i in range(64)]


def angles(fs: float, frames: int, turns: float, sigma: float) -> Array:
    rotation = Rotation(fs, frames, 0, "reel")
    rotation.aim(turns * fs, sigma)
    rotation.restart()
    p = vec[float]([0.0] * frames)
    rotation.turn(p)
    return np.array(list(p))


def test_the_rate_wanders_as_an_ornstein_uhlenbeck_process() -> None:
    """Standard deviation sigma, correlation 1/e after 1 s, within the scatter of 2000 s."""
    rate = np.diff(np.unwrap(angles(200.0, 400_000, 0.001, 0.1), period=1.0)) / 0.001
    assert np.mean(rate) == pytest.approx(1.0, abs=0.015)
    assert np.std(rate) == pytest.approx(0.1, rel=0.1)
    assert np.corrcoef(rate[:-200], rate[200:])[0, 1] == pytest.approx(np.exp(-1), abs=0.1)


def test_the_rate_stays_between_a_quarter_and_twice() -> None:
    rate = np.diff(np.unwrap(angles(1000.0, 200_000, 0.01, 2.0), period=1.0)) / 0.01
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


@pytest.mark.parametrize("cls", [Wow, Flutter])
def test_half_the_speed_of_the_tape_is_half_the_rate_at_the_same_deviation(cls: type[Node]) -> None:
    steady = {"depth_percent": 0.1, "irregularity": 0.0, "rate_hz": 12.0 if cls is Flutter else 4.0}
    _, hz = demodulated(cls, 48_000.0, 2.2, speed_ips=7.5, nominal_ips=15.0, **steady)
    _, slower = demodulated(cls, 48_000.0, 2.2, **(steady | {"rate_hz": steady["rate_hz"] / 2}))
    np.testing.assert_allclose(hz, slower, atol=1e-6)
