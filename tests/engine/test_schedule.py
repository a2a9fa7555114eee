"""The scheduler by itself: it takes only sound that is as long as it says; automation does not search."""

from __future__ import annotations

import numpy as np
import pytest

from tapegraph.engine.schedule import LARGEST, Line, Schedule, is_within
from tapegraph.node import Signal

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


@pytest.mark.parametrize("lengths", [(), (128,), (128, 127), (128, 129), (0, 128), (128, 128, 128)])
def test_sound_of_another_length_is_refused(lengths: tuple[int, ...]) -> None:
    """What is compiled reads as many samples as were stated."""
    through = Signal(2, 64)
    with pytest.raises(ValueError, match=r"^2 channels of 128 samples are due$"):
        Schedule([], through, through).process([np.ones(length) for length in lengths], 2)


def test_sound_passes_through_a_schedule_without_steps() -> None:
    through = Signal(2, 64)
    x = RNG.uniform(-1, 1, (2, 640))
    out = np.frombuffer(memoryview(Schedule([], through, through).process(list(x), 10)))
    np.testing.assert_array_equal(out.reshape(2, -1), x)


@pytest.mark.parametrize(
    "bad", [np.nan, np.inf, -np.inf, np.nextafter(LARGEST, np.inf), -np.nextafter(LARGEST, np.inf)]
)
@pytest.mark.parametrize("step", [1, 2, 3, 8])
def test_one_bad_sample_is_found_wherever_it_is_looked_for(bad: float, step: int) -> None:
    for n in (1, 2, 63, 64):
        block = Signal(1, n)
        block.put(np.full((1, n), -LARGEST))
        assert is_within(block.samples, LARGEST, 0, step)
        for i in range(n):
            block.put(np.where(np.arange(n) == i, bad, LARGEST)[np.newaxis])
            for first in range(step):
                assert is_within(block.samples, LARGEST, first, step) == (i % step != first)
