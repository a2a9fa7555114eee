"""Which files a graph file may name: below its own folder, what comes with tapegraph, and what the user allows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import tapegraph
from tapegraph import resources
from tapegraph.commands.check import command as check
from tapegraph.errors import TapegraphError

GRAPH = "tapegraph: 1\nnodes: {{n: {node}}}\nlinks: [input -> n -> output]\n"
INNER = GRAPH.format(node="{kind: gain}")
OUTSIDE = "is outside the folder of the graph; --allow PATH (in Python, allow=[path]) lets the graph use it"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with graphs and weights in it, beside one with others."""
    for folder in ("mine/sub", "theirs"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "inner.yaml").write_text(INNER)
        shutil.copy(resources.folder("weights") / "hysteresis-2x8.npz", tmp_path / folder / "w.npz")
    return tmp_path


def written(place: Path, node: str) -> Path:
    path = place / "mine" / "outer.yaml"
    path.write_text(GRAPH.format(node=node))
    return path


INSIDE = [
    "{graph: sub/inner.yaml}",
    "{graph: tc260}",
    "{kind: hysteresis, model: sub/w.npz}",
    "{graph: sub/../sub/inner.yaml}",
]
BEYOND = [
    "{{graph: {}/theirs/inner.yaml}}",
    "{{graph: ../theirs/inner.yaml}}",
    "{{graph: sub/../../theirs/inner.yaml}}",
    "{{graph: link.yaml}}",
    "{{graph: linked/inner.yaml}}",
    "{{kind: hysteresis, model: {}/theirs/w.npz}}",
    "{{kind: hysteresis, model: ../theirs/w.npz}}",
    "{{kind: hysteresis, model: linked/w.npz}}",
    "{{graph: tc260, tape.model: ../theirs/w.npz}}",
]


@pytest.mark.parametrize("node", INSIDE)
def test_a_graph_may_name_files_below_its_folder_and_those_that_come_with_tapegraph(node: str, place: Path) -> None:
    assert tapegraph.load(written(place, node))


@pytest.mark.parametrize("node", BEYOND)
def test_a_graph_may_name_no_others_unless_they_are_allowed(node: str, place: Path) -> None:
    (place / "mine/linked").symlink_to(place / "theirs")
    (place / "mine/link.yaml").symlink_to(place / "theirs/inner.yaml")
    path = written(place, node.format(place))
    with pytest.raises(TapegraphError) as error:
        tapegraph.load(path)
    (problem,) = error.value.problems
    assert problem.message.endswith(OUTSIDE)
    assert problem.where.startswith(f"{path}:2:")
    assert tapegraph.load(path, allow=[place / "theirs"])
    assert CliRunner().invoke(check, [str(path)]).exit_code == 1
    assert CliRunner().invoke(check, [str(path), "--allow", str(place / "theirs")]).exit_code == 0


def test_a_sub_graph_may_name_files_of_the_outermost_folder_but_not_beyond(place: Path) -> None:
    path = written(place, "{graph: sub/middle.yaml}")
    (place / "mine/inner.yaml").write_text(INNER)
    (place / "mine/sub/middle.yaml").write_text(GRAPH.format(node="{graph: ../inner.yaml}"))
    assert tapegraph.load(path)
    (place / "mine/sub/middle.yaml").write_text(GRAPH.format(node="{graph: ../../theirs/inner.yaml}"))
    with pytest.raises(TapegraphError, match="outside the folder"):
        tapegraph.load(path)


def test_the_text_of_a_file_outside_is_in_no_message(place: Path) -> None:
    (place / "theirs/inner.yaml").write_text("secret: [")
    with pytest.raises(TapegraphError) as error:
        tapegraph.load(written(place, "{graph: ../theirs/inner.yaml}"))
    assert "secret" not in str(error.value)


def test_the_outermost_file_may_be_a_link_and_python_may_name_any_file(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "here.yaml").symlink_to(place / "mine/sub/inner.yaml")
    assert tapegraph.load(place / "here.yaml")
    monkeypatch.chdir(place / "mine")
    nodes = {"n": {"graph": str(place / "theirs/inner.yaml")}}
    assert tapegraph.Graph(nodes=nodes, links=["input -> n -> output"])
    with pytest.raises(TapegraphError, match="outside the folder"):
        tapegraph.Graph.from_yaml(GRAPH.format(node="{graph: ../theirs/inner.yaml}"), folder=".", allow=[])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files on this system")
@pytest.mark.parametrize("name", ["pipe.yaml", "zero.yaml", "folder.yaml"])
def test_only_regular_files_are_read(name: str, place: Path) -> None:
    os.mkfifo(place / "mine/pipe.yaml")
    (place / "mine/zero.yaml").symlink_to("/dev/zero")
    (place / "mine/folder.yaml").mkdir()
    for source, allow in ((place / "mine" / name, []), (written(place, f"{{graph: {name}}}"), ["/dev"])):
        with pytest.raises(TapegraphError, match="cannot be read: (it is not a regular file|Is a directory)$"):
            tapegraph.load(source, allow=allow)


@pytest.mark.parametrize("name", ["x" * 300 + ".yaml", "'a\\0.yaml'", '"a\\0.yaml"', '"\\ud800.yaml"'])
def test_a_name_that_no_file_can_have_is_refused_in_a_line(name: str, place: Path) -> None:
    with pytest.raises(TapegraphError) as error:
        tapegraph.load(written(place, f"{{graph: {name}}}"))
    assert "\n" not in str(error.value)


def test_each_file_is_read_once_and_its_mistakes_are_listed_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tapegraph.document import load

    reads: list[str] = []

    def counted(path: Path) -> str:
        reads.append(path.name)
        return path.read_text("utf-8")

    monkeypatch.setattr(load, "read_text", counted)
    path = place / "mine/outer.yaml"
    names = [f"n{k}" for k in range(5)]
    nodes = ", ".join(f"{name}: {{graph: inner.yaml}}" for name in names)
    path.write_text(f"tapegraph: 1\nnodes: {{{nodes}}}\nlinks: [input -> {' -> '.join(names)} -> output]\n")
    (place / "mine/inner.yaml").write_text(INNER)
    assert len(tapegraph.load(path).flat().nodes) == 5
    assert reads == ["outer.yaml", "inner.yaml"]
    (place / "mine/inner.yaml").write_text(INNER.replace("gain", "gian"))
    with pytest.raises(TapegraphError) as error:
        tapegraph.load(path)
    _, *rest = error.value.problems
    assert {str(problem.message) for problem in rest} == {"inner.yaml has mistakes, which are listed already"}
