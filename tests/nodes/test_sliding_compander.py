"""The sliding-band compander against its analogue law, a data sheet, and what a tape between its halves does."""

from __future__ import annotations

import math
from functools import partial

import companders
import numpy as np
import pytest
from companders import VU, tone
from harness import Array
from scipy import integrate, optimize
from tapegraph_nodes.noise_reduction.sliding_compander import SlidingCompander

FS = 48_000.0

side = partial(companders.side, SlidingCompander)
gain_db = partial(companders.gain_db, SlidingCompander, settles_s=0.1)
FULL_BOOST = 1 - 10 ** (-10 / 20)  # a of 10 dB


def filtered(hz: float, corner: float) -> complex:
    """Return h / e for a corner in multiples of 500 Hz."""
    return 1j * hz / (1j * hz + 500 * corner)


def weighted(hz: float) -> float:
    return math.sqrt(10) * abs(1j * hz / (1j * hz + 15_000))


def slid(hz: float, encoded: float) -> float:
    """Return the corner, in multiples of the lowest, for a steady encoded tone of this peak."""
    p0 = (VU * 10 ** (-26 / 20)) ** 2 / 2

    def excess(log_corner: float) -> float:
        corner = math.exp(log_corner)
        p = (encoded * abs(filtered(hz, corner)) * weighted(hz)) ** 2 / 2
        return 1 + p / p0 - corner

    return math.exp(optimize.brentq(excess, -1e-9, 30.0))


def law_db(hz: float, encoded_db: float) -> float:
    """Return the gain of decode for a steady encoded tone, relative to 0 VU: the analogue equations, solved."""
    corner = slid(hz, VU * 10 ** (encoded_db / 20))
    return 20 * math.log10(abs(1 - FULL_BOOST * filtered(hz, corner)))


@pytest.mark.parametrize("fs", [44_100.0, 48_000.0, 192_000.0])
def test_quiet_sound_gets_a_shelf_of_10_db_from_500_hz_on(fs: float) -> None:
    """(s + w) / (s (1 - a) + w), read from the response to an impulse at -80 dB."""
    x = np.zeros(8192)
    x[0] = 1e-4
    hz = np.fft.rfftfreq(8192, 1 / fs)
    heard = (hz > 0) & (hz < 0.42 * fs)
    s = 1j * hz[heard] / 500
    expected = 20 * np.log10(np.abs((s + 1) / (s * 10**-0.5 + 1)))
    for name, sign in (("encode", 1), ("decode", -1)):
        measured = 20 * np.log10(np.abs(np.fft.rfft(side(name, x, fs)[0])[heard] / 1e-4))
        np.testing.assert_allclose(measured, sign * expected, atol=0.05)


@pytest.mark.parametrize("fs", [44_100.0, 48_000.0, 192_000.0])
@pytest.mark.parametrize("hz", [1000.0, 3000.0, 7000.0, 12_000.0])
def test_a_steady_tone_is_decoded_by_the_stated_law(hz: float, fs: float) -> None:
    for encoded_db in (-60.0, -26.0, -20.0, -10.0, 0.0, 18.0)[:: 2 if fs > 1e5 else 1]:
        assert gain_db("decode", hz, encoded_db, fs) == pytest.approx(
            law_db(hz, encoded_db), abs=0.05 if fs > 1e5 else 0.2
        )


@pytest.mark.parametrize("hz", [1000.0, 3000.0, 7000.0, 12_000.0])
def test_a_steady_tone_is_encoded_by_the_inverse_of_that_law(hz: float) -> None:
    for encoded_db in (-60.0, -35.0, -26.0, -20.0, -10.0, 0.0):
        cut_db = law_db(hz, encoded_db)
        assert gain_db("encode", hz, encoded_db + cut_db) == pytest.approx(-cut_db, abs=0.2)


# NTE2003, encode characteristics: Hz, level in and out relative to its reference of 0 dB, typical; all +-1.5 dB.
DATA_SHEET = (
    (1300, -20, -15.7),
    (2500, -20, -15.9),
    (3000, -30, -21.2),
    (5000, -30, -21.8),
    (10_000, 0, 0.5),
    (10_000, -40, -29.6),
    (14_000, -30, -23.9),
)


@pytest.mark.parametrize(("hz", "level_db", "out_db"), DATA_SHEET)
def test_encode_is_within_the_tolerance_of_a_circuit_of_this_kind(hz: float, level_db: float, out_db: float) -> None:
    assert level_db + gain_db("encode", hz, level_db) == pytest.approx(out_db, abs=1.5)


@pytest.mark.parametrize("error_db", [-3.0, 2.0])
def test_a_gain_between_the_halves_scales_quiet_sound_by_as_much(error_db: float) -> None:
    for hz in (100.0, 1000.0, 10_000.0):
        x = tone(hz, -70.0)
        y = side("decode", 10 ** (error_db / 20) * side("encode", x))
        last = slice(-4800, None)
        assert 20 * np.log10(np.std(y[0, last]) / np.std(x[last])) == pytest.approx(error_db, abs=0.01)


@pytest.mark.parametrize("error_db", [-3.0, 2.0])
def test_where_the_corner_slides_such_a_gain_changes_treble_by_more_as_the_law_says(error_db: float) -> None:
    encoded_db = -20.0
    in_db = encoded_db + law_db(5000.0, encoded_db)
    out_db = encoded_db + error_db + law_db(5000.0, encoded_db + error_db)
    x = tone(5000.0, in_db)
    y = side("decode", 10 ** (error_db / 20) * side("encode", x))
    last = slice(-4800, None)
    changed_db = 20 * np.log10(np.std(y[0, last]) / np.std(x[last]))
    assert changed_db == pytest.approx(out_db - in_db, abs=0.05)
    assert abs(changed_db) > 1.3 * abs(error_db)


def band_db(x: Array, low_hz: float, high_hz: float) -> float:
    hz = np.fft.rfftfreq(x.shape[-1], 1 / FS)
    return float(10 * np.log10(np.sum(np.abs(np.fft.rfft(x)[(hz > low_hz) & (hz < high_hz)]) ** 2)))


def test_hiss_that_the_tape_adds_falls_by_what_was_boosted() -> None:
    """White noise from 5 to 15 kHz at -80 dBFS falls by the mean of 1 / |shelf|^2: 9.8 dB."""
    noise = 1e-4 * np.random.default_rng(1).standard_normal(48_000)
    hz = np.linspace(5000, 15_000, 1001)
    s = 1j * hz / 500
    expected_db = 10 * np.log10(np.mean(np.abs((s * 10**-0.5 + 1) / (s + 1)) ** 2))
    assert expected_db == pytest.approx(-9.8, abs=0.1)
    fell_db = band_db(side("decode", noise)[0], 5000, 15_000) - band_db(noise, 5000, 15_000)
    assert fell_db == pytest.approx(expected_db, abs=0.05)


def test_loud_bass_leaves_most_of_the_reduction_of_hiss() -> None:
    """A tone of 100 Hz at 0 VU, through both halves; what is left in the treble is the hiss of between."""
    noise = 1e-4 * np.random.default_rng(1).standard_normal(48_000)
    y = side("decode", side("encode", tone(100.0, 0.0, 1.0)) + noise)[0]
    spent = np.hanning(48_000)
    assert band_db(spent * y, 8000, 15_000) - band_db(spent * noise, 8000, 15_000) < -9.0


def test_after_a_burst_the_corner_comes_back_with_the_release_time() -> None:
    """p falls from where the burst held it, after m; a faint tone afterwards is cut by the shelf at its corner."""
    fs = 192_000.0
    burst, faint = tone(5000.0, 0.0, 0.2, fs), tone(5000.0, -80.0, 0.4, fs)
    y = side("decode", np.concatenate([burst, faint]), fs, release_s=0.05)[0, burst.size :]
    held = (slid(5000.0, VU) - 1) / (1 - 0.002 / 0.05)
    for t in (0.1, 0.15, 0.2, 0.3):
        periods = slice(int(t * fs), int((t + 0.001) * fs))
        corner = 1 + held * math.exp(-(t + 0.0005) / 0.05)
        expected_db = 20 * math.log10(abs(1 - FULL_BOOST * filtered(5000.0, corner)))
        measured_db = 20 * math.log10(np.std(y[periods]) / np.std(faint[periods]))
        assert measured_db == pytest.approx(expected_db, abs=0.05)
    assert measured_db < -9


def test_the_corner_rises_with_the_attack_time() -> None:
    """Against the equation of m, solved for the amplitude of a tone; the tone's phases are a cosine and a sine."""
    attack_s = 0.01
    turns = 2 * np.pi * 8000 * np.arange(4800) / FS
    peak = VU * 10 ** (-22 / 20)
    y = side("decode", peak * np.array([np.cos(turns), np.sin(turns)]), attack_s=attack_s)
    p0 = (VU * 10 ** (-26 / 20)) ** 2 / 2

    def rate(_t: float, m: Array) -> Array:
        h = peak * abs(filtered(8000.0, 1 + m[0] / p0)) * weighted(8000.0)
        return (h * h / 2 - m) / attack_s

    t = np.array([0.002, 0.005, 0.01, 0.03])
    m = integrate.solve_ivp(rate, (0, 0.05), [0.0], t_eval=t, rtol=1e-8, atol=1e-12).y[0]
    expected_db = [20 * math.log10(abs(1 - FULL_BOOST * filtered(8000.0, 1 + p / p0))) for p in m]
    gain = np.hypot(*y)[np.round(t * FS).astype(int)] / peak
    np.testing.assert_allclose(20 * np.log10(gain), expected_db, atol=0.1)
    assert expected_db[-1] - expected_db[0] > 2


def test_encode_is_stable_whatever_comes() -> None:
    """e = (x - a l) / (1 - a) with a low-pass l of x: no sample exceeds (1 + a) / (1 - a) times the largest before."""
    rng = np.random.default_rng(3)
    x = rng.choice([-1.0, 1.0, 0.0, 1e-3], 20_000) * np.repeat(rng.choice([1e-4, 1.0, 100.0], 200), 100)
    for boost_db in (10.0, 20.0):
        a = 1 - 10 ** (-boost_db / 20)
        e = side("encode", x, boost_db=boost_db, attack_s=0.0005, threshold_db=-60.0)[0]
        assert np.max(np.abs(e) / np.maximum.accumulate(np.abs(x))) < (1 + a) / (1 - a)
