"""The hysteresis node with its network: error against the solver, the kernel against its formula, smooth parameters."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from harness import Array, esr_db, prepared, process, run
from librt.vecs import vec
from tapegraph_nodes._kernels.magnetics.transition import follow_pair

from tapegraph.node import Model
from tapegraph.node.registry import find
from tapegraph.stn import network, report, system

HYSTERESIS = find("hysteresis")
MODEL = next(param for param in HYSTERESIS.PARAMS if isinstance(param, Model))
MODELS = MODEL.options
# Median and worst error, dB, that each topology is held to over all settings; a bank and a single network alike.
BOUNDS = {"2x4": (-35, -20), "2x8": (-42, -27), "2x12": (-42, -27)}


@functools.cache
def music(frames: int = 3600) -> Array:
    """Chords and drums at 96 kHz, peak 1."""
    x = report.music()[0, 24_000 : 24_000 + frames]
    return np.asarray(x / np.max(np.abs(x)))


def settings(model: str) -> list[dict[str, Any]]:
    """Every corner of drive, bias and saturation, and places between, on and off the nodes of a weights."""
    return [
        {"drive": drive, "bias": bias, "saturation": saturation, "model": model}
        for drive in (0.05, 0.4, 1.0)
        for bias in (0.0, 0.13, 0.5, 1.0)
        for saturation in (0.0, 0.52, 1.0)
    ]


@pytest.mark.long
@pytest.mark.parametrize("model", MODELS)
def test_a_bundled_network_follows_the_solver_at_every_setting(model: str) -> None:
    errors = []
    for setting in settings(model):
        for level in (1.0, 0.1):
            solved, predicted = (
                run(HYSTERESIS, level * music(), 96_000.0, solver=solver, makeup=False, **setting)
                for solver in ("nr8", "stn")
            )
            errors.append(esr_db(predicted, solved))
    median, worst = BOUNDS[model.rpartition("-")[2]]
    assert np.median(errors) < median
    assert max(errors) < worst


@pytest.mark.parametrize("fs", [44_100.0, 192_000.0, 768_000.0])
def test_a_network_serves_every_sample_rate(fs: float) -> None:
    x = 0.5 * np.sin(2 * np.pi * 200 / fs * np.arange(int(fs / 50)))
    solved, predicted = (run(HYSTERESIS, x, fs, solver=solver, makeup=False) for solver in ("nr8", "stn"))
    assert esr_db(predicted, solved) < -35


@pytest.mark.parametrize("model", MODELS)
def test_the_kernel_computes_its_own_formula_in_double_precision(model: str) -> None:
    """The system's NumPy, with the Langevin function itself instead of a table, steps through the same sound."""
    it = system.find("hysteresis")
    setting: dict[str, Any] = {"drive": 0.7, "bias": 0.31, "saturation": 0.77}
    trained = MODEL.resolve(model)
    x = music(600)
    columns = {name: np.full(1, value) for name, value in setting.items()}
    state, expected = np.zeros((1, 3)), []
    for sample in x:
        inputs, gates, state, _ = it.transition(state, np.full(1, sample), np.full(1, 96_000.0), columns)
        outputs = network.outputs(trained.at(setting), trained.widths, inputs.T)
        state[:, 0] += np.einsum("ro,or->r", gates[:, 0], outputs)
        expected.append(state[0, 0])
    M_s = 0.5 + 1.5 * (1.0 - setting["saturation"])
    y = run(HYSTERESIS, x, 96_000.0, solver="stn", model=model, makeup=False, **setting)
    assert esr_db(y, M_s * np.array(expected)) < -150


@pytest.mark.parametrize("model", ["hysteresis-2x4", "hysteresis-2x8"])
def test_a_layer_that_is_written_out_gives_what_the_loop_over_any_layer_gives(model: str) -> None:
    """follow_pair() is told either how many neurons there are, or 0 for any."""
    m = []
    for neurons in (int(model[-1]), 0):
        node: Any = prepared(HYSTERESIS, 96_000.0, 2, 64, solver="stn", model=model)
        process(node, np.stack([music(640), 0.3 * music(640)]))
        node.tape.network.spread()
        y = vec[float]([0.0] * 128)
        assert follow_pair(node.tape, y, 0, 64, 0, 64, neurons) == 64
        m.append(np.array(y))
    np.testing.assert_allclose(m[0], m[1], rtol=1e-13, atol=1e-15)
    assert np.ptp(m[0][:64]) > 0.01 and np.ptp(m[0][64:]) > 0.01


@pytest.mark.parametrize("model", MODELS)
def test_a_channel_sounds_the_same_alone_and_beside_others(model: str) -> None:
    """Two go side by side, an odd one beside an idle one; blocks of any length and a held |M| change nothing."""
    x = np.stack([music(1200), 30.0 * music(1200)[::-1], -0.1 * music(1200)])
    together = run(HYSTERESIS, x, 96_000.0, solver="stn", model=model, drive=1.0, saturation=1.0)
    for channel in range(3):
        alone = run(HYSTERESIS, x[channel], 96_000.0, 24, solver="stn", model=model, drive=1.0, saturation=1.0)
        np.testing.assert_array_equal(alone, together[channel])


def test_magnetisation_is_held_at_saturation_in_the_frame_where_it_passes_it() -> None:
    """In one channel of a pair; the other, which is quiet, goes on as if alone."""
    x = np.stack([30.0 * music(1200)[::-1], 0.1 * music(1200)])
    y = run(HYSTERESIS, x, 96_000.0, solver="stn", drive=1.0, saturation=1.0, makeup=False)
    M_s = 0.5
    assert np.max(np.abs(y[0])) == M_s
    assert 0.0 < np.max(np.abs(y[1])) < M_s


def test_the_network_knows_no_direction_and_rests_with_the_field() -> None:
    x = np.concatenate([music(1000), np.full(500, 0.3)])
    y = run(HYSTERESIS, x, 96_000.0, solver="stn", makeup=False)
    np.testing.assert_array_equal(run(HYSTERESIS, -x, 96_000.0, solver="stn", makeup=False), -y)
    assert y[-1] == y[-300] != 0.0


@pytest.mark.long
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["drive", "bias", "saturation"])
def test_a_slow_sweep_adds_no_more_than_the_solver_does(model: str, name: str) -> None:
    """A tone of 1 kHz while a parameter crosses its range; what lies above its harmonics in order is spurious."""
    fs, blocks = 96_000.0, 300
    x = 0.5 * np.sin(2 * np.pi * 1000 / fs * np.arange(64 * blocks))
    spurious = []
    for solver in ("nr8", "stn"):
        node = prepared(HYSTERESIS, fs, solver=solver, model=model)
        y = []
        for k, block in enumerate(np.split(x, blocks)):
            node.set(name, 0.05 + 0.95 * k / (blocks - 1))
            node.update()
            y.append(process(node, block)[0][0])
        power = np.abs(np.fft.rfft(np.concatenate(y) * np.blackman(64 * blocks))) ** 2
        hz = np.fft.rfftfreq(64 * blocks, 1 / fs)
        between = np.abs((hz + 500) % 1000 - 500) > 150
        spurious.append(10 * np.log10(np.sum(power[between & (hz > 500)])))
    assert spurious[1] < spurious[0] + 6


def test_the_field_is_handed_on_to_other_solvers() -> None:
    """exponential_h reads the last two fields, the solvers over time the rate: stn has to leave all of them right."""
    left = []
    for solver in ("rk4", "stn"):
        node: Any = prepared(HYSTERESIS, 96_000.0, solver=solver)
        for block in np.split(music(640), 10):
            process(node, block)
        left.append([list(node.tape.H), list(node.tape.G), list(node.tape.V)])
    assert left[0] == left[1]
    assert left[0][0] != left[0][1]


def test_models_and_solvers_change_without_a_click() -> None:
    x = 0.5 * np.sin(2 * np.pi * 200 / 48_000 * np.arange(4800))
    node = prepared(HYSTERESIS, 48_000.0, solver="nr8", makeup=False)
    y = []
    for k, block in enumerate(np.split(x, 75)):
        node.set("solver", "nr8" if k % 20 < 5 else "stn")
        node.set("model", MODEL.resolve(MODELS[k // 5 % len(MODELS)]))
        node.update()
        y.append(process(node, block)[0][0])
    solved = run(HYSTERESIS, x, 48_000.0, solver="nr8", makeup=False)
    assert np.max(np.abs(np.diff(np.concatenate(y)))) < 1.05 * np.max(np.abs(np.diff(solved)))


def test_a_model_that_is_not_there_is_named_with_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"^cannot be 'hysteresis-2x5': no weights are called hysteresis-2x5; did you"):
        MODEL.check("hysteresis-2x5")
    with pytest.raises(ValueError, match=r"^is 3; it must be one of hysteresis-2x12, .*, or the path of a file"):
        MODEL.check(3)
