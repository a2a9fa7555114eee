"""The solvers of the hysteresis node that integrate over the field: near the equation, and free of the sample rate."""

from __future__ import annotations

import numpy as np
import pytest
from equation import K, integrated
from harness import Array, esr_db, run

from tapegraph.node.registry import find

HYSTERESIS = find("hysteresis")
OVER_FIELD = ("midpoint_h", "exponential_h")
FS = 96_000.0
FRAMES, FINER = 960, 12
# drive, bias, saturation: the corners, where loops are wide, narrow, shallow and steep, and the middle
SETTINGS = np.array([(d, b, s) for d in (0.05, 1.0) for b in (0.0, 0.2, 1.0) for s in (0.0, 1.0)] + [(0.5, 0.5, 0.5)])
LEVELS = (0.1, 1.0)


def sound(fs: float, frames: int) -> Array:
    """Return a chord with treble, peak near 1, that fades in: known at every time, so that it can be sampled finer."""
    t = np.arange(frames) / fs
    parts = ((110.0, 0.4), (277.0, 0.3), (659.0, 0.2), (2093.0, 0.08), (5274.0, 0.03))
    chord = sum(level * np.sin(2 * np.pi * f * t + 1.7 * f) for f, level in parts)
    return np.asarray(chord * np.minimum(1, t / 0.003))


@pytest.fixture(scope="module")
def errors() -> dict[str, Array]:
    """Return the error-to-signal ratio of every solver, (level, setting), dB."""
    found: dict[str, list[list[float]]] = {solver: [] for solver in ("rk4", "nr8", *OVER_FIELD)}
    for level in LEVELS:
        fine = level * sound(FS * FINER, FRAMES * FINER)
        references = integrated(fine, *SETTINGS.T)[:, ::FINER]
        for solver, rows in found.items():
            row = []
            for (drive, bias, saturation), M in zip(SETTINGS, references, strict=True):
                setting = {"drive": drive, "bias": bias, "saturation": saturation}
                row.append(esr_db(run(HYSTERESIS, fine[::FINER], FS, solver=solver, makeup=False, **setting), M))
            rows.append(row)
    return {solver: np.array(rows) for solver, rows in found.items()}


def test_exponential_h_is_near_the_equation_in_every_corner(errors: dict[str, Array]) -> None:
    assert np.median(errors["exponential_h"]) < -90
    assert np.max(errors["exponential_h"]) < -65


def test_exponential_h_is_nearer_than_rk4_and_nr8_at_every_setting(errors: dict[str, Array]) -> None:
    for solver in ("rk4", "nr8"):
        assert np.all(errors["exponential_h"] < errors[solver] - 15), solver


def test_a_sound_that_begins_under_a_field_is_magnetised_by_the_step_to_it() -> None:
    """Where the equation begins at that field without magnetisation, the difference stays on tape: -35 dB."""
    t = np.arange(FRAMES * FINER) / (FS * FINER)
    fine = 0.005 + 0.2 * np.sin(2 * np.pi * 300 * t)
    [M] = integrated(fine, *np.array([[1.0, 1.0, 1.0]]).T)
    ours = run(HYSTERESIS, fine[::FINER], FS, solver="exponential_h", makeup=False, drive=1.0, bias=1.0, saturation=1.0)
    assert esr_db(ours, M[::FINER]) < -120


def test_midpoint_h_is_nearer_than_nr8_at_all_but_the_steepest_settings(errors: dict[str, Array]) -> None:
    assert np.median(errors["midpoint_h"]) < np.median(errors["nr8"]) - 10


@pytest.mark.parametrize("level", [0.5, 1.0, 2.0])
def test_exponential_h_keeps_its_lead_where_the_field_leaps(level: float) -> None:
    """Treble that goes by up to 8 a between samples, with loops wide and narrow; rk4 comes to -40 dB at best."""
    settings = np.array([(d, b, s) for d in (0.5, 1.0) for b in (0.0, 0.2, 1.0) for s in (0.0, 1.0)])
    t = np.arange(240 * FINER) / (FS * FINER)
    treble = 0.5 * np.sin(2 * np.pi * 1500 * t) + 0.5 * np.sin(2 * np.pi * 9000 * t + 1)
    fine = level * treble * np.minimum(1, t / 0.001)
    for (drive, bias, saturation), M in zip(settings, integrated(fine, *settings.T)[:, ::FINER], strict=True):
        setting = {"drive": drive, "bias": bias, "saturation": saturation, "makeup": False}
        M_of = {s: run(HYSTERESIS, fine[::FINER], FS, solver=s, **setting) for s in ("exponential_h", "rk4")}
        ours, theirs = (esr_db(found, M) for found in M_of.values())
        assert ours < min(-45, theirs - 10), setting


@pytest.mark.parametrize("solver", OVER_FIELD)
def test_a_solver_over_the_field_knows_no_sample_rate(solver: str) -> None:
    x = sound(FS, 640)
    y = run(HYSTERESIS, x, 44_100.0, solver=solver)
    np.testing.assert_array_equal(run(HYSTERESIS, x, 192_000.0, solver=solver), y)
    assert np.any(run(HYSTERESIS, x, 44_100.0, solver="rk4") != y)


@pytest.mark.parametrize("z", [0.25, 1.0, 2.0])
def test_exponential_h_takes_any_step_along_a_straight_line_at_once(z: float) -> None:
    """With c = 0 and a weak field, L = H / 3a and dM/dH = (M_s L - M) / k, up to the mean field, a ten-thousandth."""
    step = np.array([z * K])
    M = run(HYSTERESIS, step, FS, solver="exponential_h", drive=0.0, bias=0.0, makeup=False)
    assert M[0] == pytest.approx(0.01 / 3 * K * (z - 1 + np.exp(-z)), rel=1e-3)


def test_what_a_tone_leaves_on_tape_does_not_depend_on_how_its_peaks_fall_between_samples() -> None:
    """With ten samples a period the largest is up to 1 - cos(pi / 10) = 5 % under the peak."""
    phases = np.arange(8) / 8 * 2 * np.pi / 10
    x = 0.5 * np.cos(2 * np.pi / 10 * np.arange(200) + phases[:, None])
    x[:, :40] *= np.arange(40) / 40
    spread = {}
    for solver in OVER_FIELD:
        M = run(HYSTERESIS, x, FS, solver=solver, bias=0.0, makeup=False)
        first = np.abs(M[:, 100:] @ np.exp(-2j * np.pi / 10 * np.arange(100)))
        spread[solver] = np.ptp(first) / first.mean()
    assert spread["midpoint_h"] > 0.03
    assert spread["exponential_h"] < 0.01
