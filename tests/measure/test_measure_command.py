"""The command `tapegraph measure`: its tables, its files, its limits and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tapegraph.__main__ import main

QUIET = """\
tapegraph: 1
nodes:
  level: {kind: gain, gain_db: -6}
  wow: {kind: wow}
links: [input -> level -> wow -> output]
controls: {Level: level.gain_db}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quiet.yaml").write_text(QUIET)
    return tmp_path


def test_tables_are_printed_with_what_was_held_still(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "quiet.yaml", "dynamics", "--level", "-20", "--set", "Level=-3"]) == 0
    assert capsys.readouterr().out == (
        "quiet.yaml at 48000 Hz, held still: wow.depth_percent = 0\n"
        "\n"
        "dynamics\n"
        "level_dbfs  output_dbfs  gain_db\n"
        "    -20.00       -23.00    -3.00\n"
    )


def test_all_values_are_written_as_json_and_as_csv(folder: Path) -> None:
    words = ["imd", "latency", "--rate", "44100", "--json", "out.json", "--csv", "out.csv"]
    assert main(["measure", "quiet.yaml", *words]) == 0
    data = json.loads((folder / "out.json").read_text())
    assert (data["graph"], data["sample_rate"], data["held_still"]) == (
        "quiet.yaml",
        44_100.0,
        ["wow.depth_percent = 0"],
    )
    assert list(data["measurements"]) == ["imd", "latency"]
    assert data["measurements"]["imd"]["level_dbfs"] == [-20.0, -12.0, -6.0, 0.0]
    rows = list(csv.DictReader((folder / "out.csv").read_text().splitlines()))
    assert [row["measurement"] for row in rows] == ["imd"] * 4 + ["latency"]
    assert rows[0]["measured_ms"] == ""
    assert float(rows[4]["measured_ms"]) == data["measurements"]["latency"]["measured_ms"][0]


def test_all_but_aliases_and_tape_are_measured_unless_something_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", "quiet.yaml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line for before, line in zip(["x", *lines], lines, strict=False) if not before and line]
    assert heads == ["response", "harmonics", "thd", "imd", "latency", "dynamics"]


def test_a_limit_that_is_exceeded_is_status_1_and_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits = folder / "limits.yaml"
    limits.write_text("dynamics: {gain_db: {min: -5, level_dbfs: [-20, 0]}}")
    assert main(["measure", "quiet.yaml", "--limits", "limits.yaml"]) == 1
    said = capsys.readouterr()
    assert said.err == "dynamics.gain_db is -6 at level_dbfs -18; it must be at least -5\n"
    assert "response" not in said.out
    limits.write_text("dynamics: {gain_db: {min: -7}}")
    assert main(["measure", "quiet.yaml", "--limits", "limits.yaml"]) == 0


def test_what_nobody_measures_is_wrong_use(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "quiet.yaml", "harmonic"]) == 2
    assert "no measurement is called harmonic; did you mean harmonics?" in capsys.readouterr().err


def test_a_strict_measurement_refuses_what_varies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "quiet.yaml", "dynamics", "--strict"]) == 1
    assert capsys.readouterr().err == "wow varies in time; only a graph that stands still can be measured\n"


def test_a_file_that_exists_is_refused_before_anything_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out.json").write_text("mine")
    assert main(["measure", "quiet.yaml", "--json", "out.json"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "out.json" in said.err


TAPE = """\
tapegraph: 1
nodes: {tape: {kind: cubic, third: -0.5}}
links: [input -> tape -> output]
controls: {Bias: tape.third}
"""


def test_a_tape_is_measured_over_a_control_relative_to_a_reference(
    folder: Path, toys: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The third harmonic of x - a x^3 is 1 % at A^2 = 0.04 / (1.03 a); what comes out then is A / 1.03."""
    (folder / "tape.yaml").write_text(TAPE)
    words = ["--over", "Bias=-0.1,-0.4", "--reference", "-10", "--rate", "8000", "--csv", "out.csv"]
    assert main(["measure", "tape.yaml", *words]) == 0
    name, head, *rows = capsys.readouterr().out.splitlines()[2:]
    assert name == "tape"
    assert head.split()[:4] == ["Bias", "sensitivity_db", "third_percent", "one_percent_db"]
    assert [row.split()[0] for row in rows] == ["-0.1", "-0.4"]
    for row, one_percent_db in zip(rows, (5.63, -0.39), strict=True):
        assert float(row.split()[3]) == pytest.approx(one_percent_db, abs=0.03)
    table = list(csv.DictReader((folder / "out.csv").read_text().splitlines()))
    assert [row["Bias"] for row in table if row["frequency_hz"] == "1000.0"] == ["-0.1", "-0.4"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["thd", "--over", "Level"], "--over is for tape, which is not among thd"),
        (["--over", "Level=a"], "--over Level=a has no numbers; write TARGET=NUMBER,NUMBER"),
    ],
)
def test_what_is_measured_over_nothing_is_wrong_use(
    folder: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", "quiet.yaml", *words]) == 2
    assert message in capsys.readouterr().err
