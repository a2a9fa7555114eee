"""Declarations of parameters: what they take, the positions of knobs, and what help and editors are told."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapegraph.__main__ import main
from tapegraph.document.schema import param_schema, schema
from tapegraph.node import registry
from tapegraph.node.params import AnyParam, Choice, Param, Switch

LINEAR = Param("gain_db", 0.0, -96.0, 48.0, "dB")
LOG = Param("cutoff_hz", 1000.0, 20.0, 20_000.0, "Hz", curve="log")
FADER = Param("level", 1.0, 0.0, 2.0, curve="dB")
LONG_FADER = Param("level", 1.0, 0.0, 2.0, curve="dB", fader_db=90.0)
WHOLE = Param("stages", 4, 1, 12, "", "how many there are", whole=True)
WHOLE_LOG = Param("lines", 16, 1, 1024, curve="log", whole=True)
ALL = [LINEAR, LOG, FADER, WHOLE, WHOLE_LOG]
fractions = st.floats(0.0, 1.0)


def test_curves_have_their_middle_where_their_names_say() -> None:
    assert LINEAR.value_at(0.5) == -24.0
    assert LOG.value_at(0.5) == pytest.approx(math.sqrt(20.0 * 20_000.0))
    assert FADER.value_at(0.5) == pytest.approx(2.0 * 10.0 ** (-30.0 / 20.0))
    assert FADER.fraction_at(1.0) == pytest.approx(1.0 - 20.0 * math.log10(2.0) / 60.0)
    assert LONG_FADER.value_at(0.5) == pytest.approx(2.0 * 10.0 ** (-45.0 / 20.0))
    assert LONG_FADER.fraction_at(1.0) == pytest.approx(1.0 - 20.0 * math.log10(2.0) / 90.0)
    assert WHOLE.value_at(0.5) == 6.0  # 6.5 to even
    assert WHOLE_LOG.value_at(0.5) == 32.0


@pytest.mark.parametrize("param", ALL, ids=lambda p: p.name)
def test_the_ends_of_a_knob_are_the_ends_of_the_range(param: Param) -> None:
    assert (param.value_at(0.0), param.value_at(1.0)) == (param.minimum, param.maximum)
    assert (param.fraction_at(param.minimum), param.fraction_at(param.maximum)) == (0.0, 1.0)


@pytest.mark.parametrize("param", ALL, ids=lambda p: p.name)
@given(fractions, fractions)
def test_a_knob_rises_over_values_that_the_parameter_takes(param: Param, a: float, b: float) -> None:
    low, high = (param.value_at(at) for at in sorted((a, b)))
    assert param.check(low) <= param.check(high)


def test_a_knob_a_hair_before_its_end_does_not_go_beyond_the_range() -> None:
    param, almost = Param("x", 9.5, 9.5, 20.1, curve="log"), 1.0 - 2.0**-53
    assert 9.5 * math.pow(20.1 / 9.5, almost) > 20.1  # by rounding
    assert param.check(param.value_at(almost)) == 20.1


@pytest.mark.parametrize("param", [LINEAR, LOG, FADER], ids=lambda p: p.name)
@given(fractions)
def test_the_position_of_a_value_is_where_the_knob_was(param: Param, fraction: float) -> None:
    assert param.fraction_at(param.value_at(fraction)) == pytest.approx(fraction, abs=1e-12)


@pytest.mark.parametrize("param", ALL, ids=lambda p: p.name)
@given(fractions)
def test_the_value_at_the_position_of_a_value_is_that_value(param: Param, fraction: float) -> None:
    lowest = param.maximum * 1.001e-3 if param.curve == "dB" else param.minimum  # a fader has nothing between it and 0
    value = lowest + (param.maximum - lowest) * fraction
    value = float(round(value)) if param.whole else value
    assert param.value_at(param.fraction_at(value)) == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_a_fader_below_its_range_is_at_its_left_end_and_gives_silence() -> None:
    assert FADER.fraction_at(1e-9) == 0.0
    assert FADER.value_at(0.0) == 0.0
    assert FADER.value_at(1e-9) == pytest.approx(2e-3)


def test_every_option_is_found_again_at_its_position() -> None:
    choice = Choice("solver", "b", ("a", "b", "c"))
    assert [choice.value_at(choice.fraction_at(option)) for option in choice.options] == ["a", "b", "c"]
    assert (choice.value_at(0.0), choice.value_at(1.0)) == ("a", "c")
    switch = Switch("on", True)
    assert [switch.value_at(switch.fraction_at(value)) for value in (False, True)] == [False, True]


@pytest.mark.parametrize(
    ("param", "value", "message"),
    [
        (WHOLE, 2.5, "is 2.5; it must be a whole number from 1 to 12"),
        (WHOLE, 13, "is 13; it must be a whole number from 1 to 12"),
        (WHOLE, True, "is True; it must be a whole number from 1 to 12"),
        (WHOLE, math.nan, "is nan; it must be a whole number from 1 to 12"),
        (LOG, 10, "is 10 Hz; it must be 20 to 20000 Hz"),
        (LOG, 20_000.000000000004, "is 20000.000000000004 Hz; it must be 20 to 20000 Hz"),
        (LOG, 10**400, "is inf Hz; it must be 20 to 20000 Hz"),
        (LOG, "10", "is '10'; it must be 20 to 20000 Hz"),
    ],
)
def test_what_a_number_must_be_is_told(param: Param, value: object, message: str) -> None:
    with pytest.raises(ValueError, match="^is ") as caught:
        param.check(value)
    assert str(caught.value) == message


def test_a_whole_number_may_be_written_as_a_float() -> None:
    assert [WHOLE.check(3), WHOLE.check(3.0)] == [3.0, 3.0]


def test_the_schema_knows_whole_numbers_and_curves() -> None:
    assert param_schema(WHOLE)["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 12}
    assert param_schema(LOG)["anyOf"][0] == {"type": "number", "minimum": 20.0, "maximum": 20_000.0}
    assert [param_schema(param).get("x-curve") for param in (LINEAR, LOG, FADER)] == [None, "log", "dB"]
    for value, fits in ((3, True), (3.0, True), (2.5, False), (13, False), ("$stages", True), ("many", False)):
        assert jsonschema.Draft7Validator(param_schema(WHOLE)).is_valid(value) == fits
    assert schema()["definitions"]["playhead_loss"]["properties"]["speed_ips"]["x-curve"] == "log"


NODE = """
from tapegraph import Node, Param

class Bands(Node):
    \"\"\"Bands: y = x\"\"\"
    KIND = "bands"
    PARAMS = (
        Param("bands", 4, 1, 12, "", "how many there are", whole=True),
        Param("low_hz", 100, 20, 500, "Hz", "lowest of them", "log"),
    )

    def process(self, x, y):
        y[0].put(x[0].array)
"""


def test_describe_tells_whole_numbers_and_curves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})
    (tmp_path / "bands.py").write_text(NODE)
    assert main(["describe", "bands", "--nodes", str(tmp_path / "bands.py")]) == 0
    rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()[-2:]]
    assert rows == [
        "bands 4 a whole number from 1 to 12 how many there are",
        "low_hz 100 Hz 20 to 500 Hz (log) lowest of them",
    ]


def knobs(kind: str) -> list[Any]:
    return [param for param in registry.find(kind).PARAMS if isinstance(param, Param | Choice | Switch)]


@pytest.mark.parametrize("kind", registry.kinds())
def test_the_knob_of_every_parameter_of_every_kind_finds_its_default(kind: str) -> None:
    param: AnyParam
    for param in knobs(kind):
        found = param.value_at(param.fraction_at(param.default))
        assert found == (pytest.approx(param.default) if isinstance(param, Param) else param.default)
