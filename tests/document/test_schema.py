"""The JSON Schema and the loader agree on what a graph is."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

import tapegraph
from tapegraph import resources
from tapegraph.document.schema import schema
from tapegraph.document.text import parse
from tapegraph.node import registry

VALIDATOR = jsonschema.Draft7Validator(schema())
CASES = sorted(Path(__file__).parent.glob("cases/*.yaml"))


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("path", resources.presets().values(), ids=lambda p: p.stem)
def test_every_preset_suits_the_schema(path: Path) -> None:
    entry, _ = parse(path.read_text("utf-8"), path.name)
    VALIDATOR.validate(entry.plain)


@pytest.mark.parametrize("kind", registry.kinds())
def test_every_kind_with_its_defaults_suits_the_schema_and_a_foreign_parameter_does_not(kind: str) -> None:
    node = {"kind": kind, **{p.name.replace("#", "1"): p.default for p in registry.find(kind).PARAMS}}
    graph = {"tapegraph": 1, "nodes": {"a": node}, "links": ["a -> output"]}
    VALIDATOR.validate(graph)
    for wrong in ({"surely_not": 1}, {"oversample": 65}, {"kind": "surely_not"}):
        assert not VALIDATOR.is_valid({**graph, "nodes": {"a": {**node, **wrong}}})


@pytest.mark.parametrize("name", ["every_mistake", "newer_version", "no_version"])
def test_what_the_loader_refuses_of_a_single_value_the_schema_refuses(name: str) -> None:
    text = (Path(__file__).parent / "cases" / f"{name}.yaml").read_text("utf-8")
    assert not VALIDATOR.is_valid(yaml.safe_load(text))


def test_a_graph_written_by_python_suits_the_schema() -> None:
    graph = tapegraph.chain(gain={"gain_db": 3, "oversample": 2})
    entry, _ = parse(graph.to_yaml(), "graph")
    VALIDATOR.validate(entry.plain)
