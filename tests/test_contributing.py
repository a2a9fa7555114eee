"""The nodes that CONTRIBUTING.md shows run as they are written there, interpreted and compiled."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from harness import run

import tapegraph
from tapegraph.node import Node
from tapegraph.node.node_files import classes, load_file
from tapegraph.testing import DoesNotApply, Law, laws

PAGE = Path(__file__).parent.parent / ".github" / "CONTRIBUTING.md"
NODES = re.findall(r"^```python\n# (\w+)\.py\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
FS = 48_000.0
RENDER = """
import sys, numpy as np, tapegraph
from tapegraph.node.registry import find
from tapegraph.node import base
sound = np.sin(np.arange(2000) ** 1.5 / 50)
out = tapegraph.chain(slew_limiter={"slew_per_s": 3000}).render(sound, 48_000)
print(base.__file__, sys.modules[find("slew_limiter").__module__].__file__, out.tobytes().hex())
"""


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, type[Node]]:
    folder = tmp_path_factory.mktemp("nodes")
    found = {}
    for name, text in NODES:
        (folder / f"{name}.py").write_text(text, "utf-8")
        (found[name],) = classes(load_file(folder / f"{name}.py"))
    return found


def test_the_page_shows_one_node_of_each_kind() -> None:
    assert [name for name, _ in NODES] == ["quantizer", "slew_limiter"]


@pytest.mark.parametrize("law", laws(), ids=str)
@pytest.mark.parametrize("name", [name for name, _ in NODES])
def test_the_nodes_of_the_page_keep_the_laws(name: str, law: Law, nodes: dict[str, type[Node]]) -> None:
    try:
        law(nodes[name])
    except DoesNotApply as reason:
        pytest.skip(str(reason))


def test_the_quantizer_rounds_to_steps_of_its_word_length(nodes: dict[str, type[Node]]) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, 1000)
    y = run(nodes["quantizer"], x, FS, bits=4.0)
    assert np.unique(y * 8 % 1).tolist() == [0]  # 4 bits: 16 steps from -1 to 1, 1/8 each
    assert 0.9 / 16 < np.max(np.abs(y - x)) <= 1 / 16


def test_a_step_takes_the_time_that_the_slew_rate_allows(nodes: dict[str, type[Node]]) -> None:
    y = run(nodes["slew_limiter"], np.full(200, 0.5), FS, slew_per_s=1000.0)
    reached = int(np.argmax(y > 0.5 - 1e-9)) + 1
    assert reached == 24  # 0.5 / 1000 s at 48 kHz
    np.testing.assert_allclose(np.diff(y[:24]), 1000 / FS, rtol=1e-9)


def test_the_compiled_node_sounds_as_it_does_interpreted(tmp_path: Path) -> None:
    """A checkout with this node alone is compiled by the command that the page names."""
    build = Path(tapegraph.__path__[0], "_build.py")
    if os.environ.get("TAPEGRAPH_PURE") or not build.exists() or importlib.util.find_spec("mypyc") is None:
        pytest.skip("it takes a checkout, mypyc and a C compiler")
    levels = tmp_path / "nodes" / "tapegraph_nodes" / "levels"
    levels.mkdir(parents=True)
    for folder in (levels.parent, levels):
        (folder / "__init__.py").touch()
    (levels / "slew_limiter.py").write_text(dict(NODES)["slew_limiter"], "utf-8")
    shutil.copytree(build.parent, tmp_path / "tapegraph", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    settings = (build.parent.parent / "pyproject.toml").read_text("utf-8")
    (tmp_path / "pyproject.toml").write_text(settings.replace('"tapegraph/engine", ', ""), "utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{tmp_path / 'nodes'}"}

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    interpreted = python("-c", RENDER).split()
    python(str(tmp_path / "tapegraph" / "_build.py"))
    compiled = python("-c", RENDER).split()
    assert all(file.startswith(str(tmp_path)) for file in [*interpreted[:2], *compiled[:2]])
    assert [Path(file).suffix == ".py" for file in [*interpreted[:2], *compiled[:2]]] == [True, True, False, False]
    assert compiled[2] == interpreted[2]
