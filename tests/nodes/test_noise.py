"""Noise against its power densities, measured with SciPy and by the responses of its filters, and the normal law."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process
from scipy import signal, stats
from tapegraph_nodes._kernels.noise_colours import BrownFilter, PinkFilter
from tapegraph_nodes.noise.noise import Noise

import tapegraph
from tapegraph.node import Node
from tapegraph.node.setup import make, start

RATES = (44_100.0, 48_000.0, 96_000.0, 192_000.0)
SLOPES = {"white": 0.0, "pink": 1.0, "brown": 2.0}  # power of 1 / f
SECONDS = 20 if tapegraph.COMPILED else 2


def density(colour: str, hz: Array) -> Array:
    """Return the power density for an RMS of 1 between 20 Hz and 20 kHz: hz^-slope, divided by its integral there."""
    slope = SLOPES[colour]
    band = np.geomspace(20.0, 20_000.0, 100_001)
    shape: Array = hz**-slope / np.trapezoid(band**-slope, band)
    return shape


def impulse_response(coloured: PinkFilter | BrownFilter, frames: int) -> Array:
    from librt.vecs import vec

    x, y = vec[float]([1.0] + [0.0] * (frames - 1)), vec[float]([0.0] * frames)
    coloured.filter(x, y)
    return np.array(list(y))


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("colour", ["pink", "brown"])
def test_the_slope_of_a_filter_holds_from_20_hz_to_0_45_of_the_rate(colour: str, fs: float) -> None:
    """From the response to an impulse, which has died away to -100 dB: exact, where noise would need hours."""
    coloured = PinkFilter(fs) if colour == "pink" else BrownFilter(fs)
    h = impulse_response(coloured, 1 << (17 if fs < 50_000 else 19))
    hz = np.geomspace(20.0, 0.45 * fs, 500)
    response = np.abs(signal.freqz(h, worN=hz, fs=fs)[1])
    deviation_db = 20 * np.log10(response * hz ** (SLOPES[colour] / 2))
    deviation_db -= 20 * np.log10(coloured.gain_at(1000.0) * 1000.0 ** (SLOPES[colour] / 2))
    assert np.max(np.abs(deviation_db)) < 0.5
    np.testing.assert_allclose(response[::50], [coloured.gain_at(float(f)) for f in hz[::50]], rtol=1e-4)


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
@pytest.mark.parametrize("colour", list(SLOPES))
def test_the_power_density_is_that_of_the_level_at_any_rate(colour: str, fs: float) -> None:
    """In octaves from 40 Hz up; the estimate of the lowest, from 40 periods a second, scatters by 0.25 dB."""
    node = prepared(Noise, fs, 1, 1024, colour=colour, level_db=-20.0)
    y = process(node, length=int(SECONDS * fs))[0][0]
    hz, measured = signal.welch(y, fs, nperseg=1 << 14)
    for low in 40.0 * 2.0 ** np.arange(9):
        octave = (hz >= low) & (hz < min(2 * low, 0.45 * fs))
        level_db = 10 * np.log10(np.mean(measured[octave]) / np.mean(0.01 * density(colour, hz[octave])))
        assert abs(level_db) < (1.0 if low < 200 else 0.5) * (20 / SECONDS) ** 0.5


@pytest.mark.parametrize("colour", list(SLOPES))
def test_the_rms_between_20_hz_and_20_khz_is_the_level(colour: str) -> None:
    fs = 48_000.0
    y = process(prepared(Noise, fs, 1, 1024, colour=colour, level_db=-20.0), length=int(SECONDS * fs))[0][0]
    spectrum = np.abs(np.fft.rfft(y)) ** 2
    hz = np.fft.rfftfreq(y.size, 1 / fs)
    rms = np.sqrt(2 * np.sum(spectrum[(hz >= 20) & (hz <= 20_000)])) / y.size
    assert 20 * np.log10(rms) == pytest.approx(-20.0, abs=0.8 if colour == "brown" else 0.25)


def test_white_noise_is_normally_distributed_and_has_no_memory() -> None:
    y = process(prepared(Noise, 48_000.0, 1, level_db=0.0), length=48_000)[0][0]
    rms = np.sqrt(48_000.0 / 2 / 19_980.0)
    assert stats.kstest(y / rms, "norm").pvalue > 1e-3
    assert np.max(np.abs([np.corrcoef(y[:-k], y[k:])[0, 1] for k in range(1, 20)])) < 4.5 / np.sqrt(y.size)


def test_channels_are_independent_or_the_same() -> None:
    apart = process(prepared(Noise, 48_000.0, 3), length=48_000)[0]
    assert np.max(np.abs(np.corrcoef(apart) - np.eye(3))) < 5 / np.sqrt(48_000)
    for colour in SLOPES:
        common = process(prepared(Noise, 48_000.0, 3, common=True, colour=colour), length=6400)[0]
        np.testing.assert_array_equal(common[1:], common[:2])


def noise(seed: int, name: str, channels: int = 2, first_channel: int = 0) -> Node:
    return start(
        make(Noise, 48_000.0, channels, 64, {"colour": "pink"}, name=name, seed=seed, first_channel=first_channel)
    )


def test_it_depends_on_seed_name_and_channel_only() -> None:
    y = process(noise(1, "hiss"), length=640)[0]
    np.testing.assert_array_equal(process(noise(1, "hiss"), length=640)[0], y)
    np.testing.assert_array_equal(process(noise(1, "hiss", 1, 1), length=640)[0], y[1:])
    for other in (noise(2, "hiss"), noise(1, "hum")):
        assert not np.any(process(other, length=640)[0] == y)


def test_in_a_graph_it_does_not_depend_on_other_nodes_or_on_the_block() -> None:
    def render(block: int, **others: object) -> Array:
        links = ["hiss -> output", *(f"input -> {name} -> output" for name in others)]
        nodes = {"hiss": {"kind": "noise", "colour": "brown"}, **others}
        graph = tapegraph.Graph(nodes=nodes, links=links, seed=3, block=block)
        return graph.render(np.zeros((2, 5000)), 48_000)

    y = render(64)
    np.testing.assert_array_equal(render(100), y)
    np.testing.assert_array_equal(render(64, other={"kind": "gain"}), y)
    assert np.any(y[0] != y[1])


def test_a_change_of_colour_fades_in_5_ms() -> None:
    """240 frames at 48 kHz are four blocks of 64: white falls from 1 to 0 in them, pink rises."""
    node, still = (prepared(Noise, 48_000.0, 1, level_db=0.0) for _ in range(2))
    node.set("colour", "brown")
    node.set("level_db", -120.0)
    node.update()
    np.testing.assert_allclose(
        process(node, length=320)[0][0],
        process(still, length=320)[0][0] * np.clip(1 - np.arange(1, 321) / 256, 0, 1),
        atol=1e-4,
    )
