"""The weights of the poles of a head bump are those that the fit gives which their file describes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import itj0y0
from tapegraph_nodes._kernels.head.bump import COMPLEX, OF_COMPLEX, OF_REAL, POWERS, REAL
from tapegraph_nodes._kernels.head.head_response import HIGHEST_DB, strength

Array = npt.NDArray[np.float64]

# Values of a at which the weights are fitted: most of them around the largest bump, and where the ripples end.
FITTED = np.concatenate(
    [np.geomspace(0.05, 1.0, 30), np.linspace(1.5, 4.0, 400), np.linspace(5.0, 40.0, 300), np.linspace(45.0, 58.0, 300)]
)
HEIGHTS = 6  # for which weights are fitted
END = 100.0  # of a, where the edges of the poles add less than 0.005 dB


def test_the_weights_are_polynomials_through_the_least_squares_for_six_heights() -> None:
    n = 3 << 13
    a = np.linspace(0.0, END, n // 2, endpoint=False)
    fitted = np.unique(np.rint(FITTED / a[1]).astype(int))
    edges = np.exp(-a / 20.0) * (itj0y0(a)[0] - 1.0)
    s = 1j * a[fitted][:, np.newaxis]
    of_pairs, back = 1.0 / (s - COMPLEX), 1.0 / (s - COMPLEX.conj())
    parts = np.concatenate([1.0 / (s - REAL), (of_pairs + back) / 2.0, (of_pairs - back) * 0.5j], axis=1)
    u = np.arange(1, HEIGHTS + 1) / HEIGHTS * (1.0 - math.sqrt(1.0 - strength(HIGHEST_DB)))
    weights = []
    for b in 1.0 - (1.0 - u) ** 2:
        B = minimum_phase(1.0 + b * edges)[fitted]
        rows, wanted = parts / np.abs(B)[:, np.newaxis], (B - 1.0) / np.abs(B)
        rows, wanted = np.concatenate([rows.real, rows.imag]), np.concatenate([wanted.real, wanted.imag])
        weights.append(np.linalg.lstsq(rows, wanted, rcond=None)[0])
    of_powers = np.linalg.lstsq(u[:, np.newaxis] ** POWERS, np.array(weights), rcond=None)[0]
    np.testing.assert_allclose(OF_REAL, of_powers[:, : len(REAL)], rtol=1e-4, atol=1e-4)
    pairs = of_powers[:, len(REAL) :].reshape(len(POWERS), 2, -1)
    np.testing.assert_allclose(OF_COMPLEX, pairs[:, 0] + 1j * pairs[:, 1], rtol=1e-4, atol=1e-4)


def minimum_phase(magnitude: Array) -> npt.NDArray[np.complex128]:
    """Return the response of minimum phase with a magnitude at even steps from 0 on, by folding its real cepstrum."""
    n = 2 * len(magnitude)
    cepstrum = np.fft.irfft(np.log(np.append(magnitude, magnitude[-1])), n)
    cepstrum[1 : n // 2] *= 2.0
    cepstrum[n // 2 + 1 :] = 0.0
    return np.exp(np.fft.rfft(cepstrum))[:-1]
