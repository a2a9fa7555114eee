"""Tone against coefficients worked out by hand, the analogue shelf, and its inverse."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, prepared, process, run
from scipy import signal
from tapegraph_nodes.filters.tone import Tone

FS = 48_000.0
NOISE: Array = np.random.default_rng(0).uniform(-1, 1, (2, 20_000))


# From K = 1 / tan(pi 500 / 48000), rho = sqrt(treble / bass): a0 = K / rho + 1,
# b0 = (treble K / rho + bass) / a0, b1 = (bass - treble K / rho) / a0, a1 = (1 - K / rho) / a0
@pytest.mark.parametrize(
    ("inverse", "b0", "b1", "a1"),
    [
        (False, 0.6286178956, -0.5450429098, -0.9703464760),
        (True, 1.5907914919, -1.5436189183, -0.8670496236),
    ],
)
def test_it_is_the_shelf_worked_out_by_hand(inverse: bool, b0: float, b1: float, a1: float) -> None:
    """Ten digits of a1, 0.03 from 1, leave the sum of the response some seven."""
    y = run(Tone, NOISE, FS, bass_db=9.0, treble_db=-4.5, transition_hz=500.0, inverse=inverse)
    np.testing.assert_allclose(y, signal.lfilter([b0, b1], [1.0, a1], NOISE), atol=1e-7)


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
@pytest.mark.parametrize(("bass_db", "treble_db", "transition_hz"), [(18.0, -18.0, 100.0), (-6.0, 3.0, 4000.0)])
def test_it_is_the_bilinear_transform_of_the_analogue_shelf(
    fs: float, bass_db: float, treble_db: float, transition_hz: float
) -> None:
    bass, treble = 10 ** (bass_db / 20), 10 ** (treble_db / 20)
    w = 2 * fs * np.tan(np.pi * transition_hz / fs)
    pole = 1 / (w * np.sqrt(treble / bass))
    expected = signal.lfilter(*signal.bilinear([treble * pole, bass], [pole, 1.0], fs), NOISE)
    y = run(Tone, NOISE, fs, bass_db=bass_db, treble_db=treble_db, transition_hz=transition_hz)
    np.testing.assert_allclose(y, expected, atol=1e-9)


def test_bass_transition_and_treble_have_their_levels() -> None:
    x = np.zeros(48_000)
    x[0] = 1.0
    H = np.fft.rfft(run(Tone, x, FS, bass_db=12.0, treble_db=-6.0, transition_hz=500.0))
    level = 20 * np.log10(np.abs(H))
    assert level[0] == pytest.approx(12.0, abs=1e-6)
    assert level[500] == pytest.approx(3.0, abs=1e-6)
    assert level[24_000] == pytest.approx(-6.0, abs=1e-6)


def test_alike_bass_and_treble_are_a_gain() -> None:
    np.testing.assert_allclose(run(Tone, NOISE, FS, bass_db=6.0, treble_db=6.0), 10 ** (6 / 20) * NOISE, atol=1e-14)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("frames", [16, 512])
def test_with_its_inverse_it_returns_the_input_while_all_moves_as_far_as_it_can(frames: int, first: bool) -> None:
    """To rounding, which 36 dB up and down raise by as much."""
    rng = np.random.default_rng(1)
    nodes = [prepared(Tone, FS, 1, frames, inverse=inverse) for inverse in (first, not first)]
    error = 0.0
    for _ in range(48_000 // frames):
        ends = {
            "bass_db": float(rng.choice([-18.0, 18.0])),
            "treble_db": float(rng.choice([-18.0, 18.0])),
            "transition_hz": float(rng.choice([100.0, 4000.0])),
        }
        x = rng.uniform(-1, 1, (1, frames))
        y = x
        for node in nodes:
            for name, value in ends.items():
                node.set(name, value)
            node.update()
            y = process(node, y)[0]
        error = max(error, float(np.max(np.abs(y - x))))
    assert error < 1e-12


def test_a_switch_to_the_inverse_fades() -> None:
    """Of a tone of 60 Hz, raised by 12 dB, to one lowered by 12 dB: no sample differs by more than a smooth fade's."""
    node = prepared(Tone, FS, bass_db=12.0)
    x = np.sin(2 * np.pi * 60 * np.arange(9600) / FS)
    before = process(node, x[:4800])[0]
    node.set("inverse", True)
    node.update()
    y = np.concatenate([before, process(node, x[4800:])[0]], axis=1)[0]
    assert np.max(np.abs(y[-1600:])) == pytest.approx(10 ** (-12 / 20), abs=0.02)
    # 4 sin(w n) falls by at most its slope, 4 w, and the fade of 3.75, 3.75 / (e 0.005 s), in a frame
    assert np.max(np.abs(np.diff(y))) < 4 * 2 * np.pi * 60 / FS + 3.75 / (np.e * 0.005 * FS)


def test_without_settings_it_passes_sound_on() -> None:
    np.testing.assert_allclose(run(Tone, NOISE, FS), NOISE, atol=1e-15)
