"""The crossover against SciPy's Butterworth and what Linkwitz and Riley promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from harness import Array, prepared, process
from scipy import signal

from tapegraph.node import Node, registry

FS = 48_000.0
FOLDER = Path(__file__).parent


@pytest.fixture
def crossover(monkeypatch: pytest.MonkeyPatch) -> type[Node]:
    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})
    assert registry.add_nodes(FOLDER / "filters") == ["crossover"]
    return registry.find("crossover")


def responses(crossover: type[Node], cutoff_hz: float) -> tuple[Array, Array]:
    """Return what comes out of both outputs for an impulse on two channels, the second of them inverted."""
    x = np.zeros((2, 8192))
    x[:, 0] = 1.0, -1.0
    low, high = process(prepared(crossover, FS, 2, cutoff_hz=cutoff_hz), x)
    np.testing.assert_array_equal([low[1], high[1]], [-low[0], -high[0]])
    return low[0], high[0]


@pytest.mark.parametrize("cutoff_hz", [80.0, 1000.0, 12_000.0])
def test_low_and_high_are_butterworth_filters_of_second_order_twice(crossover: type[Node], cutoff_hz: float) -> None:
    impulse = np.zeros(8192)
    impulse[0] = 1.0
    for kind, h in zip(("lowpass", "highpass"), responses(crossover, cutoff_hz), strict=True):
        sos = signal.butter(2, cutoff_hz, kind, fs=FS, output="sos")
        np.testing.assert_allclose(h, signal.sosfilt(np.concatenate([sos, sos]), impulse), atol=1e-12)


def test_both_are_6_02_db_down_at_the_cutoff_and_their_sum_is_flat(crossover: type[Node]) -> None:
    """1 / 2 each, in phase: the sum of both is an allpass."""
    low, high = responses(crossover, 750.0)  # 750 Hz is bin 128
    for h in (low, high):
        assert 20 * np.log10(abs(np.fft.rfft(h)[128])) == pytest.approx(20 * np.log10(0.5), abs=1e-6)
    np.testing.assert_allclose(np.abs(np.fft.rfft(low + high)), 1.0, atol=1e-9)
