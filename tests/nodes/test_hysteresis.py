"""The hysteresis node: figures of an independent program, the equation near saturation, and parameters on the move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import Array, esr_db, prepared, process, run
from tapegraph_nodes._kernels.magnetics.jiles_atherton import Material, newton_step, slope
from tapegraph_nodes._kernels.magnetics.langevin import langevin_table
from tapegraph_nodes._kernels.magnetics.relaxation import relax

from tapegraph.node.registry import find

HYSTERESIS = find("hysteresis")
TIMED = ("rk2", "rk4", "nr4", "nr8", "v1")
SOLVERS = (*TIMED, "midpoint_h", "exponential_h")
REFERENCE = Path(__file__).parent.parent / "reference" / "hysteresis.npz"
FS = 48000.0


def tone(frames: int, frequency_hz: float = 200.0, fs: float = FS, level: float = 0.5) -> Array:
    return np.asarray(level * np.sin(2 * np.pi * frequency_hz / fs * np.arange(frames)))


@pytest.mark.parametrize("solver", TIMED)
@pytest.mark.parametrize("case", range(5))
def test_the_known_solvers_agree_with_an_independent_program_in_double_precision(case: int, solver: str) -> None:
    """The nearest wrong result, a constant off by a millionth, is near -120 dB."""
    with np.load(REFERENCE) as reference:
        drive, bias, saturation, fs = map(float, reference[f"case{case}_params"])
        x, M = reference[f"case{case}_input"], reference[f"case{case}_{solver}"]
    y = run(HYSTERESIS, x, fs, solver=solver, drive=drive, bias=bias, saturation=saturation, makeup=False)
    assert esr_db(y, M) < -150


@pytest.mark.parametrize("saturation", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    ("solver", "step"),
    [("rk2", 1.0), ("rk4", 1.0), ("nr4", 2 / 1.9), ("nr8", 2 / 1.9), ("midpoint_h", 1.0), ("exponential_h", 1.0)],
)
def test_near_saturation_magnetisation_trails_the_langevin_curve_by_the_coercivity(
    solver: str, step: float, saturation: float
) -> None:
    """With c = 0 the lag d = L - m obeys d = kappa dm/dq: it is kappa L' - kappa^2 L'' and so on, with L = 1 - 1 / Q.

    Newton's step is T / 1.9 on both sides, 5 % too much, and so the lag is 5 % less.
    """
    M_s = 0.5 + 1.5 * (1 - saturation)
    a = M_s / 6.01
    H = np.linspace(0, 8, 4096)
    M = run(HYSTERESIS, H, FS, solver=solver, drive=1.0, saturation=saturation, bias=0.0, makeup=False)
    Q = (H[-1] + 1.6e-3 * M[-1]) / a
    kappa = 0.47875 / a
    expected = kappa / Q**2 + 2 * kappa**2 / Q**3 + 6 * kappa**3 / Q**4
    assert 1 - 1 / Q - M[-1] / M_s == pytest.approx(expected / step, rel=0.01)


def test_magnetisation_never_moves_against_the_field() -> None:
    """Not even in a leap from one saturation to the other with drive and bias full, where (1 - c) kappa < beta d."""
    material = Material()
    material.c, material.kappa, material.beta = 0.99, 92.07, 0.6154
    material.gamma = material.beta / (1 - material.c)
    assert slope(langevin_table(), material, -0.9, 3000.0, 1.0, 0.0) > 0
    assert slope(langevin_table(), material, 0.9, -3000.0, -1.0, 0.0) < 0


@pytest.mark.parametrize("earlier", [-1.0, 0.0, 0.7, 1.0])
def test_an_m_of_before_saves_time_but_changes_nothing(earlier: float) -> None:
    """Whatever it is: with a mean field of 40 cells the cell that it leads to is mostly another one than that of m."""
    table = langevin_table()
    material = Material()
    material.c, material.kappa, material.beta = 0.5, 92.07, 40.0
    material.gamma = material.beta / (1 - material.c)
    for h in np.linspace(-1500.0, 1500.0, 301).tolist():
        assert slope(table, material, 0.3, h, 1.0, earlier) == slope(table, material, 0.3, h, 1.0, 0.3)
        assert relax(table, material, 0.3, 0.1, 2.0, h, earlier) == relax(table, material, 0.3, 0.1, 2.0, h, 0.3)
        step = newton_step(table, material, 0.3, h, 1.0, 0.2, earlier)
        assert step == newton_step(table, material, 0.3, h, 1.0, 0.2, 0.3)


def test_makeup_is_the_law_of_bias_and_saturation() -> None:
    x = tone(960)
    for saturation, bias, gain in ((0.0, 0.5, 0.65), (0.5, 0.5, 1.04), (1.0, 0.5, 2.6), (0.5, 0.0, 1.28)):
        M = run(HYSTERESIS, x, FS, saturation=saturation, bias=bias, makeup=False)
        np.testing.assert_allclose(
            run(HYSTERESIS, x, FS, saturation=saturation, bias=bias), gain * M, rtol=1e-12, atol=1e-15
        )


def test_tape_remembers_the_side_it_was_magnetised_to() -> None:
    pulse = np.concatenate([np.sin(np.linspace(0, np.pi, 100)), np.zeros(1000)])
    M = run(HYSTERESIS, pulse, FS, makeup=False)
    assert M[-1] == M[-500] > 0.05
    np.testing.assert_array_equal(run(HYSTERESIS, -pulse, FS, makeup=False), -M)


@pytest.mark.parametrize("solver", [*SOLVERS, "stn"])
def test_a_channel_sounds_the_same_alone_and_beside_others(solver: str) -> None:
    x = np.array([tone(500), tone(500, 777.0), 20 * tone(500, 5000.0)])
    together = run(HYSTERESIS, x, FS, solver=solver)
    for channel in range(3):
        np.testing.assert_array_equal(together[channel], run(HYSTERESIS, x[channel], FS, solver=solver))


@pytest.mark.parametrize(
    ("solver", "limit"),
    [
        ("rk2", 8.0),
        ("rk4", 10.0),
        ("nr4", 12.5),
        ("nr8", 12.5),
        ("stn", 12.5),
        ("v1", 10.0),
        ("midpoint_h", 12.5),
        ("exponential_h", 12.5),
    ],
)
def test_a_field_beyond_the_limit_is_clipped_and_what_is_no_number_is_silence(solver: str, limit: float) -> None:
    x = tone(500, level=1.5 * limit)
    x[100], x[200] = np.inf, -1e300
    clean = np.clip(x, -limit, limit)
    x[300], clean[300] = np.nan, 0.0
    y = run(HYSTERESIS, x, FS, solver=solver)
    assert np.isfinite(y).all()
    np.testing.assert_array_equal(y, run(HYSTERESIS, clean, FS, solver=solver))
    assert np.any(y != run(HYSTERESIS, np.clip(x, -0.9 * limit, 0.9 * limit), FS, solver=solver))


def largest(saturation: float, solver: str) -> float:
    """Return what |M| is held at: M_s; with rk2 and v1 1.25 M_s, with the constants and the gain of v1."""
    return (0.5 + 1.5 * (1 - saturation)) * {"rk2": 1.25, "v1": 1.414 * 5 * 1.25}.get(solver, 1.0)


@pytest.mark.parametrize("solver", [*SOLVERS, "stn"])
def test_full_noise_stays_within_saturation_at_every_corner_of_the_parameters(solver: str) -> None:
    x = np.random.default_rng(5).choice([-20.0, -1.0, 0.0, 1.0, 20.0], (2, 2048))
    for corner in np.ndindex(2, 2, 2):
        drive, saturation, bias = map(float, corner)
        y = run(HYSTERESIS, x, FS, solver=solver, drive=drive, saturation=saturation, bias=bias, makeup=False)
        assert np.max(np.abs(y)) <= largest(saturation, solver) * (1 + 1e-12), corner


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("model", ["hysteresis-2x4", "hysteresis-2x8", "hysteresis-bank-2x4"])
@pytest.mark.parametrize("solver", [*SOLVERS, "stn"])
def test_hot_treble_stays_within_saturation_while_the_constants_glide(solver: str, model: str, channels: int) -> None:
    """15 kHz at +12 dBFS; what M may be in a block is the larger of M_s at both its ends."""
    if solver != "stn" and model != "hysteresis-2x4":
        return
    x = np.tile(tone(64, 15_000.0, 4 * FS, 4.0), (channels, 1))
    node = prepared(HYSTERESIS, 4 * FS, channels, solver=solver, model=model, makeup=False)
    for saturation in np.linspace(0, 1, 40).tolist() * 2:
        node.set("saturation", saturation)
        node.set("bias", 1 - saturation)
        node.set("drive", 1.0)
        node.update()
        [y] = process(node, x)
        assert np.max(np.abs(y)) <= largest(0.0, solver) * (1 + 1e-12)
    for _ in range(40):
        [y] = process(node, x)
    assert np.max(np.abs(y)) <= largest(1.0, solver) * (1 + 1e-12)


MOVES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"drive": 0.0}, {"drive": 1.0}),
    ({"saturation": 0.0}, {"saturation": 1.0}),
    ({"saturation": 1.0}, {"saturation": 0.0, "makeup": False}),
    ({"bias": 0.0}, {"bias": 1.0}),
    ({"drive": 1.0, "saturation": 0.0, "bias": 0.0}, {"drive": 0.1, "saturation": 1.0, "bias": 1.0}),
    *[({"solver": a}, {"solver": b}) for a, b in zip(SOLVERS, [*SOLVERS[1:], "rk2"], strict=True)],
    ({"solver": "nr8"}, {"solver": "stn", "bias": 1.0, "saturation": 0.1}),
    ({"solver": "stn", "model": "hysteresis-bank-2x4", "bias": 0.0}, {"bias": 1.0}),
    ({"solver": "v1"}, {"solver": "nr8", "makeup": False}),
]


@pytest.mark.parametrize(("before", "after"), MOVES, ids=str)
@pytest.mark.parametrize("at", [2432, 2624])  # near a zero, near a peak of the tone
def test_nothing_clicks_while_parameters_move_or_solvers_change(
    before: dict[str, Any], after: dict[str, Any], at: int
) -> None:
    """A glide of 5 ms adds to a step from sample to sample at most its share of the way between the two sounds."""
    x = tone(7680, 50.0)
    node = prepared(HYSTERESIS, FS, **before)
    [first] = process(node, x[:at])
    for name, value in after.items():
        node.set(name, value)
    node.update()
    [then] = process(node, x[at:])
    moved = np.concatenate([first[0], then[0]])
    steady = [run(HYSTERESIS, x, FS, **setting) for setting in (before, {**before, **after})]
    own_step = max(np.max(np.abs(np.diff(y))) for y in steady)
    way = sum(np.max(np.abs(y)) for y in steady)
    assert np.max(np.abs(np.diff(moved))) < own_step + 1.2 * way / (0.005 * FS)
    if after.get("solver") != "v1":  # whose wide loop never forgets where it began
        np.testing.assert_allclose(np.ptp(moved[-960:]), np.ptp(steady[1][-960:]), rtol=0.02)


@pytest.mark.parametrize(("fs", "frames"), [(48000.0, 16), (48000.0, 64), (192000.0, 256), (48000.0, 1024)])
def test_a_glide_is_linear_and_takes_5_ms_or_a_block_at_any_rate(fs: float, frames: int) -> None:
    glide = int(np.ceil(0.005 * fs / frames)) * frames
    x = 0.3 + 0.2 * tone(frames + 2 * glide + frames, fs=fs)
    node = prepared(HYSTERESIS, fs, frames=frames, makeup=False)
    [first] = process(node, x[:frames])
    node.set("makeup", True)
    node.update()
    [then] = process(node, x[frames:])
    gain = np.concatenate([first[0], then[0]]) / run(HYSTERESIS, x, fs, frames=frames, makeup=False)
    ramp = np.interp(np.arange(len(x)), [frames - 1, frames - 1 + glide], [1.0, 1.04])
    np.testing.assert_allclose(gain, ramp, atol=1e-9)


def test_an_update_that_changes_nothing_does_not_prolong_a_glide() -> None:
    x = tone(4800)
    moved = []
    for updates in (False, True):
        node = prepared(HYSTERESIS, FS, drive=0.1)
        node.set("drive", 0.9)
        node.update()
        blocks = []
        for block in np.split(x, 75):
            if updates:
                node.update()
            blocks.append(process(node, block)[0][0])
        moved.append(np.concatenate(blocks))
    np.testing.assert_array_equal(moved[0], moved[1])
