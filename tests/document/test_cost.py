"""What reading, checking and looking at a graph does not do: load the code for sound, or flatten the graph again."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import tapegraph
from tapegraph.document import check, flat, model
from tapegraph.document.flat import FlatGraph
from tapegraph.document.spec import Spec
from tapegraph.document.targets import targets
from tapegraph.errors import Problem


@pytest.mark.parametrize(
    "statement",
    ["import tapegraph.document.model", "import tapegraph; tapegraph.load('tc260').to_yaml()"],
)
def test_reading_a_graph_imports_nothing_that_runs_sound(statement: str) -> None:
    look = "import sys; print([m for m in sys.modules if m.startswith(('tapegraph.engine', 'tapegraph.run'))])"
    found = subprocess.run(
        [sys.executable, "-P", "-c", f"{statement}\n{look}"], capture_output=True, check=True, text=True
    )
    assert found.stdout == "[]\n"


@pytest.fixture
def flattened(monkeypatch: pytest.MonkeyPatch) -> list[Spec]:
    """Return a list of what has been flattened."""
    done: list[Spec] = []

    flatten = flat.flatten

    def counted(spec: Spec, problems: list[Problem] | None = None) -> FlatGraph:
        done.append(spec)
        return flatten(spec, problems)

    for module in (flat, model, check):
        monkeypatch.setattr(module, "flatten", counted)
    return done


@pytest.mark.parametrize("nodes", [{"machine": {"graph": "tc260", "Drive": 0.4}}, {"machine": {"kind": "hysteresis"}}])
def test_values_and_settings_are_found_without_flattening_the_graph(
    nodes: dict[str, dict[str, object]], flattened: list[Spec]
) -> None:
    graph = tapegraph.Graph(nodes=nodes, links=["input -> machine -> output"])
    graph.render(np.zeros(64), 48_000, tail=0)
    assert flattened  # they are counted
    flattened.clear()
    values = graph.values(targets(graph))  # a tick of the screen
    for target, value in values.items():
        graph.set(target, value)
    tape = "machine" if "kind" in nodes["machine"] else "machine/tape"
    graph[tape].drive = graph[tape].drive
    assert repr(graph[tape]).startswith("hysteresis(solver='exponential_h', drive=0.")
    assert flattened == []


def test_what_surrounds_a_sub_graph_is_in_the_values_of_its_nodes() -> None:
    inner = tapegraph.Graph(
        vars={"level_db": 1},
        nodes={"a": {"kind": "gain", "gain_db": "$level_db"}, "b": {"kind": "gain", "gain_db": 2}},
        links=["input -> a -> b -> output"],
        controls={"Level": "$level_db"},
    )
    middle = tapegraph.Graph(
        vars={"x": 4}, nodes={"in": {"graph": inner, "Level": "$x"}}, links=["input -> in -> output"]
    )
    graph = tapegraph.Graph(nodes={"m": {"graph": middle, "$x": 5}}, links=["input -> m -> output"])
    nodes = graph.flat().nodes
    assert {name: node.params["gain_db"] for name, node in nodes.items()} == {"m/in/a": 5.0, "m/in/b": 2.0}
    for name, node in nodes.items():
        assert graph[name].gain_db == node.params["gain_db"]
    assert graph.get("m.in.Level") == 5.0
    assert middle["in/a"].gain_db == 4.0
    assert inner["a"].gain_db == 1.0


def test_a_node_that_is_a_graph_is_told_from_one_that_is_not_there() -> None:
    graph = tapegraph.Graph(nodes={"machine": {"graph": "clean"}}, links=["input -> machine -> output"])
    with pytest.raises(tapegraph.TapegraphError, match=r"^machine is a graph; the nodes in it are machine/\w+, "):
        _ = graph["machine"]
    for name in ("machine/tpae", "machine/tape/x", "tape", ""):
        with pytest.raises(
            tapegraph.TapegraphError, match=rf"^no node is called {name}(; did you mean machine/tape\?)?$"
        ):
            _ = graph[name]
