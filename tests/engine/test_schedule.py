"""The scheduler's own steps: automation is found where it was last, and does not search."""

from __future__ import annotations

import numpy as np

from tapegraph.engine.schedule import Line

RNG = np.random.default_rng(5)
TIMES = np.cumsum(RNG.uniform(0.001, 0.1, 200))
VALUES = RNG.uniform(-1, 1, 200)


def line() -> Line:
    return Line(list(zip(TIMES.tolist(), VALUES.tolist(), strict=True)))


def test_a_line_goes_straight_from_breakpoint_to_breakpoint_wherever_it_is_asked() -> None:
    risen = np.sort(RNG.uniform(-1, TIMES[-1] + 1, 1000))
    for t in (risen, risen[::-1], RNG.permutation(risen), TIMES):
        moving = line()
        np.testing.assert_allclose([moving.at(float(s)) for s in t], np.interp(t, TIMES, VALUES), atol=1e-13)


def test_a_value_is_the_same_to_the_bit_whatever_was_asked_before() -> None:
    moving = line()
    for t in RNG.uniform(-1, TIMES[-1] + 1, 500):
        assert moving.at(float(t)) == line().at(float(t))


def test_the_next_value_of_a_line_reads_no_breakpoint_but_those_about_it() -> None:
    """The work of a block does not grow with the automation: all other breakpoints may be anything."""
    moving = line()
    moving.at(float(TIMES[100]))
    for far in (*range(99), *range(103, 200)):
        moving.times[far] = moving.values[far] = np.nan
    t = np.array([TIMES[100], (TIMES[100] + TIMES[101]) / 2, TIMES[101], (TIMES[101] + TIMES[102]) / 2])
    np.testing.assert_allclose([moving.at(float(s)) for s in t], np.interp(t, TIMES, VALUES), atol=1e-13)
