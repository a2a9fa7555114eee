"""Where kinds come from: installed packages, files and folders; and what is refused."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tapegraph
from tapegraph.node import registry

HALF = '''
"""Two nodes of somebody's own."""
import numpy as np
from tapegraph import Node, Param, Signal

class Half(Node):
    """Half as loud: y = x / 2."""
    KIND = "half"
    PARAMS = (Param("part", 0.5, 0.0, 1.0, meaning="how much is left"),)
    def process(self, x, y):
        y[0].put(x[0].array * self.part)

class Inverted(Node):
    KIND = "inverted"
    def process(self, x, y):
        y[0].put(-x[0].array)
'''


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})


def package(folder: Path, name: str, entry: str, **files: str) -> None:
    """Write an installed distribution: its modules and its entry in the group."""
    for path, text in files.items():
        file = folder / f"{path.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[tapegraph.nodes]\nx = {entry}\n")


def test_a_file_of_nodes_in_numpy_needs_no_compiler_and_is_a_full_citizen(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HALF)
    assert registry.add_path(tmp_path / "mine.py") == ["half", "inverted"]
    assert {"half", "inverted", "gain"} <= set(registry.kinds())
    graph = tapegraph.chain(half={"part": 0.25}, inverted={}, gain={"gain_db": 20})
    np.testing.assert_allclose(graph.render(np.ones(500), 48_000), -2.5)
    assert registry.source(registry.find("half")).summary == "Half as loud: y = x / 2."
    assert registry.source(registry.find("inverted")).summary == "Two nodes of somebody's own."
    assert registry.add_path(tmp_path) == ["half", "inverted"]  # the same file again is no conflict


def test_an_installed_package_brings_its_modules_as_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package(tmp_path, "strange", "strange_nodes", strange_nodes____init__="", strange_nodes__half=HALF)
    assert "half" in registry.kinds()
    assert "strange_nodes.half" not in sys.modules  # nothing is imported before it is wanted
    assert registry.origin("half") == "strange 1.2"
    assert tapegraph.chain(half={}).render(np.ones(1), 48_000)[0] == 0.5


def test_a_broken_package_is_a_warning_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package(tmp_path, "broken", "broken_nodes", broken_nodes="import nothing_of_that_name")
    assert "gain" in registry.kinds()
    assert registry.warnings() == [
        "broken 1.2 is left out: ModuleNotFoundError: No module named 'nothing_of_that_name'"
    ]


def test_two_packages_with_one_kind_are_told_apart_by_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package(tmp_path, "other", "other_nodes", other_nodes=HALF.replace('"half"', '"gain"'))
    own = importlib.metadata.version("tapegraph")
    with pytest.raises(tapegraph.TapegraphError) as caught:
        registry.find("gain")
    assert str(caught.value) == f"the kind gain comes from tapegraph {own} and from other 1.2; remove one"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_there", "{file}:1: ModuleNotFoundError: No module named 'nothing_there'"),
        ("x = (", "{file}:1: SyntaxError: '(' was never closed"),
        ("x = 1", "{file}: there is no node in it; a node is a class made from tapegraph.Node with a KIND"),
        (
            HALF.replace('Param("part", 0.5', 'Param("part", 5'),
            "{file}: the default of half.part is 5; it must be 0 to 1",
        ),
        (
            HALF.replace('"half"', '"my half"'),
            "{file}: KIND is 'my half'; names consist of letters, digits, _ and -, and begin with a letter or _",
        ),
        (HALF.replace('"part"', '"kind"'), "{file}: half has a parameter kind, a name that is taken"),
    ],
)
def test_what_is_wrong_with_a_file_of_nodes_is_said_in_a_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        registry.add_path(file)
    assert str(caught.value) == message.format(file=file)


def test_a_path_that_is_not_there_or_not_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tapegraph.TapegraphError, match="there is no such file or folder of nodes"):
        registry.add_path(tmp_path / "mine.py")
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(tapegraph.TapegraphError, match="must be Python and end in .py"):
        registry.add_path(tmp_path / "mine.txt")


def test_an_unknown_kind_is_told_with_the_nearest_name() -> None:
    with pytest.raises(tapegraph.TapegraphError, match=r"^no node kind is called gian; did you mean gain\?$"):
        registry.find("gian")


def test_a_node_compiled_in_another_build_is_refused_before_it_can_do_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not tapegraph.COMPILED:
        pytest.skip("an interpreted package has no method tables to get wrong")
    pytest.importorskip("mypyc.build", reason="needs mypyc to compile a package")
    folder = tmp_path / "strange_compiled"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "alien.py").write_text(
        "from typing import ClassVar\nfrom tapegraph.node import Node\n\n"
        "class Alien(Node):\n    KIND: ClassVar[str] = 'alien'\n"
    )
    built = subprocess.run(
        [sys.executable, "-m", "mypyc", "--ignore-missing-imports", "strange_compiled/alien.py"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "MYPYC_OPT_LEVEL": "0"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    monkeypatch.syspath_prepend(tmp_path)
    package(tmp_path, "alien", "strange_compiled")
    with pytest.raises(tapegraph.TapegraphError) as caught:
        registry.find("alien")
    assert str(caught.value).startswith("alien 1.2: alien was compiled apart from tapegraph, which cannot work")
