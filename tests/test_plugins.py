"""The test kit as packages and people use it: a package that `tapegraph new-plugin` writes, and `tapegraph test`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tapegraph
from tapegraph.__main__ import main
from tapegraph.errors import TapegraphError
from tapegraph.node import Node, registry
from tapegraph.testing import laws
from tapegraph.testing.law import exceptions

LEAKY = '''"""Leaky: hands the sound on, less the more often it is called.

    y[n] = c x[n]

Source: none, a mistake.
"""
from tapegraph import Node, Param

class Leaky(Node):
    KIND = "leaky"
    def prepare(self): self.c = 1.0
    def process(self, x, y):
        y[0].put(self.c * x[0].array)
        self.c *= 0.9
'''


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})


@pytest.mark.parametrize("compiled", [False, True])
def test_a_new_package_installs_and_keeps_every_law(tmp_path: Path, compiled: bool) -> None:
    if compiled and not tapegraph.COMPILED:
        pytest.skip("this run tests the interpreted package")
    folder, site = tmp_path / "effects", tmp_path / "site"
    assert main(["new-plugin", "acme-effects", str(folder)]) == 0
    environment = {**os.environ, "PYTHONPATH": str(site), "ACME_EFFECTS_COMPILE": str(int(compiled))}

    def python(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    python("-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(site), str(folder))
    summary = python("-P", "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(folder), str(folder / "tests"))
    assert summary.splitlines()[-1].startswith(f"{2 * len(laws()) + 2} passed")
    kernels = python("-c", "from acme_effects import _kernels; print(_kernels.__file__)").strip()
    assert kernels.endswith(".py") != compiled
    listed = [line for line in python("-m", "tapegraph", "nodes").splitlines() if line.startswith("acme_effects_")]
    assert [line.split(maxsplit=1)[1] for line in listed] == [
        "Lowpass: one pole, 6 dB per octave, as a resistor and a capacitor.",
        "Soft clip: limits the signal to full scale without an edge.",
    ]


def test_a_new_package_writes_over_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "setup.py").write_text("mine")
    assert main(["new-plugin", "acme", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path}/setup.py: exists already; choose another folder\n"
    assert [file.name for file in tmp_path.iterdir()] == ["setup.py"]
    assert (tmp_path / "setup.py").read_text() == "mine"
    assert main(["new-plugin", "My Nodes", str(tmp_path)]) == 2
    said = "My Nodes cannot be the name of a package; it must be lowercase words joined by - or _\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("name", ["class", "tapegraph", "numpy", "signal"])
def test_a_package_cannot_have_a_name_that_is_taken(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-plugin", name, str(tmp_path / "it")]) == 2
    assert capsys.readouterr().err == f"{name} is the name of something else in Python; choose another\n"
    assert not (tmp_path / "it").exists()


def test_a_line_for_each_law_tells_whether_a_node_keeps_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "leaky.py").write_text(LEAKY)
    assert main(["test", str(tmp_path / "leaky.py")]) == 1
    out, err = capsys.readouterr()
    head, *lines = out.splitlines()
    assert head == f"leaky, {tmp_path}/leaky.py"
    assert len(lines) == len(laws())
    # 0.9^94, after 94 blocks of 64 frames
    assert "  FAIL  reset is as good as new: after a reset the output is not that of a new node: off by " in out
    assert "  skip  independent channels sound alone as they do beside others: its channels are coupled" in lines
    assert "  pass  silence gives silence" in lines
    failed = sum(line.startswith("  FAIL") for line in lines)
    assert err == f"{failed} laws are broken\n"


def test_a_built_in_kind_keeps_every_law(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "gain"]) == 0
    assert capsys.readouterr().out.count("  pass  ") == len(laws())
    assert main(["test", "gian"]) == 2
    assert capsys.readouterr().err == "no node kind or file is called gian; did you mean gain?\n"


def test_what_raises_fails_with_its_line_and_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "leaky.py"
    file.write_text(LEAKY.replace("self.c *= 0.9", "1 / 0"))
    assert main(["test", str(file)]) == 1
    line = LEAKY.splitlines().index("        self.c *= 0.9") + 1
    found = f"{file}:{line}: leaky raised ZeroDivisionError: division by zero"
    assert f"  FAIL  reset is as good as new: {found}\n" in capsys.readouterr().out


def test_an_exception_that_no_law_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leaky.py").write_text(LEAKY + "LAW_EXCEPTIONS = {'roundin': 1e-3}\n")
    registry.add_nodes(tmp_path / "leaky.py")
    with pytest.raises(TapegraphError) as caught:
        exceptions("leaky")
    assert str(caught.value) == "LAW_EXCEPTIONS of leaky has roundin; did you mean rounding?"


def test_laws_need_no_pytest() -> None:
    program = (
        "import sys; sys.modules['pytest'] = None; from tapegraph.testing import laws; [law('gain') for law in laws()]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_law_takes_a_class_that_no_registry_knows() -> None:
    class Through(Node):
        KIND = "through"

        def process(self, x: list[tapegraph.Signal], y: list[tapegraph.Signal]) -> None:
            y[0].put(x[0].array)

    for law in laws():
        if law.name.startswith(("reset", "the latency", "the output ends")):
            law(Through)
