"""Fits networks to a system: transitions of its solver, least squares on them, and a trial in closed loop."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph.errors import TapegraphError
from tapegraph.stn import network
from tapegraph.stn.signals import sounds
from tapegraph.stn.system import Setting, System

Array = npt.NDArray[np.float64]
RATES = (48_000.0, 96_000.0, 192_000.0, 384_000.0)
AT_AN_END = 0.1  # fraction of settings that have a parameter at its minimum, and at its maximum


@attrs.frozen(eq=False)
class Runs:
    """The output of a solver for sounds: a row for each sound.

    x: (rows, frames), the sounds; fs: (rows,), Hz; setting: a value of each parameter for each row
    states: (frames + 1, rows, STATES), from rest on
    """

    x: Array
    fs: Array
    setting: Setting
    states: Array


@attrs.frozen(eq=False)
class Transitions:
    """What a network has to learn, weighted: (LEARNED * rows) equations, sum of slopes times outputs = changes.

    inputs: (INPUTS, rows of every learned state in turn); slopes: (OUTPUTS, the same); changes: (the same,)
    """

    inputs: Array
    slopes: Array
    changes: Array


def runs(
    system: System, random: np.random.Generator, rows: int, frames: int, peak: float, fixed: dict[str, float]
) -> Runs:
    """Run the solver on random sounds of a peak level at random settings, apart from the fixed ones."""
    fs = np.repeat(RATES, -(-rows // len(RATES)))[:rows]
    x = np.concatenate([sounds(random, int(np.sum(fs == rate)), frames, rate, peak) for rate in RATES if rate in fs])
    setting = {}
    for param in system.PARAMS:
        values = random.uniform(param.minimum, param.maximum, rows)
        ends = random.random(rows)
        values[ends < AT_AN_END] = param.minimum
        values[ends > 1.0 - AT_AN_END] = param.maximum
        setting[param.name] = np.full(rows, fixed[param.name]) if param.name in fixed else values
    states = np.zeros((frames + 1, rows, system.STATES))
    for n in range(frames):
        states[n + 1] = system.step(states[n], x[:, n], fs, setting)
    return Runs(x, fs, setting, states)


def transitions(system: System, made: Runs, random: np.random.Generator, rows: int) -> Transitions:
    """Pick transitions from runs, as many from each sound."""
    frames, lanes = made.states.shape[0] - 1, made.states.shape[1]
    lane = np.arange(rows) % lanes
    at = random.integers(0, frames, rows)
    setting = {name: values[lane] for name, values in made.setting.items()}
    inputs, gates, known, weights = system.transition(made.states[at, lane], made.x[lane, at], made.fs[lane], setting)
    learned = range(system.LEARNED)
    changes = made.states[at + 1, lane, : system.LEARNED] - known[:, : system.LEARNED]
    weights = weights / np.sqrt(np.mean((weights[:, None] * changes) ** 2))
    return Transitions(
        np.concatenate([inputs.T for _ in learned], axis=1),
        np.concatenate([gates[:, k].T * weights for k in learned], axis=1),
        np.concatenate([changes[:, k] * weights for k in learned]),
    )


def fit(data: Transitions, widths: Sequence[int], start: Array, steps: int, hold: float = 0.0) -> Array:
    """Return weights that fit transitions, by the method of Levenberg and Marquardt from a start.

    steps: how many times to evaluate the network at most; hold: weight of a penalty on the distance from the
    start, relative to the error
    """
    from scipy.optimize import least_squares

    penalty = hold * np.sqrt(len(data.changes) / len(start))

    def errors(weights: Array) -> Array:
        made = np.sum(data.slopes * network.outputs(weights, widths, data.inputs), axis=0)
        return np.concatenate([made - data.changes, penalty * (weights - start)])

    def slopes(weights: Array) -> Array:
        values = network.activations(weights, widths, data.inputs)
        return np.vstack([network.jacobian(weights, widths, values, data.slopes), penalty * np.eye(len(start))])

    found = least_squares(errors, start, slopes, method="lm", x_scale="jac", ftol=1e-6, xtol=1e-9, max_nfev=steps)
    return np.asarray(found.x)


def rollout(system: System, weights: Array, widths: Sequence[int], made: Runs) -> Array:
    """Run a network by itself on the sounds of runs; return its learned states (frames, rows, LEARNED)."""
    frames, rows = made.states.shape[0] - 1, made.states.shape[1]
    states = np.zeros((frames, rows, system.LEARNED))
    state = np.zeros((rows, system.STATES))
    for n in range(frames):
        inputs, gates, state, _ = system.transition(state, made.x[:, n], made.fs, made.setting)
        outputs = network.outputs(weights, widths, inputs.T)
        state[:, : system.LEARNED] += np.einsum("rlo,or->rl", gates, outputs)
        state = np.where(np.abs(state) < 1e6, state, 0.0)
        states[n] = state[:, : system.LEARNED]
    return states


def errors_db(system: System, weights: Array, widths: Sequence[int], made: Runs) -> Array:
    """Return the error-to-signal ratio of a network in closed loop for each run, dB."""
    found = rollout(system, weights, widths, made)
    expected = made.states[1:, :, : system.LEARNED]
    error = np.sum((found - expected) ** 2, axis=(0, 2))
    return np.asarray(10.0 * np.log10((error + 1e-30) / (np.sum(expected**2, axis=(0, 2)) + 1e-30)))


def require_scipy() -> None:
    """Raise TapegraphError where the optimiser is not installed."""
    try:
        import scipy.optimize  # noqa: F401
    except ImportError:
        raise TapegraphError("training needs SciPy; install tapegraph[train]") from None
