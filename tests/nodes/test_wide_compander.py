"""The wide-band compander against 2:1 in dB, the steps of its detector, and what a tape between its halves does."""

from __future__ import annotations

import math
from functools import partial

import companders
import numpy as np
import pytest
from companders import VU, tone
from harness import Array
from scipy import integrate
from tapegraph_nodes.noise_reduction.wide_compander import WideCompander

FS = 48_000.0

side = partial(companders.side, WideCompander)
gain_db = partial(companders.gain_db, WideCompander, settles_s=0.5)
TIME_S = 0.035


def emphasis_db(hz: float, db: float = 12.0) -> float:
    """Return the analogue shelf, which begins to rise at 1600 Hz / 10^(db / 20), relative to 1 kHz."""
    f = np.array([hz, 1000.0])
    response = np.abs((10 ** (db / 20) * 1j * f + 1600) / (1j * f + 1600))
    return float(20 * np.log10(response[0] / response[1]))


LEVELS_DB = np.arange(-42.0, 18.1, 6.0)  # -60 to 0 dBFS


def test_two_db_in_are_one_db_out_of_encode_over_60_db() -> None:
    out_db = [level_db + gain_db("encode", 1000.0, level_db, most_gain_db=60.0) for level_db in LEVELS_DB]
    np.testing.assert_allclose(out_db, LEVELS_DB / 2, atol=0.02)


def test_one_db_in_is_two_db_out_of_decode_over_60_db() -> None:
    out_db = [level_db + gain_db("decode", 1000.0, level_db, most_gain_db=60.0) for level_db in LEVELS_DB / 2]
    np.testing.assert_allclose(out_db, LEVELS_DB, atol=0.02)


@pytest.mark.parametrize("most_gain_db", [10.0, 40.0])
def test_the_law_bends_where_sound_gets_as_faint_as_the_floor_of_the_detector(most_gain_db: float) -> None:
    """x^2 r^2 = e^2 (e^2 + f) in mean squares; with all relative to r^2."""
    f = 10 ** (-most_gain_db / 10)
    for level_db in (-100.0, -60.0, -40.0, -20.0, 0.0):
        encoded = -f / 2 + math.sqrt(f * f / 4 + 10 ** (level_db / 10))
        expected_db = 10 * math.log10(encoded) - level_db
        assert gain_db("encode", 1000.0, level_db, most_gain_db=most_gain_db) == pytest.approx(expected_db, abs=0.02)


@pytest.mark.parametrize("reference_db", [-30.0, -18.0, -6.0])
@pytest.mark.parametrize("emphasis", [0.0, 12.0, 20.0])
@pytest.mark.parametrize("name", ["encode", "decode"])
def test_a_tone_of_1_khz_at_the_reference_passes_as_it_is(name: str, emphasis: float, reference_db: float) -> None:
    level_db = reference_db + 18
    gain = gain_db(name, 1000.0, level_db, reference_db=reference_db, emphasis_db=emphasis, most_gain_db=60.0)
    assert gain == pytest.approx(0.0, abs=0.005)


@pytest.mark.parametrize(("fs", "tolerance"), [(48_000.0, 0.15), (192_000.0, 0.02)])
@pytest.mark.parametrize("hz", [50.0, 400.0, 3000.0, 10_000.0])
def test_treble_is_lifted_on_encode_by_half_of_the_emphasis(hz: float, fs: float, tolerance: float) -> None:
    """It is compressed together with the tone that it lifts; decode takes all of it away, from an expanded tone."""
    encoded = gain_db("encode", hz, -10.0, fs, most_gain_db=60.0)
    assert encoded == pytest.approx((-10.0 + emphasis_db(hz)) / 2 + 10.0, abs=tolerance)
    decoded = gain_db("decode", hz, -10.0, fs, most_gain_db=60.0)
    assert decoded == pytest.approx(-10.0 - emphasis_db(hz), abs=tolerance)


@pytest.mark.parametrize("error_db", [-6.0, -1.0, 3.0])
@pytest.mark.parametrize("level_db", [-42.0, -20.0, 0.0, 12.0])
def test_a_gain_between_the_halves_is_doubled_in_db(level_db: float, error_db: float) -> None:
    x = tone(1000.0, level_db)
    y = side("decode", 10 ** (error_db / 20) * side("encode", x, most_gain_db=60.0), most_gain_db=60.0)
    last = slice(-4800, None)
    assert 20 * np.log10(np.std(y[0, last]) / np.std(x[last])) == pytest.approx(2 * error_db, abs=0.02)


def level_db(x: Array) -> float:
    return float(10 * np.log10(np.mean(x**2)))


@pytest.mark.parametrize("sound_db", [-40.0, -20.0])
def test_hiss_beside_a_tone_falls_by_as_much_as_the_tone_was_raised(sound_db: float) -> None:
    """White noise at -90 dBFS under a tone that is encoded to half its level in dB, and expanded with it."""
    noise = 10**-4.5 * np.random.default_rng(1).standard_normal(96_000)
    x = tone(1000.0, sound_db, 2.0)
    params = {"emphasis_db": 0.0, "most_gain_db": 60.0}
    left = side("decode", side("encode", x, **params) + noise, **params)[0] - x
    spectrum = np.abs(np.fft.rfft(np.hanning(48_000) * left[-48_000:])) ** 2
    before = np.abs(np.fft.rfft(np.hanning(48_000) * noise[-48_000:])) ** 2
    fell_db = 10 * np.log10(np.sum(spectrum[3000:]) / np.sum(before[3000:]))
    assert fell_db == pytest.approx(sound_db / 2, abs=0.1)


def test_hiss_alone_falls_by_its_own_level_down_to_the_floor() -> None:
    """N at the input of decode becomes N (N + f) / r^2: mean squares, without emphasis, which noise would be cut by."""
    r2, f = VU**2 / 2, VU**2 / 2 * 1e-4
    for noise_db in (-50.0, -80.0):
        noise = 10 ** (noise_db / 20) * np.random.default_rng(1).standard_normal(96_000)
        N = np.mean(noise[48_000:] ** 2)
        y = side("decode", noise, emphasis_db=0.0)[0]
        expected_db = 10 * np.log10((N + f) / r2)
        assert level_db(y[48_000:]) - level_db(noise[48_000:]) == pytest.approx(expected_db, abs=0.05)


def test_the_gain_of_decode_rises_and_falls_with_the_time_constant_of_a_mean_square() -> None:
    """A constant A, then A / 100: p = A^2 + (p0 - A^2) exp(-t / T); the sound is e sqrt(p) / r."""
    A, n = 0.5, 4800
    y = side("decode", np.repeat([A, A / 100], n), emphasis_db=0.0, most_gain_db=60.0)[0]
    r2 = VU**2 / 2
    decay = np.exp(-np.arange(1, n + 1) / (TIME_S * FS))
    f = r2 * 1e-6
    up = A * np.sqrt((A * A + f) * (1 - decay) / r2 + 1e-6 * decay)
    p0 = (A * A + f) * (1 - decay[-1]) + f * decay[-1]
    down = A / 100 * np.sqrt(((A / 100) ** 2 + f + (p0 - (A / 100) ** 2 - f) * decay) / r2)
    np.testing.assert_allclose(y, np.concatenate([up, down]), rtol=1e-9)


@pytest.mark.parametrize(("fs", "tolerance_db"), [(48_000.0, 0.08), (192_000.0, 0.025)])
def test_encode_overshoots_after_a_step_by_the_stated_law(fs: float, tolerance_db: float) -> None:
    """e / e_steady = (1 - exp(-2 t / T))^(-1/4), where p comes from 100 dB below."""
    A = 0.5
    e = side("encode", np.full(round(0.3 * fs), A), fs, emphasis_db=0.0, most_gain_db=60.0)[0]
    t = np.array([0.001, 0.005, 0.0175, 0.035, 0.1])
    steady = math.sqrt(A * VU / math.sqrt(2))
    expected_db = -5 * np.log10(1 - np.exp(-2 * t / TIME_S))
    measured_db = 20 * np.log10(e[np.round(t * fs).astype(int) - 1] / steady)
    np.testing.assert_allclose(measured_db, expected_db, atol=tolerance_db)
    assert expected_db[2] == pytest.approx(1.0, abs=0.01)  # after half of the time constant


def test_encode_recovers_from_loud_sound_by_124_db_in_a_second() -> None:
    """The gain rises by 4.34 dB in each 35 ms, until the faint sound holds it."""
    e = side("encode", np.repeat([0.5, 1e-5], 24_000), emphasis_db=0.0, most_gain_db=60.0)[0, 24_000:]
    rise_db = np.diff(20 * np.log10(e[[2400, 7200]]))[0]
    assert rise_db == pytest.approx(10 * math.log10(math.e) / TIME_S * 0.1, rel=0.02)


def test_p_in_encode_follows_the_equation_of_the_docstring() -> None:
    """With f, from silence to A and back to A / 50: e^2 = X^2 / p is put into p' = (e^2 + f - p) / T, and solved."""
    params = {"emphasis_db": 0.0, "most_gain_db": 20.0}
    r2, f = VU**2 / 2, VU**2 / 200
    e = side("encode", np.repeat([0.1, 0.002], 9600), 192_000.0, **params)[0]
    p, t = f, np.array([0.002, 0.01, 0.05])
    for start, A in ((0, 0.1), (9600, 0.002)):

        def rate(_t: float, p: Array, A: float = A) -> Array:
            return (r2 * A * A / p + f - p) / TIME_S

        found = integrate.solve_ivp(rate, (0, 0.05), [p], t_eval=t, rtol=1e-9, atol=1e-14, method="LSODA").y[0]
        expected = np.sqrt(r2) * A / np.sqrt(found)
        np.testing.assert_allclose(e[start + np.round(t * 192_000).astype(int) - 1], expected, rtol=3e-3)
        p = found[-1]


def test_encode_is_stable_whatever_comes() -> None:
    """b is above f until sound has raised it: no sample is raised by more than most_gain_db, and the emphasis."""
    rng = np.random.default_rng(3)
    x = rng.choice([-1.0, 1.0, 0.0, 1e-3], 20_000) * np.repeat(rng.choice([1e-4, 1.0, 100.0], 200), 100)
    e = side("encode", x, most_gain_db=40.0, time_s=0.005)[0]
    assert np.max(np.abs(e) / np.maximum.accumulate(np.abs(x))) < 100 * 2 * 10 ** (12 / 20)
    assert np.max(np.abs(e)) < 100
