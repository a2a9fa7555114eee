"""tapegraph bench: that the rival does the same work, and that figures are written and compared. Nothing is timed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from harness import esr_db, run

from tapegraph import bench
from tapegraph.commands.bench import command
from tapegraph.registry import find


@pytest.mark.parametrize("solver", bench.RIVALS)
def test_the_rival_in_c_computes_what_the_node_does(solver: str, tmp_path: Path) -> None:
    try:
        rival = bench.Rival(str(tmp_path))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no C compiler")
    x = bench.music(2)[:, :4096]
    M, _ = rival.play(x, solver)
    ours = run(find("hysteresis"), x, bench.RATE, solver=solver, makeup=False, **bench.SETTING)
    assert esr_db(ours, M) < -150


def test_figures_are_written_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = [bench.figure("gain", "ns", [4.0, 2.0, 3.0], [8.0, 8.0, 8.0])]
    monkeypatch.setitem(bench.SECTIONS, "nodes", lambda: iter(figures))
    file = tmp_path / "before.json"
    first = CliRunner().invoke(command, ["--only", "nodes", "--json", str(file)])
    assert first.output.splitlines()[-1] == "| gain | 2 | ns | 0.38 |  |"
    assert json.loads(file.read_text())["gain"]["median"] == 3.0
    figures[0] = bench.figure("gain", "ns", [1.0])
    then = CliRunner().invoke(command, ["--only", "nodes", "--compare", str(file)])
    assert then.output.splitlines()[-1] == "| gain | 1 | ns |  | 0.50 |"


def test_a_section_that_there_is_not_is_named_with_the_nearest() -> None:
    result = CliRunner().invoke(command, ["--only", "solver"])
    assert str(result.exception) == "no section is called solver; did you mean solvers?"


def test_a_file_that_holds_no_figures_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text("[1]")
    result = CliRunner().invoke(command, ["--compare", str(file)])
    assert str(result.exception) == f"{file}: is no file of figures; tapegraph bench --json FILE writes them"
