"""Reels: the pitch and the level of a stop and a start, and that the sound comes back in time."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process
from motion_tone import speeds, tone
from tapegraph_nodes.motion.reels import Reels

from tapegraph.node import Node

FS = 48_000.0
BEFORE = 9600


def switched(
    x: Array, *, start_s: float = 0.2, stop_s: float = 0.4, fs: float = FS, times: tuple[int, ...] = (BEFORE,)
) -> tuple[Node, Array]:
    """Return x through reels that turn, and at each of some frames, whole blocks, stop or start."""
    node = prepared(Reels, fs, 2, 64, start_s=start_s, stop_s=stop_s)
    outputs, run = [], 1.0
    for part in np.split(x, times, axis=1):
        node.set("run", run)
        node.update()
        outputs.append(process(node, part)[0])
        run = 1.0 - run
    return node, np.concatenate(outputs, axis=1)


@pytest.mark.parametrize("stop_s", [0.2, 0.4])
def test_a_stop_takes_pitch_and_level_down_along_a_straight_line(stop_s: float) -> None:
    _, y = switched(tone(FS, 1.0), stop_s=stop_s)
    t = np.arange(1, y.shape[1] - BEFORE) / FS
    v = np.maximum(0.0, 1 - t / stop_s)
    np.testing.assert_allclose(np.hypot(*y)[BEFORE : BEFORE + t.size], v, atol=1e-3)
    loud = v > 0.05
    np.testing.assert_allclose(speeds(y, FS)[BEFORE : BEFORE + t.size][loud], v[loud], atol=4e-4)
    assert not y[:, BEFORE + int(stop_s * FS) + 1 :].any()


def test_a_start_takes_pitch_and_level_up_and_ends_in_time_to_the_bit() -> None:
    """From the end of the start on, the output is the input, late by the latency."""
    x = tone(FS, 2.0)
    start = BEFORE * 4
    node, y = switched(x, start_s=0.25, stop_s=0.1, times=(BEFORE, start))
    t = np.arange(1, 12_000) / FS
    v = t / 0.25
    np.testing.assert_allclose(np.hypot(*y)[start : start + t.size], v, atol=1e-3)
    loud = v > 0.05
    np.testing.assert_allclose(speeds(y, FS)[start : start + t.size][loud], v[loud], atol=4e-4)
    late = int(node.latency())
    np.testing.assert_array_equal(y[:, start + 12_000 :], x[:, start + 12_000 - late : -late])


@pytest.mark.parametrize("start_s", [0.01, 0.2, 2.0])
def test_the_latency_is_half_the_time_of_a_start(start_s: float) -> None:
    node = prepared(Reels, FS, start_s=start_s)
    assert node.latency() == pytest.approx(start_s / 2 * FS + 8, abs=1)


def test_a_start_while_the_tape_slows_down_waits_until_it_stands() -> None:
    _, y = switched(tone(FS, 1.5), start_s=0.1, stop_s=0.4, times=(BEFORE, BEFORE + 6400))
    level = np.hypot(*y)
    stands = BEFORE + int(0.4 * FS)
    assert np.max(level[stands - 100 : stands + 100]) < 0.03
    assert np.all(np.diff(level[BEFORE + 100 : stands - 300]) < 1e-4)
    assert level[stands + 4900] == pytest.approx(1.0, abs=1e-3)


def test_a_stop_during_a_start_turns_round_at_once_and_nothing_clicks() -> None:
    """0.1 s into a start of 0.2 s it runs at half speed, and a stop of 0.4 s takes another 0.2 s from there."""
    _, y = switched(tone(FS, 2.0), start_s=0.2, stop_s=0.4, times=(BEFORE, 6 * BEFORE, 6 * BEFORE + 4800))
    level = np.hypot(*y)
    turned = 6 * BEFORE + 4800
    assert level[turned] == pytest.approx(0.5, abs=1e-3)
    assert level[turned + 4800] == pytest.approx(0.25, abs=1e-3)
    assert not y[:, turned + 9700 :].any()
    # A tone of 1 kHz moves by 0.131 a frame at most.
    assert np.max(np.abs(np.diff(y[:, 6000:]))) < 0.1315


def test_reels_that_stand_at_the_beginning_are_silent_until_they_start() -> None:
    node = prepared(Reels, FS, 2, 64, run=0.0)
    assert not process(node, tone(FS, 0.2))[0].any()
    node.set("run", 1.0)
    node.update()
    assert np.hypot(*process(node, tone(FS, 0.5))[0])[-1] == pytest.approx(1.0, abs=1e-3)


def test_the_tail_of_a_stop_is_what_is_left_of_it() -> None:
    node, _ = switched(tone(FS, 0.3), stop_s=1.0)
    assert node.tail() == pytest.approx(0.9, abs=0.002)
