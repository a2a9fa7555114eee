"""Print-through: when echoes come on a reel of given radius, how loud they are, and at which wavelength."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from scipy import signal
from tapegraph_nodes.tape.print_through import PrintThrough

FS = 8_000.0
REEL: dict[str, Any] = {"radius_mm": 60.0, "speed_ips": 15.0, "level_db": -20.0, "difference_db": 6.0}
V = 15 * 0.0254
FULL_S = 2 * np.pi * 0.06 / V
HUB_S = 0.43 * FULL_S
HALFWAY_S = FULL_S * np.sqrt((1 + 0.43**2) / 2)  # where half of the tape, its area, is played


def echoes(seconds: float = 2.5, at: float = 0.0, fs: float = FS, **params: Any) -> tuple[Array, int]:
    """Return the response to an impulse at a time, from that time plus the latency on, and the latency."""
    node = prepared(PrintThrough, fs, 1, 64, **{**REEL, **params})
    late = int(node.latency())
    x: Array = np.zeros(int((seconds + at) * fs) + late)
    x[int(at * fs)] = 1.0
    return process(node, x)[0][0, int(at * fs) :], late


def time_of(y: Array, around_s: float, fs: float = FS) -> float:
    """Return the time of the echo near a time: where the energy of its envelope is centred."""
    envelope = np.abs(signal.hilbert(y)) ** 2
    t = np.arange(y.size) / fs
    near = np.abs(t - around_s) < 0.05
    return float(np.sum(t[near] * envelope[near]) / np.sum(envelope[near]))


def level_db(y: Array, around_s: float, fs: float = FS) -> tuple[float, float]:
    """Return the highest level of the spectrum of an echo, and where it is, Hz."""
    part = y[int((around_s - 0.1) * fs) : int((around_s + 0.1) * fs)]
    spectrum = np.abs(np.fft.rfft(part, 1 << 16))
    k = int(np.argmax(spectrum))
    return float(20 * np.log10(spectrum[k])), k * fs / (1 << 16)


def test_an_echo_comes_when_the_reel_has_turned_once_more() -> None:
    """2 pi 25.8 mm at 15 ips: 0.4255 s on the hub, and the next turn is longer by 2 pi thicknesses."""
    y, _ = echoes(thickness_um=60.0)
    half = np.pi * 60e-6 / V
    assert time_of(y, HUB_S) == pytest.approx(HUB_S + half, abs=3e-4)
    assert time_of(y, 2 * HUB_S) == pytest.approx(2 * HUB_S + 4 * half, abs=5e-4)
    y, _ = echoes(thickness_um=60.0, storage="heads_out")
    assert time_of(y, FULL_S) == pytest.approx(FULL_S - half, abs=3e-4)


def test_echoes_glide_as_the_reel_runs() -> None:
    """Each turn is longer by 2 pi times the thickness: 60 um at 15 ips, 1 ms for every turn of 0.43 s and more."""
    early, late = (time_of(echoes(1.0, at, thickness_um=60.0)[0], HUB_S, FS) for at in (0.0, 4.0))
    r = np.sqrt((0.43 * 0.06) ** 2 + 60e-6 * V * np.array([HUB_S, 4.0 + HUB_S]) / np.pi)
    assert late - early == pytest.approx(2 * np.pi * (r[1] - r[0]) / V, abs=1e-4)


def test_the_echo_of_a_tone_glides_smoothly() -> None:
    """Its phase, of a complex tone on two channels, is that of the delay at every frame, but for straight lines."""
    t = np.arange(int(4 * FS)) / FS
    turns = 2 * np.pi * 500 * t
    x = np.array([np.cos(turns), np.sin(turns)])
    e = process(prepared(PrintThrough, FS, 2, **{**REEL, "thickness_um": 60.0, "post_echoes": 1.0}), x)[0] - x
    r = np.sqrt((0.43 * 0.06) ** 2 + 60e-6 * V * t / np.pi)
    delay = 2 * np.pi * (r - 30e-6) / V
    phase = np.angle((e[0] + 1j * e[1]) * np.exp(-1j * (turns - 2 * np.pi * 500 * delay)))[int(2 * FS) :]
    assert np.max(np.abs(phase - np.mean(phase))) < 0.01
    assert np.mean(phase) > 0.5  # the field of a layer is ahead by up to a quarter


@pytest.mark.parametrize(("storage", "post", "pre"), [("tails_out", 0.0, -6.0), ("heads_out", -6.0, 0.0)])
def test_the_outer_turn_prints_louder(storage: str, post: float, pre: float) -> None:
    """Stored tails out what comes later lies outside."""
    fs = 48_000.0
    y, late = echoes(1.2, 0.0, fs, pre_echoes=1, post_echoes=1, storage=storage, position=0.5)
    assert late / fs == pytest.approx(FULL_S, abs=2e-3)
    assert y[late] == pytest.approx(1.0, abs=0.03)
    assert level_db(y, late / fs + HALFWAY_S, fs)[0] == pytest.approx(-20 + post, abs=0.4)
    assert level_db(y, late / fs - HALFWAY_S, fs)[0] == pytest.approx(-20 + pre, abs=0.4)


def test_prints_are_strongest_at_2_pi_times_the_thickness() -> None:
    """2 mil at 15 ips: 1.2 kHz, as measured by Bertram, Stafford and Mills; two turns away half as high and as loud."""
    y, _ = echoes(fs=48_000.0, thickness_um=50.8, level_db=-30.0, seconds=1.2)
    loud, hz = level_db(y, HUB_S, 48_000.0)
    assert loud == pytest.approx(-30.0, abs=0.4)
    assert hz == pytest.approx(1200.0, rel=0.1)
    loud, hz = level_db(y, 2 * HUB_S, 48_000.0)
    assert loud == pytest.approx(-36.0, abs=0.4)
    assert hz == pytest.approx(600.0, rel=0.1)


def test_pre_echoes_come_before_the_sound_that_is_late() -> None:
    y, late = echoes(1.5, pre_echoes=2, post_echoes=0, position=0.5)
    assert late / FS == pytest.approx(2 * FULL_S, abs=3e-3)
    assert time_of(y, late / FS - HALFWAY_S) == pytest.approx(late / FS - HALFWAY_S, abs=3e-3)
    assert time_of(y, late / FS - 2 * HALFWAY_S) == pytest.approx(late / FS - 2 * HALFWAY_S, abs=5e-3)
    assert not y[late + 1 :].any() or np.max(np.abs(y[late + 1 :])) < 1e-9


def test_without_pre_echoes_the_sound_itself_passes_unchanged_and_at_once() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 3200))
    np.testing.assert_array_equal(process(prepared(PrintThrough, FS, 2, **REEL), x)[0], x)
    assert prepared(PrintThrough, FS, 2, **REEL).latency() == 0.0


def test_a_changed_speed_moves_the_echoes_without_a_click() -> None:
    """A tone of 500 Hz changes to the place at twice the speed: after 20 ms its echo is steady again."""
    t = np.arange(int(3 * FS)) / FS
    x = np.sin(2 * np.pi * 500 * t)[None]
    node = prepared(PrintThrough, FS, 1, 64, **REEL)
    half = int(1.5 * FS) // 64 * 64
    before = process(node, x[:, :half])[0]
    node.set("speed_ips", 30.0)
    node.update()
    e = np.concatenate([before, process(node, x[:, half:])[0]], axis=1)[0] - x[0]
    assert np.max(np.abs(np.diff(e, 2)[half - 100 :])) < 4 * np.max(np.abs(np.diff(e, 2)[half - 1000 : half - 100]))


def test_no_turn_takes_longer_than_6_seconds() -> None:
    """At 1 ips one of a 7-inch reel would take 22 s."""
    y, _ = echoes(3.0, radius_mm=89.0, speed_ips=1.0, thickness_um=50.0)
    assert time_of(y, 0.43 * 6.0) == pytest.approx(0.43 * 6.0 + np.pi * 50e-6 / 0.0254, abs=5e-3)
