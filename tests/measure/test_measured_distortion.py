"""Harmonics, THD, intermodulation, aliases and levels of y = x + a x^2 + b x^3, whose spectra are known."""

from __future__ import annotations

import numpy as np
import pytest

import tapegraph
from tapegraph import measure
from tapegraph.measure.sweep import LINES_S, Sweep, sweep
from tapegraph.measure.tones import amplitudes, line, played

a, b = 0.1, 0.2  # of the curve
LEVEL_DBFS = -6.0
A = 10.0 ** (LEVEL_DBFS / 20.0)
FIRST, SECOND, THIRD = A + 0.75 * b * A**3, 0.5 * a * A**2, 0.25 * b * A**3  # amplitudes for a sine of A


def db(ratio: float) -> float:
    return float(20.0 * np.log10(ratio))


@pytest.fixture
def curve(toys: None) -> tapegraph.Graph:
    return tapegraph.chain(cubic={"second": a, "third": b})


def test_harmonics_of_a_curve_are_those_of_its_formula(toys: None) -> None:
    found = measure.harmonics(tapegraph.chain(cubic={"second": a, "third": b, "oversample": 2}), (LEVEL_DBFS,))
    for order, highest_hz, amplitude in ((2, 10_000.0, SECOND), (3, 6600.0, THIRD)):
        inside = found.frequency_hz <= highest_hz
        levels = found.relative_db[0, order - 2]
        np.testing.assert_allclose(levels[inside], db(amplitude / FIRST), atol=0.05)
        assert np.isnan(levels[found.frequency_hz > 20_000.0 / order]).all()
    assert np.all(found.relative_db[0, 2][found.frequency_hz < 5000.0] < -90.0)  # there is no fourth
    np.testing.assert_allclose(found.fundamental_dbfs[0, found.frequency_hz < 10_000.0], db(FIRST), atol=0.02)


@pytest.mark.parametrize("time_s", [0.00025, 0.15])
def test_a_filter_or_an_echo_behind_the_curve_changes_each_harmonic_at_its_own_frequency(
    time_s: float, toys: None
) -> None:
    graph = tapegraph.Graph(
        nodes={
            "cubic": {"kind": "cubic", "second": a, "third": b, "oversample": 2},
            "late": {"kind": "delay", "time_s": time_s},
            "less": {"kind": "gain", "gain_db": db(0.5)},
        },
        links=["input -> cubic -> late -> less -> output", "cubic -> output"],
    )
    found = measure.harmonics(measure.Rig(graph, 24_000.0), (LEVEL_DBFS,))
    f = found.frequency_hz[found.frequency_hz < 3000.0]
    comb = [np.abs(1.0 + 0.5 * np.exp(-2j * np.pi * n * f * time_s)) for n in (1, 2, 3)]
    for order, amplitude in ((2, SECOND), (3, THIRD)):
        expected = db(amplitude / FIRST) + 20.0 * np.log10(comb[order - 1] / comb[0])
        np.testing.assert_allclose(found.relative_db[0, order - 2, : len(f)], expected, atol=0.1)


@pytest.mark.parametrize(("time_s", "apart"), [(0.02, [2, 3, 4, 5, 6, 7, 8, 9]), (0.3, [2]), (0.4, [])])
def test_harmonics_that_echoes_of_the_next_one_cover_are_left_blank(time_s: float, apart: list[int]) -> None:
    """Harmonic n comes L ln(n / (n - 1)) before the one below, L = 1.25 s, whose place takes the last 0.3 of that."""
    impulses = np.zeros(12 * 8000)
    impulses[[0, round(time_s * 8000)]] = 1.0, 0.1
    found = Sweep(impulses, 1.25, 8000.0)
    assert [n for n in range(2, 10) if found.is_apart(n)] == apart
    assert apart == [n for n in range(2, 10) if time_s < 0.7 * 1.25 * np.log((n + 1) / n)]


@pytest.mark.parametrize(("time_s", "apart"), [(0.02, [2, 3, 4, 5, 6, 7, 8, 9]), (0.1, [2]), (0.2, [])])
def test_harmonics_that_sound_ahead_of_the_loudest_covers_are_left_blank(time_s: float, apart: list[int]) -> None:
    impulses = np.zeros(12 * 8000)
    impulses[[0, -round(time_s * 8000)]] = 0.1, 1.0
    found = Sweep(impulses, 1.25, 8000.0)
    assert [n for n in range(2, 10) if found.is_apart(n)] == apart
    assert apart == [n for n in range(2, 10) if time_s < 0.3 * 1.25 * np.log((n + 2) / (n + 1))]


def test_silence_has_no_harmonics() -> None:
    less = {name: {"kind": "gain", "gain_db": -96.0} for name in "abc"}
    silent = tapegraph.Graph(nodes=less, links=["input -> a -> b -> c -> output"])
    with pytest.raises(tapegraph.TapegraphError, match="nothing of the sweep comes out of the graph"):
        measure.harmonics(measure.Rig(silent, 8000.0), (LEVEL_DBFS,))


def test_harmonics_that_echoes_cover_are_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sweep, "is_apart", lambda sweep, order: False)
    rig = measure.Rig(tapegraph.chain(gain={}), 8000.0)
    with pytest.raises(tapegraph.TapegraphError, match="echoes or noise of the graph cover the harmonics of the "):
        measure.harmonics(rig, (LEVEL_DBFS,))


def test_harmonics_by_sweep_and_by_steady_tones_agree_on_tape() -> None:
    rig = measure.Rig(tapegraph.load("tc260"))
    found = measure.harmonics(rig, (-12.0,))
    for frequency_hz in (50.0, 100.0, 1000.0, 3981.0):
        k = line(rig, frequency_hz)
        steady = amplitudes(played(rig, [k], -12.0))
        for order in (3, 5):
            by_sweep = np.interp(np.log(k), np.log(found.frequency_hz), found.relative_db[0, order - 2])
            assert by_sweep == pytest.approx(db(steady[order * k] / steady[k]), abs=0.1), (frequency_hz, order)


@pytest.mark.parametrize("second", [0.0, a])
def test_an_alias_is_no_harmonic_but_where_it_meets_one(second: float, toys: None) -> None:
    """The third at fs - 3 f meets H2 at fs / 5 and H1 at fs / 4, the second at fs - 2 f meets H1 at fs / 3."""
    found = sweep(measure.Rig(tapegraph.chain(cubic={"second": second, "third": b})), LEVEL_DBFS)
    f = np.arange(40.0, 20_000.0, 1.0 / LINES_S)
    fundamental = np.abs(found.harmonic(1)[np.round(LINES_S * f).astype(int)])
    alone = (np.abs(f / 12_000.0 - 1.0) > 0.03) & (np.abs(f / 16_000.0 - 1.0) > 0.03)
    np.testing.assert_allclose(fundamental[alone], FIRST / A, rtol=5e-4)
    f = f[f < 10_000.0]
    levels = np.abs(found.harmonic(2)[np.round(2.0 * LINES_S * f).astype(int)])
    for least, below_db in ((0.02, -90.0), (0.05, -120.0)):
        alone = np.abs(f / 9600.0 - 1.0) > least
        np.testing.assert_allclose(levels[alone], second * 0.5 * A, rtol=5e-4, atol=10.0 ** (below_db / 20.0))
    if second == 0.0:
        assert db(np.max(levels)) == pytest.approx(db(THIRD / A), abs=2.0)  # as of a steady tone of fs / 5


def test_thd_of_a_curve_is_that_of_its_formula(curve: tapegraph.Graph) -> None:
    found = measure.thd(curve, (315.0, 1000.0), (LEVEL_DBFS,))
    assert list(found.frequency_hz) == [315.0, 1000.0]
    np.testing.assert_allclose(found.output_dbfs, db(FIRST), atol=1e-6)
    np.testing.assert_allclose(found.second_percent, 100.0 * SECOND / FIRST, rtol=1e-6)
    np.testing.assert_allclose(found.third_percent, 100.0 * THIRD / FIRST, rtol=1e-6)
    np.testing.assert_allclose(found.thd_percent, 100.0 * np.hypot(SECOND, THIRD) / FIRST, rtol=1e-6)
    of_all = np.hypot(SECOND, THIRD) / np.sqrt(FIRST**2 + SECOND**2 + THIRD**2)
    np.testing.assert_allclose(found.thd_plus_noise_percent, 100.0 * of_all, rtol=1e-4)


def test_harmonics_above_20_khz_are_not_counted(curve: tapegraph.Graph) -> None:
    found = measure.thd(curve, (9000.0, 12_000.0), (LEVEL_DBFS,))
    np.testing.assert_allclose(found.thd_percent[0], 100.0 * SECOND / FIRST, rtol=1e-6)
    assert np.isnan(found.third_percent[0])
    assert np.isnan(found.thd_percent[1])


def test_noise_is_in_thd_plus_noise_alone_and_without_an_octave_around_the_tone(toys: None) -> None:
    graph = tapegraph.Graph(
        nodes={"hiss": {"kind": "hiss"}, "quiet": {"kind": "gain", "gain_db": -40.0}},
        links=["hiss -> quiet -> output", "input -> output"],
    )
    found = measure.thd(graph, (1000.0,), (-6.0,))
    assert found.changed == ("hiss",)
    assert found.thd_percent[0] < 1e-8
    heard = (20_000.0 - 20.0 - 1000.0 * (2.0**0.5 - 0.5**0.5)) / 24_000.0
    noise = 0.01 / np.sqrt(3.0) * np.sqrt(heard)
    assert found.thd_plus_noise_percent[0] == pytest.approx(100.0 * noise / np.hypot(noise, A / np.sqrt(2.0)), rel=0.02)


def test_intermodulation_of_a_curve_is_that_of_its_formula(curve: tapegraph.Graph) -> None:
    found = measure.imd(curve, (LEVEL_DBFS,))
    low, high = 0.8 * A, 0.2 * A
    out = high + b * (0.75 * high**3 + 1.5 * low**2 * high)
    assert found.smpte_d2_percent[0] == pytest.approx(100.0 * 2.0 * a * low * high / out, rel=1e-6)
    assert found.smpte_d3_percent[0] == pytest.approx(100.0 * 2.0 * 0.75 * b * low**2 * high / out, rel=1e-6)
    each = 0.5 * A
    out = each + b * 2.25 * each**3
    assert found.ccif_d2_percent[0] == pytest.approx(100.0 * a * each**2 / (2.0 * out), rel=1e-6)
    assert found.ccif_d3_percent[0] == pytest.approx(100.0 * 2.0 * 0.75 * b * each**3 / (2.0 * out), rel=1e-6)


def test_at_a_low_rate_the_difference_tones_are_lower_and_what_has_no_room_is_blank(curve: tapegraph.Graph) -> None:
    found = measure.imd(measure.Rig(curve, 8000.0), (LEVEL_DBFS,))
    assert np.isnan(found.smpte_d2_percent[0])
    each = 0.5 * A
    out = each + b * 2.25 * each**3
    assert found.ccif_d2_percent[0] == pytest.approx(100.0 * a * each**2 / (2.0 * out), rel=1e-6)


def test_a_harmonic_that_folds_back_is_an_alias_and_others_are_not(toys: None) -> None:
    graph = tapegraph.chain(cubic={"third": b})
    found = measure.alias(graph, (1000.0, 10_000.0), (LEVEL_DBFS,))
    assert found.alias_db[0, 0] < -200.0
    assert found.alias_db[0, 1] == pytest.approx(db(THIRD / FIRST), abs=1e-6)
    assert found.strongest_db[0, 1] == pytest.approx(db(THIRD / FIRST), abs=1e-6)
    assert found.strongest_hz[0, 1] == 48_000.0 - 3.0 * found.frequency_hz[1]


def test_an_alias_does_not_hide_behind_the_tone(toys: None) -> None:
    """The third harmonic of 12 kHz at 48 kHz folds back to 12 kHz: the tone is moved a little."""
    found = measure.alias(tapegraph.chain(cubic={"third": b}), (12_000.0,), (LEVEL_DBFS,))
    assert found.alias_db[0, 0] == pytest.approx(db(THIRD / FIRST), abs=1e-6)
    assert found.frequency_hz[0] == pytest.approx(12_000.0, abs=10.0)


def test_a_harmonic_of_a_sweep_keeps_its_phase(toys: None) -> None:
    """sin^3 x = (3 sin x - sin 3 x) / 4: the third is turned by half a cycle, at all frequencies."""
    rig = measure.Rig(tapegraph.chain(cubic={"third": b, "oversample": 2}))
    third = sweep(rig, LEVEL_DBFS).spectrum(3)[round(LINES_S * 300.0) : round(LINES_S * 15_000.0)]
    np.testing.assert_allclose(-third, THIRD / A, atol=0.02 * THIRD / A)


def test_oversampling_lowers_aliases(toys: None) -> None:
    plain, fine = (
        measure.alias(tapegraph.chain(cubic={"third": b, "oversample": n}), (10_000.0,), (0.0,)).alias_db[0, 0]
        for n in (1, 4)
    )
    assert fine < plain - 40.0


def test_the_output_level_is_that_of_all_that_comes_out(curve: tapegraph.Graph) -> None:
    found = measure.dynamics(tapegraph.chain(cubic={"third": b}), (-60.0, LEVEL_DBFS))
    assert found.output_dbfs[1] == pytest.approx(db(np.hypot(FIRST, THIRD)), abs=1e-6)
    assert found.gain_db[0] == pytest.approx(db(1.0 + 0.75 * b * 1e-6), abs=1e-6)
