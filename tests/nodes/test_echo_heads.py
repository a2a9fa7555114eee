"""Echo heads: the times of the echoes, the pitch while the speed or a head moves, and loops."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process
from motion_tone import played, speeds
from scipy.optimize import brentq
from tapegraph_nodes.motion.echo_heads import EchoHeads

import tapegraph
from tapegraph.errors import TapegraphError

FS = 48_000.0
ONE: dict[str, object] = {"on2": False, "on3": False}


def spike(seconds: float, channels: int = 1) -> Array:
    x = np.zeros((channels, round(seconds * FS)))
    x[:, 0] = 1.0
    return x


@pytest.mark.parametrize("frames", [16, 64, 1000])
def test_each_head_plays_its_distance_over_the_speed_later(frames: int) -> None:
    """25.4, 50.8 and 76.2 mm at 10 ips: 100, 200 and 300 ms, whole frames, which are exact."""
    node = prepared(EchoHeads, FS, 2, frames, speed_ips=10.0, head1_mm=25.4, head2_mm=50.8, head3_mm=76.2, level2=0.5)
    y = process(node, spike(0.4, 2))[0]
    for channel in y:
        np.testing.assert_allclose(channel[[4800, 9600, 14_400]], [1.0, 0.5, 1.0], atol=1e-9)
        assert np.sum(channel**2) == pytest.approx(2.25, abs=1e-7)  # lengths are rounded to 2^-48 inch


@pytest.mark.parametrize("fs", [44_100.0, 48_000.0, 192_000.0])
def test_between_frames_the_echo_is_late_by_the_exact_time(fs: float) -> None:
    y = played(prepared(EchoHeads, fs, 2, 64, speed_ips=7.5, head1_mm=22.2, **ONE), 0.3)
    late = 22.2 / 25.4 / 7.5
    t = np.arange(int(0.15 * fs), y.shape[1]) / fs
    np.testing.assert_allclose((y[0] + 1j * y[1])[t.size * -1 :], np.exp(2j * np.pi * 1000 * (t - late)), atol=1e-4)


def test_the_switches_and_levels_choose_the_heads() -> None:
    node = prepared(EchoHeads, FS, 1, 64, on1=False, level3=0.0)
    y = process(node, spike(0.3))[0][0]
    assert abs(np.argmax(np.abs(y)) / FS - 38 / 25.4 / 15) < 1e-4
    assert np.sum(y) == pytest.approx(1.0, abs=1e-3)


def expected_pitch(t: Array, v1: float, v2: float, tau: float, inches: float) -> Array:
    """v(t) / v(t - D) after the speed was set from v1 to v2 at 0, where the tape from t - D to t is the distance."""

    def v(t: float) -> float:
        return v1 if t < 0 else v2 + (v1 - v2) * np.exp(-t / tau)

    def passed(t: float) -> float:
        return v1 * t if t < 0 else v2 * t + (v1 - v2) * tau * (1 - np.exp(-t / tau))

    def ratio(t: float) -> float:
        then = brentq(lambda u: passed(t) - passed(u) - inches, t - 2 * inches / min(v1, v2), t, xtol=1e-13)
        return v(t) / v(then)

    return np.array([ratio(float(u)) for u in t])


@pytest.mark.parametrize(("v1", "v2"), [(7.5, 15.0), (15.0, 5.0)])
def test_turning_the_speed_glides_the_pitch_by_the_ratio_of_the_speeds(v1: float, v2: float) -> None:
    """An octave up at most, and back, as the tape between the heads has been recorded at the old speed."""
    node = prepared(EchoHeads, FS, 2, 64, speed_ips=v1, head1_mm=25.4, inertia_s=0.1, **ONE)
    seconds, at = 1.0, 12_800
    turns = 2j * np.pi * 1000 * np.arange(at + int(seconds * FS)) / FS
    x = np.array([np.exp(turns).real, np.exp(turns).imag])
    first = process(node, x[:, :at])[0]
    node.set("speed_ips", v2)
    node.update()
    found = speeds(np.concatenate([first, process(node, x[:, at:])[0]], axis=1), FS)[at:]
    n = np.arange(100, found.size, 400)
    np.testing.assert_allclose(found[n], expected_pitch((n + 1) / FS, v1, v2, 0.1, 1.0), atol=5e-4)
    assert found[-1] == pytest.approx(1.0, abs=1e-3)


def test_after_a_turn_and_back_the_echo_comes_at_the_old_time() -> None:
    """Lengths of tape are whole numbers: nothing has drifted."""
    params = {"speed_ips": 10.0, "head1_mm": 25.4, "inertia_s": 0.05, **ONE}
    node = prepared(EchoHeads, FS, 1, 64, **params)
    for speed_ips in (30.0, 10.0):
        node.set("speed_ips", speed_ips)
        node.update()
        process(node, np.zeros((1, 64 * 1500)))
    y = process(node, spike(0.2))[0][0]
    np.testing.assert_allclose(y[4800], 1.0, atol=1e-6)
    assert np.sum(np.delete(y, 4800) ** 2) < 1e-9


def test_a_moved_head_shifts_the_pitch_by_its_own_speed() -> None:
    """50 mm further away, at 1 ips for most of the way, against tape of 5 ips: 1 - 1 / 5."""
    node = prepared(EchoHeads, FS, 2, 64, speed_ips=5.0, head1_mm=20.0, **ONE)
    x = np.exp(2j * np.pi * 1000 * np.arange(144_000) / FS)
    x = np.array([x.real, x.imag])
    first = process(node, x[:, :48_000])[0]
    node.set("head1_mm", 70.0)
    node.update()
    y = np.concatenate([first, process(node, x[:, 48_000:])[0]], axis=1)
    found = speeds(y, FS)[48_000:]
    assert found[48_000] == pytest.approx(0.8, abs=3e-4)
    assert np.min(found) > 0.8 - 3e-4
    assert np.max(np.abs(np.diff(found))) < 1e-3  # it begins to move without a step


def test_while_the_speed_moves_the_size_of_the_blocks_makes_no_difference() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 25_600))
    outputs = []
    for frames in (16, 64, 512):
        node = prepared(EchoHeads, FS, 2, frames, inertia_s=0.05)
        first = process(node, x[:, :10_240])[0]
        node.set("speed_ips", 5.0)
        node.update()
        outputs.append(np.concatenate([first, process(node, x[:, 10_240:])[0]], axis=1))
    for y in outputs[1:]:
        np.testing.assert_allclose(y, outputs[0], atol=1e-12)


def loop(**params: object) -> tapegraph.Graph:
    """Return echo heads whose output comes back at half the level."""
    return tapegraph.Graph(
        nodes={
            "heads": {"kind": "echo_heads", **params},
            "record": {"kind": "mix", "mix": 0, "weight1": 1, "weight2": 0.5},
        },
        links=["input -> record.in1", "record -> heads", "heads -> record.in2", "heads -> output"],
    )


def test_in_a_loop_echoes_come_at_multiples_of_the_time_of_the_head() -> None:
    y = loop(speed_ips=10.0, head1_mm=25.4, **ONE).render(spike(0.1), FS)[0]
    for k in range(1, 6):
        assert y[4800 * k] == pytest.approx(0.5 ** (k - 1), abs=1e-6)
        assert np.max(np.abs(y[4800 * k - 2000 : 4800 * k - 10])) < 1e-9


def test_a_loop_refuses_a_head_that_is_nearer_than_the_loop_takes() -> None:
    """A block of 64 frames at 8 kHz, and 8 frames to interpolate: 9 ms, 6.858 mm at 30 ips."""
    with pytest.raises(TapegraphError) as error:
        loop(speed_ips=30.0, head1_mm=5.0).render(np.zeros((1, 800)), 8000)
    assert "head1_mm is 5 mm; in a loop it must be at least 6.858 mm at 30 ips" in str(error.value)


def test_a_head_that_comes_too_near_while_it_plays_is_held() -> None:
    node = EchoHeads()
    node.fs, node.frames, node.loop_latency = FS, 64, 1000
    node.set("on2", False)
    node.set("on3", False)
    node.prepare()
    node.set("speed_ips", 30.0)
    node.set("head1_mm", 5.0)
    node.update()
    node.reset()
    assert np.argmax(process(node, spike(0.1))[0][0]) == 8


def test_after_a_reset_nothing_of_before_is_heard() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 20_000))
    node = prepared(EchoHeads, FS, 2, 100)
    first = process(node, x)[0]
    node.reset()
    np.testing.assert_array_equal(process(node, x)[0], first)


MACHINE = """
tapegraph: 1
vars: {speed_ips: 5}
nodes:
  record: {kind: mix, mix: 0, weight1: 1, weight2: 0.6}
  tape: {kind: hysteresis, oversample: 4}
  heads: {kind: echo_heads, speed_ips: $speed_ips, head1_mm: 25.4, on2: false, on3: false}
  wow: {kind: wow, depth_percent: 0.2, rate_hz: 1.5}
  head: {kind: playhead_loss, speed_ips: $speed_ips, gap_um: 5, spacing_um: 5}
  dc: {kind: dc_blocker, cutoff_hz: 40}
links:
  - input -> record.in1
  - record -> tape -> heads -> wow -> head -> dc -> record.in2
  - dc -> output
"""


def test_a_whole_machine_echoes_every_distance_over_speed_and_each_time_darker() -> None:
    """25.4 mm at 5 ips: 200 ms, whatever the oversampling, the wow and the head in the loop take themselves."""
    t = np.arange(2400) / FS
    burst = 0.2 * np.hanning(2400) * (np.sin(2 * np.pi * 500 * t) + np.sin(2 * np.pi * 5000 * t))
    x = np.concatenate([burst, np.zeros(4800)])[None]
    y = tapegraph.Graph.from_yaml(MACHINE).render(x, FS, tail=1.0)[0]
    dark = []
    for k in range(1, 5):
        echo = y[9600 * k - 1200 : 9600 * k + 3600]
        middle = np.sum(np.arange(echo.size) * echo**2) / np.sum(echo**2) - 1200
        assert middle == pytest.approx(1200, abs=60)  # wow moves it by 0.2 ms a round
        spectrum = np.abs(np.fft.rfft(echo, 48_000))
        dark.append(np.max(spectrum[4900:5100]) / np.max(spectrum[400:600]))
    assert np.all(np.diff(20 * np.log10(dark)) < -3)
