"""The delay against analysis: whole frames to the bit, parts of frames by phase, loops by the times of their echoes."""

from __future__ import annotations

import time

import numpy as np
import pytest
from harness import prepared, process, run
from tapegraph_nodes._kernels.delay_line import SAMPLES_AT_ONCE
from tapegraph_nodes.motion.delay import Delay

from tapegraph.errors import TapegraphError
from tapegraph.node.setup import start

FS = 48_000.0


@pytest.mark.parametrize("frames_late", [0, 1, 63, 64, 65, 4800, 47_999])
def test_whole_frames_are_exact(frames_late: int) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (3, 50_000))
    y = run(Delay, x, FS, time_s=frames_late / FS)
    np.testing.assert_array_equal(y[:, frames_late:], x[:, : x.shape[1] - frames_late])
    assert not y[:, :frames_late].any()


def test_ten_seconds_fit_at_any_block_size() -> None:
    x = np.zeros(8192)
    x[17] = 1.0
    for frames in (16, 1000, 4096):
        y = run(Delay, np.concatenate([x, np.zeros(2000)]), 800.0, frames, time_s=10.0)
        assert np.flatnonzero(y).tolist() == [17 + 8000]


@pytest.mark.parametrize("delay_frames", [40.25, 100.5, 777.9])
def test_between_frames_the_response_is_flat_and_its_phase_straight(delay_frames: float) -> None:
    x = np.zeros(4096)
    x[0] = 1.0
    H = np.fft.rfft(run(Delay, x, FS, time_s=delay_frames / FS))
    w = np.pi * np.arange(H.size) / (H.size - 1)
    passband = w < 0.9 * np.pi
    ideal = np.exp(-1j * w * delay_frames)
    # 0.01 dB is 0.00115 of the amplitude; the same bound holds the phase to a thousandth of a radian.
    assert np.max(np.abs(H - ideal)[passband]) < 1.15e-3
    assert abs(H[0] - 1) < 1e-12


def test_channels_stay_apart_where_the_ring_begins_anew() -> None:
    """At this rate, ten seconds are a few hundred frames: the ring comes round several times."""
    n = np.arange(2000)
    x = np.stack([np.sin(0.3 * n), np.zeros(2000), np.cos(0.7 * n)])
    y = run(Delay, x, 32.0, time_s=70.5 / 32)
    later = n - 70.5
    expected = np.stack([np.sin(0.3 * later), np.zeros(2000), np.cos(0.7 * later)])
    np.testing.assert_allclose(y[:, 200:], expected[:, 200:], atol=2e-4)
    assert not y[1].any()


@pytest.mark.parametrize("delay_frames", [0.3, 1.5, 7.75, 20.5])
def test_a_delay_of_few_frames_interpolates_as_lagrange_does(delay_frames: float) -> None:
    x = np.zeros(100)
    x[0] = 1.0
    taps = 2 * (int(delay_frames) + 1)
    weights = [np.prod([(delay_frames - j) / (k - j) for j in range(taps) if j != k]) for k in range(taps)]
    y = run(Delay, x, FS, time_s=delay_frames / FS)
    np.testing.assert_allclose(y[:taps], weights, atol=1e-9)
    assert not y[taps:].any()


@pytest.mark.parametrize("frames", [16, 441, 4096])
def test_a_changed_time_fades_between_two_places_without_a_click(frames: int) -> None:
    n = np.arange(24_576)
    w = 2 * np.pi * 1000 / FS
    x = np.sin(w * n)
    node = prepared(Delay, FS, 1, frames, time_s=480 / FS)
    half = 12_288 // frames * frames
    first = process(node, x[:half])[0][0]
    node.set("time_s", 960.25 / FS)
    node.update()
    y = np.concatenate([first, process(node, x[half:])[0][0]])
    part = np.clip((n - half + 1) / 960, 0, 1)
    expected = (1 - part) * np.sin(w * (n - 480)) + part * np.sin(w * (n - 960.25))
    np.testing.assert_allclose(y[2000:], expected[2000:], atol=1e-4)


def test_a_change_during_a_fade_is_heard_after_it() -> None:
    node = prepared(Delay, FS, 1, 64, time_s=0.01)
    x = np.zeros(6400)
    for time_s in (0.02, 0.03):
        node.set("time_s", time_s)
        node.update()
        process(node, x[:64])
    process(node, x)
    x[0] = 1.0
    assert np.flatnonzero(process(node, x)[0][0]).tolist() == [1440]


def test_in_a_loop_what_the_loop_takes_is_taken_off() -> None:
    node = Delay()
    node.fs, node.frames, node.loop_latency = FS, 64, 100
    node.set("time_s", 164 / FS)
    start(node)
    x = np.zeros(640)
    x[0] = 1.0
    assert np.flatnonzero(process(node, x)[0][0]).tolist() == [64]
    node.set("time_s", 0.0)  # shorter than the loop: held at the least
    node.update()
    process(node, np.zeros(1280))
    assert np.flatnonzero(process(node, x)[0][0]).tolist() == [0]


def test_a_loop_refuses_a_time_shorter_than_itself_and_takes_the_one_it_names() -> None:
    node = Delay()
    node.fs, node.frames, node.loop_latency = FS, 64, 100
    node.set("time_s", 0.0005)
    with pytest.raises(TapegraphError) as error:
        node.prepare()
    message = "time_s is 0.0005 s; in a loop it must be at least 0.0020834 s (one block and what the loop takes)"
    assert str(error.value) == message
    node.set("time_s", 0.0020834)
    node.prepare()


def test_a_delay_is_no_latency_and_its_tail_is_its_time() -> None:
    node = prepared(Delay, FS, time_s=0.5)
    assert node.latency() == 0.0
    assert node.tail() == pytest.approx(0.5, abs=0.001)


def test_what_is_600_db_down_is_silence_and_all_above_stays_as_it_is() -> None:
    x = np.array([1.0, 1.01e-30, 0.99e-30, -1.01e-30, -0.99e-30, 5e-324])
    y = run(Delay, np.concatenate([x, np.zeros(64)]), FS, time_s=64 / FS)
    np.testing.assert_array_equal(y[64:], [1.0, 1.01e-30, 0.0, -1.01e-30, 0.0, 0.0])


def test_other_threads_get_their_turn_while_room_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[float] = []
    monkeypatch.setattr(time, "sleep", turns.append)
    prepared(Delay, 8 * FS, 2, 512)
    assert len(turns) >= 2 * 10 * 8 * FS // SAMPLES_AT_ONCE


@pytest.mark.parametrize("frames_late", [0, 40.25, 5000, 479_999.5])
def test_what_was_heard_before_a_reset_is_not_heard_after_it(frames_late: float) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 30_000))
    node = prepared(Delay, FS, 2, 441, time_s=frames_late / FS)
    first = process(node, x)[0]
    node.reset()
    np.testing.assert_array_equal(process(node, x)[0], first)
