"""Files that graphs name: found beside the file that names them, wherever the program runs and the graph is saved."""

from __future__ import annotations

import multiprocessing
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

import tapegraph
from tapegraph import resources
from tapegraph.document.files import relative
from tapegraph.live.performance import stand_alone

INNER = """\
tapegraph: 1
vars: {weights: own.npz}
nodes: {tape: {kind: hysteresis, solver: stn, model: $weights}}
links: [input -> tape -> output]
controls: {Model: tape.model}
"""
OUTER = """\
tapegraph: 1
vars: {other: ../more/other.npz}
nodes:
  first: {graph: sub/inner.yaml}
  second: {graph: sub/inner.yaml, Model: mine.npz}
  third: {graph: ./sub/inner.yaml, $weights: $other}
  fourth: {kind: hysteresis, solver: stn, model: hysteresis-2x4}
links: [input -> first -> second -> third -> fourth -> output]
"""
SOUND = 0.5 * np.sin(np.arange(512) / 7.0)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of graphs that name files beside them; the current folder is another one."""
    for folder in ("project/sub", "more", "here"):
        (tmp_path / folder).mkdir(parents=True)
    weights = resources.folder("weights") / "hysteresis-2x8.npz"
    for name in ("project/mine.npz", "project/sub/own.npz", "more/other.npz"):
        shutil.copy(weights, tmp_path / name)
    (tmp_path / "project/sub/inner.yaml").write_text(INNER)
    (tmp_path / "project/outer.yaml").write_text(OUTER)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "project"


def models(graph: tapegraph.Graph, root: Path) -> list[str]:
    values = [graph.get(target) for target in ("first.Model", "second.Model", "third.Model", "fourth.model")]
    return [str(value).removeprefix(f"{root}/") for value in values]


def test_files_are_found_beside_the_graph_file_that_names_them(project: Path) -> None:
    expected = ["project/sub/own.npz", "project/mine.npz", "more/other.npz", "hysteresis-2x4"]
    for path in (project / "outer.yaml", Path("../project/outer.yaml"), Path("../project/sub/../outer.yaml")):
        assert models(tapegraph.load(path, allow=[project.parent]), project.parent) == expected


def test_a_file_of_the_current_folder_is_not_taken_for_one_beside_the_graph(project: Path) -> None:
    shutil.move(project / "mine.npz", "mine.npz")
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.load(project / "outer.yaml", allow=[project.parent])
    message = f"second.Model cannot be '{project}/mine.npz': no weights are called {project}/mine.npz; there are "
    assert str(caught.value).startswith(f"{project}/outer.yaml:5:42: {message}")


@pytest.mark.parametrize("place", ["project/saved.yaml", "project/sub/saved.yaml", "here/saved.yaml"])
def test_a_graph_saved_elsewhere_loads_again_equal(project: Path, place: str) -> None:
    graph = tapegraph.load(project / "outer.yaml", allow=[project.parent])
    graph.save(project.parent / place)
    assert tapegraph.load(project.parent / place, allow=[project.parent]) == graph
    assert str(project) not in (project.parent / place).read_text()


def test_a_graph_as_text_loads_again_equal_from_anywhere(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tapegraph.load(project / "outer.yaml", allow=[project.parent])
    text = graph.to_yaml()
    monkeypatch.chdir("/")
    assert tapegraph.Graph.from_yaml(text) == graph
    assert tapegraph.Graph.from_yaml(OUTER, folder=project) == graph
    assert tapegraph.Graph.from_yaml(graph.to_yaml(project / "sub"), folder=project / "sub") == graph


def test_a_saved_graph_and_what_it_names_can_move_together(project: Path) -> None:
    tapegraph.load(project / "outer.yaml", allow=[project.parent]).save(project / "sub" / "saved.yaml")
    shutil.move(project.parent, moved := project.parent.with_name("moved"))
    graph = tapegraph.load(moved / "project/sub/saved.yaml", allow=[moved])
    assert models(graph, moved) == ["project/sub/own.npz", "project/mine.npz", "more/other.npz", "hysteresis-2x4"]


def test_a_graph_with_its_sub_graphs_written_out_still_finds_their_weights(project: Path) -> None:
    graph = tapegraph.load(project / "outer.yaml", allow=[project.parent])
    stand_alone(graph)
    graph.save("alone.yaml")
    (project / "sub/inner.yaml").unlink()
    again = tapegraph.load(Path("alone.yaml"), allow=[project.parent])
    assert models(again, project.parent) == models(graph, project.parent)


def test_paths_given_in_python_start_in_the_current_folder_as_it_is_then(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = tapegraph.load(project / "outer.yaml", allow=[project.parent])
    monkeypatch.chdir(project / "sub")
    graph.set("fourth.model", "own.npz")
    made = tapegraph.chain(
        tape={"kind": "hysteresis", "solver": "stn", "model": "own.npz"}, in_={"graph": "inner.yaml"}
    )
    monkeypatch.chdir("/")
    assert graph.get("fourth.model") == made["tape"].model == str(project / "sub/own.npz")
    assert tapegraph.Graph.from_yaml(made.to_yaml()) == made
    np.testing.assert_array_equal(made.render(SOUND, 48_000), pickle.loads(pickle.dumps(made)).render(SOUND, 48_000))
    assert graph.copy().render(SOUND, 48_000).any()


def test_a_variable_that_holds_a_path_can_be_given_to_a_model(project: Path) -> None:
    shutil.copy(project / "mine.npz", "mine.npz")
    graph = tapegraph.Graph(
        vars={"file": "mine.npz"},
        nodes={"tape": {"kind": "hysteresis", "solver": "stn"}},
        links=["input -> tape -> output"],
    )
    graph.set("tape.model", "$file")
    graph.save("saved.yaml")
    assert graph["tape"].model == str(Path("mine.npz").absolute())
    assert "file: mine.npz" in Path("saved.yaml").read_text()
    assert tapegraph.load(Path("saved.yaml"), allow=[project.parent]) == graph


def rendered(graph: tapegraph.Graph) -> list[float]:
    import os

    os.chdir("/")
    return [float(x) for x in graph.render(SOUND, 48_000)]


def test_another_process_finds_the_files_from_any_folder(project: Path) -> None:
    graph = tapegraph.load(Path("../project/outer.yaml"), allow=[project.parent])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(rendered, [graph]) == list(graph.render(SOUND, 48_000))


@pytest.mark.parametrize(
    ("path", "folder", "written"),
    [
        ("/a/b/c/sub.yaml", "/a/b", "c/sub.yaml"),
        ("/a/sub.yaml", "/a/b", "../sub.yaml"),
        ("/a/sub.yaml", "/b/c", "/a/sub.yaml"),  # nothing but the root in common
        ("/a/hysteresis-2x4", "/a", "./hysteresis-2x4"),  # not the bundled weights
        ("/a/cassette", "/a", "./cassette"),  # not the preset
        ("/a/$x.yaml", "/a", "./$x.yaml"),  # not a variable
    ],
)
def test_a_path_is_written_so_that_it_is_read_as_that_path(path: str, folder: str, written: str) -> None:
    assert relative(path, Path(folder)) == written
