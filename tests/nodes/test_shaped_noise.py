"""Shaped noise against the levels of its octaves, from its filter and by SciPy, and the phase of the filter."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process
from librt.vecs import vec
from noise_density import density
from scipy import signal
from tapegraph_nodes._kernels.noise_spectrum import POLES, TAPS, spectrum_fit
from tapegraph_nodes._kernels.random_streams import RandomStream
from tapegraph_nodes.noise.shaped_noise import OCTAVES, ShapedNoise

import tapegraph
from tapegraph.node import Node
from tapegraph.node.setup import make, start

RATES = (44_100.0, 48_000.0, 96_000.0, 192_000.0)
CENTRES_HZ = np.array([31.62, 63.10, 125.9, 251.2, 501.2, 1000.0, 1995.0, 3981.0, 7943.0, 15_849.0])  # IEC 61260-1
EDGE = 1.4125  # of an octave, from its centre
SECONDS = 20 if tapegraph.COMPILED else 2
SHAPES = {  # levels of the ten octaves
    "pink": np.full(10, -60.0),
    "white": -80.0 + 3.01 * np.arange(10),
    "rising": -90.0 + 6.0 * np.arange(10),
    "falling": -30.0 - 6.0 * np.arange(10),
    "hiss": np.array([-90.0, -88, -85, -82, -78, -74, -70, -66, -63, -62]),
    "rumble": np.array([-40.0, -42, -47, -53, -59, -65, -70, -74, -77, -79]),
}


def shaped(levels: Array, fs: float = 48_000.0, frames: int = 64, **params: float) -> Node:
    octaves = {f"octave_{o}_hz_db": float(level) for o, level in zip(OCTAVES, levels, strict=True)}
    return prepared(ShapedNoise, fs, 1, frames, **octaves, **params)


def octaves_db(hz: Array, power: Array) -> Array:
    """Return the level of every octave below the highest frequency."""
    levels = []
    for centre in CENTRES_HZ[hz[-1] / EDGE > CENTRES_HZ]:
        inside = (hz >= centre / EDGE) & (hz <= centre * EDGE)
        levels.append(10 * np.log10(np.trapezoid(power[inside], hz[inside])))
    return np.array(levels)


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("shape", list(SHAPES))
def test_octaves_have_their_levels_at_any_rate(shape: str, fs: float) -> None:
    """From the response of the filter: exact, where noise would need hours."""
    node = shaped(SHAPES[shape], fs)
    hz = np.geomspace(20.0, 0.499 * fs, 20_000)
    found = octaves_db(hz, density(node, hz))
    np.testing.assert_allclose(found, SHAPES[shape][: found.size], atol=0.03 if shape in ("pink", "white") else 0.2)
    assert found.size == (9 if fs < 45_500 else 10)


def test_octaves_that_alternate_by_6_db_are_within_1_db() -> None:
    levels = np.tile([-60.0, -54.0], 5)
    hz = np.geomspace(20.0, 23_900.0, 20_000)
    np.testing.assert_allclose(octaves_db(hz, density(shaped(levels), hz)), levels, atol=1.0)


@pytest.mark.parametrize("shape", ["hiss", "rumble"])
def test_the_sound_has_the_levels(shape: str) -> None:
    """The estimate of an octave scatters by 4.3 dB / sqrt(its width * 20 s): 0.2 dB in the lowest."""
    y = process(shaped(SHAPES[shape], frames=1024), length=int(SECONDS * 48_000))[0][0]
    hz, measured = signal.welch(y, 48_000.0, nperseg=1 << 14)
    tolerance = (0.5 + 2.5 * 4.3 / np.sqrt(0.7 * CENTRES_HZ * SECONDS)) if tapegraph.COMPILED else 4.0
    assert np.all(np.abs(octaves_db(hz, measured) - SHAPES[shape]) < tolerance)


def test_the_gain_raises_every_octave() -> None:
    quiet, loud = (process(shaped(SHAPES["hiss"], gain_db=gain), length=640)[0] for gain in (0.0, 20.0))
    np.testing.assert_allclose(loud, 10.0 * quiet, atol=1e-12)


def test_the_phase_is_that_of_a_filter_of_minimum_phase() -> None:
    """A Butterworth low-pass and a shelf, whose phases SciPy knows; the grid ends before the low-pass does."""
    fit = spectrum_fit(48_000.0)
    for b, a in (signal.butter(2, 1000.0, fs=48_000.0), ([1.0, -0.9], [1.0, -0.5])):
        H = signal.freqz(b, a, worN=fit.hz, fs=48_000.0)[1]
        inside = (fit.hz > 50) & (fit.hz < 4000)
        phase = fit.phase @ np.log(np.abs(H))
        np.testing.assert_allclose(phase[inside], np.unwrap(np.angle(H))[inside], atol=0.01)


def test_edges_beyond_what_the_poles_can_follow_stay_finite_and_below_the_loudest_octave() -> None:
    levels = np.tile([-120.0, -20.0], 5)
    hz = np.geomspace(20.0, 23_900.0, 20_000)
    found = octaves_db(hz, density(shaped(levels), hz))
    assert np.all(np.isfinite(found))
    assert np.max(found) < -14.0


def test_the_sound_is_that_of_the_filter_and_the_random_numbers() -> None:
    """By SciPy's filters, whose sums are rounded otherwise."""
    node = shaped(SHAPES["rumble"])
    assert isinstance(node, ShapedNoise)
    stream, u = RandomStream(0, node.name, 0, "noise"), vec[float]([0.0] * 640)
    stream.fill(u)
    white, weights = np.array(list(u)), np.array(list(node.noise.weights.target))
    expected = signal.lfilter(weights[:TAPS], [1.0], white)
    for a, c in zip(list(node.noise.a), weights[TAPS:], strict=True):
        expected = expected + signal.lfilter([c], [1.0, -a], white)
    np.testing.assert_allclose(process(node, length=640)[0][0], expected, atol=1e-12)


def test_all_weights_belong_to_stable_poles() -> None:
    for fs in RATES:
        a = spectrum_fit(fs).a
        assert len(a) == POLES
        assert 0.0 < np.min(a) < np.max(a) < 1.0


def test_channels_are_independent_and_depend_on_seed_name_and_channel_only() -> None:
    def play(seed: int, name: str, channels: int = 2, first: int = 0) -> Array:
        node = make(ShapedNoise, 48_000.0, channels, 64, {}, name=name, seed=seed, first_channel=first)
        return process(start(node), length=4800)[0]

    y = play(1, "floor")
    assert abs(np.corrcoef(y[0], y[1])[0, 1]) < 0.2
    np.testing.assert_array_equal(play(1, "floor", 1, 1), y[1:])
    for other in (play(2, "floor"), play(1, "room")):
        assert not np.any(other == y)


def test_another_spectrum_fades_in_within_5_ms() -> None:
    """240 frames at 48 kHz are four blocks of 64; both spectra come from the same white noise and the same poles."""
    node, old, new = (shaped(SHAPES[name]) for name in ("hiss", "hiss", "rumble"))
    for y in (node, old, new):
        process(y, length=640)
    for o, level in zip(OCTAVES, SHAPES["rumble"], strict=True):
        node.set(f"octave_{o}_hz_db", float(level))
    node.update()
    a, b, faded = (process(y, length=320)[0][0] for y in (old, new, node))
    part = np.clip(np.arange(1, 321) / 256, 0, 1)
    np.testing.assert_allclose(faded, a + part * (b - a), atol=1e-12)
