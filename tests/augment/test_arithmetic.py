"""Logarithm, exponential and normal quantile: as exact as those of C and SciPy, and the same everywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from tapegraph.augment.arithmetic import exp, ln, normal_deviate, normal_probability

RNG = np.random.default_rng(1)
EPSILON = 2.0**-52


@pytest.mark.parametrize("x", [*np.exp(RNG.uniform(-600, 600, 300)), *RNG.uniform(0.99, 1.01, 100), 1.0, 5e-324])
def test_the_logarithm_is_that_of_c_to_a_bit_or_two(x: float) -> None:
    assert ln(float(x)) == pytest.approx(math.log(x), rel=2 * EPSILON, abs=0)


@pytest.mark.parametrize("x", [*RNG.uniform(-600, 600, 300), *RNG.uniform(-1, 1, 100), 0.0])
def test_the_exponential_is_that_of_c_to_a_bit_or_two(x: float) -> None:
    assert exp(float(x)) == pytest.approx(math.exp(x), rel=2 * EPSILON, abs=0)


@pytest.mark.parametrize("p", [*RNG.uniform(0, 1, 200), *10.0 ** RNG.uniform(-300, -1, 100), 0.5, 1 - 2.0**-53])
def test_the_normal_deviate_is_that_of_scipy(p: float) -> None:
    assert normal_deviate(float(p)) == pytest.approx(float(ndtri(p)), rel=4e-15, abs=1e-16)


@pytest.mark.parametrize("z", [*RNG.uniform(-9, 9, 40), 0.0, math.inf, -math.inf])
def test_the_normal_probability_is_that_of_scipy(z: float) -> None:
    assert normal_probability(float(z)) == pytest.approx(float(ndtr(z)), rel=0, abs=3e-16)


def test_results_are_the_same_bits_on_every_platform() -> None:
    """Written down on Linux with x86-64."""
    assert [value.hex() for value in (ln(10.0), ln(0.3), exp(1.0), exp(-7.3))] == LOGARITHMS
    assert [value.hex() for value in map(normal_deviate, (0.3, 0.01, 1e-20))] == DEVIATES


LOGARITHMS = ["0x1.26bb1bbb55516p+1", "-0x1.34378fcbda721p+0", "0x1.5bf0a8b14576ap+1", "0x1.622d4792b6a8dp-11"]
DEVIATES = ["-0x1.0c7e39582c5fap-1", "-0x1.29c5c4630ff0ep+1", "-0x1.2865170b43a4bp+3"]
