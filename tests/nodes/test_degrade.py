"""Degrade against its equations, written down again frame by frame, and what it draws against its distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process, run
from scipy import signal, stats
from tapegraph_nodes._kernels.random_streams import RandomStream
from tapegraph_nodes.age.degrade import Degrade

from tapegraph.node.setup import make, start

FS = 48_000.0
HOLD = 2048  # frames between draws


def numbers(purpose: str, channel: int, count: int) -> Array:
    stream = RandomStream(5, "it", channel, purpose)
    return np.array([stream.uniform() for _ in range(count)])


def redrawn(purpose: str, channel: int, frames: int) -> Array:
    """Return numbers that are drawn every 2048 frames and move to that in 240."""
    drawn = numbers(purpose, channel, frames // HOLD + 2)
    times = np.concatenate([[0], *([HOLD * k - 1, HOLD * k + 239] for k in range(1, drawn.size))])
    values = np.concatenate([[drawn[0]], *([drawn[k - 1], drawn[k]] for k in range(1, drawn.size))])
    return np.asarray(np.interp(np.arange(frames), times, values))


def degraded(x: Array, depth: float, amount: float, variance: float, envelope: float) -> Array:
    """Return what the equations make of x, (channels, frames) at 48 kHz."""
    frames = x.shape[1]
    release_s = 0.02 * 250 ** (1 - envelope**0.8)
    level, e = np.zeros(frames), 0.0
    for i, loud in enumerate(np.mean(np.abs(x), axis=0)):
        e += (1 - np.exp(-1 / (FS * (0.01 if loud > e else release_s)))) * (loud - e)
        level[i] = e
    gain_db = np.minimum(-24 * depth + 36 * variance * (redrawn("level", 0, frames) - 0.5), 3)
    y = np.zeros_like(x)
    for c in range(x.shape[0]):
        noise = 0.5 * depth * amount * (numbers("noise", c, frames) - 0.5)
        v = x[c] + noise * (level if envelope > 0 else 1)
        f = 200 * 100 ** (1 - amount) * (1 + variance * (redrawn("cutoff", c, frames) - 0.5) / 0.6)
        g = np.tan(np.pi * np.minimum(f / FS, 0.49))
        s = 0.0
        for i in range(frames):  # trapezoidal RC
            low = (g[i] * v[i] + s) / (1 + g[i])
            s = low + g[i] * (v[i] - low)
            y[c, i] = 10 ** (gain_db[i] / 20) * low
    return y


@pytest.mark.parametrize(
    "params",
    [
        {"depth": 0.3, "amount": 0.6, "variance": 0.8, "envelope": 0.0},
        {"depth": 0.8, "amount": 0.4, "variance": 1.0, "envelope": 0.6},
    ],
)
def test_it_follows_its_equations(params: dict[str, Any]) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 20_000)) * np.repeat([1.0, 0.1, 1.0, 0.0], 5000)
    for frames in (64, 1000):
        y = process(start(make(Degrade, FS, 2, frames, params, name="it", seed=5)), x)[0]
        np.testing.assert_allclose(y, degraded(x, **params), atol=1e-12)


@pytest.mark.parametrize(("amount", "cutoff_hz"), [(0.0, 20_000.0), (0.5, 2000.0), (1.0, 200.0)])
def test_the_amount_lowers_the_cutoff_from_20_khz_to_200_hz(amount: float, cutoff_hz: float) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 4096)
    y = run(Degrade, x, FS, depth=0.0, amount=amount, variance=0.0)
    np.testing.assert_allclose(y, signal.lfilter(*signal.butter(1, cutoff_hz, fs=FS), x), atol=1e-12)


def test_it_is_stable_where_20_khz_is_above_the_nyquist_frequency() -> None:
    """The cutoff is then 0.49 of the rate: a constant passes, at once but for what rings there."""
    y = run(Degrade, np.ones(800), 8000.0, depth=0.0, amount=0.0, variance=0.0)
    np.testing.assert_allclose(y[400:], 1.0, atol=1e-9)


@pytest.mark.parametrize("depth", [0.0, 0.5, 1.0])
def test_the_depth_takes_24_db_at_most(depth: float) -> None:
    y = run(Degrade, np.ones(4800), FS, depth=depth, amount=0.0, variance=0.0)
    assert 20 * np.log10(y[-1]) == pytest.approx(-24 * depth, abs=1e-6)


@pytest.mark.parametrize("fs", [44_100.0, 48_000.0, 96_000.0, 192_000.0])
def test_the_noise_has_one_density_at_every_rate(fs: float) -> None:
    """g^2 / 12 / 24 kHz with g = 1/4, behind a low-pass of 2 kHz and 24 dB down; 3 s scatter by 1.1 %."""
    y = run(Degrade, np.zeros(int(3 * fs)), fs, depth=1.0, amount=0.5, variance=0.0)
    f, density = signal.welch(y, fs, nperseg=4096)
    band = (f > 100) & (f < 3000)
    expected = (1 / 4) ** 2 / 12 / 24_000 * 10**-2.4 / (1 + (f[band] / 2000) ** 2)
    assert np.mean(density[band] / expected) == pytest.approx(1.0, abs=0.04)


def test_levels_are_drawn_evenly_in_db_every_42_7_ms() -> None:
    """depth 0.5, variance 0.5: -21 to -3 dB; Kolmogorov and Smirnov accept 600 of them."""
    fs = 8000.0
    hold = round(fs * 2048 / 48_000)
    y = run(Degrade, np.ones(hold * 600), fs, depth=0.5, amount=0.0, variance=0.5)
    levels = 20 * np.log10(y[hold - 10 :: hold])
    assert stats.kstest(levels, stats.uniform(-21, 18).cdf).pvalue > 0.01
    assert (np.min(levels), np.max(levels)) == pytest.approx((-21, -3), abs=0.15)


def test_no_level_is_above_3_db() -> None:
    """Without depth 15 of 36 dB lie above."""
    fs = 8000.0
    hold = round(fs * 2048 / 48_000)
    y = run(Degrade, np.ones(hold * 600), fs, depth=0.0, amount=0.0, variance=1.0)
    levels = 20 * np.log10(y[hold - 10 :: hold])
    assert np.max(levels) == pytest.approx(3.0, abs=1e-6)
    assert np.mean(levels > 2.999) == pytest.approx(15 / 36, abs=0.06)


def test_cutoffs_are_drawn_evenly_and_for_each_channel() -> None:
    """amount 0.5, variance 1: 2 kHz times 1/6 to 11/6, seen in the first sample of the response to an impulse."""
    fs = 8000.0
    hold = round(fs * 2048 / 48_000)
    x = np.zeros((2, hold * 600))
    x[:, hold - 20 :: hold] = 1.0
    y = run(Degrade, x, fs, depth=0.0, amount=0.5, variance=1.0)[:, hold - 20 :: hold]
    steady = run(Degrade, np.ones(hold * 600), fs, depth=0.0, amount=0.0, variance=1.0)[hold - 20 :: hold]
    g = y / steady  # = tan / (1 + tan), of the trapezoidal RC; what rings on from impulses before is under 1e-9
    f = np.arctan(g / (1 - g)) * fs / np.pi
    for channel in f:
        assert stats.kstest(channel, stats.uniform(2000 / 6, 2000 / 0.6).cdf).pvalue > 0.01
    assert abs(np.mean((f[0] - 2000) * (f[1] - 2000))) < 0.1 * np.var(f[0])


def test_the_noise_of_an_envelope_ends_with_the_sound() -> None:
    x = np.zeros(48_000)
    assert not run(Degrade, x, FS, depth=1.0, amount=0.5, envelope=0.5).any()
    x[:4800] = 0.5
    quiet = run(Degrade, x, FS, depth=1.0, amount=0.5, variance=0.0, envelope=1.0)
    for first in (9600, 12_000):  # 20 ms to fall by 1/e: 50 ms are 21.7 dB
        level, later = (np.std(quiet[k : k + 2400] * np.exp(np.arange(2400) / 960)) for k in (first, first + 2400))
        assert 20 * np.log10(level / later) == pytest.approx(21.7, abs=1.0)


def test_channels_have_noise_of_their_own_and_a_level_in_common() -> None:
    y = run(Degrade, np.zeros((2, 96_000)), FS, depth=1.0, amount=0.3, variance=0.0)
    assert abs(np.mean(y[0] * y[1])) < 0.02 * np.var(y[0])
    both = run(Degrade, np.ones((2, 96_000)), FS, depth=0.0, amount=0.0, variance=0.5)
    np.testing.assert_allclose(both[0, 1000::2048], both[1, 1000::2048], rtol=1e-9)


def test_what_is_drawn_depends_on_seed_and_name() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 9600))

    def play(seed: int, name: str) -> Array:
        return process(start(make(Degrade, FS, 2, 64, {}, name=name, seed=seed)), x)[0]

    y = play(1, "tape")
    np.testing.assert_array_equal(play(1, "tape"), y)
    assert np.any(play(2, "tape") != y)
    assert np.any(play(1, "reel") != y)


def test_a_reset_starts_over() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 9600))
    node = prepared(Degrade, FS, 2, 64, envelope=0.5)
    first = process(node, x)[0]
    node.reset()
    np.testing.assert_array_equal(process(node, x)[0], first)
