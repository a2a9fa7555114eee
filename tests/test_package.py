"""The house: what is compiled, what may import what, and that compiled and interpreted sound the same."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import tapegraph

FRAMEWORK = Path(tapegraph.__path__[0])
NODES = Path(importlib.import_module("tapegraph_nodes").__path__[0])
SOUND = [
    *(FRAMEWORK / "node" / "base.py", *FRAMEWORK.glob("engine/*.py")),
    *(path for path in NODES.rglob("*.py") if path.parent.name != "_rivals"),  # what the bench compares nodes with
]


def module_name(path: Path) -> str:
    root = FRAMEWORK.parent if path.is_relative_to(FRAMEWORK) else NODES.parent
    return ".".join(path.relative_to(root).with_suffix("").parts)


def imports(path: Path) -> set[str]:
    """Modules of ours that a file imports when it is imported itself."""
    found = set()
    for statement in ast.parse(path.read_text("utf-8")).body:
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            found |= {statement.module, *(f"{statement.module}.{alias.name}" for alias in statement.names)}
    return {name for name in found if name.startswith("tapegraph")}


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
def test_nodes_know_of_the_framework_only_what_a_node_is(path: Path) -> None:
    assert {name for name in imports(path) if name.startswith("tapegraph.")} <= {
        "tapegraph.node",
        *(f"tapegraph.node.{name}" for name in importlib.import_module("tapegraph.node").__all__),
    }


@pytest.mark.parametrize("path", list(FRAMEWORK.rglob("*.py")), ids=module_name)
def test_the_framework_knows_no_node(path: Path) -> None:
    assert not {name for name in imports(path) if name.startswith("tapegraph_nodes")}


def test_importing_tapegraph_brings_in_nothing_heavy() -> None:
    code = "import sys, tapegraph; print(*{'soundfile', 'sounddevice', 'click', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_no_module_is_longer_than_500_lines() -> None:
    for path in [*FRAMEWORK.rglob("*.py"), *NODES.rglob("*.py"), *Path(__file__).parent.rglob("*.py")]:
        assert len(path.read_text("utf-8").splitlines()) <= 500, path
