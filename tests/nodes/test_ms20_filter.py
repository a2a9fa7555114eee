"""The MS-20 filter against its circuit: differential equations solved by SciPy, the transfer function, its own song."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from harness import Array, esr_db, prepared, process, run
from librt.vecs import vec
from mypy_extensions import i64
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from tapegraph_nodes._kernels.circuits.diode_network import predicted_voltage, run_2_8_1
from tapegraph_nodes._kernels.circuits.korg35 import diode_voltage
from tapegraph_nodes._kernels.networks.network import run as run_network
from tapegraph_nodes.filters.ms20_filter import Ms20Filter

from tapegraph.node import Signal

FS = 48_000.0
# The circuit once more, in ohm, ampere and volt.
R_F, R_G, I_S, NV_T, FULL_SCALE = 23e3, 10e3, 2.52e-9, 1.752 * 0.02585, 0.25
B = 2 * I_S * R_F / NV_T


def gain_at_rest(resonance: float) -> float:
    """Return K: a non-inverting amplifier whose diodes are the resistor n V_t / (2 I_s)."""
    feedback = 1 / (1 / R_F + 2 * I_S / NV_T)
    return resonance * (1 + feedback / R_G)


def diode(v: float, resonance: float) -> float:
    """Return the voltage across the diodes for v behind the filter, by bisection, volt."""
    current = resonance * v / R_G
    most = abs(current) * R_F + 1e-12
    return float(brentq(lambda w: w / R_F + 2 * I_S * math.sinh(w / NV_T) - current, -min(most, 5), min(most, 5)))


def music(t: Array) -> Array:
    """Return a chord that begins softly, as a function of time."""
    swell = 1 - np.exp(-((t / 0.002) ** 2))
    return np.asarray(swell * (0.5 * np.sin(2 * np.pi * 150 * t) + 0.4 * np.sin(2 * np.pi * 633 * t)))


def circuit(t: Array, cutoff_hz: float, resonance: float, drive_db: float) -> Array:
    """Solve the circuit for the chord: voltages q of a capacitor and w of the diodes, from which v follows."""
    volts = FULL_SCALE * 10 ** (drive_db / 20)
    w0 = 2 * np.pi * cutoff_hz

    def v_of(w: Array) -> Array:
        return np.asarray(R_G / resonance * (w / R_F + 2 * I_S * np.sinh(w / NV_T)))

    def slopes(time: float, state: Array) -> list[float]:
        q, w = state
        v = v_of(w)
        u = resonance * v + w
        dv = w0 * (q + u - v)
        dv_dw = R_G / resonance * (1 / R_F + 2 * I_S / NV_T * np.cosh(w / NV_T))
        return [w0 * (volts * music(np.asarray(time)) - 2 * (q + u) + v), dv / dv_dw]

    solved = solve_ivp(slopes, (0, t[-1]), [0.0, 0.0], method="LSODA", t_eval=t, rtol=1e-10, atol=1e-12)
    return np.asarray(v_of(solved.y[1]) / volts)


@pytest.mark.parametrize(("cutoff_hz", "resonance", "drive_db"), [(600, 0.5, 0), (1500, 0.9, 0), (900, 1, 20)])
def test_the_output_converges_to_the_circuit_with_the_square_of_the_rate(
    cutoff_hz: float, resonance: float, drive_db: float
) -> None:
    t = np.arange(960) / FS
    reference = circuit(t, cutoff_hz, resonance, drive_db)
    errors = []
    for times in (4, 8, 16):
        x = music(np.arange(960 * times) / (FS * times))
        y = run(Ms20Filter, x, FS * times, cutoff_hz=cutoff_hz, resonance=resonance, drive_db=drive_db)
        errors.append(esr_db(y[::times], reference))
    assert errors[2] < -95
    np.testing.assert_allclose(np.diff(errors), -20 * math.log10(4), atol=0.5)


@pytest.mark.parametrize("resonance", [0.0, 0.3, 0.85])
@pytest.mark.parametrize("cutoff_hz", [200.0, 5000.0, 20_000.0])
def test_soft_sounds_meet_the_transfer_function_of_the_circuit(cutoff_hz: float, resonance: float) -> None:
    x = np.zeros(16_384)
    x[0] = 1e-4
    H = np.fft.rfft(run(Ms20Filter, x, FS, cutoff_hz=cutoff_hz, resonance=resonance)) / x[0]
    f = np.fft.rfftfreq(x.size, 1 / FS)[1:-1]
    s = 1j * np.tan(np.pi * f / FS) / np.tan(np.pi * cutoff_hz / FS)
    expected = 1 / (s**2 + (3 - gain_at_rest(resonance)) * s + 1)
    # The diodes bend by 1e-7 at this level; half a percent of the resonance would show as 1e-3.
    np.testing.assert_allclose(H[1:-1], expected, atol=1e-5)


@pytest.mark.parametrize("cutoff_hz", [110.0, 1000.0, 6000.0])
def test_at_full_resonance_it_sings_at_its_cutoff_as_loud_as_the_diodes_let_it(cutoff_hz: float) -> None:
    """It grows until the amplifier's gain for its fundamental is 3 (describing function)."""
    fs = 200 * cutoff_hz
    x = np.zeros(24_000)
    x[0] = 0.01
    y = run(Ms20Filter, x, fs, cutoff_hz=cutoff_hz, resonance=1.0)[-10_000:]
    periods = np.diff(np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0)))
    assert fs / periods.mean() == pytest.approx(cutoff_hz, rel=0.012)  # overtones pull it a little lower

    angle = np.linspace(0, np.pi, 201)[1:-1]

    def excess(amplitude: float) -> float:
        w = np.array([diode(amplitude * math.sin(a), 1.0) for a in angle])
        return 1 + float(np.sum(w * np.sin(angle)) / np.sum(amplitude * np.sin(angle) ** 2)) - 3

    fundamental = math.sqrt(2) * np.std(y) * FULL_SCALE
    assert fundamental == pytest.approx(brentq(excess, 0.02, 1.0), rel=0.03)


def test_just_under_three_times_gain_the_ringing_dies_away() -> None:
    x = np.zeros(48_000)
    x[0] = 1.0
    y = run(Ms20Filter, x, FS, resonance=0.9)  # K = 2.965: 1 / (0.0177 w0) = 9 ms
    assert np.max(np.abs(y[-4800:])) < 1e-12 < np.max(np.abs(y[4800:9600]))


def test_drive_is_a_louder_sound_made_as_soft_again() -> None:
    x = music(np.arange(4000) / FS)
    for drive_db in (-12.0, 7.0, 36.0):
        gain = 10 ** (drive_db / 20)
        louder = run(Ms20Filter, gain * x, FS, resonance=0.95) / gain
        np.testing.assert_allclose(run(Ms20Filter, x, FS, resonance=0.95, drive_db=drive_db), louder, atol=1e-12)


@pytest.mark.parametrize("frames", [16, 256])
def test_a_turned_drive_leaves_soft_sounds_as_they_are(frames: int) -> None:
    x = 1e-5 * music(np.arange(4096) / FS)
    node = prepared(Ms20Filter, FS, 1, frames)
    first = process(node, x[:2048])[0]
    node.set("drive_db", 36.0)
    node.update()
    turned = np.concatenate([first, process(node, x[2048:])[0]], axis=1)[0]
    assert esr_db(turned, run(Ms20Filter, x, FS, frames)) < -90


@pytest.mark.parametrize("frames", [16, 256])
@pytest.mark.parametrize(
    ("name", "ends"), [("cutoff_hz", (2000.0, 20_000.0)), ("resonance", (0.0, 0.9)), ("drive_db", (-12.0, 36.0))]
)
def test_a_knob_turned_from_stop_to_stop_does_not_click(name: str, ends: tuple[float, float], frames: int) -> None:
    """Of a low tone less than -80 dB comes out above 5 kHz; parameters that jumped would make it -41 to -68 dB."""
    x = np.sin(2 * np.pi * 50 * np.arange(9728) / FS)
    node = prepared(Ms20Filter, FS, 1, frames, **{name: ends[0]})
    out = [process(node, x[:4608])[0]]
    node.set(name, ends[1])
    node.update()
    out.append(process(node, x[4608:])[0])
    y = np.concatenate(out, axis=1)[0]
    power = np.abs(np.fft.rfft(y[3584:5632] * np.hanning(2048))) ** 2
    assert 10 * np.log10(np.sum(power[2048 * 5000 // 48_000 :]) / np.sum(power)) < -80


def test_channels_are_filters_of_their_own() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (3, 640))
    np.testing.assert_array_equal(run(Ms20Filter, x, FS)[1], run(Ms20Filter, x[1], FS))


def test_the_diode_equation_is_solved_to_the_last_digits_wherever_it_may_lead() -> None:
    for slope in (1e-3, 0.4, 1.0):
        for current in (0.0, 1e-6, 0.1, 3.0, 7.5, 30.0, 1e4, 1e9, 1e15):
            w = diode_voltage(slope, current)
            assert w == -diode_voltage(slope, -current)
            exact = brentq(lambda w: slope * w + B * math.sinh(w) - current, 0.0, 60.0, xtol=1e-15, rtol=1e-14)  # noqa: B023
            assert w == pytest.approx(exact, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("solver", ["newton", "stn"])
@pytest.mark.parametrize("cutoff_hz", [20.0, 1000.0, 20_000.0])
def test_peaks_and_what_is_not_a_number_leave_a_working_filter(cutoff_hz: float, solver: str) -> None:
    junk = np.random.default_rng(2).choice([np.nan, np.inf, -np.inf, 1e6, -1e300, 0.0, 5e-324], 6400)
    node = prepared(Ms20Filter, FS, cutoff_hz=cutoff_hz, resonance=1.0, drive_db=36.0, solver=solver)
    assert np.max(np.abs(process(node, junk)[0])) < 3000
    x = np.concatenate([np.zeros(48_000), music(np.arange(9600) / FS)])
    fresh = run(Ms20Filter, x, FS, cutoff_hz=cutoff_hz, resonance=0.5, solver=solver)[-4800:]
    node.set("resonance", 0.5)
    node.set("drive_db", 0.0)
    node.update()
    assert esr_db(process(node, x)[0][0, -4800:], fresh) < -60


@pytest.mark.long
@pytest.mark.parametrize(("resonance", "most_db"), [(0.0, -200), (0.3, -80), (0.6, -65), (0.9, -45)])
@pytest.mark.parametrize("drive_db", [-12.0, 0.0, 12.0, 36.0])
def test_the_network_sounds_as_the_solver_does(resonance: float, most_db: float, drive_db: float) -> None:
    rng = np.random.default_rng(6)
    x = np.cumsum(rng.uniform(-1, 1, (3, 9600)), axis=1) * np.array([[0.003], [0.03], [0.1]])
    for cutoff_hz in (150.0, 1000.0, 9000.0):
        setting: dict[str, Any] = {"cutoff_hz": cutoff_hz, "resonance": resonance, "drive_db": drive_db}
        solved = run(Ms20Filter, x, 4 * FS, **setting)
        predicted = run(Ms20Filter, x, 4 * FS, solver="stn", **setting)
        for channel in range(3):
            assert esr_db(predicted[channel], solved[channel]) < most_db


def test_the_network_sings_at_the_pitch_and_loudness_of_the_solver() -> None:
    x = np.zeros(48_000)
    x[0] = 0.1
    solved = run(Ms20Filter, x, FS, resonance=1.0)[-4800:]
    predicted = run(Ms20Filter, x, FS, resonance=1.0, solver="stn")[-4800:]
    assert np.std(predicted) == pytest.approx(np.std(solved), rel=1e-3)
    phases = [
        np.angle(np.sum(y[part] * np.exp(-2j * np.pi * 991 / FS * np.arange(2400))))
        for y in (solved, predicted)
        for part in (slice(0, 2400), slice(2400, 4800))
    ]
    drift = (phases[3] - phases[2]) - (phases[1] - phases[0])
    assert abs(math.remainder(drift, 2 * math.pi)) * FS / 2400 / (2 * math.pi) < 0.1  # Hz


def test_a_predicted_voltage_is_near_the_solved_one_and_nearer_for_soft_sounds() -> None:
    node = prepared(Ms20Filter, FS, solver="stn")
    assert isinstance(node, Ms20Filter)
    net = node.network
    for slope in (0.43, 0.7, 0.98):
        for current, tolerance in ((1e-3, 1e-6), (0.3, 1e-3), (3.0, 3e-3), (8.0, 3e-3), (100.0, 5e-3), (1000.0, 1e-2)):
            predicted = predicted_voltage(
                net.weights, net.widths, net.x, net.y, math.log(2 * slope / B), slope, -current
            )
            assert predicted == pytest.approx(-diode_voltage(slope, current), rel=tolerance)


def test_a_network_that_is_written_out_gives_what_any_network_gives() -> None:
    rng = np.random.default_rng(8)
    weights = vec[float](rng.normal(0, 1, 33).tolist())
    widths = vec[i64]([2, 8, 1])
    for a, b in rng.uniform(-2, 2, (50, 2)):
        inputs, outputs = vec[float]([a, b, *[0.0] * 6]), vec[float]([0.0] * 8)
        run_network(weights, widths, inputs, outputs)
        assert run_2_8_1(weights, vec[float]([0.0] * 8), a, b) == pytest.approx(outputs[0], rel=1e-9, abs=1e-12)


def test_solvers_can_be_switched_while_sound_runs() -> None:
    x = music(np.arange(6400) / FS)
    node = prepared(Ms20Filter, FS, resonance=0.8)
    parts = []
    for solver, part in zip(("newton", "stn", "newton", "stn"), np.split(x, 4), strict=True):
        node.set("solver", solver)
        node.update()
        parts.append(process(node, part)[0][0])
    assert esr_db(np.concatenate(parts), run(Ms20Filter, x, FS, resonance=0.8)) < -50


@pytest.mark.parametrize(("cutoff_hz", "resonance"), [(50.0, 0.0), (1000.0, 0.5), (300.0, 0.9)])
def test_the_tail_lasts_until_the_ringing_is_120_db_down(cutoff_hz: float, resonance: float) -> None:
    node = prepared(Ms20Filter, FS, cutoff_hz=cutoff_hz, resonance=resonance)
    x = np.zeros(96_000)
    x[:1000] = 0.01
    y = np.abs(process(node, x)[0][0])
    end = 1000 + int(node.tail() * FS)
    assert np.max(y[end:]) < 2e-8 < np.max(y[1000 + (end - 1000) * 3 // 4 :])


def test_an_oscillation_that_has_no_end_is_given_ten_seconds() -> None:
    assert prepared(Ms20Filter, FS, resonance=1.0).tail() == 10.0


def test_silence_stays_silence_at_full_resonance() -> None:
    node = prepared(Ms20Filter, FS, resonance=1.0, drive_db=36.0)
    y = [Signal(1, 64)]
    node.process([Signal(1, 64)], y)
    assert not y[0].array.any()
