"""The equalizer against the coefficients of the Cookbook, by SciPy, and what it states of its gains."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from harness import Array, run
from scipy import signal
from tapegraph_nodes.filters.equalizer import Equalizer

FS = 48_000.0
NOISE: Array = np.random.default_rng(0).uniform(-1, 1, (2, 20_000))


def cookbook(band: str, gain_db: float, hz: float, q: float, fs: float) -> tuple[list[float], list[float]]:
    """Return b and a of a band, as R. Bristow-Johnson writes them."""
    A = 10 ** (gain_db / 40)
    w = 2 * math.pi * hz / fs
    cos, alpha = math.cos(w), math.sin(w) / (2 * q)
    if band == "mid":
        return [1 + alpha * A, -2 * cos, 1 - alpha * A], [1 + alpha / A, -2 * cos, 1 - alpha / A]
    cos = cos if band == "low" else -cos  # a high shelf is a low shelf with z turned to -z
    root = 2 * math.sqrt(A) * alpha
    b = [A * ((A + 1) - (A - 1) * cos + root), 2 * A * ((A - 1) - (A + 1) * cos), A * ((A + 1) - (A - 1) * cos - root)]
    a = [(A + 1) + (A - 1) * cos + root, -2 * ((A - 1) + (A + 1) * cos), (A + 1) + (A - 1) * cos - root]
    if band == "high":
        b[1], a[1] = -b[1], -a[1]
    return b, a


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0])
@pytest.mark.parametrize("gain_db", [-18.0, -4.0, 9.0])
@pytest.mark.parametrize(("band", "hz"), [("low", 90.0), ("mid", 700.0), ("mid", 15_000.0), ("high", 8000.0)])
def test_a_band_is_the_one_in_the_cookbook(band: str, hz: float, gain_db: float, fs: float) -> None:
    q = 2.0 if band == "mid" else 1 / math.sqrt(2)
    params: dict[str, Any] = {f"{band}_db": gain_db, f"{band}_hz": hz} | ({"mid_q": q} if band == "mid" else {})
    expected = signal.lfilter(*cookbook(band, gain_db, hz, q, fs), NOISE)
    np.testing.assert_allclose(run(Equalizer, NOISE, fs, **params), expected, atol=1e-9)


def test_all_bands_act_in_a_row() -> None:
    params: dict[str, Any] = {
        "low_db": 6.0,
        "low_hz": 100.0,
        "mid_db": -5.0,
        "mid_q": 1.5,
        "high_db": 3.0,
        "high_hz": 6000.0,
    }
    expected = NOISE
    for band, hz, q in (("low", 100.0, math.sqrt(0.5)), ("mid", 1000.0, 1.5), ("high", 6000.0, math.sqrt(0.5))):
        expected = signal.lfilter(*cookbook(band, params[f"{band}_db"], hz, q, FS), expected)
    np.testing.assert_allclose(run(Equalizer, NOISE, FS, **params), expected, atol=1e-9)


def test_without_gain_it_is_a_wire() -> None:
    np.testing.assert_array_equal(run(Equalizer, NOISE, FS), NOISE)


def test_cut_and_boost_by_the_same_amount_cancel() -> None:
    params: dict[str, Any] = {"low_db": 6.0, "mid_db": -12.0, "high_db": 9.0}
    there = run(Equalizer, NOISE, FS, **params)
    back = run(Equalizer, there, FS, **{name: -gain for name, gain in params.items()})
    np.testing.assert_allclose(back, NOISE, atol=1e-11)
