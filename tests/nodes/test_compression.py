"""Compression against its curve in decibels, a detector in SciPy, and the known timing written out in NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from harness import Array, prepared, process, run
from scipy import signal
from tapegraph_nodes.levels.compression import Compression

FS = 48_000.0


def static_db(level_db: float, p: float) -> float:
    """The gain of a level, dB, as it is written down."""
    return p if level_db < -2 * p else math.log(level_db + 2 * p + 1) - p - level_db


def level_after(x: Array, attack_s: float, release_s: float, fs: float = FS) -> Array:
    """The largest of all that came before, each fallen by its age, through an RC circuit."""
    peak, found = 0.0, []
    for v in np.abs(x):
        peak = max(float(v), peak * math.exp(-1 / (release_s * fs)))
        found.append(peak)
    g = 1 - math.exp(-1 / (attack_s * fs))
    level: Array = signal.lfilter([g], [1, g - 1], found)
    return level


@pytest.mark.parametrize("timing", ["smooth", "original"])
@pytest.mark.parametrize("p", [1.0, 3.0, 6.0, 9.0])
@pytest.mark.parametrize("level_db", [-80.0, -20.0, -13.0, -7.0, -3.0, 0.0, 12.0])
def test_a_constant_settles_on_the_curve(level_db: float, p: float, timing: str) -> None:
    x = np.full(24_000, 10 ** (level_db / 20))
    y = run(Compression, x, FS, amount_db=p, attack_s=0.001, release_s=0.02, timing=timing)
    assert 20 * math.log10(y[-1] / x[-1]) == pytest.approx(static_db(level_db, p), abs=1e-6)


# ln(2 p + 1) - p
@pytest.mark.parametrize(("p", "output_db"), [(3.0, -1.054), (6.0, -3.435), (9.0, -6.056)])
def test_full_scale_comes_out_as_published(p: float, output_db: float) -> None:
    y = run(Compression, np.ones(24_000), FS, amount_db=p)
    assert 20 * math.log10(y[-1]) == pytest.approx(output_db, abs=0.0006)


def test_a_steady_sine_is_compressed_by_its_peak() -> None:
    """Within what the level falls between two peaks, 8.7 dB times 0.5 ms / 0.5 s, and little distortion."""
    x = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(48_000) / FS)
    y = run(Compression, x, FS, amount_db=6.0, release_s=0.5)[-4800:]
    fundamental = 2 * abs(np.exp(-2j * np.pi * np.arange(4800) / 48) @ y) / 4800
    assert 20 * math.log10(fundamental / 0.5) == pytest.approx(static_db(20 * math.log10(0.5), 6.0), abs=0.01)
    assert np.sqrt(np.mean((y - np.mean(y)) ** 2) - fundamental**2 / 2) < 1e-3 * fundamental


@pytest.mark.parametrize("timing", ["smooth", "original"])
def test_an_amount_of_0_leaves_any_level_as_it_is(timing: str) -> None:
    x = np.random.default_rng(0).uniform(-30, 30, (2, 6400))
    np.testing.assert_array_equal(run(Compression, x, FS, timing=timing), x)


def test_under_1_db_what_is_held_back_is_in_proportion_to_the_amount() -> None:
    y = run(Compression, np.full(24_000, 2.0), FS, amount_db=0.25, attack_s=0.001)
    held = 10 ** ((static_db(20 * math.log10(2), 0.25) - 0.25) / 20)
    assert y[-1] == pytest.approx(2.0 * 10 ** (0.25 / 20) * (1 - 0.25 * (1 - held)), rel=1e-6)


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
@pytest.mark.parametrize(("attack_s", "release_s"), [(0.0001, 0.01), (0.02, 0.05)])
def test_the_level_has_the_times_of_its_names(attack_s: float, release_s: float, fs: float) -> None:
    x = 0.01 * np.random.default_rng(0).uniform(-1, 1, int(0.3 * fs))
    x[: int(0.1 * fs)] *= 80
    level = level_after(x, attack_s, release_s, fs)
    gain = [10 ** (static_db(20 * math.log10(v), 6.0) / 20) for v in level]
    y = run(Compression, x, fs, amount_db=6.0, attack_s=attack_s, release_s=release_s)
    np.testing.assert_allclose(y, gain * x, atol=1e-12)


def test_a_loud_onset_comes_through_for_the_attack_and_then_is_held_back() -> None:
    """By 20 ms, four times the attack, the level is 1 - exp(-4) of the step."""
    y = run(Compression, np.ones(2400), FS, amount_db=6.0, attack_s=0.005)
    assert y[0] == pytest.approx(10 ** (6 / 20))
    assert y[959] == pytest.approx(10 ** (static_db(20 * math.log10(1 - math.exp(-4)), 6.0) / 20), rel=1e-6)


def original(x: Array, p: float, attack_s: float, release_s: float) -> Array:
    """The known timing, from rest: at once down, upwards in half of release_s, with a memory of half of attack_s."""
    slow = 10 ** (p / 20)
    y = []
    for v in x.tolist():
        fast = 10 ** (static_db(20 * math.log10(abs(v) + 1e-300), p) / 20)
        time_s = release_s if fast > slow else attack_s
        slow += (1 - math.exp(-2 / (time_s * FS))) * (fast - slow)
        y.append(min(fast, slow) * v)
    return np.array(y)


def test_the_original_timing_is_the_known_one() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 9600) * np.linspace(0, 1.5, 9600)
    x[5000:7000] *= 0.05
    y = run(Compression, x, FS, amount_db=6.0, attack_s=0.01, release_s=0.05, timing="original")
    np.testing.assert_allclose(y, original(x, 6.0, 0.01, 0.05), atol=1e-12)


def test_the_original_timing_holds_the_first_sample_back_and_recovers_in_half_the_release() -> None:
    """After half the release 1 / e of the gain that is missing is left, 1 / e^2 if it were as labelled."""
    x = np.full(9600, 0.01)
    x[:4800] = 1.0
    y = run(Compression, x, FS, amount_db=6.0, attack_s=0.005, release_s=0.1, timing="original")
    quiet, loud = 10 ** (6 / 20), 10 ** (static_db(0.0, 6.0) / 20)
    assert y[0] == pytest.approx(loud, rel=1e-9)
    after = y[4800 + 2400 - 1] / 0.01
    assert (quiet - after) / (quiet - loud) == pytest.approx(math.exp(-1), rel=1e-4)


def test_channels_are_apart_without_link_and_share_the_loudest_with_it() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 9600)) * [[0.05], [1.0]]
    apart = run(Compression, x, FS, amount_db=6.0)
    np.testing.assert_array_equal(apart[0], run(Compression, x[:1], FS, amount_db=6.0)[0])
    linked = run(Compression, x, FS, amount_db=6.0, link=1.0)
    gain = linked / x
    np.testing.assert_allclose(gain[0], gain[1], rtol=1e-12)
    loudest = np.max(np.abs(x), axis=0)
    np.testing.assert_allclose(gain[0], run(Compression, loudest, FS, amount_db=6.0) / loudest, rtol=1e-12)


def test_a_change_of_timing_fades_from_the_gain_that_was_reached() -> None:
    x = np.full(9600, 0.5)
    node = prepared(Compression, FS, amount_db=9.0)
    first = process(node, x[:4800])[0][0]
    node.set("timing", "original")
    node.update()
    y = np.concatenate([first, process(node, x[4800:])[0][0]])
    assert np.max(np.abs(np.diff(y[4700:]))) < 1e-6  # both are at rest on one curve
    assert y[-1] == pytest.approx(0.5 * 10 ** (static_db(20 * math.log10(0.5), 9.0) / 20), rel=1e-6)


def test_levels_over_40_db_are_taken_as_40_db() -> None:
    y = run(Compression, np.full(48_000, 1e4), FS, amount_db=9.0)
    assert y[-1] / 1e4 == pytest.approx(10 ** (static_db(40.0, 9.0) / 20), rel=1e-6)
