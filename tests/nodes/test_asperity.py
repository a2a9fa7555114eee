"""Asperity noise: the level, the width and the normality of what it adds to a tone, and that silence stays silence."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process, run
from scipy import signal, stats
from tapegraph_nodes.noise.asperity import Asperity

import tapegraph
from tapegraph.node.setup import make, start

FS = 48_000.0
SECONDS = 20 if tapegraph.COMPILED else 2


def modulation(fs: float = FS, seconds: float = SECONDS, **params: float) -> Array:
    """Return A n, as a constant shows it."""
    x = np.ones(int(seconds * fs))
    added: Array = run(Asperity, x, fs, 1024, **params) - x
    return added


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
@pytest.mark.parametrize("level_db", [-50.0, -20.0])
def test_the_noise_has_the_level_relative_to_the_sound_at_any_rate(fs: float, level_db: float) -> None:
    """A tone of amplitude 0.2 and 5 kHz; 20 s hold some 60,000 independent values, 2 s 6,000: 0.03 and 0.1 dB."""
    seconds = 2.0
    x = 0.2 * np.sin(2 * np.pi * 5000.0 / fs * np.arange(int(seconds * fs)))
    e = run(Asperity, x, fs, 1024, level_db=level_db) - x
    assert 10 * np.log10(np.mean(e**2) / np.mean(x**2)) == pytest.approx(level_db, abs=0.3)


@pytest.mark.parametrize(
    ("speed_ips", "length_um", "b_hz"), [(15.0, 60.0, 1010.6), (7.5, 60.0, 505.3), (1.875, 10.0, 757.9)]
)
def test_the_sidebands_of_a_tone_are_as_wide_as_the_tape_is_fast(
    speed_ips: float, length_um: float, b_hz: float
) -> None:
    """b = v / (2 pi length); the density of both sides of 10 kHz against 1 / (1 + (f / b)^2)."""
    tone = np.sin(2 * np.pi * 10_000.0 / FS * np.arange(int(SECONDS * FS)))
    y = run(Asperity, tone, FS, 1024, level_db=-30.0, speed_ips=speed_ips, length_um=length_um)
    hz, measured = signal.welch(y - tone, FS, nperseg=1 << 12)
    for low, high in ((20.0, 200.0), (0.5 * b_hz, b_hz), (b_hz, 2 * b_hz), (2 * b_hz, 4 * b_hz)):
        apart = np.abs(hz - 10_000.0)
        side = (apart >= low) & (apart < high)
        expected = 0.5 * 1e-3 / (np.pi * b_hz * (1 + (apart[side] / b_hz) ** 2))
        assert abs(10 * np.log10(np.mean(measured[side]) / np.mean(expected))) < 0.5 * np.sqrt(20 / SECONDS)


def test_the_surface_is_alike_to_one_over_e_at_its_length() -> None:
    """At 15 ips 381 um are passed in a millisecond, 48 frames."""
    n = modulation(level_db=-20.0, length_um=381.0)
    assert np.corrcoef(n[:-48], n[48:])[0, 1] == pytest.approx(np.exp(-1), abs=0.03 * np.sqrt(20 / SECONDS))


def test_heights_are_normally_distributed() -> None:
    n = modulation(level_db=-20.0, length_um=10.0)[::40] / 0.1  # 30 lengths apart
    assert stats.kstest(n, "norm").pvalue > 1e-3


def test_silence_stays_silent() -> None:
    assert not run(Asperity, np.zeros(640), FS).any()


def test_every_channel_has_a_surface_of_its_own_by_seed_name_and_channel() -> None:
    x = np.ones((2, 9600))

    def play(seed: int, name: str) -> Array:
        return process(start(make(Asperity, FS, 2, 64, {"length_um": 10.0}, name=name, seed=seed)), x)[0]

    y = play(1, "tape")
    assert abs(np.corrcoef(y[0], y[1])[0, 1]) < 0.06
    np.testing.assert_array_equal(play(1, "tape"), y)
    assert not np.any(play(2, "tape") == y)
    assert not np.any(play(1, "copy") == y)


def test_a_changed_speed_goes_on_from_the_same_height() -> None:
    """At 15 ips two frames are 0.4 % of 2 mm apart: heights differ by 0.09 standard deviations; 5 times that is far."""
    node = prepared(Asperity, FS, 1, level_db=-20.0, length_um=2000.0)
    before = process(node, np.ones(640))[0][0][-1]
    node.set("speed_ips", 1.0)
    node.update()
    after = process(node, np.ones(64))[0][0][0]
    assert abs(after - before) < 0.1 * 5 * np.sqrt(2 * 0.381 / (2e-3 * FS))


def test_a_changed_level_is_reached_in_5_ms() -> None:
    """240 frames at 48 kHz are four blocks of 64; the heights stay the same."""
    node, still = (prepared(Asperity, FS, 1, level_db=-20.0) for _ in range(2))
    node.set("level_db", -40.0)
    node.update()
    faded, n = (process(it, np.ones(320))[0][0] - 1.0 for it in (node, still))
    np.testing.assert_allclose(faded, n * (1 - 0.9 * np.clip(np.arange(1, 321) / 256, 0, 1)), atol=1e-12)
