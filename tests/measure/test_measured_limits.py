"""Limits on measurements: when they hold, what they say when they do not, and what is no limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapegraph
from tapegraph.measure import ALL, Imd, Response
from tapegraph.measure.limits import check_names, exceeded

RESPONSE = Response(
    np.array([100.0, 1000.0, 10_000.0]),
    np.array([-20.0]),
    np.array([[-3.5, 0.0, 1.5]]),
    np.zeros((1, 3)),
    np.full((1, 3), np.nan),
)


def said(limit: Any, column: str = "magnitude_db") -> list[str]:
    return [str(problem) for problem in exceeded({"response": {column: limit}}, {"response": RESPONSE})]


@pytest.mark.parametrize(
    "limit",
    [{"min": -3.5, "max": 1.5}, {"min": -1, "frequency_hz": [500, 20_000]}, {"max": 0, "frequency_hz": 1000}],
)
def test_a_limit_that_holds_says_nothing(limit: dict[str, Any]) -> None:
    assert said(limit) == []


def test_a_limit_names_the_worst_place() -> None:
    assert said({"min": -3}) == [
        "response.magnitude_db is -3.5 at frequency_hz 100, level_dbfs -20; it must be at least -3"
    ]
    assert said({"max": 1}) == [
        "response.magnitude_db is 1.5 at frequency_hz 10000, level_dbfs -20; it must be at most 1"
    ]


def test_a_limit_that_tests_nothing_fails() -> None:
    assert said({"max": 1, "frequency_hz": 50}) == ["response.magnitude_db has no value where its limit holds"]
    assert said({"max": 1}, "group_delay_ms") == ["response.group_delay_ms has no value where its limit holds"]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"magnitude": {"max": 1}}, "response.magnitude is not measured; did you mean magnitude_db?"),
        ({"magnitude_db": 3}, "the limit of response.magnitude_db is 3; it must have min, max or both"),
        (
            {"magnitude_db": {"max": "1"}},
            "max of response.magnitude_db is '1'; it must be a number or [lowest, highest]",
        ),
        (
            {"magnitude_db": {"max": 1, "frequency": 3}},
            "the limit of response.magnitude_db is for frequency, which is no column; did you mean frequency_hz?",
        ),
    ],
)
def test_what_is_no_limit_is_refused(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        exceeded({"response": limits}, {"response": RESPONSE})
    assert str(caught.value) == message


def test_a_limit_on_nothing_that_is_measured_is_refused() -> None:
    for limits, message in (
        ({"respose": {}}, "no measurement is called respose; did you mean response?"),
        ([1], "limits must be {measurement: {column: {min: number, max: number}}}"),
    ):
        with pytest.raises(tapegraph.TapegraphError) as caught:
            check_names(limits, ALL)
        assert str(caught.value) == message


def test_a_measurement_is_a_table_with_none_where_there_is_no_value() -> None:
    found = Imd(np.array([-6.0]), *np.array([[1.0], [2.0], [np.nan], [4.0]]))
    assert found.rows() == [
        {
            "level_dbfs": -6.0,
            "smpte_d2_percent": 1.0,
            "smpte_d3_percent": 2.0,
            "ccif_d2_percent": None,
            "ccif_d3_percent": 4.0,
        }
    ]
