"""Noise weighting against the tables of the standards."""

from __future__ import annotations

import numpy as np
import pytest

from tapegraph.analysis.weighting import a_weighting, ccir_rms, itu_468

# IEC 61672-1:2013, table 3: 10 Hz to 20 kHz in thirds of an octave; its limits are 0.7 dB at 1 kHz and wider elsewhere
A_DB = [-70.4, -63.4, -56.7, -50.5, -44.7, -39.4, -34.6, -30.2, -26.2, -22.5, -19.1, -16.1, -13.4, -10.9, -8.6, -6.6]
A_DB += [-4.8, -3.2, -1.9, -0.8, 0.0, 0.6, 1.0, 1.2, 1.3, 1.2, 1.0, 0.5, -0.1, -1.1, -2.5, -4.3, -6.6, -9.3]
# ITU-R BS.468-4, table 1: frequency in Hz, response and tolerance in dB
ITU_468 = [
    (31.5, -29.9, 2.0),
    (63.0, -23.9, 1.4),
    (100.0, -19.8, 1.0),
    (200.0, -13.8, 0.85),
    (400.0, -7.8, 0.7),
    (800.0, -1.9, 0.55),
    (1000.0, 0.0, 0.5),
    (2000.0, 5.6, 0.5),
    (3150.0, 9.0, 0.5),
    (4000.0, 10.5, 0.5),
    (5000.0, 11.7, 0.5),
    (6300.0, 12.2, 0.0),
    (7100.0, 12.0, 0.2),
    (8000.0, 11.4, 0.4),
    (9000.0, 10.1, 0.6),
    (10_000.0, 8.1, 0.8),
    (12_500.0, 0.0, 1.2),
    (14_000.0, -5.3, 1.4),
    (16_000.0, -11.7, 1.6),
    (20_000.0, -22.2, 2.0),
    (31_500.0, -42.7, np.inf),
]
ROUNDED_DB = 0.05  # the tables have tenths


def db(gain: np.ndarray) -> np.ndarray:
    return np.asarray(20 * np.log10(np.abs(gain)))


def test_a_is_that_of_the_table() -> None:
    exact_hz = 1000 * 10 ** (np.arange(-20, 14) / 10)
    np.testing.assert_allclose(db(a_weighting(exact_hz)), A_DB, rtol=0, atol=ROUNDED_DB + 0.01)
    assert db(a_weighting(np.array([1000.0])))[0] == pytest.approx(0.0, abs=0.001)


def test_itu_468_is_that_of_the_table_within_its_rounding() -> None:
    hz, wanted_db, tolerances_db = np.array(ITU_468).T
    off = np.abs(db(itu_468(hz)) - wanted_db)
    assert np.all(off <= ROUNDED_DB + 0.01)
    assert np.all(off <= np.maximum(tolerances_db, ROUNDED_DB))


def test_ccir_rms_is_the_same_curve_with_0_db_at_2_khz() -> None:
    hz = np.array([31.5, 1000.0, 2000.0, 6300.0, 20_000.0])
    np.testing.assert_allclose(db(ccir_rms(hz)), [-35.5, -5.6, 0.0, 6.6, -27.8], rtol=0, atol=0.07)
    assert db(ccir_rms(np.array([2000.0])))[0] == pytest.approx(0.0, abs=0.001)


def test_neither_hears_a_steady_voltage() -> None:
    assert a_weighting(np.zeros(1))[0] == 0.0
    assert itu_468(np.zeros(1))[0] == 0.0
