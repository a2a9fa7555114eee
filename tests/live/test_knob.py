"""The way of a knob, from 0 to 1, and the values along it."""

from __future__ import annotations

import pytest

import tapegraph
from tapegraph.live.knob import declared, share_at, value_at
from tapegraph.node import AnyParam, Choice, Param, Switch

LEVEL = Param("gain_db", 0.0, -96.0, 48.0, "dB")
CUTOFF = Param("cutoff_hz", 100.0, 20.0, 20_000.0, "Hz", curve="log")
SOLVER = Choice("solver", "a", ("a", "b", "c"))
MAKEUP = Switch("makeup", True)


@pytest.mark.parametrize(
    ("param", "share", "value"),
    [
        (LEVEL, 0.0, -96.0),
        (LEVEL, 0.75, 12.0),
        (LEVEL, 1.0, 48.0),
        (CUTOFF, 1.0, 20_000.0),
        (Param("x", 0.1, 0.1, 0.7), 1.0, 0.7),
        (SOLVER, 0.0, "a"),
        (SOLVER, 0.5, "b"),
        (SOLVER, 1.0, "c"),
        (MAKEUP, 63 / 127, False),
        (MAKEUP, 64 / 127, True),
    ],
)
def test_a_knob_reaches_both_ends_and_what_lies_between(param: AnyParam, share: float, value: object) -> None:
    assert value_at(param, share) == value


def test_a_logarithmic_knob_moves_by_equal_ratios() -> None:
    assert value_at(CUTOFF, 1 / 3) == pytest.approx(200.0, rel=1e-12)
    assert value_at(CUTOFF, 2 / 3) == pytest.approx(2000.0, rel=1e-12)


@pytest.mark.parametrize("param", [LEVEL, CUTOFF])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_where_a_knob_stands_is_the_inverse(param: Param, share: float) -> None:
    assert share_at(param, value_at(param, share)) == pytest.approx(share, abs=1e-12)


def test_every_option_and_position_is_found_again() -> None:
    assert [value_at(SOLVER, share_at(SOLVER, option)) for option in SOLVER.options] == list(SOLVER.options)
    assert [value_at(MAKEUP, share_at(MAKEUP, on)) for on in (True, False)] == [True, False]


def test_a_control_has_the_range_of_what_it_moves() -> None:
    assert declared(tapegraph.load("tc260"), "Drive").name == "drive"
    assert declared(tapegraph.load("tc260"), "Speed").name == "speed_ips"
