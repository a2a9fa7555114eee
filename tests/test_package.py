"""The house: what is compiled, what may import what, and that compiled and interpreted sound the same."""

from __future__ import annotations

import ast
import graphlib
import importlib
import os
import re
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np
import pytest
import soundfile

import tapegraph

FRAMEWORK = Path(tapegraph.__path__[0])
NODES = Path(importlib.import_module("tapegraph_nodes").__path__[0])
SOUND = [
    *(FRAMEWORK / "node" / "base.py", *FRAMEWORK.glob("engine/*.py")),
    *(path for path in NODES.rglob("*.py") if path.parent.name != "_rivals"),  # what the bench compares nodes with
]


MODULES = [*FRAMEWORK.rglob("*.py"), *NODES.rglob("*.py")]
PAGE = (FRAMEWORK / "docs" / "rooms.md").read_text("utf-8")


def module_name(path: Path) -> str:
    root = FRAMEWORK.parent if path.is_relative_to(FRAMEWORK) else NODES.parent
    return ".".join(path.relative_to(root).with_suffix("").parts)


def imports(path: Path) -> set[str]:
    """Modules of ours, and names in them, that a file imports, inside functions and for type checking too."""
    found = set()
    for statement in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            assert statement.module and not statement.level, f"{path}: relative import"
            found |= {f"{statement.module}.{alias.name}" for alias in statement.names}
    return {name for name in found if name.partition(".")[0] in ("tapegraph", "tapegraph_nodes")}


NAMES = {module_name(path).removesuffix(".__init__"): path for path in MODULES}


def imported_modules(path: Path) -> set[str]:
    """Modules of ours that a file imports."""
    return {name if name in NAMES else name.rpartition(".")[0] for name in imports(path)}


def room(module: str) -> str:
    """The room of a module: its folder in the nodes, the first folder in the framework, or itself at the top."""
    package, *folders = module.split(".")
    if NAMES[module].name != "__init__.py":
        folders = folders[:-1] or folders
    if package == "tapegraph_nodes":
        return folders[-1] if folders else package
    return folders[0] if folders else "__init__"


ROWS = re.findall(r"^\| `([\w/.]+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
ALLOWED = {row[0].rpartition("/")[2].removesuffix(".py"): re.findall(r"`(\w+)`", row[2]) for row in ROWS}
IN_ROOMS = sorted(NAMES.keys() - {"tapegraph._build", "tapegraph_nodes"})


def test_every_room_has_one_row_and_every_row_is_a_room() -> None:
    assert len(ROWS) == len(ALLOWED)
    assert set(ALLOWED) == {room(module) for module in IN_ROOMS}


def test_a_room_may_import_only_rooms_above_it_in_the_table() -> None:
    above: list[str] = []
    for name, allowed in ALLOWED.items():
        assert set(allowed) <= set(above), name
        above.append(name)


@pytest.mark.parametrize("module", IN_ROOMS)
def test_a_module_imports_only_what_the_row_of_its_room_allows(module: str) -> None:
    used = {room(other) for other in imported_modules(NAMES[module])} - {room(module)}
    assert used <= set(ALLOWED[room(module)])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_room_says_what_it_is_for_as_the_page_does(row: tuple[str, str, str]) -> None:
    place = next(root / row[0] for root in (FRAMEWORK, NODES) if (root / row[0]).exists())
    source = place if place.suffix else place / "__init__.py"
    docstring = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    assert docstring.partition("\n")[0] == row[1]


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: imported_modules(path) - {name} for name, path in NAMES.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("path", [p for p in SOUND if p.name != "__init__.py"], ids=module_name)
def test_every_module_that_touches_sound_is_compiled(path: Path) -> None:
    if os.environ.get("TAPEGRAPH_PURE"):
        pytest.skip("TAPEGRAPH_PURE is set: this run tests the interpreted package")
    file = importlib.import_module(module_name(path)).__file__
    assert file is not None
    assert file.endswith(tuple(EXTENSION_SUFFIXES))


def test_the_version_says_whether_the_package_is_compiled() -> None:
    assert bool(os.environ.get("TAPEGRAPH_PURE")) != tapegraph.COMPILED


@pytest.mark.parametrize("path", list(NODES.rglob("*.py")), ids=module_name)
def test_nodes_use_of_the_framework_only_what_a_node_is_given(path: Path) -> None:
    offered = {f"tapegraph.node.{name}" for name in importlib.import_module("tapegraph.node").__all__}
    assert {name for name in imports(path) if name.startswith("tapegraph.")} <= offered


def test_importing_tapegraph_brings_in_nothing_heavy() -> None:
    code = "import sys, tapegraph; print(*{'soundfile', 'sounddevice', 'click', 'scipy', 'mutagen'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_rendering_a_file_brings_in_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.zeros(100), 48_000)
    unused = {"multiprocessing", "scipy", "mutagen", "tapegraph.live", "tapegraph.files.mpeg", "tapegraph.files.level"}
    code = f"""
import sys
from tapegraph.__main__ import main
status = main(["render", "in.wav", "out.wav", "--preset", "tc260", "--quiet"])
print(status, *{unused!r} & set(sys.modules))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "0"


def test_a_program_that_imports_tapegraph_keeps_its_garbage_collector_and_its_threads(tmp_path: Path) -> None:
    """Those of the program tapegraph itself are set for a quick start, which `python -m` must not take it for."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text("import tapegraph")
    (tmp_path / "mine" / "__main__.py").write_text(
        "import gc, os; print(gc.isenabled(), 'OPENBLAS_NUM_THREADS' in os.environ)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    for how in (["-m", "mine"], ["-c", "import mine, runpy; runpy.run_module('mine.__main__')"]):
        done = subprocess.run(
            [sys.executable, *how], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
        )
        assert done.stdout.strip() == "True False"


def test_no_module_is_longer_than_500_lines() -> None:
    for path in [*FRAMEWORK.rglob("*.py"), *NODES.rglob("*.py"), *Path(__file__).parent.rglob("*.py")]:
        assert len(path.read_text("utf-8").splitlines()) <= 500, path
