"""Varispeed: exact pitch, the way that time takes, and what happens where the slack ends."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process
from motion_tone import speeds, tone
from tapegraph_nodes.motion.varispeed import Varispeed

from tapegraph.node import Node

FS = 48_000.0


def turned(node: Node, x: Array, settings: dict[int, float]) -> Array:
    """Return x through the node; at each of some frames, whole blocks, the speed is set."""
    outputs = []
    for (_, semitones), part in zip([(0, None), *settings.items()], np.split(x, list(settings), axis=1), strict=True):
        if semitones is not None:
            node.set("speed_semitones", semitones)
            node.update()
        outputs.append(process(node, part)[0])
    return np.concatenate(outputs, axis=1)


@pytest.mark.parametrize("semitones", [-12.0, -7.0, 0.5, 7.0, 12.0])
@pytest.mark.parametrize("fs", [44_100.0, 96_000.0])
def test_the_pitch_is_that_of_the_semitones(semitones: float, fs: float) -> None:
    """Within 8e-4 in every frame, and 5e-5 over 50 ms: 0.09 cents."""
    node = prepared(Varispeed, fs, 2, 64, slack_s=1.0)
    at = int(1.5 * fs) // 64 * 64
    y = turned(node, tone(fs, 2.0), {at: semitones})
    start = at + int(0.4 * fs)
    found = speeds(y, fs)[start : start + int(0.05 * fs)]
    expected = 2 ** (semitones / 12)
    np.testing.assert_allclose(found, expected, atol=8e-4 * expected)
    assert np.mean(found) == pytest.approx(expected, rel=5e-5)


def test_a_new_speed_is_reached_in_the_time_of_the_inertia() -> None:
    """The semitones follow 1 - (1 + t / tau) exp(-t / tau), tau a sixth of the inertia."""
    node = prepared(Varispeed, FS, 2, 64, slack_s=1.0, inertia_s=0.3)
    y = turned(node, tone(FS, 2.0), {57_600: -12.0})
    t = np.arange(1, 20_000) / FS / 0.05
    expected = 2.0 ** -(1 - (1 + t) * np.exp(-t))
    np.testing.assert_allclose(speeds(y, FS)[57_600 : 57_600 + t.size], expected, atol=5e-4)


def test_the_sound_is_late_by_what_the_slow_tape_has_cost_and_stays_late() -> None:
    """An octave down for 0.4 s costs 0.2 s: set there and back with the same glide, whatever its inertia."""
    node = prepared(Varispeed, FS, 2, 64, slack_s=1.0, inertia_s=0.02)
    x = np.zeros((2, 192_000))
    x[:, 120_000] = 1.0
    y = turned(node, x, {19_200: -12.0, 38_400: 0.0})
    late = np.argmax(np.abs(y[0])) - 120_000 - node.latency()
    t = np.arange(0, 0.4, 1 / FS) / (0.02 / 6)
    down = 2.0 ** -(1 - (1 + t) * np.exp(-t))
    up = 2.0 ** -((1 + t) * np.exp(-t))
    assert late == pytest.approx(np.sum(1 - down) + np.sum(1 - up), abs=2.0)


@pytest.mark.parametrize(("semitones", "end_s"), [(-12.0, 0.2), (12.0, -0.2)])
def test_at_the_end_of_the_slack_the_pitch_comes_back_smoothly(semitones: float, end_s: float) -> None:
    node = prepared(Varispeed, FS, 2, 64, slack_s=0.2, inertia_s=0.05)
    y = turned(node, tone(FS, 2.0), {24_000: semitones})
    found = speeds(y, FS)[24_000:]
    assert found[-1] == pytest.approx(1.0, abs=2e-4)
    assert np.max(np.abs(np.diff(found))) < 2e-2  # glides of 50 ms; a jump of the place would be far larger
    assert np.max(np.abs(np.diff(y[:, 20_000:]))) < 0.14 * 2.01
    x = np.zeros((2, 48_000))
    x[:, 4800] = 9.0  # above the rest of the tone
    late = np.argmax(np.abs(process(node, x)[0][0])) - 4800 - node.latency()
    assert late / FS == pytest.approx(end_s, abs=2e-4)


def test_away_from_the_end_of_the_slack_a_new_speed_takes_effect_at_once() -> None:
    node = prepared(Varispeed, FS, 2, 64, slack_s=0.2, inertia_s=0.05)
    y = turned(node, tone(FS, 2.0), {24_000: -12.0, 72_000: 2.0})
    assert speeds(y, FS)[72_000 + 6000] == pytest.approx(2 ** (2 / 12), abs=2e-3)


def test_with_recovery_the_sound_comes_back_in_time_to_the_bit() -> None:
    """0.1 s at 10 % takes about 1 s, and the ease at its end another."""
    node = prepared(Varispeed, FS, 2, 64, slack_s=0.2, inertia_s=0.02, recover_percent=10.0)
    x = tone(FS, 5.0)
    y = turned(node, x, {24_000: -12.0, 33_600: 0.0})
    assert np.median(speeds(y, FS)[40_000:60_000]) == pytest.approx(1.1, abs=1e-3)
    late = int(node.latency())
    np.testing.assert_array_equal(y[:, -4800:], x[:, -4800 - late : -late])


def test_at_rest_it_is_a_delay_by_its_latency() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 12_800))
    node = prepared(Varispeed, FS, 2, slack_s=0.1)
    assert node.latency() == 4808
    np.testing.assert_array_equal(process(node, x)[0][:, 4808:], x[:, :-4808])
