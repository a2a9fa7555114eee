"""Graphs in Python: made, read, changed, written."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tapegraph
from tapegraph.document.targets import targets
from tapegraph.document.text import dump, parse, scalar

TWO_GAINS = """\
tapegraph: 1
vars: {level: 6}
nodes:
  a: {kind: gain, gain_db: $level}
  b: {kind: gain}
links: [input -> a -> b -> output]
controls: {Level: b.gain_db, Both: $level}
"""
ONES = np.ones(256)


def two_gains() -> tapegraph.Graph:
    return tapegraph.Graph.from_yaml(TWO_GAINS)


def test_a_chain_links_nodes_from_input_to_output_and_names_kinds_by_their_nodes() -> None:
    graph = tapegraph.chain(gain={"gain_db": 20}, b={"kind": "gain", "gain_db": -20, "oversample": 2})
    assert graph.links == ["input -> gain -> b -> output"]
    assert graph.nodes["gain"].kind == "gain"
    assert graph["gain"].gain_db == 20.0


def test_a_graph_made_in_python_has_the_words_of_the_file_and_reads_back_equal() -> None:
    graph = tapegraph.Graph(
        title="two: gains",
        vars={"level": 6},
        nodes={"a": {"kind": "gain", "gain_db": "$level"}, "b": {"kind": "gain"}},
        links=["input -> a -> b -> output"],
        controls={"Level": "b.gain_db", "Both": "$level"},
        automation={"b.gain_db": [(0, 0), (0.5, 1e-5)]},
    )
    again = tapegraph.Graph.from_yaml(graph.to_yaml())
    assert again == graph
    assert "a: {kind: gain, gain_db: $level}" in graph.to_yaml()
    assert two_gains() == tapegraph.Graph.from_yaml(two_gains().to_yaml())


def test_problems_of_a_graph_made_in_python_name_the_way_to_them() -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph(
            nodes={"a": {"kind": "gain", "gain_db": 99}, "b": {"kind": "gian"}}, links=["input -> a -> ouput"]
        )
    assert str(caught.value).splitlines() == [
        "links[0]: no node is called ouput; did you mean output?",
        "nodes.a.gain_db: a.gain_db is 99 dB; it must be -96 to 48 dB",
        "nodes.b.kind: no node kind is called gian; did you mean gain?",
    ]


def test_parameters_read_and_change_as_attributes() -> None:
    graph = two_gains()
    graph["b"].gain_db = 3
    assert graph["b"].gain_db == 3.0
    assert graph["a"].gain_db == 6.0
    assert graph.get("Both") == 6.0
    with pytest.raises(AttributeError, match=r"^b has no parameter gain; did you mean gain_db\?$"):
        _ = graph["b"].gain
    with pytest.raises(tapegraph.TapegraphError, match=r"^no node is called c$"):
        _ = graph["c"]


@pytest.mark.parametrize(
    ("target", "value", "message"),
    [
        ("b.gain_db", 99, "b.gain_db is 99 dB; it must be -96 to 48 dB"),
        ("b.gain_db", "loud", "b.gain_db is 'loud'; it must be -96 to 48 dB"),
        ("b.gain", 1, "b (gain) has no parameter gain; did you mean gain_db?"),
        ("c.gain_db", 1, "no node is called c; did you mean b.gain_db?"),
        ("Levle", 1, "Levle is neither node.parameter nor a control; did you mean Level?"),
        ("$levle", 1, "there is no variable $levle; did you mean $level?"),
        ("$level", 60, "a.gain_db is 60 dB; it must be -96 to 48 dB"),
        ("b", 1, "b is a node; add the name of a parameter: b.parameter"),
        ("b.gain_db", "$nothing", "there is no variable $nothing"),
    ],
)
def test_what_cannot_be_set_is_said_and_changes_nothing(target: str, value: Any, message: str) -> None:
    graph = two_gains()
    with pytest.raises(tapegraph.TapegraphError) as caught:
        graph.set(target, value)
    assert str(caught.value) == message
    assert graph == two_gains()


@pytest.mark.parametrize("target", ["b.gain_db", "Level"])
def test_set_reaches_an_open_stream_from_its_next_block_on(target: str) -> None:
    graph = two_gains()
    graph.set("$level", 0)
    stream = graph.stream(48_000)
    stream.process(ONES)
    graph.set(target, 20)
    out = np.concatenate([stream.process(ONES), stream.process(ONES)])
    assert out[0] == 1.0  # what was inside
    np.testing.assert_allclose(out[-64:], 10.0)


def test_a_variable_moves_everything_that_names_it() -> None:
    graph = two_gains()
    graph.set("b.gain_db", "$level")
    graph.set("Both", 20)
    np.testing.assert_allclose(graph.render(ONES, 48_000), 100.0)


def test_what_can_be_set_are_controls_variables_and_parameters_that_move_something() -> None:
    graph = tapegraph.Graph(
        vars={"level_db": 1.0, "unused": 2.0},
        nodes={"a": {"kind": "gain", "gain_db": "$level_db"}, "sum": {"kind": "mix"}, "sub": {"graph": "clean"}},
        links=["input -> a -> sum.in2", "input -> sub -> sum.wet", "input -> sum.in10", "sum -> output"],
        controls={"Level": "$level_db", "Nothing": "$unused"},
    )
    found = targets(graph)
    assert found[:5] == ["Level", "$level_db", "sum.mix", "sum.weight2", "sum.weight10"]
    assert set(found[5:]) >= {"sub.Drive", "sub.tape.drive"}
    for target in found:
        graph.set(target, graph.get(target))


def test_a_control_of_a_variable_can_be_read_when_its_last_node_has_been_set_by_itself() -> None:
    graph = tapegraph.load("tc260")
    graph.set("head.speed_ips", 15)
    assert graph.get("Speed") == 7.5
    graph.set("Speed", 3.75)
    assert [graph.get("$speed_ips"), graph["head"].speed_ips] == [3.75, 15.0]


def test_what_is_probably_not_meant_is_remarked_on() -> None:
    text = TWO_GAINS.replace("-> b -> output", "-> output, a -> b").replace("level: 6", "level: 6, much: 1")
    assert [str(r) for r in tapegraph.Graph.from_yaml(text, "g.yaml").remarks()] == [
        "g.yaml:5:3: b has no effect: no links lead from it to output",
        "the variable $much is not used",
    ]
    unfed = TWO_GAINS.replace("b: {kind: gain}", "b: {kind: gain}\n  c: {kind: gain}").replace(
        "output]", "output, c -> b]"
    )
    assert [str(r) for r in tapegraph.Graph.from_yaml(unfed, "g.yaml").remarks()] == [
        "g.yaml:6:3: c hears nothing: no link leads to it"
    ]
    assert not two_gains().remarks()


def test_automation_moves_a_parameter_over_time() -> None:
    graph = tapegraph.Graph(
        nodes={"a": {"kind": "gain"}},
        links=["input -> a -> output"],
        automation={"a.gain_db": [[0, 0], [0.01, 0], [0.02, 20]]},
    )
    out = graph.render(np.ones(2000), 48_000)
    np.testing.assert_allclose(out[:448], 1.0)
    np.testing.assert_allclose(out[896 + 256 :], 10.0)  # the last change is reached in four blocks
    assert (np.diff(out) > -1e-12).all()


def test_a_graph_is_used_as_a_node_with_its_controls_as_parameters(tmp_path: Path) -> None:
    (tmp_path / "gains.yaml").write_text(TWO_GAINS)
    (tmp_path / "outer.yaml").write_text(
        "tapegraph: 1\n"
        "vars: {much: 20}\n"
        "nodes:\n"
        "  first: {graph: gains.yaml, Level: $much, Both: 0, oversample: 2}\n"
        "  second: {graph: gains.yaml, a.gain_db: -20}\n"
        "links: [input -> first -> second -> output]\n"
        "controls: {Second: second.Level}\n"
    )
    graph = tapegraph.load(tmp_path / "outer.yaml")
    long = np.ones(2000)
    np.testing.assert_allclose(graph.render(long, 48_000)[1000:1900], 1.0, rtol=1e-6)
    graph.set("first/a.gain_db", 6.0)
    graph.set("Second", -6.0)
    assert graph["first/a"].gain_db == 6.0
    assert graph["second/b"].gain_db == -6.0
    np.testing.assert_allclose(graph.render(long, 48_000)[1000:1900], 1.0, rtol=1e-6)
    assert tapegraph.Graph.from_yaml(graph.to_yaml(), folder=tmp_path) == graph
    assert graph.flat().nodes["first/b"].oversample == 2


def test_a_graph_that_includes_itself_is_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        text = f"tapegraph: 1\nnodes:\n  x: {{graph: {other}.yaml}}\nlinks: [input -> x -> output]\n"
        (tmp_path / f"{name}.yaml").write_text(text)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.load(tmp_path / "a.yaml")
    said = f"{tmp_path}/b.yaml:3:14: a.yaml includes itself: a.yaml -> b.yaml -> a.yaml"
    assert str(caught.value) == said


def test_problems_of_a_sub_graph_name_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(TWO_GAINS.replace("kind: gain}", "kind: gaim}"))
    outer = "tapegraph: 1\nnodes: {x: {graph: inner.yaml}}\nlinks: [input -> x -> output]\n"
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph.from_yaml(outer, "outer.yaml", tmp_path)
    assert str(caught.value) == f"{tmp_path}/inner.yaml:5:13: no node kind is called gaim; did you mean gain?"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.yaml", "{folder}/nothing.yaml: cannot be read: No such file or directory"),
        ("", "{folder}: cannot be read: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.load(tmp_path / name)
    assert str(caught.value) == message.format(folder=tmp_path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(tapegraph.TapegraphError, match="not UTF-8 text; a graph file must be$"):
        tapegraph.load(tmp_path / "x.yaml")
    with pytest.raises(tapegraph.TapegraphError, match="empty; a graph begins with tapegraph: 1"):
        tapegraph.Graph.from_yaml("")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a\0b.yaml", r"nodes.a.graph: this text contains \x00, which is not a printable character"),
        ("a\ud800b.yaml", r"nodes.a.graph: this text contains \ud800, which is not a printable character"),
        ("a:²:².yaml", "nodes.a.graph: {folder}/a:²:².yaml: cannot be read: No such file or directory"),
    ],
)
def test_a_sub_graph_with_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph(nodes={"a": {"graph": f"{tmp_path}/{name}"}}, links=["input -> a -> output"])
    assert str(caught.value) == message.format(folder=tmp_path)


def test_what_is_nested_without_end_is_refused() -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph.from_yaml(f"tapegraph: 1\nsources: {'[' * 200}{']' * 200}\n", "g.yaml")
    assert str(caught.value) == "g.yaml:2:110: more than 100 lists and mappings within each other"
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(tapegraph.TapegraphError, match="^sources.*more than 100 lists and mappings within each other$"):
        tapegraph.Graph(links=["input -> output"], sources=endless)


def test_sub_graphs_in_parallel_that_pass_sound_on_twice_are_refused_at_once() -> None:
    through = {"graph": {"links": ["input -> output"]}}
    nodes = {f"{side}{k}": through for side in "abp" for k in range(40)}
    links = [f"p{k} -> {side}{k} -> p{k + 1}" for k in range(39) for side in "ab"]
    with pytest.raises(tapegraph.TapegraphError, match=r"^input is linked to p\d+ twice$"):
        tapegraph.Graph(nodes=nodes, links=["input -> p0", *links, "p39 -> output"])


@pytest.mark.parametrize("number", [10**400, -(10**400)])
def test_a_number_that_is_too_large_for_a_float_is_refused(number: int) -> None:
    graph = two_gains()
    for target in ("b.gain_db", "$level"):
        with pytest.raises(tapegraph.TapegraphError, match=r"gain_db is -?inf dB; it must be -96 to 48 dB$"):
            graph.set(target, number)
    node = {"kind": "gain", "gain_db": number}
    with pytest.raises(tapegraph.TapegraphError, match=r"a.gain_db is -?inf dB; it must be -96 to 48 dB$"):
        tapegraph.Graph(nodes={"a": node}, links=["input -> a -> output"])
    for text in (str(number), f"{number}0e3"):
        assert scalar(text) == (float("inf") if number > 0 else float("-inf"))


def test_a_list_that_is_used_twice_is_written_twice() -> None:
    points = [(0.0, 0.0), (1.0, 6.0)]
    graph = tapegraph.chain(a={"kind": "gain"}, b={"kind": "gain"})
    graph.automation = {"a.gain_db": points, "b.gain_db": points}
    assert tapegraph.Graph.from_yaml(graph.to_yaml()) == graph


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("a/gain_db", "a is not a graph with nodes in it; its parameters are written a.parameter"),
        (
            "",
            "an empty target is neither node.parameter nor a control; there are the controls Level, Both and the nodes "
            "a, b",
        ),
    ],
)
def test_a_parameter_of_a_node_is_written_with_a_dot(target: str, message: str) -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        two_gains().set(target, 1)
    assert str(caught.value) == message


def test_a_control_of_a_control_has_the_value_of_what_both_set() -> None:
    graph = tapegraph.Graph(
        vars={"level_db": 3},
        nodes={"a": {"kind": "gain", "gain_db": "$level_db"}},
        links=["input -> a -> output"],
        controls={"Level": "$level_db", "Again": "Level"},
    )
    graph.set("Again", 6)
    assert graph.values(["Again", "Level", "$level_db"]) == dict.fromkeys(["Again", "Level", "$level_db"], 6.0)


def test_an_unknown_preset_is_told_with_the_nearest_name() -> None:
    with pytest.raises(tapegraph.TapegraphError, match=r"^no preset is called casete; did you mean cassette\?"):
        tapegraph.load("casete")


def test_a_saved_graph_loads_equal(tmp_path: Path) -> None:
    two_gains().save(tmp_path / "saved.yaml")
    assert tapegraph.load(tmp_path / "saved.yaml") == two_gains()
    with pytest.raises(tapegraph.TapegraphError, match="cannot be written: No such file or directory"):
        two_gains().save(tmp_path / "no" / "saved.yaml")


def test_a_copy_is_equal_and_of_its_own() -> None:
    graph = two_gains()
    other = graph.copy()
    other.set("b.gain_db", 12)
    assert graph == two_gains()
    assert other != graph


def test_a_graph_goes_to_another_process_and_comes_back_equal() -> None:
    graph = two_gains()
    graph.stream(48_000)
    assert pickle.loads(pickle.dumps(graph)) == graph


def test_a_notebook_shows_a_graph_as_a_drawing() -> None:
    drawing = ElementTree.fromstring(two_gains()._repr_svg_())
    assert {"a", "b", "input", "output"} <= set(drawing.itertext())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("1E5", 1e5),
        ("-.5", -0.5),
        ("3", 3),
        ("1_000", 1000),
        ("true", True),
        ("False", False),
        ("null", None),
        ("yes", "yes"),
        ("on", "on"),
        ("rk4", "rk4"),
        ("1e", "1e"),
        ("010", 10),
        (".inf", float("inf")),
    ],
)
def test_plain_words_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)
    entry, _ = parse(f"x: {text}", "t")
    assert entry.plain == {"x": value}


plain = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc$.1e~-", min_size=1), inner, max_size=4),
)


@given(st.dictionaries(st.text("abcn1e", min_size=1), plain, max_size=4))
def test_what_is_written_as_yaml_reads_back_equal(data: dict[str, object]) -> None:
    entry, problems = parse(dump(data) if data else "{}", "t")
    assert entry.plain == data
    assert not problems


@given(st.text())
def test_any_text_gives_a_graph_or_an_error_for_users(text: str) -> None:
    for whole in (text, f"tapegraph: 1\nnodes: {text}", f"tapegraph: 1\nlinks: [{text} -> output]"):
        try:
            tapegraph.Graph.from_yaml(whole)
        except tapegraph.TapegraphError as error:
            assert error.problems


words = st.sampled_from(
    [
        "input",
        "output",
        "a",
        "b",
        "a.gain_db",
        "->",
        " -> ",
        "gain",
        "kind",
        "$x",
        "1",
        "-1e9",
        "true",
        "null",
        "[]",
        "{}",
    ]
)
junk = st.recursive(
    words | st.integers() | st.booleans(), lambda x: st.lists(x) | st.dictionaries(words, x, max_size=3)
)


@given(st.dictionaries(st.sampled_from(["nodes", "links", "vars", "controls", "automation", "block", "title"]), junk))
def test_any_data_under_the_keys_of_a_graph_gives_a_graph_or_an_error_for_users(data: dict[str, object]) -> None:
    good = {"tapegraph": 1, "nodes": {"a": {"kind": "gain"}}, "links": ["input -> a -> output"]}
    try:
        graph = tapegraph.Graph.from_yaml(dump({**good, **data}))
    except tapegraph.TapegraphError as error:
        assert error.problems
    else:
        assert tapegraph.Graph.from_yaml(graph.to_yaml()) == graph


@pytest.mark.parametrize("half", [np.float32(0.5), np.float64(0.5), np.array(0.5)])
def test_numbers_and_switches_of_numpy_are_taken_as_those_of_python(half: Any) -> None:
    graph = tapegraph.chain(tape={"kind": "hysteresis"}, level={"kind": "gain"})
    graph.set("tape.drive", half)
    off, on, level_db = cast(tuple[Any, Any, Any], (np.False_, np.True_, np.int64(-3)))  # as callers bring them
    graph.set("tape.makeup", off)
    graph["level"].gain_db = level_db
    found = [graph.get(target) for target in ("tape.drive", "tape.makeup", "level.gain_db")]
    assert found == [0.5, False, -3.0]
    assert [type(value) for value in found] == [float, bool, float]
    assert graph.render(np.zeros(64), 8000, tail=half).shape == (64 + 4000,)
    with pytest.raises(tapegraph.TapegraphError, match="^level.gain_db is True; it must be -"):
        graph.set("level.gain_db", on)


@pytest.mark.parametrize("target", [5, None, ("tape", "drive")])
def test_a_target_that_is_no_text_is_refused(target: Any) -> None:
    said = f"a target is {target!r}; it must be node.parameter, $variable or a control"
    with pytest.raises(tapegraph.TapegraphError) as caught:
        two_gains().set(target, 0.5)
    assert str(caught.value) == said
    with pytest.raises(tapegraph.TapegraphError) as caught:
        two_gains().get(target)
    assert str(caught.value) == said


BODY = "nodes: {a: {kind: gain}}\nlinks: [input -> a -> output]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r'title: "\ud800"', r"g:2:8: this text contains \ud800, which is not a printable character"),
        (r'title: "\e[2J"', r"g:2:8: this text contains \x1b, which is not a printable character"),
        (r'description: "\u202e"', r"g:2:14: this text contains \u202e, which is not a printable character"),
        (r'controls: {"\a": a.gain_db}', r"g:2:12: this text contains \x07, which is not a printable character"),
        (r'vars: {x: "\x9b"}', r"g:2:11: this text contains \x9b, which is not a printable character"),
        (f"{'x' * 201}: 1", "g:2:1: a key has 201 characters; it must have at most 200"),
        (f"block: {'9' * 5000}", "g:2:8: block is inf; it must be a whole number from 16 to 4096"),
        (f"block: {'y' * 99}", f"g:2:8: block is '{'y' * 76}...; it must be a whole number from 16 to 4096"),
        ("vars: {x: &x [1], y: [*x, *x]}", None),
    ],
)
def test_what_could_steer_a_terminal_or_fill_it_is_told_in_a_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph.from_yaml(f"tapegraph: 1\n{text}\n{BODY}", "g")
    first = str(caught.value).splitlines()[0]
    assert first == message or (message is None and len(caught.value.problems) == 1)
    assert str(caught.value).replace("\n", "").isprintable()


def test_text_in_python_is_printable_too_and_may_have_line_breaks() -> None:
    with pytest.raises(tapegraph.TapegraphError, match=r"^sources\[1\]: this text contains \\x1b, which is not a prin"):
        tapegraph.Graph(links=["input -> output"], sources=["a", "b\x1b"])
    graph = tapegraph.Graph(links=["input -> output"], description="two\nlines\tand a tab: ä \N{SPEAKER} 日本")
    assert tapegraph.Graph.from_yaml(graph.to_yaml()) == graph
    with pytest.raises(tapegraph.TapegraphError) as caught:
        two_gains().set("\x1b[2J" + "x" * 100, 1)
    assert str(caught.value).startswith(
        r"\x1b[2J" + "x" * 73 + "... is neither node.parameter nor a control; there are"
    )
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph(links=["input -> output"], block=10**5000)
    assert str(caught.value).startswith("block: block is a number with thousands of digits; it must be a whole number")


@pytest.mark.parametrize("text", ["root:x:0:0:root:/root", "- secret\n- list", "password: secret\nuser: me", "secret"])
def test_a_file_that_is_no_graph_is_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.load(tmp_path / "x.yaml")
    assert str(caught.value).startswith(f"{tmp_path}/x.yaml:1:1: this is not a graph; a graph ")
    assert "\n" not in str(caught.value)
