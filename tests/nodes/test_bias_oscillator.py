"""The bias oscillator: a true sine, in phase for as long as it runs, never at a frequency that aliases."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, esr_db, prepared, process

from tapegraph.errors import TapegraphError
from tapegraph.node import Node, Signal
from tapegraph.node.registry import find

OSCILLATOR = find("bias_oscillator")
FS = 768_000.0


def sound(node: Node, frames: int) -> Array:
    """Return what a prepared oscillator gives for this many frames, a multiple of its block."""
    y = Signal(1, int(node.frames))
    blocks = []
    for _ in range(frames // int(node.frames)):
        node.process([], [y])
        blocks.append(y.array[0].copy())
    return np.concatenate(blocks)


@pytest.mark.long
@pytest.mark.parametrize("frequency_hz", [20_000.0, 80_000.0, 123_456.789, 300_000.0])
def test_after_10_seconds_it_is_still_a_sine_in_phase(frequency_hz: float) -> None:
    node = prepared(OSCILLATOR, FS, frames=65536, frequency_hz=frequency_hz, level=2.0)
    sound(node, 117 * 65536)
    n = np.arange(117 * 65536, 118 * 65536)
    turns = (n * int(frequency_hz * 1000) % (1000 * int(FS))) / (1000 * FS)  # whole numbers: nothing is rounded
    assert n[-1] > 10 * FS
    assert esr_db(sound(node, 65536), 2.0 * np.sin(2 * np.pi * turns)) < -140


def test_level_ramps_over_5_ms_and_frequency_changes_without_a_step_in_phase() -> None:
    node = prepared(OSCILLATOR, FS, frames=1024, frequency_hz=20_000.0, level=1.0)
    first = sound(node, 1024)
    node.set("level", 3.0)
    node.set("frequency_hz", 100_000.0)
    node.update()
    then = sound(node, 5120)
    turns = np.concatenate([np.arange(1024) * 20_000.0, 1024 * 20_000.0 + np.arange(5120) * 100_000.0]) / FS
    level = np.interp(np.arange(6144), [1023, 1023 + 4096], [1.0, 3.0])  # 5 ms are 3840 frames: four blocks
    np.testing.assert_allclose(np.concatenate([first, then]), level * np.sin(2 * np.pi * turns), atol=1e-10)


def test_a_rate_that_cannot_carry_the_frequency_is_refused_with_what_would_do() -> None:
    with pytest.raises(TapegraphError) as refused:
        prepared(OSCILLATOR, 48_000.0, frequency_hz=80_000.0)
    assert str(refused.value) == (
        "frequency_hz is 80000 Hz, which a rate of 48000 Hz cannot carry; "
        "it must be at most 23520 Hz: oversample 4 times as much or more"
    )
    prepared(OSCILLATOR, 4 * 48_000.0, frequency_hz=80_000.0)
    with pytest.raises(TapegraphError):
        prepared(OSCILLATOR, 3 * 48_000.0, frequency_hz=80_000.0)


def test_a_frequency_raised_too_far_while_it_runs_stays_below_half_the_rate() -> None:
    fs = 192_000.0
    node = prepared(OSCILLATOR, fs, frames=1000, frequency_hz=80_000.0, level=1.0)
    sound(node, 1000)
    node.set("frequency_hz", 200_000.0)  # would be heard at 8 kHz
    node.update()
    spectrum = np.abs(np.fft.rfft(sound(node, 9000)[-8000:] * np.hanning(8000)))
    assert np.argmax(spectrum) * fs / 8000 == pytest.approx(0.49 * fs, abs=fs / 8000)
    assert np.max(spectrum[: 8000 // 4]) < 1e-6 * np.max(spectrum)


def test_it_has_no_inputs_and_one_channel() -> None:
    assert (OSCILLATOR.INPUTS, OSCILLATOR.CHANNELS) == ((), 1)
    assert process(prepared(OSCILLATOR, FS), np.zeros(64))[0].shape == (1, 64)
