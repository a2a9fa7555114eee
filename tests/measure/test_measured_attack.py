"""Attack and release of compressors whose detectors are known, and of what has none."""

from __future__ import annotations

import numpy as np

import tapegraph
from tapegraph import measure
from tapegraph.measure.attack import LOUD_S, level_db, stepped

RATE = 8000.0
AMOUNT_DB, ATTACK_S, RELEASE_S = 9.0, 0.03, 0.2


def gain_db(level: np.ndarray) -> np.ndarray:
    """The static curve of compression."""
    X = 20.0 * np.log10(level)
    above = np.log(np.maximum(X + 2.0 * AMOUNT_DB + 1.0, 1.0)) - AMOUNT_DB - X
    return np.where(X < -2.0 * AMOUNT_DB, AMOUNT_DB, above)


def when_ms(t: np.ndarray, gain: np.ndarray) -> float:
    """When 1 - 1/e of a change has been made."""
    return float(1e3 * t[np.flatnonzero(np.abs(gain - gain[-1]) <= np.exp(-1.0) * np.abs(gain[0] - gain[-1]))[0]])


def test_attack_and_release_of_compression_follow_from_its_detector() -> None:
    """The peak jumps and falls by 1 / e in release_s; the level follows it with the time constant attack_s."""
    settings = {"amount_db": AMOUNT_DB, "attack_s": ATTACK_S, "release_s": RELEASE_S}
    found = measure.attack(measure.Rig(tapegraph.chain(compression=settings), RATE))
    low, high = 10.0 ** (-30.0 / 20.0), 10.0 ** (-10.0 / 20.0)
    t = np.arange(0.0, LOUD_S, 1e-5)
    rising = high - (high - low) * np.exp(-t / ATTACK_S)
    lag = RELEASE_S / (RELEASE_S - ATTACK_S)
    falling = high * (lag * np.exp(-t / RELEASE_S) - (lag - 1.0) * np.exp(-t / ATTACK_S))
    np.testing.assert_allclose(found.change_db, gain_db(np.array([high]))[0] - AMOUNT_DB, atol=0.1)
    np.testing.assert_allclose(found.attack_ms, when_ms(t, gain_db(rising)), atol=1.0)
    np.testing.assert_allclose(found.release_ms, when_ms(t, gain_db(np.maximum(falling, low))), rtol=0.03)


def test_longer_times_are_measured_longer() -> None:
    times = [
        measure.attack(measure.Rig(tapegraph.chain(sliding_compander={"attack_s": a, "release_s": r}), 16_000.0))
        for a, r in ((0.005, 0.1), (0.05, 0.1), (0.005, 0.4))
    ]
    usual, slow_attack, slow_release = times
    assert slow_attack.attack_ms[0] > 3.0 * usual.attack_ms[0]
    assert slow_release.release_ms[0] > 3.0 * usual.release_ms[0]
    assert usual.change_db[0] < -1.0


def test_a_gain_that_does_not_depend_on_level_has_no_times() -> None:
    for graph in (tapegraph.chain(gain={"gain_db": -9.0}), tapegraph.chain(dc_blocker={"cutoff_hz": 35.0})):
        (row,) = measure.attack(measure.Rig(graph, RATE)).rows()
        assert abs(row["change_db"]) < 0.01  # type: ignore[arg-type]
        assert (row["attack_ms"], row["release_ms"]) == (None, None)


def test_a_curve_without_memory_changes_its_gain_at_once(toys: None) -> None:
    """Within the period over which a level is read; 3/4 of the cubic part stays at the tone."""
    found = measure.attack(measure.Rig(tapegraph.chain(cubic={"third": -0.4}), RATE), (0.0,))
    expected = 20.0 * np.log10((1.0 - 0.3) / (1.0 - 0.003))
    np.testing.assert_allclose(found.change_db, expected, atol=0.01)
    assert found.attack_ms[0] <= 0.75
    assert found.release_ms[0] <= 0.75


def test_the_tone_is_20_db_louder_between_two_steps() -> None:
    rig = measure.Rig(tapegraph.chain(gain={}), RATE)
    levels = level_db(rig, stepped(rig, -6.0, 4000, 8000))
    np.testing.assert_allclose(
        levels[[2000, 3990, 4010, 7990, 8010, 20_000]], [-26.0, -26.0, -6.0, -6.0, -26.0, -26.0], atol=0.01
    )
