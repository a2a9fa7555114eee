"""The DC blocker against SciPy's Butterworth, coefficients worked out by hand, and the analogue filter."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array, esr_db, prepared, process, run
from scipy import signal
from tapegraph_nodes.filters.dc_blocker import DcBlocker

NOISE: Array = np.random.default_rng(0).uniform(-1, 1, (2, 20_000)) + 0.3


@pytest.mark.parametrize("fs", [8000.0, 44_100.0, 48_000.0, 192_000.0])
@pytest.mark.parametrize("cutoff_hz", [15.0, 35.0, 500.0])
def test_it_is_a_butterworth_of_fourth_order(fs: float, cutoff_hz: float) -> None:
    sos = signal.butter(4, cutoff_hz, "highpass", fs=fs, output="sos")
    np.testing.assert_allclose(run(DcBlocker, NOISE, fs, cutoff_hz=cutoff_hz), signal.sosfilt(sos, NOISE), atol=1e-10)


# b0, a1, a2 of the two biquads at 48 kHz, from k = 1 / tan(pi cutoff / fs):
# a0 = k^2 + k / Q + 1, b0 = k^2 / a0, a1 = 2 (1 - k^2) / a0, a2 = (k^2 - k / Q + 1) / a0
# with Q = 1.30656296 and 0.54119610
@pytest.mark.parametrize(
    ("cutoff_hz", "biquads"),
    [
        (
            35.0,
            [
                (0.998244576290, -1.996478675944, 0.996499629215),
                (0.995779885527, -1.991549320686, 0.991570222223),
            ],
        ),
        (
            15.0,
            [
                (0.999248204389, -1.998494482569, 0.998498334987),
                (0.998188290616, -1.996374657066, 0.996378505398),
            ],
        ),
    ],
)
def test_it_is_the_cascade_worked_out_by_hand(cutoff_hz: float, biquads: list[tuple[float, float, float]]) -> None:
    sos = np.array([(b0, -2 * b0, b0, 1.0, a1, a2) for b0, a1, a2 in biquads])
    # Twelve digits of a1 and a2 leave the poles, which lie 1e-3 from 1, some eight.
    assert esr_db(run(DcBlocker, NOISE, 48_000.0, cutoff_hz=cutoff_hz), signal.sosfilt(sos, NOISE)) < -120


def test_it_is_3_db_down_at_its_cutoff() -> None:
    x = np.zeros(48_000)
    x[0] = 1.0
    H = np.fft.rfft(run(DcBlocker, x, 48_000.0, cutoff_hz=35.0))
    assert 20 * np.log10(abs(H[35])) == pytest.approx(-3.0103, abs=1e-4)
    assert abs(H[0]) < 1e-12


@pytest.mark.parametrize("cutoff_hz", [1.0, 500.0])
def test_it_is_accurate_at_64_times_384_khz(cutoff_hz: float) -> None:
    """The step response is that of the analogue filter, half a sample earlier, as the bilinear transform has it."""
    fs = 64 * 384_000.0
    n = 50_000
    analogue = signal.lti(*signal.butter(4, 2 * np.pi * cutoff_hz, "highpass", analog=True, output="zpk"))
    transfer = analogue.to_tf()
    r, p, _ = signal.residue(transfer.num, np.append(transfer.den, 0.0))
    t = (np.arange(n) + 0.5) / fs
    expected = np.real(np.exp(np.multiply.outer(t, p)) @ r)
    np.testing.assert_allclose(run(DcBlocker, np.ones(n), fs, 4096, cutoff_hz=cutoff_hz), expected, atol=1e-7)


def test_a_moving_cutoff_neither_clicks_nor_rings_up() -> None:
    fs, f = 48_000.0, 1000.0
    x = np.sin(2 * np.pi * f * np.arange(48_000) / fs)
    node = prepared(DcBlocker, fs, cutoff_hz=1.0)
    y = []
    for b in range(750):
        node.set("cutoff_hz", 500.0 if b // 10 % 2 else 1.0)
        node.update()
        y.append(process(node, x[b * 64 : b * 64 + 64])[0][0])
    moved = np.concatenate(y)
    assert np.max(np.abs(moved)) < 1.5
    # A sine turns by no more than (2 pi f / fs)^2 of its level from sample to sample: a click would bend more.
    bend = np.abs(np.diff(moved, 2))[64:]
    assert np.max(bend) < 1.5 * (2 * np.pi * f / fs) ** 2


def test_after_the_tail_a_step_is_120_db_down_and_silence_comes_in_the_end() -> None:
    for cutoff_hz in (15.0, 500.0):
        x = np.zeros(200_000)
        x[:20_000] = 1.0
        x[20_000 - round(0.3 * 48_000 / cutoff_hz) : 20_000] = -1.0
        y = np.abs(run(DcBlocker, x, 48_000.0, cutoff_hz=cutoff_hz))
        tail = round(prepared(DcBlocker, 48_000.0, cutoff_hz=cutoff_hz).tail() * 48_000)
        assert np.max(y[20_000 + tail :]) < 1e-6
        assert np.max(y[20_000 + tail // 2 :]) > 1e-6
        assert not y[-100:].any()
