"""The kernel of distance: Wallace's exp(-k d), its field k d exp(1 - k d), and distances that move."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Array
from librt.vecs import vec
from tapegraph_nodes._kernels.distance import STATES, hear, heard_weights, lift, memory, printed_weights

FS = 48_000.0
LENGTH = 1 << 15


def response(weights: vec[float], tau_frames: float) -> tuple[Array, Array]:
    """Return angles, radians by the frame, and the magnitudes of the response there."""
    x, y = vec[float]([1.0] + [0.0] * (LENGTH - 1)), vec[float]([0.0] * LENGTH)
    e = memory(tau_frames)
    hear(x, y, weights, e, e, vec[float]([0.0] * STATES))
    return np.linspace(0, np.pi, LENGTH // 2 + 1), np.abs(np.fft.rfft(np.array(list(y))))


@pytest.mark.parametrize("tau_frames", [2.0, 10.0, 100.0])
def test_the_loss_is_54_6_db_for_a_distance_of_one_wavelength(tau_frames: float) -> None:
    w, magnitude = response(heard_weights(1.0), tau_frames)
    wavelengths = tau_frames * w / (2 * np.pi)  # distance / wavelength
    inside = (wavelengths > 0) & (wavelengths < 0.73) & (w < np.pi / 4)  # to -40 dB
    np.testing.assert_allclose(20 * np.log10(magnitude[inside]), -54.575 * wavelengths[inside], atol=0.35)


@pytest.mark.parametrize("tau_frames", [0.02, 0.1, 0.3, 1.0])
def test_short_distances_hold_to_a_quarter_of_the_rate(tau_frames: float) -> None:
    w, magnitude = response(heard_weights(1.0), tau_frames)
    inside = (w < np.pi / 2) & (tau_frames * w < 1.15)  # -10 dB
    np.testing.assert_allclose(20 * np.log10(magnitude[inside]), -8.686 * tau_frames * w[inside], atol=0.55)


def test_a_print_is_strongest_where_the_wavelength_is_2_pi_times_the_distance() -> None:
    tau_frames = 8.0
    w, magnitude = response(printed_weights(0.5), tau_frames)
    kd = tau_frames * w
    assert kd[np.argmax(magnitude)] == pytest.approx(1.0, abs=0.1)  # a flat top
    inside = (kd > 0.02) & (kd < 4)
    law = 0.5 * kd[inside] * np.exp(1 - kd[inside])
    np.testing.assert_allclose(20 * np.log10(magnitude[inside]), 20 * np.log10(law), atol=0.4)


def test_at_the_surface_the_sound_passes_unchanged() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 64)
    y = vec[float]([0.0] * 64)
    lift(vec[float](list(x)), y, vec[float]([0.0] * 64), 0, vec[float]([0.0] * STATES))
    np.testing.assert_array_equal(np.array(list(y)), x)


def test_a_distance_that_rests_sounds_the_same_as_one_that_may_move() -> None:
    x = vec[float](list(np.random.default_rng(0).uniform(-1, 1, 640)))
    moving, resting = vec[float]([0.0] * 640), vec[float]([0.0] * 640)
    lift(x, moving, vec[float]([3.0] * 640), 0, vec[float]([0.0] * STATES))
    hear(x, resting, heard_weights(1.0), memory(3.0), memory(3.0), vec[float]([0.0] * STATES))
    np.testing.assert_allclose(np.array(list(moving)), np.array(list(resting)), atol=1e-15)


def test_a_constant_stays_where_it_is_while_the_distance_moves() -> None:
    tau = vec[float](list(5.0 * np.random.default_rng(0).uniform(0, 1, 640)))
    y = vec[float]([0.0] * 640)
    lift(vec[float]([1.0] * 640), y, tau, 0, vec[float]([1.0] * STATES))
    np.testing.assert_allclose(np.array(list(y)), 1.0, atol=1e-14)


def test_a_tape_that_leaves_the_head_does_so_without_a_jump() -> None:
    x, tau = vec[float]([1.0] * 128), vec[float]([0.0] * 64 + [5.0] * 64)
    y = vec[float]([0.0] * 128)
    lift(x, y, tau, 0, vec[float]([0.0] * STATES))
    np.testing.assert_allclose(np.array(list(y)), 1.0, atol=1e-14)
