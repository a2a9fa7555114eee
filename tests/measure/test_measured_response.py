"""The response and the latency that are measured, against SciPy, closed forms and steady tones."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import signal

import tapegraph
from tapegraph import measure
from tapegraph.measure.tones import amplitudes, line, played

COMB_S = 0.0005


def comb() -> tapegraph.Graph:
    """The sound and half of it, later: H = 1 + exp(-2 pi i f COMB_S) / 2."""
    return tapegraph.Graph(
        nodes={"late": {"kind": "delay", "time_s": COMB_S}, "less": {"kind": "gain", "gain_db": -6.0205999}},
        links=["input -> late -> less -> output", "input -> output"],
    )


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_the_response_of_a_high_pass_is_that_of_scipy(rate: int) -> None:
    found = measure.response(measure.Rig(tapegraph.chain(dc_blocker={"cutoff_hz": 35.0}), rate))
    sections = signal.butter(4, 35.0, "high", fs=rate, output="sos")
    _, H = signal.sosfreqz(sections, found.frequency_hz, fs=rate)
    np.testing.assert_allclose(found.magnitude_db[0], 20.0 * np.log10(np.abs(H)), atol=0.01)
    turned = found.phase_deg[0] - np.degrees(np.angle(H))
    np.testing.assert_allclose(turned - 360.0 * np.round(turned / 360.0), 0.0, atol=0.1)


def test_the_group_delay_of_a_high_pass_is_that_of_scipy() -> None:
    found = measure.response(tapegraph.chain(dc_blocker={"cutoff_hz": 35.0}))
    sections = signal.butter(4, 35.0, "high", fs=48_000, output="sos")
    delay_ms = np.zeros(len(found.frequency_hz))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy takes poles near z = 1 for singular
        for section in sections:
            delay_ms += signal.group_delay((section[:3], section[3:]), found.frequency_hz, fs=48_000)[1] / 48.0
    np.testing.assert_allclose(found.group_delay_ms[0], delay_ms, rtol=0.005, atol=0.005)


def test_the_response_of_a_comb_is_exact_and_its_phase_goes_through_zero_at_1_khz() -> None:
    found = measure.response(comb())
    H = 1.0 + 0.5 * np.exp(-2j * np.pi * found.frequency_hz * COMB_S)
    np.testing.assert_allclose(found.magnitude_db[0], 20.0 * np.log10(np.abs(H)), atol=0.02)
    np.testing.assert_allclose(found.phase_deg[0], np.degrees(np.angle(H)), atol=0.2)


def test_a_response_reaches_from_20_hz_to_20_khz_or_to_what_the_rate_holds() -> None:
    frequencies = measure.response(tapegraph.chain(gain={})).frequency_hz
    assert (frequencies[0], frequencies[-1]) == pytest.approx((20.0, 19_952.6))
    assert 1000.0 in frequencies
    low = measure.response(measure.Rig(tapegraph.chain(gain={}), 8000.0))
    assert 3400.0 < low.frequency_hz[-1] <= 3600.0
    np.testing.assert_allclose(low.magnitude_db, 0.0, atol=0.01)


def test_the_gain_of_a_curve_depends_on_the_level_as_its_cubic_term_says(toys: None) -> None:
    """sin^3 holds 3/4 of the fundamental."""
    found = measure.response(tapegraph.chain(cubic={"third": -0.2, "oversample": 2}), (-20.0, 0.0))
    for level_dbfs, magnitude in zip((-20.0, 0.0), (1.0 - 0.0015, 1.0 - 0.15), strict=True):
        row = list(found.level_dbfs).index(level_dbfs)
        np.testing.assert_allclose(found.magnitude_db[row], 20.0 * np.log10(magnitude), atol=0.02)


def test_a_sweep_and_steady_tones_agree_on_tape() -> None:
    rig = measure.Rig(tapegraph.load("tc260"))
    found = measure.response(rig)
    for frequency_hz in (20.0, 40.0, 63.0, 1000.0, 10_000.0):
        k = line(rig, frequency_hz)
        steady_db = 20.0 * np.log10(amplitudes(played(rig, [k], -20.0))[k]) + 20.0
        there = np.interp(k, found.frequency_hz, found.magnitude_db[0])
        assert there == pytest.approx(steady_db, abs=0.05), frequency_hz


def test_a_row_has_a_value_in_each_column() -> None:
    found = measure.response(comb(), (-20.0, -30.0))
    rows = found.rows()
    assert len(rows) == 2 * len(found.frequency_hz)
    assert rows[-1] == {
        "level_dbfs": -30.0,
        "frequency_hz": found.frequency_hz[-1],
        "magnitude_db": found.magnitude_db[1, -1],
        "phase_deg": found.phase_deg[1, -1],
        "group_delay_ms": found.group_delay_ms[1, -1],
    }


def test_latency_is_what_is_declared_and_what_is_found(toys: None) -> None:
    right = measure.latency(tapegraph.chain(shift={"frames_late": 48}))
    assert (right.declared_ms[0], right.measured_ms[0]) == pytest.approx((1.0, 1.0), abs=1e-4)
    wrong = measure.latency(tapegraph.chain(late_by_parts={"frames_late": 48}))
    assert (wrong.declared_ms[0], wrong.measured_ms[0]) == pytest.approx((49.0 / 48.0, 1.0), abs=1e-4)
    wanted = measure.latency(tapegraph.chain(delay={"time_s": 0.02}))
    assert (wanted.declared_ms[0], wanted.measured_ms[0]) == pytest.approx((0.0, 20.0), abs=1e-3)
