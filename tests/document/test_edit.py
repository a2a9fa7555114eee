"""Saving a graph that was read from a file: comments and layout stay, and only what was changed is written anew."""

from __future__ import annotations

import pickle
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import tapegraph
from tapegraph import resources
from tapegraph.document.targets import targets
from tapegraph.live.performance import stand_alone

ODD = """\
# my machine
tapegraph: 1   # version

title: 'Odd'
vars: {level_db: 3.0,   # loud
       x: 1e-5}
nodes:
    a:   {kind: gain,gain_db: $level_db}     # four columns
    # below: two lines
    b: { kind: gain,
         gain_db: -3.50 }   # after two lines
    tape:
        kind: hysteresis   # block style
        drive: 0.50

        # a remark at the end
    echo: {kind: gain, "gain_db": +1, oversample: 1}
links: [ input -> a   ->   b -> tape->echo -> output ]
controls:
    Level:   b.gain_db   # the first
    'Drive': "tape.drive"
automation: {b.gain_db: [[0, 0], [1.0, -6]]}
# the end
"""
Change = Callable[[tapegraph.Graph], object]


def saved(text: str, change: Change, folder: Path) -> str:
    path = folder / "graph.yaml"
    path.write_bytes(text.encode())
    graph = tapegraph.load(path)
    change(graph)
    graph.save(path)
    assert tapegraph.load(path) == graph
    return path.read_bytes().decode()


@pytest.mark.parametrize("path", resources.presets().values(), ids=lambda path: path.stem)
def test_presets_are_saved_as_they_are_byte_for_byte(path: Path, tmp_path: Path) -> None:
    beside = shutil.copytree(path.parent, tmp_path / "presets")  # with the files that it names
    tapegraph.load(beside / path.name).save(beside / "saved.yaml")
    assert (beside / "saved.yaml").read_bytes() == path.read_bytes()


def test_a_file_that_has_only_the_root_in_common_with_a_saved_graph_is_named_from_there(tmp_path: Path) -> None:
    """Presets are not below the folder for temporary files, so the path is an absolute one."""
    tapegraph.load("traced_speed").save(tmp_path / "saved.yaml")
    table = resources.presets()["traced_speed"].with_name("belt_drive.csv").resolve()
    named = tapegraph.load(tmp_path / "saved.yaml", allow=[table])["trace"].file
    assert Path(str(named)) == table


@pytest.mark.parametrize("text", [ODD, ODD.replace("\n", "\r\n"), "\ufeff" + ODD, ODD.rstrip("\n")])
def test_an_unchanged_file_is_saved_as_it_is(text: str, tmp_path: Path) -> None:
    assert saved(text, lambda graph: graph.set("a.gain_db", "$level_db"), tmp_path) == text


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (lambda g: g.set("b.gain_db" if not g.automation else "echo.gain_db", 2), '"gain_db": +1', '"gain_db": 2'),
        (lambda g: g.set("a.gain_db", -1.5), "gain_db: $level_db}", "gain_db: -1.5}"),
        (lambda g: g.set("$level_db", 4), "level_db: 3.0", "level_db: 4"),
        (lambda g: g.set("Drive", 0.75), "drive: 0.50", "drive: 0.75"),
        (lambda g: setattr(g, "title", "Odd: two"), "'Odd'", "'Odd: two'"),
        (lambda g: setattr(g, "title", "a\nb"), "'Odd'", '"a\\nb"'),
        # added keys follow those before them, in the style of what surrounds them
        (lambda g: g.set("tape.bias", 0.25), "drive: 0.50\n", "drive: 0.50\n        bias: 0.25\n"),
        (lambda g: setattr(g, "seed", 7), "title: 'Odd'\n", "title: 'Odd'\nseed: 7\n"),
        (lambda g: g.vars.update(y="a, b"), "x: 1e-5}", "x: 1e-5, y: 'a, b'}"),
        (lambda g: g.controls.update(Bias="tape.bias"), '"tape.drive"\n', '"tape.drive"\n    Bias: tape.bias\n'),
        (lambda g: g.automation.update({"tape.drive": [(0, 0)]}), "-6]]}", "-6]], tape.drive: [[0, 0]]}"),
        (lambda g: setattr(g.nodes["echo"], "oversample", 2), "oversample: 1}", "oversample: 2}"),
        (lambda g: setattr(g.nodes["a"], "oversample", 2), "$level_db}", "$level_db, oversample: 2}"),
        (lambda g: g.automation.update({"b.gain_db": [(0, 0), (2, -6)]}), "[1.0, -6]", "[2, -6]"),
        # keys that are gone
        (lambda g: g.vars.pop("x"), ",   # loud\n       x: 1e-5}", "}"),
        (lambda g: g.automation.clear(), "automation: {b.gain_db: [[0, 0], [1.0, -6]]}\n", ""),
        (lambda g: g.controls.pop("Level"), "    Level:   b.gain_db   # the first\n", ""),
    ],
)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_a_change_changes_its_own_characters_only(
    change: Change, before: str, after: str, line_break: str, tmp_path: Path
) -> None:
    assert ODD.count(before) == 1
    expected = ODD.replace(before, after).replace("\n", line_break)
    assert saved(ODD.replace("\n", line_break), change, tmp_path) == expected


SHOWCASE = [name for name in resources.presets() if "showcase" in tapegraph.load(name).tags]


@pytest.mark.parametrize("name", SHOWCASE)
def test_anything_that_can_be_set_changes_one_line_of_a_preset_or_adds_one(name: str, tmp_path: Path) -> None:
    draw = random.Random(name)
    loaded = tapegraph.load(name)
    lines = resources.presets()[name].read_text("utf-8").splitlines()
    tried = 0
    for target in targets(loaded):
        value = loaded.get(target)
        if not isinstance(value, float) or target.endswith("oversample"):
            continue
        graph = loaded.copy()
        try:
            graph.set(target, value * draw.uniform(0.5, 0.9) + 0.001)
        except tapegraph.TapegraphError:  # whole numbers, and the ends of ranges
            continue
        graph.save(tmp_path / "x.yaml")
        assert tapegraph.load(tmp_path / "x.yaml") == graph
        now = (tmp_path / "x.yaml").read_text("utf-8").splitlines()
        changed = [line for line in now if line not in lines]
        assert len(changed) == 1, (target, changed)
        assert len(now) - len(lines) in (0, 1)
        tried += 1
    assert tried > 5


def test_a_file_saved_elsewhere_keeps_its_comments_and_names_other_files_from_there(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "inner.yaml").write_text("tapegraph: 1\nlinks: [input -> output]\n")
    text = "tapegraph: 1 # one\nnodes:\n  x: {graph: ./inner.yaml} # inner\nlinks: [input -> x -> output]\n"
    (tmp_path / "outer.yaml").write_text(text)
    graph = tapegraph.load(tmp_path / "outer.yaml")
    graph.save(tmp_path / "again.yaml")
    assert (tmp_path / "again.yaml").read_text() == text
    pickle.loads(pickle.dumps(graph.copy())).save(tmp_path / "sub" / "saved.yaml")
    assert (tmp_path / "sub/saved.yaml").read_text() == text.replace("./inner.yaml", "../inner.yaml")
    stand_alone(graph)
    graph.save(tmp_path / "alone.yaml")
    expected = "  x:\n    graph:\n      tapegraph: 1\n      links:\n        - input -> output # inner\n"
    assert (tmp_path / "alone.yaml").read_text() == text.replace("  x: {graph: ./inner.yaml} # inner\n", expected)
    assert tapegraph.load(tmp_path / "alone.yaml") == graph


def test_a_graph_that_was_made_in_python_or_changed_beyond_recognition_is_written_as_text(tmp_path: Path) -> None:
    made = tapegraph.chain(gain={"gain_db": 3})
    made.save(tmp_path / "made.yaml")
    assert (tmp_path / "made.yaml").read_text() == made.to_yaml()
    read = tapegraph.Graph.from_yaml(
        "tapegraph: 1\nnodes: {a: {kind: gain}, b: {kind: gain}}\nlinks: [input -> output]\n"
    )
    read.nodes.clear()
    read.nodes.update(made.nodes)
    read.links = made.links
    read.save(tmp_path / "read.yaml")
    assert tapegraph.load(tmp_path / "read.yaml") == made
