"""The trainer: slopes against differences, a system that is none of ours, and a training that is cut off."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from tapegraph.errors import TapegraphError
from tapegraph.node import Param, Value
from tapegraph.node.weights import load as load_weights
from tapegraph.stn import fit, network, system, train
from tapegraph.stn.signals import sounds
from tapegraph.stn.system import Setting
from tapegraph.stn.train import Training, TrainingPlan

Array = npt.NDArray[np.float64]
QUICK = TrainingPlan("hysteresis", (4, 4), {}, seed=5, quick=True)


class Leak:
    """A capacitor that is charged through a clipping resistor: s' = s + g tanh(x - s)."""

    NAME: ClassVar[str] = "leak"
    FEATURES: ClassVar[str] = "difference"
    PARAMS: ClassVar[tuple[Param, ...]] = (Param("g", 0.1, 0.05, 0.5),)
    AXES: ClassVar[tuple[str, ...]] = ("g",)
    STATES: ClassVar[int] = 1
    LEARNED: ClassVar[int] = 1
    INPUTS: ClassVar[int] = 1
    OUTPUTS: ClassVar[int] = 1
    PEAK: ClassVar[float] = 2.0
    NODE: ClassVar[str] = "gain"
    SOLVED: ClassVar[dict[str, Value]] = {}
    PREDICTED: ClassVar[dict[str, Value]] = {}
    REPORTED: ClassVar[dict[str, tuple[float, ...]]] = {"g": (0.05, 0.5)}

    def step(self, state: Array, x: Array, fs: Array, setting: Setting) -> Array:
        return np.asarray(state + (setting["g"] * np.tanh(x - state[:, 0]))[:, None])

    def transition(self, state: Array, x: Array, fs: Array, setting: Setting) -> tuple[Array, Array, Array, Array]:
        return (x - state[:, 0])[:, None], setting["g"][:, None, None], state, np.ones(len(x))


def test_slopes_of_a_network_are_those_of_differences() -> None:
    random, widths = np.random.default_rng(1), (3, 5, 4, 2)
    weights, inputs, slopes = (
        network.drawn(widths, random),
        random.standard_normal((3, 7)),
        random.standard_normal((2, 7)),
    )
    found = network.jacobian(weights, widths, network.activations(weights, widths, inputs), slopes)
    for k in range(len(weights)):
        aside = np.eye(len(weights))[k] * 1e-6
        change = network.outputs(weights + aside, widths, inputs) - network.outputs(weights - aside, widths, inputs)
        np.testing.assert_allclose(found[:, k], np.sum(slopes * change, axis=0) / 2e-6, atol=1e-7)


def test_any_system_can_be_learned() -> None:
    """The network has one function of one number to learn, tanh: four neurons do it to a thousandth."""
    it = Leak()
    random = np.random.default_rng(2)
    made = fit.runs(it, random, 40, 200, it.PEAK, {})
    widths = (1, 4, 4, 1)
    start = network.drawn(widths, random)
    weights = fit.fit(fit.transitions(it, made, random, 1000), widths, start, 100)
    new = fit.runs(it, np.random.default_rng(3), 20, 200, 1.0, {"g": 0.3})
    assert np.max(fit.errors_db(it, weights, widths, new)) < -35
    assert np.median(fit.errors_db(it, start, widths, new)) > -10


def test_sounds_are_as_loud_as_they_may_be_and_differ() -> None:
    made = sounds(np.random.default_rng(4), 64, 400, 96_000.0, 2.0)
    assert 1.0 < np.max(np.abs(made)) <= 2.0
    assert np.isfinite(made).all()
    assert len(np.unique(made[:, 200])) == 64


def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.npz", tmp_path / "cut.npz"
    for _ in Training(QUICK, whole, cores=1):
        pass
    steps = iter(Training(QUICK, cut, cores=1))
    next(steps)
    del steps
    assert not cut.exists()
    assert list(tmp_path.glob(".cut.parts/first-*.npy"))
    for _ in Training(QUICK, cut, cores=2):
        pass
    assert cut.read_bytes() == whole.read_bytes()
    assert not list(tmp_path.glob(".cut.parts"))
    made = load_weights(str(cut), "hysteresis", {"susceptibilities": (5, 2)}, ("bias", "saturation")).made
    assert made["seed"] == 5
    assert made["closed_loop_db"]["median"] < -30


def test_networks_that_diverge_are_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "MEDIAN_DB", -300.0)
    path = tmp_path / "diverged.npz"
    line = r"2 networks diverged: median / worst error -\S+ / \S+, -\S+ / \S+ dB; "
    with pytest.raises(TapegraphError, match=rf"^({line}){{3}}it must be under -300.0 / 0.0 dB"):
        list(Training(QUICK, path, cores=1))
    assert not path.exists()


def test_networks_that_diverge_are_trained_again_from_other_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = train.is_stable
    judged: list[float] = []

    def strict(weights: Array, errors: list[float]) -> bool:
        judged.append(errors[0])
        return errors[0] not in judged[: train.STARTS] and judge(weights, errors)

    monkeypatch.setattr(train, "is_stable", strict)
    training = Training(QUICK, tmp_path / "again.npz", cores=1)
    assert len(list(training)) == 2 * train.STARTS
    assert len(training.retried) == 1
    assert (tmp_path / "again.npz").exists()


def test_a_grid_takes_a_size_for_each_axis_and_reaches_both_ends() -> None:
    assert train.grid("hysteresis", (3, 2)) == {"bias": (0.0, 0.5, 1.0), "saturation": (0.0, 1.0)}
    with pytest.raises(TapegraphError, match="the grid has 1 sizes; hysteresis takes 2: bias, saturation"):
        train.grid("hysteresis", (3,))


def test_an_unknown_system_is_named() -> None:
    with pytest.raises(TapegraphError, match="no system is called histeresis; did you mean hysteresis"):
        system.find("histeresis")
