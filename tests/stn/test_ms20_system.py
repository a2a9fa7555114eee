"""The MS-20 filter as a system: its step is the node's, and a transition with the right excess is a step."""

from __future__ import annotations

import numpy as np
from harness import Array, run
from tapegraph_nodes._systems.ms20_filter import Ms20FilterSystem
from tapegraph_nodes.filters.ms20_filter import Ms20Filter

SYSTEM = Ms20FilterSystem()
ROWS = 500


def anything() -> tuple[Array, Array, Array, dict[str, Array]]:
    """Return states, inputs, rates and settings from all over the ranges."""
    rng = np.random.default_rng(5)
    setting = {param.name: rng.uniform(param.minimum, param.maximum, ROWS) for param in SYSTEM.PARAMS}
    setting["resonance"] += 0.01  # without resonance nothing reaches the diodes
    fs = rng.choice([48_000.0, 96_000.0, 384_000.0], ROWS)
    level = 10 ** rng.uniform(-4, 1, (ROWS, 1))
    return level * rng.standard_normal((ROWS, 2)), level[:, 0] * rng.standard_normal(ROWS), fs, setting


def test_steps_of_the_system_are_the_node() -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 640)
    states = np.zeros((641, 1, 2))
    setting = {"cutoff_hz": np.array([3000.0]), "resonance": np.array([0.95]), "drive_db": np.array([9.0])}
    for n in range(640):
        states[n + 1] = SYSTEM.step(states[n], x[n : n + 1], np.array([96_000.0]), setting)
    v = 0.5 * (states[1:, 0, 1] + states[:-1, 0, 1])  # s_v becomes 2 v - s_v
    y = run(Ms20Filter, x, 96_000.0, cutoff_hz=3000.0, resonance=0.95, drive_db=9.0)
    np.testing.assert_allclose(v, y, atol=1e-12)


def test_one_number_leads_both_states_to_the_solution() -> None:
    """What the network has to give is of the order of 1 and the same for both, wherever the filter is."""
    state, x, fs, setting = anything()
    inputs, gates, known, weights = SYSTEM.transition(state, x, fs, setting)
    change = SYSTEM.step(state, x, fs, setting) - known
    excess = np.sum(gates[:, :, 0] * change, axis=1) / np.sum(gates[:, :, 0] ** 2, axis=1)
    np.testing.assert_allclose(gates[:, :, 0] * excess[:, None], change, rtol=1e-6, atol=1e-9)
    assert np.max(np.abs(excess)) < 1.5
    assert np.max(np.abs(inputs)) < 2.0
    assert np.isfinite(weights).all()


def test_a_loud_and_a_soft_sound_of_opposite_sign_and_drive_are_one_case() -> None:
    state, x, fs, setting = anything()
    inputs, gates, known, _ = SYSTEM.transition(state, x, fs, setting)
    setting["drive_db"] = setting["drive_db"] + 20.0
    mirrored = SYSTEM.transition(-0.1 * state, -0.1 * x, fs, setting)
    np.testing.assert_allclose(mirrored[0], inputs, atol=1e-9)
    np.testing.assert_allclose(mirrored[1], -0.1 * gates, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(mirrored[2], -0.1 * known, rtol=1e-9, atol=1e-12)
