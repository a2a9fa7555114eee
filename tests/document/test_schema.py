"""The JSON Schema and the loader agree on what a graph is, as far as a schema can tell."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegraph
from tapegraph import resources
from tapegraph.document.schema import schema
from tapegraph.document.text import dump, parse
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


NODES = {"a": {"kind": "gain"}, "m": {"kind": "mix", "weight2": 0.5}, "p": {"graph": "tc260", "Drive": 0.5}}
GRAPH: dict[str, Any] = {
    "tapegraph": 1,
    "vars": {"level_db": 3},
    "nodes": {**NODES, "sub": {"graph": {"nodes": {"a": {"kind": "gain"}}, "links": ["input -> a -> output"]}}},
    "links": ["input -> a -> m", "input -> p -> sub -> m.in2", "m -> output"],
    "controls": {"Level": "a.gain_db"},
    "automation": {"a.gain_db": [[0, 0], [1, -6]]},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return GRAPH with something else at a path such as nodes a gain_db."""
    graph = copy.deepcopy(GRAPH)
    *way, last = path.split()
    inside: Any = graph
    for key in way:
        inside = inside[key]
    inside[last] = value
    return graph


def loads(graph: Any) -> list[str]:
    """Return what the loader says of a graph."""
    try:
        tapegraph.Graph.from_yaml(dump(graph))
    except tapegraph.TapegraphError as error:
        return [problem.message for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("tapegraph", True),
        ("title", 3),
        ("sources", ["a book", 1982]),
        ("seed", -1),
        ("reference_dbfs", 3),
        ("reference_dbfs", "-18"),
        ("vars 1x", 3),
        ("vars level_db", [3]),
        ("nodes 1a", {"kind": "gain"}),
        ("nodes a kind", None),
        ("nodes a gain_db", True),
        ("nodes a gain_db", "$1x"),
        ("nodes a oversample", 1.5),
        ("nodes a graph", "clean"),
        ("nodes m weight0", 1),
        ("nodes p Drive", 1.5),
        ("nodes p Nonsense", 3),
        ("nodes p tape.solver", "rk5"),
        ("nodes p tape/drive", 0.5),
        ("nodes p graph", "tc261"),
        ("nodes p graph", None),
        ("nodes sub graph titel", "x"),
        ("nodes sub graph nodes a kind", "gian"),
        ("nodes sub graph tapegraph", 2),
        ("links", ["input -> a"]),
        ("links", None),
        ("controls a.b", "a.gain_db"),
        ("controls $Level", "a.gain_db"),
        ("controls Level", 3),
        ("automation a.gain_db", []),
        ("automation a.gain_db", [[-1, 0]]),
        ("automation a.gain_db", [[0, 0, 0]]),
    ],
)
def test_a_mistake_in_a_single_value_is_refused_by_the_loader_and_by_the_schema(path: str, value: Any) -> None:
    assert loads(GRAPH) == []
    VALIDATOR.validate(GRAPH)
    graph = changed(path, value)
    assert loads(graph)
    assert not VALIDATOR.is_valid(graph)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("controls", None),
        ("sources", None),
        ("automation", None),
        ("block", 128.0),
        ("reference_dbfs", -20),
        ("nodes a gain_db", "$level_db"),
        ("nodes m weight10", 1),
        ("nodes p $speed_ips", 3.75),
        ("nodes p tape.solver", "rk4"),
        ("nodes p head.speed_ips", 3.75),  # also where a variable sets it
        ("nodes sub a.gain_db", 3),
        ("nodes sub graph tapegraph", 1),
        ("controls Gain#1", "Level"),
    ],
)
def test_what_the_loader_takes_the_schema_takes(path: str, value: Any) -> None:
    graph = changed(path, value)
    assert loads(graph) == []
    VALIDATOR.validate(graph)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("automation a.gain_db", [[1, 0], [1, 3]]),
        ("automation b.gain_db", [[0, 0]]),
        ("automation Level", [[0, 0]]),
        ("nodes a gain_db", "$level"),
        ("nodes sub Nonsense", 3),
        ("links", ["input -> b -> output"]),
        ("controls Level", "b.gain_db"),
    ],
)
def test_what_refers_to_other_parts_of_the_file_the_loader_alone_refuses(path: str, value: Any) -> None:
    graph = changed(path, value)
    VALIDATOR.validate(graph)
    assert loads(graph)


def test_what_can_be_set_in_a_preset_is_in_the_schema_through_all_its_graphs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = {"nodes": {"a": {"kind": "gain"}, "m": {"kind": "mix"}}, "links": ["input -> a -> m -> output"]}
    outer = {
        "tapegraph": 1,
        "vars": {"level_db": 3},
        "nodes": {"in": {"graph": {**inner, "controls": {"Level": "a.gain_db"}}, "Level": "$level_db"}},
        "links": ["input -> in -> output"],
    }
    (tmp_path / "outer.yaml").write_text(dump(outer))
    (tmp_path / "broken.yaml").write_text("tapegraph: 2")
    monkeypatch.setattr(resources, "presets", lambda: {path.stem: path for path in tmp_path.glob("*.yaml")})
    validator = jsonschema.Draft7Validator(schema())
    good = ["in.Level", "in/a.gain_db", "in.a.gain_db", "in/m.weight2", "$level_db", "oversample"]
    wrong = ["in/a/gain_db", "in/m.weight0", "Level", "level_db", "in.b.gain_db", "a.gain_db"]
    for target in (*good, *wrong):
        for value in (1, "loud"):
            graph = {
                "tapegraph": 1,
                "nodes": {"n": {"graph": "outer", target: value}},
                "links": ["input -> n -> output"],
            }
            assert validator.is_valid(graph) == (target in good and value == 1), (target, value)
            assert bool(loads(graph)) != validator.is_valid(graph)
    broken = {"tapegraph": 1, "nodes": {"n": {"graph": "broken"}}, "links": ["input -> n -> output"]}
    assert loads(broken)
    assert not validator.is_valid(broken)


# Whatever else is wrong with a graph, these are wrong with a single value, and no preset is in doubt.
LOCAL = re.compile(
    r"a graph has no key|is not a valid name|must be text|must be a list|must be a mapping|no node kind is called"
    r"|neither kind nor graph|both kind and graph|must be a whole number|reads version|must be \[time in s, value\]"
)
SEEDS = [GRAPH, *(parse(path.read_text("utf-8"), path.name)[0].plain for path in resources.presets().values())]
scalars = st.sampled_from(
    [None, True, -1, 0, 1, 2.5, 64, 1e9, "", "a", "1x", "$level_db", "$x", "gain", "mix", "tc260"]
)
others = st.sampled_from([[], {}, [1], [[0, 0]], "input -> a -> output", "a.gain_db", {"kind": "gain"}])
values = scalars | others.map(copy.deepcopy)
names = st.sampled_from(["a", "1x", "x.y", "$a", "kind", "graph", "oversample", "gain_db", "weight2", "Drive", "title"])


def containers(data: Any) -> list[Any]:
    """Return all mappings and lists in some data."""
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return ([data] if isinstance(data, dict | list) else []) + [found for one in inner for found in containers(one)]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Draw a graph in which a few values have been exchanged, added, taken away or moved to other keys."""
    graph = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(containers(graph)))
        key = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place)))) if place else None
        if isinstance(place, dict) and (key is None or draw(st.booleans())):
            place[draw(names)] = place.pop(key) if key is not None and draw(st.booleans()) else draw(values)
        elif key is not None and draw(st.booleans()):
            place[key] = draw(values)
        elif key is not None:
            del place[key]
    return graph


@given(mutated())
@settings(max_examples=200, deadline=None)
def test_the_loader_accepts_nothing_that_the_schema_refuses_and_the_schema_no_local_mistake(graph: Any) -> None:
    messages = loads(graph)
    seen = parse(dump(graph), "graph")[0].plain if graph else graph
    if not messages:
        VALIDATOR.validate(seen)
    elif any(LOCAL.search(message) for message in messages):
        assert not VALIDATOR.is_valid(seen), messages
