"""Azimuth by the phase between two tracks, against the geometry of a slanting gap."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process, run
from tapegraph_nodes.tape.azimuth import Azimuth

import tapegraph

TONE_HZ = 100.0


def late_s(fs: float, **params: Any) -> float:
    """Return by how much the first of two equal channels comes later than the second, s, under half of 10 ms."""
    x = np.tile(np.cos(2 * np.pi * TONE_HZ * np.arange(int(0.2 * fs)) / fs), (2, 1))
    y = run(Azimuth, x, fs, **params)[:, -int(0.1 * fs) :]
    wave = np.exp(-2j * np.pi * TONE_HZ * np.arange(y.shape[1]) / fs)
    first, second = y @ wave
    return float(-np.angle(first / second) / (2 * np.pi * TONE_HZ))


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
@pytest.mark.parametrize("angle_deg", [-2.0, -0.25, 0.0, 0.1, 10.0])
@pytest.mark.parametrize(("speed_ips", "track_spacing_mm"), [(7.5, 4.0), (30.0, 2.1)])
def test_a_slanting_gap_reads_one_track_later_by_its_geometry(
    fs: float, angle_deg: float, speed_ips: float, track_spacing_mm: float
) -> None:
    """Within 2e-4 frames. At 7.5 ips and 2 degrees: 4 mm tan(2) / 190.5 mm/s = 0.733 ms."""
    expected = track_spacing_mm * math.tan(math.radians(angle_deg)) / (speed_ips * 25.4)
    found = late_s(fs, angle_deg=angle_deg, speed_ips=speed_ips, track_spacing_mm=track_spacing_mm)
    assert found == pytest.approx(expected, abs=2e-4 / fs)


@pytest.mark.parametrize(("angle_deg", "speed_ips"), [(30.0, 30.0), (-75.0, 15.0), (5.0, 7.5)])
def test_the_original_law_is_a_quarter_inch_times_the_sine_and_the_speed(angle_deg: float, speed_ips: float) -> None:
    """At 30 degrees and 30 ips: 0.00635 sin(30) 0.762 = 2.419e-3 s."""
    expected = 0.00635 * math.sin(math.radians(angle_deg)) * speed_ips * 0.0254
    found = late_s(48_000.0, law="original", angle_deg=angle_deg, speed_ips=speed_ips, track_spacing_mm=0.0)
    assert found == pytest.approx(expected, abs=2e-4 / 48_000)


def test_the_other_track_keeps_the_latency() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 6400))
    for angle_deg, channel in ((3.0, 1), (-3.0, 0)):
        y = run(Azimuth, x, 48_000.0, angle_deg=angle_deg)
        np.testing.assert_array_equal(y[channel, 8:], x[channel, :-8])
    assert prepared(Azimuth, 48_000.0, 2).latency() == 8.0


def test_a_mono_mix_cancels_where_the_delay_is_half_a_period() -> None:
    """4 mm tan(1) / 381 mm/s = 0.18326 ms, half a period of 2728.4 Hz."""
    x = np.zeros((2, 48_000))
    x[:, 0] = 1.0
    H = np.abs(np.fft.rfft(np.mean(run(Azimuth, x, 48_000.0, angle_deg=1.0), axis=0)))
    assert int(np.argmin(H[:5000])) == pytest.approx(1 / (2 * 4 * math.tan(math.radians(1.0)) / 381), abs=1.0)
    assert np.min(H[:5000]) < 1e-3


@pytest.mark.parametrize("channels", [1, 3])
def test_other_numbers_of_channels_come_8_frames_later(channels: int) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (channels, 6400))
    y = run(Azimuth, x, 48_000.0, angle_deg=10.0)
    np.testing.assert_array_equal(y[:, 8:], x[:, :-8])


def test_the_delay_is_held_under_50_ms() -> None:
    x = np.zeros((2, 9600))
    x[:, 0] = 1.0
    y = run(Azimuth, x, 48_000.0, angle_deg=75.0, speed_ips=1.0)
    assert [int(np.argmax(channel)) for channel in y] == [8 + 2400, 8]


def test_a_moving_angle_bends_the_pitch_without_a_jump() -> None:
    """A delay D glides with D t / T^2 exp(-t / T), T = 10 ms, at 10 degrees and 15 ips by 6.8 % at most, after T."""
    fs, skew_s = 48_000.0, 4e-3 * math.tan(math.radians(10.0)) / 0.381
    turns = 2 * np.pi * 1000 * np.arange(19_200) / fs
    cosine, sine = (np.tile(f(turns), (2, 1)) for f in (np.cos, np.sin))
    outputs: list[Array] = []
    for x in (cosine, sine):
        node = prepared(Azimuth, fs, 2)
        before = process(node, x[:, :9600])[0]
        node.set("angle_deg", 10.0)
        node.update()
        outputs.append(np.concatenate([before, process(node, x[:, 9600:])[0]], axis=1)[0, 960:])
    hz = np.diff(np.unwrap(np.angle(outputs[0] + 1j * outputs[1]))) * fs / (2 * np.pi)
    t = (np.arange(hz.size) - (9600 - 960) + 1.0) / fs / 0.01
    expected = 1000 * (1 - skew_s / 0.01 * np.where(t > 0, t * np.exp(-np.maximum(t, 0)), 0))
    np.testing.assert_allclose(hz, expected, atol=1.0)
    assert np.min(hz) == pytest.approx(1000 * (1 - skew_s / (math.e * 0.01)), abs=0.5)


def test_a_dry_path_is_aligned() -> None:
    graph = tapegraph.Graph(
        nodes={
            "head": {"kind": "azimuth"},
            "blend": {"kind": "mix", "mix": 0, "weight1": -1, "weight2": 1},
        },
        links=["input -> head -> blend.in1", "input -> blend.in2", "blend -> output"],
    )
    assert not graph.render(np.random.default_rng(0).uniform(-1, 1, (2, 5000)), 48_000).any()
