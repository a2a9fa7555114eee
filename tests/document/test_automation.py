"""A parameter that automation moves cannot be set: the value would be read back and have no effect."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tapegraph
from tapegraph.__main__ import main
from tapegraph.document.targets import targets
from tapegraph.ui.midi import Knobs

INNER = """\
tapegraph: 1
nodes: {a: {kind: gain}, b: {kind: gain}}
links: [input -> a -> b -> output]
controls: {Level: a.gain_db}
automation: {Level: [[0, -6], [1, 0]]}
"""
OUTER = """\
tapegraph: 1
vars: {level_db: -3}
nodes:
  a: {kind: gain, gain_db: $level_db}
  b: {kind: gain, gain_db: $level_db}
  c: {kind: gain, gain_db: -60}
  sub: {graph: inner.yaml, b.gain_db: 1}
links: [input -> a -> b -> c -> sub -> output]
controls: {First: a.gain_db, Both: $level_db, Third: c.gain_db, Fourth: sub.b.gain_db, Fifth: sub.Level}
automation: {a.gain_db: [[0, 0], [1, 6]], Third: [[0, 0]]}
"""


@pytest.fixture
def graph(tmp_path: Path) -> tapegraph.Graph:
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "outer.yaml").write_text(OUTER)
    return tapegraph.load(tmp_path / "outer.yaml")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("a.gain_db", "a.gain_db is automated; remove its automation to set it"),
        ("First", "First sets a.gain_db, which is automated by a.gain_db; remove that automation to set it"),
        ("$level_db", "$level_db sets a.gain_db, which is automated by a.gain_db; remove that automation to set it"),
        ("Both", "Both sets a.gain_db, which is automated by a.gain_db; remove that automation to set it"),
        ("Third", "Third is automated; remove its automation to set it"),
        ("c.gain_db", "c.gain_db is automated by Third; remove that automation to set it"),
        ("sub.Level", "sub.Level is automated; remove its automation to set it"),
        ("sub/a.gain_db", "sub/a.gain_db is automated by sub.Level; remove that automation to set it"),
        ("Fifth", "Fifth sets sub/a.gain_db, which is automated by sub.Level; remove that automation to set it"),
    ],
)
def test_what_is_automated_cannot_be_set_and_stays_as_it_is(
    graph: tapegraph.Graph, target: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = graph.to_yaml()
    with pytest.raises(tapegraph.TapegraphError) as caught:
        graph.set(target, -12.0)
    assert str(caught.value) == message
    assert graph.to_yaml() == before
    assert main(["graph", str(tmp_path / "outer.yaml")]) == 0
    arguments = ["render", "in.wav", "out.wav", "--graph", str(tmp_path / "outer.yaml"), "--set", f"{target}=-12"]
    capsys.readouterr()
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"{message}\n"


def test_an_attribute_of_a_node_that_is_automated_cannot_be_set(graph: tapegraph.Graph) -> None:
    with pytest.raises(tapegraph.TapegraphError, match="^a.gain_db is automated; remove its automation to set it$"):
        graph["a"].gain_db = 3.0
    del graph.automation["a.gain_db"]
    graph["a"].gain_db = 3.0
    assert graph["a"].gain_db == 3.0


def test_what_is_automated_is_not_offered_to_users(graph: tapegraph.Graph) -> None:
    assert targets(graph) == ["Fourth", "sub.b.gain_db"]
    for target in targets(graph):
        graph.set(target, graph.get(target))


def test_a_knob_by_midi_is_refused_for_what_is_automated_and_leaves_it_alone(
    graph: tapegraph.Graph, tmp_path: Path
) -> None:
    file, lines = tmp_path / "midi.yaml", list[str]()
    with pytest.raises(tapegraph.TapegraphError, match="^Third is automated; remove its automation to set it$"):
        Knobs(lambda: nullcontext(graph), file, ["Third"], lines.append)
    file.write_text("1/74: Third\n")
    before = graph.to_yaml()
    turned = SimpleNamespace(type="control_change", channel=0, control=74, value=100)
    Knobs(lambda: nullcontext(graph), file, (), lines.append).receive(turned)
    assert graph.to_yaml() == before
    assert lines == []


def test_a_value_beside_automation_is_loaded_and_automation_is_what_counts(graph: tapegraph.Graph) -> None:
    assert graph.get("c.gain_db") == -60.0
    ones = np.ones(640)
    graph.set("sub.b.gain_db", 0.0)
    gains_db = -3.0 + 0.0 + -6.0  # of b, of c by its automation, of sub/a at its beginning; that of a begins at 0
    np.testing.assert_allclose(graph.render(ones, 48_000, tail=0)[0], 10 ** (gains_db / 20), rtol=2e-3)


def test_automation_from_outside_and_from_inside_a_sub_graph_collide(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    outer = "tapegraph: 1\nnodes: {sub: {graph: inner.yaml}}\nlinks: [input -> sub -> output]\n"
    text = f"{outer}automation: {{sub.a.gain_db: [[0, 0]]}}\n"
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph.from_yaml(text, "outer.yaml", tmp_path)
    said = "outer.yaml:4:14: sub.a.gain_db and sub.Level both automate sub/a.gain_db; remove one"
    assert str(caught.value) == said
