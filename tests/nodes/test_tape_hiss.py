"""Tape hiss against the flux of single particles, summed up by numbers, and the laws of track width and speed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process
from noise_density import density
from scipy import signal
from tapegraph_nodes._kernels.tape_standards import tape_flux
from tapegraph_nodes.noise.tape_hiss import TapeHiss, a_weighting

import tapegraph
from tapegraph.node import Node

FS = 48_000.0
HZ = np.geomspace(20.0, 0.45 * FS, 400)
SECONDS = 10 if tapegraph.COMPILED else 1


def hiss(fs: float = FS, frames: int = 64, **params: Any) -> Node:
    return prepared(TapeHiss, fs, 1, frames, **params)


def particles(hz: Array, v: float, t: float, d: float) -> Array:
    """Return the mean square flux of particles at every depth, for one in every of 4000 layers."""
    k = 2 * np.pi * hz / v
    depth = d + t * (np.arange(4000) + 0.5) / 4000
    mean: Array = np.mean(np.exp(-np.multiply.outer(k, depth)) ** 2, axis=1)
    return mean


@pytest.mark.parametrize("fs", [44_100.0, 48_000.0, 192_000.0])
@pytest.mark.parametrize(
    ("speed_ips", "standard", "bass_us", "treble_us"),
    [
        (30.0, "aes", np.inf, 17.5),
        (15.0, "nab", 3180.0, 50.0),
        (15.0, "iec", np.inf, 35.0),
        (1.875, "cassette_120", 3180.0, 120.0),
        (1.875, "cassette_70", 3180.0, 70.0),
    ],
)
def test_the_spectrum_is_that_of_particles_behind_the_playback_equaliser(
    fs: float, speed_ips: float, standard: str, bass_us: float, treble_us: float
) -> None:
    hz = np.geomspace(20.0, 20_000.0, 200)
    w = 2e-6 * np.pi * hz
    playback = (1 + (w * treble_us) ** 2) / (1 + 1 / (w * bass_us) ** 2)
    expected_db = 10 * np.log10(particles(hz, speed_ips * 0.0254, 10e-6, 0.3e-6) * playback)
    node = hiss(fs, speed_ips=speed_ips, standard=standard, thickness_um=10.0, spacing_um=0.3)
    found_db = 10 * np.log10(density(node, hz))
    seen = expected_db > np.max(expected_db) - 30
    shape = (found_db - expected_db)[seen]
    assert np.max(shape) - np.min(shape) < 0.4
    assert np.count_nonzero(seen) > 150


@pytest.mark.parametrize("params", [{}, {"thickness_um": 2.0}, {"thickness_um": 40.0}])
def test_at_the_reference_the_a_weighted_level_is_the_level(params: dict[str, Any]) -> None:
    hz = np.geomspace(10.0, 20_000.0, 4000)
    power = np.trapezoid(density(hiss(level_db=-40.0, **params), hz) * a_weighting(hz), hz)
    assert 10 * np.log10(power) == pytest.approx(-40.0, abs=0.05)


def test_the_sound_has_the_a_weighted_level() -> None:
    y = process(hiss(frames=1024, level_db=-40.0), length=int(SECONDS * FS))[0][0]
    hz, measured = signal.welch(y, FS, nperseg=1 << 13)
    heard = (hz > 10) & (hz < 20_000)
    power = np.sum(measured[heard] * a_weighting(hz[heard])) * hz[1]
    assert 10 * np.log10(power) == pytest.approx(-40.0, abs=0.1 * np.sqrt(10 / SECONDS))


def test_the_a_weighting_has_the_values_of_the_standard() -> None:
    """IEC 61672-1, table of design goals, at exact frequencies 1000 * 10^(n / 10)."""
    table = {
        -15: -39.4,
        -12: -26.2,
        -10: -19.1,
        -7: -10.9,
        -3: -3.2,
        0: 0.0,
        3: 1.2,
        4: 1.3,
        6: 1.0,
        10: -2.5,
        13: -9.3,
    }
    hz = 1000.0 * 10.0 ** (np.array(list(table)) / 10)
    np.testing.assert_allclose(10 * np.log10(a_weighting(hz)), list(table.values()), atol=0.06)


def test_a_track_twice_as_wide_has_3_db_less_noise() -> None:
    narrow, wide = (process(hiss(track_width_mm=width), length=640)[0] for width in (1.0, 2.0))
    np.testing.assert_allclose(wide, narrow * np.sqrt(0.5), atol=1e-12)


def test_twice_the_speed_has_3_db_less_noise_at_long_wavelengths() -> None:
    """At 100 Hz and 15 ips a wavelength is 3.8 mm, 380 times the coating."""
    slow, fast = (
        density(hiss(speed_ips=speed, thickness_um=10.0, standard="cassette_70"), HZ) for speed in (15.0, 30.0)
    )
    fall_db = 10 * np.log10(fast / slow)
    np.testing.assert_allclose(fall_db[HZ < 100], -3.01, atol=0.15)


def test_twice_the_speed_has_the_same_noise_at_wavelengths_shorter_than_the_coating() -> None:
    """Only a layer as thick as the wavelength is heard, which is twice as thick at twice the speed."""
    slow, fast = (
        density(hiss(speed_ips=speed, thickness_um=50.0, standard="cassette_70"), HZ) for speed in (7.5, 15.0)
    )
    fall_db = 10 * np.log10(fast / slow)
    np.testing.assert_allclose(fall_db[(HZ > 5000) & (HZ < 20_000)], 0.0, atol=0.15)


def test_chrome_equalisation_hisses_4_5_db_less_at_10_khz() -> None:
    """(1 + (w 70 us)^2) / (1 + (w 120 us)^2) there."""
    chrome, ferric = (tape_flux(np.array([10_000.0]), f"cassette_{us}", 1.875)[0] for us in (70, 120))
    assert 10 * np.log10(chrome / ferric) == pytest.approx(4.53, abs=0.01)
    softer, harder = (density(hiss(standard=f"cassette_{us}"), np.array([10_000.0]))[0] for us in (70, 120))
    assert 10 * np.log10(softer / harder) == pytest.approx(-4.53, abs=0.2)


def test_a_spacing_takes_the_treble() -> None:
    """By 54.6 dB for every wavelength of spacing."""
    near, far = (density(hiss(speed_ips=7.5, spacing_um=d), HZ) for d in (0.0, 1.0))
    change_db = 10 * np.log10(far / near)
    expected_db = -54.6 * 1e-6 * HZ / (7.5 * 0.0254)
    audible = HZ < 15_000
    np.testing.assert_allclose(change_db[audible], expected_db[audible], atol=0.2)


def test_channels_are_independent() -> None:
    y = process(prepared(TapeHiss, FS, 2), length=48_000)[0]
    assert abs(np.corrcoef(y[0], y[1])[0, 1]) < 0.03
