"""The keys of a graph file are declared once: a field of Spec is all that a new one takes."""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

import tapegraph
from tapegraph.document import check, load, model, schema, write
from tapegraph.document.form import Whole
from tapegraph.document.spec import Spec, key, keys

GOOD: dict[str, Any] = {"nodes": {"a": {"kind": "gain"}}, "links": ["input -> a -> output"]}


@attrs.define
class Tuned(Spec):
    """The keys of a graph file, and one more."""

    tuning_hz: int = key(Whole(400, 480), 440, "pitch of a")


@pytest.fixture
def tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (check, load, model, schema):
        monkeypatch.setattr(module, "Spec", Tuned)


@pytest.mark.usefixtures("tuned")
def test_a_key_that_is_declared_is_read_checked_written_and_in_the_schema() -> None:
    spec = load.from_words({**GOOD, "tuning_hz": 432}, Path())
    assert isinstance(spec, Tuned)
    assert spec.tuning_hz == 432
    assert "\ntuning_hz: 432\n" in f"\n{write.to_yaml(spec)}"
    assert "tuning_hz" not in write.to_yaml(load.from_words({**GOOD, "tuning_hz": 440}, Path()))
    validator = jsonschema.Draft7Validator(schema.schema())
    assert validator.is_valid({"tapegraph": 1, **GOOD, "tuning_hz": 432})
    assert not validator.is_valid({"tapegraph": 1, **GOOD, "tuning_hz": 500})
    with pytest.raises(tapegraph.TapegraphError) as caught:
        load.from_words({**GOOD, "tuning_hz": 500}, Path())
    assert str(caught.value) == "tuning_hz: tuning_hz is 500; it must be a whole number from 400 to 480"
    with pytest.raises(tapegraph.TapegraphError, match=r"a graph has no key tuning_Hz; did you mean tuning_hz\?$"):
        tapegraph.Graph(**GOOD, tuning_Hz=432)


@pytest.mark.usefixtures("tuned")
def test_a_key_that_is_declared_is_a_keyword_of_graphs() -> None:
    graph: Any = tapegraph.Graph(**GOOD, tuning_hz=432)
    assert graph.tuning_hz == 432


def test_the_keywords_of_graphs_are_the_keys_of_the_file_and_only_links_must_be_there() -> None:
    parameters = inspect.signature(tapegraph.Graph).parameters
    assert list(parameters) == [one.name for one in keys(Spec)]
    assert [name for name, one in parameters.items() if one.default is inspect.Parameter.empty] == ["links"]
    assert parameters["seed"].default == 0
    assert tapegraph.Graph(tapegraph=1, **GOOD) == tapegraph.Graph(**GOOD)


def test_0_vu_is_18_db_below_full_scale_unless_the_graph_says_otherwise() -> None:
    assert tapegraph.Graph(**GOOD).reference_dbfs == -18.0
    moved = tapegraph.Graph(**GOOD, reference_dbfs=-14.5)
    assert "\nreference_dbfs: -14.5\n" in moved.to_yaml()
    assert tapegraph.Graph.from_yaml(moved.to_yaml()) == moved
    for level in (0.5, math.nan, "-20", True):
        with pytest.raises(tapegraph.TapegraphError) as caught:
            tapegraph.Graph(**GOOD, reference_dbfs=level)
        shown = str(level).lower() if level is True else repr(level)
        expected = f"reference_dbfs: reference_dbfs is {shown}; it must be a number from -40 to 0 dBFS"
        assert str(caught.value) == expected


def test_a_keyword_that_is_no_key_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph(**GOOD, titel="x")
    assert str(caught.value) == "titel: a graph has no key titel; did you mean title?"
    with pytest.raises(tapegraph.TapegraphError, match="^nothing is linked to output; end a link with -> output$"):
        tapegraph.Graph(nodes=GOOD["nodes"])
    with pytest.raises(tapegraph.TapegraphError, match="^tapegraph: tapegraph is 2; this program reads version 1 of"):
        tapegraph.Graph(tapegraph=2, **GOOD)


def test_a_graph_made_of_a_graph_in_python_is_equal_to_one_that_is_written_out() -> None:
    inner = tapegraph.Graph(**GOOD)
    links = ["input -> sub -> output"]
    made = tapegraph.Graph(nodes={"sub": {"graph": inner, "a.gain_db": 3}}, links=links)
    assert made == tapegraph.Graph(nodes={"sub": {"graph": GOOD, "a.gain_db": 3}}, links=links)
    assert made["sub/a"].gain_db == 3.0
    assert inner["a"].gain_db == 0.0
