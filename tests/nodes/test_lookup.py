"""The table of cubic cells against functions that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import itj0y0
from tapegraph_nodes._kernels.head.head_response import bessel_integral
from tapegraph_nodes._kernels.lookup import HermiteTable


def table(cells_per_unit: int) -> HermiteTable:
    x = np.arange(4 * cells_per_unit + 1) / cells_per_unit
    return HermiteTable(np.sin(x), np.cos(x), cells_per_unit)


def test_cubics_are_exact() -> None:
    x = np.arange(5.0)
    cubic = HermiteTable(x**3 - 2 * x, 3 * x**2 - 2, 1)
    for place in (0.0, 0.3, 1.0, 2.75, 3.999, 4.0):
        assert cubic.at(place) == pytest.approx(place**3 - 2 * place, abs=1e-13)


def test_the_error_falls_with_the_fourth_power_of_the_width_and_both_ways_of_looking_up_agree() -> None:
    x = np.linspace(0, 3.999, 4001)
    errors = []
    for cells in (8, 16, 32):
        y = table(cells).over(x)
        assert [table(cells).at(place) for place in x[::100].tolist()] == y[::100].tolist()
        errors.append(np.max(np.abs(y - np.sin(x))))
    # Of a Hermite cubic the error is h^4 max |f''''| / 384.
    np.testing.assert_allclose(errors, [1 / 384 / cells**4 for cells in (8, 16, 32)], rtol=0.05)


def test_beyond_its_ends_the_function_is_held() -> None:
    assert table(16).at(-3.0) == table(16).at(float("nan")) == 0.0
    assert table(16).at(1e300) == table(16).at(4.0) == pytest.approx(np.sin(4.0), abs=1e-15)


def test_the_bessel_integral_is_right_to_eight_digits() -> None:
    a = np.linspace(0, 99.99, 20_001)
    np.testing.assert_allclose(bessel_integral(a), itj0y0(a)[0], atol=2e-8)
