"""The envelope follower against the step response of an RC circuit and the mean square of SciPy's filter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from scipy import signal
from tapegraph_nodes.levels.envelope import Envelope

import tapegraph

FS = 48_000.0


def follow(x: Array, fs: float = FS, **params: Any) -> Array:
    return process(prepared(Envelope, fs, np.atleast_2d(x).shape[0], **params), x)[0]


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
@pytest.mark.parametrize("attack_s", [0.001, 0.02])
def test_a_step_up_and_down_has_the_time_constants(attack_s: float, fs: float) -> None:
    """y(t) = 0.5 (1 - exp(-t / attack)), then exp(-t / release) times what was reached; t counts from before a step."""
    release_s, on = 0.03, int(0.1 * fs)
    x = np.zeros(2 * on)
    x[:on] = -0.5
    t = np.arange(1, on + 1) / fs
    up = 1 - np.exp(-t / attack_s)
    peak = 0.5 * np.concatenate([up, up[-1] * np.exp(-t / release_s)])
    np.testing.assert_allclose(follow(x, fs, attack_s=attack_s, release_s=release_s)[0], peak, atol=1e-12)
    up = np.sqrt(1 - np.exp(-2 * t / attack_s))
    rms = 0.5 * np.concatenate([up, up[-1] * np.exp(-t / release_s)])
    found = follow(x, fs, attack_s=attack_s, release_s=release_s, detector="rms")[0]
    np.testing.assert_allclose(found, rms, atol=1e-12)


def test_with_equal_times_rms_is_the_root_of_a_filtered_square() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 9600)
    g = 1 - np.exp(-2 / (0.01 * FS))
    expected = np.sqrt(signal.lfilter([g], [1, g - 1], x**2))
    found = follow(x, detector="rms", attack_s=0.01, release_s=0.01)[0]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.mean(found[4800:]) == pytest.approx(np.sqrt(1 / 3), rel=0.03)  # of a uniform distribution


def test_a_sine_reads_its_peak_and_its_rms() -> None:
    x = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(48_000) / FS)
    assert follow(x, attack_s=0.0001, release_s=1.0)[0][-1] == pytest.approx(0.8, rel=0.005)
    assert follow(x, attack_s=0.1, release_s=0.1, detector="rms")[0][-1] == pytest.approx(0.8 / np.sqrt(2), rel=0.005)


def test_all_channels_carry_the_level_of_the_loudest() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (3, 6400)) * [[0.1], [1.0], [0.5]]
    loudest = np.max(np.abs(x), axis=0)
    np.testing.assert_array_equal(follow(x), np.tile(follow(loudest)[0], (3, 1)))


def test_a_change_of_detector_fades_in_5_ms() -> None:
    x = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(640) / FS)
    node = prepared(Envelope, FS)
    process(node, x[:320])
    node.set("detector", "rms")
    node.update()
    a = np.clip(np.arange(1, 321) / 256, 0, 1)  # 240 frames are four blocks of 64
    peak, rms = (follow(x, detector=detector)[0][320:] for detector in ("peak", "rms"))
    np.testing.assert_allclose(process(node, x[320:])[0][0], (1 - a) * peak + a * rms, atol=1e-15)


def test_it_modulates_a_gain_that_ducks_another_sound() -> None:
    """A constant of 0.5 settles at a level of 0.5; times -96, through a gain, it lowers the tone by 24 dB."""
    graph = tapegraph.Graph(
        nodes={
            "follower": {"kind": "envelope", "attack_s": 0.001},
            "amount": {"kind": "gain", "gain_db": 20 * np.log10(48.0)},
            "duck": {"kind": "gain", "gain_db": -48},
        },
        links=["input -> follower -> amount -> duck.gain_db", "input -> duck -> output"],
    )
    y = graph.render(np.full(9600, 0.5), 48_000)
    assert 20 * np.log10(y[-1] / 0.5) == pytest.approx(-48.0 + 24.0, abs=0.01)
