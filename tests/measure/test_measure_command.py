"""The command `tapegraph measure`: its tables, its files, its limits and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

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
        "quiet.yaml with Level=-3 at 48000 Hz, held still: wow.depth_percent = 0\n"
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
    held_still = ["response", "harmonics", "thd", "imd", "latency", "dynamics"]
    assert heads == [*held_still, "flutter, of the graph as it is", "noise, of the graph as it is"]


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


def test_a_sheet_goes_on_where_one_of_it_cannot_be_measured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "quiet.yaml", "--rate", "8000", "--json", "out.json"]) == 0
    low = "the sample rate is 8000 Hz; a tone of 3150 Hz needs at least 8560 Hz"
    said = capsys.readouterr()
    assert "\n\nnoise, of the graph as it is\n" in said.out
    assert said.err == f"warning: flutter is left out: {low}\n"
    assert "flutter" not in json.loads((folder / "out.json").read_text())["measurements"]
    assert main(["measure", "quiet.yaml", "flutter", "--rate", "8000"]) == 1
    assert capsys.readouterr().err == f"{low}\n"


def test_a_table_of_one_wide_row_is_a_list_and_its_curve_is_in_the_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", "quiet.yaml", "flutter", "--json", "out.json", "--csv", "out.csv"]) == 0
    assert "\nnominal_hz                  3150.0\n" in capsys.readouterr().out
    data = json.loads((folder / "out.json").read_text())["measurements"]
    assert list(data["flutter_curve"]) == ["frequency_hz", "peak_percent"]
    assert data["flutter"]["nominal_hz"] == [3150.0]
    rows = list(csv.DictReader((folder / "out.csv").read_text().splitlines()))
    assert [row["measurement"] for row in rows[:2]] == ["flutter", "flutter_curve"]
    assert len(rows) == 1 + len(data["flutter_curve"]["frequency_hz"])


def test_silence_is_blank_in_tables_null_in_json_and_below_every_limit(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "limits.yaml").write_text(
        "noise: {a_weighted_dbfs: {max: -60}, density_dbfs_per_hz: {max: -100, frequency_hz: [100, 1000]}}"
    )
    words = ["noise", "--json", "out.json", "--limits", "limits.yaml"]
    assert main(["measure", "quiet.yaml", *words]) == 0
    assert capsys.readouterr().out.endswith("              -                -              -                -\n")
    assert json.loads((folder / "out.json").read_text())["measurements"]["noise"]["a_weighted_dbfs"] == [None]
    (folder / "limits.yaml").write_text("noise: {a_weighted_dbfs: {min: -60}}")
    assert main(["measure", "quiet.yaml", "--limits", "limits.yaml"]) == 1
    assert capsys.readouterr().err == "noise.a_weighted_dbfs is -inf; it must be at least -60\n"


@pytest.fixture
def song(folder: Path) -> str:
    """8 s: on the left a tone of 3000 Hz from a tape that is 1 % fast, on the right the same, and 20 dB weaker."""
    tone = 0.1 * np.sin(2 * np.pi * 3030.0 * np.arange(8 * 16_000) / 16_000)
    soundfile.write(folder / "song.wav", np.stack([tone, 0.1 * tone], axis=1), 16_000, "FLOAT")
    return "song.wav"


def test_of_a_sound_file_loudness_is_measured_unless_something_is_named(
    song: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", song]) == 0
    out = capsys.readouterr().out
    assert out.startswith("song.wav at 16000 Hz, 2 channels, 8.00 s\n\nloudness\nintegrated_lufs ")
    assert "input" not in out


def test_noise_and_flutter_of_a_sound_file_are_those_of_a_channel(
    song: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", song, "flutter", "noise", "--channel", "2", "--json", "out.json"]) == 0
    out = capsys.readouterr().out
    assert "\nflutter, channel 2\nnominal_hz                  3000.0\n" in out
    assert "\nnoise, channel 2\n" in out
    data = json.loads((folder / "out.json").read_text())
    assert (data["sound"], data["sample_rate"]) == ("song.wav", 16_000.0)
    assert data["measurements"]["flutter"]["speed_error_percent"] == [pytest.approx(1.0, abs=1e-4)]
    assert data["measurements"]["noise"]["unweighted_dbfs"] == [pytest.approx(-40.0, abs=0.01)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["response"], "response is measured of graphs; of a sound there are loudness, noise, flutter"),
        (["nose"], "no measurement is called nose; did you mean noise?"),
        (["--rate", "48000"], "--rate is for graphs; song.wav is measured as it is"),
        (["--at", "tape"], "--at is for graphs; song.wav is measured as it is"),
        (["--channel", "3"], "channel is 3; song.wav has 2 channels"),
    ],
)
def test_what_a_sound_file_is_not_measured_for_is_refused(
    song: str, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", song, *words]) in (1, 2)
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err


def test_a_sound_file_that_is_too_long_is_refused(
    song: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapegraph.measure.sounds.MOST_SAMPLES", 7 * 2 * 16_000)
    assert main(["measure", song]) == 1
    assert capsys.readouterr().err == "song.wav: is 8 s long; at most 7 s of it can be measured\n"


def test_a_graph_plays_a_song_of_ones_own_at_its_own_rate(song: str, folder: Path) -> None:
    words = ["--rate", "24000", "--channels", "2", "--json", "graph.json"]
    assert main(["measure", "quiet.yaml", "--song", song, *words]) == 0
    assert main(["measure", song, "--json", "song.json"]) == 0
    found, alone = (
        json.loads((folder / name).read_text())["measurements"]["loudness"] for name in ("graph.json", "song.json")
    )
    before, after = found["input_integrated_lufs"][0], found["integrated_lufs"][0]
    assert before == pytest.approx(alone["integrated_lufs"][0], abs=0.15)  # the weighting is a little off at 16 kHz
    assert after == pytest.approx(before - 6.0, abs=0.01)


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
    heading, first = capsys.readouterr().out.split("\n\n")
    name, head, *rows, zero = first.splitlines()
    assert (name, zero) == ("tape", "0 dB is -10 dBFS at the output")
    assert max(map(len, f"{heading}\n{first}".splitlines())) <= 132
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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["noise", "--level", "-10"], "warning: --level has no effect on noise\n"),
        (["latency", "dynamics", "noise", "--level", "-10"], "warning: --level has no effect on latency, noise\n"),
        (["dynamics", "--level", "-10"], ""),
        (["noise"], ""),
        (["--level", "-10"], ""),
        (["--signals", "tape", "--level", "-10"], "warning: --level has no effect on flutter\n"),
    ],
)
def test_a_level_for_what_takes_none_is_not_passed_over(
    words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapegraph.measure.SHEET", ("dynamics", "noise"))
    about = "flutter" if "--signals" in words else "quiet.yaml"
    assert main(["measure", about, *words, "--rate", "16000"]) == 0
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("option", ["--level", "--reference"])
def test_a_level_that_is_no_number_is_wrong_use(option: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "quiet.yaml", "thd", option, "nan"]) == 2
    assert f"Invalid value for '{option}': nan is not in the range" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "limits.yaml: limits must be {measurement: {column: {min: number, max: number}}}"),
        ("[" * 500, "limits.yaml: more than 100 lists and mappings within each other"),
        ("thd: {a: {max: 1}}\nthd: {a: {max: 1}}", "limits.yaml:2:1: thd is defined twice; first on line 1"),
        ("thd: &a {third_percent: *a}", "limits.yaml:1:10: aliases are not part of the format"),
        ("thd: {third_percent: {max: .nan}}", "max of thd.third_percent is nan; it must be a number"),
        ("thd: {third_percent: {max: 2001-12-32}}", "max of thd.third_percent is '2001-12-32'; it must be a number"),
        ("thd: {third_percent: {min: 1e999}}", "thd.third_percent is "),
        (f"thd: {{third_percent: {{min: {'9' * 5000}}}}}", "thd.third_percent is "),
    ],
)
def test_what_is_no_limit_in_a_file_is_a_sentence(
    text: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "limits.yaml").write_text(text)
    assert main(["measure", "quiet.yaml", "thd", "--level", "-12", "--limits", "limits.yaml"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(message)
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--json", "quiet.yaml"], "quiet.yaml is read, too; choose another file to write"),
        (
            ["--limits", "limits.yaml", "--csv", "./limits.yaml"],
            "./limits.yaml is read, too; choose another file to write",
        ),
        (["--json", "out", "--csv", "./out"], "./out is written twice; choose another file for one of both"),
    ],
)
def test_nothing_that_is_read_or_written_is_written_over(
    words: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "limits.yaml").write_text("dynamics: {gain_db: {min: -7}}")
    assert main(["measure", "quiet.yaml", "dynamics", "--overwrite", *words]) == 2
    assert capsys.readouterr().err == f"{message}\n"
    assert (folder / "quiet.yaml").read_text() == QUIET
    assert not (folder / "out").exists()


@pytest.mark.parametrize("option", ["--json", "--csv", "--plot", "--limits", "--against"])
def test_an_empty_name_is_refused(option: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "quiet.yaml", "dynamics", option, ""]) in (1, 2)
    assert capsys.readouterr().out == ""


FAILING = """\
import numpy as np
from tapegraph import Node
class Nowhere(Node):
    KIND = "nowhere"
    def process(self, x, y):
        y[0].put(np.nan * x[0].array)
class Raising(Node):
    KIND = "raising"
    def process(self, x, y):
        raise ZeroDivisionError("oops")
"""


@pytest.fixture
def failing(folder: Path, toys: None) -> list[str]:
    """Write graphs with nodes that fail, which only this test finds."""
    (folder / "failing.py").write_text(FAILING)
    for kind in ("nowhere", "raising"):
        (folder / f"{kind}.yaml").write_text(
            f"tapegraph: 1\nnodes: {{n: {{kind: {kind}}}}}\nlinks: [input -> n -> output]"
        )
    return ["--nodes", "failing.py"]


def test_what_happens_to_the_sound_is_said_once(failing: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "nowhere.yaml", "dynamics", "thd", "null", "--against", "nowhere.yaml", *failing]) == 0
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert said.err.startswith("warning: ")
    assert "blocks (64 frames) from n were NaN" in said.err
    assert "identical" not in said.out


@pytest.mark.parametrize("what", ["speed", "thd"])
def test_a_node_that_fails_is_named(
    what: str, failing: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", "raising.yaml", what, *failing]) == 1
    assert capsys.readouterr().err.endswith("n (raising) raised ZeroDivisionError: oops\n")


def test_what_one_of_two_graphs_cannot_be_measured_for_is_left_out_of_both(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "hiss.yaml").write_text("tapegraph: 1\nnodes: {n: {kind: noise}}\nlinks: [n -> output]")
    assert main(["measure", "quiet.yaml", "--against", "hiss.yaml", "--json", "out.json"]) == 0
    data = json.loads((folder / "out.json").read_text())
    assert list(data["measurements"]) == list(data["against"]["measurements"]) == ["noise", "noise_curve"]
    said = capsys.readouterr().err
    assert "thd, imd, latency, dynamics are left out: hiss.yaml: nothing that enters the graph leaves it" in said


def test_samples_that_are_no_numbers_are_said_to_be_silence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = np.full(48_000, 0.1)
    sound[10] = np.nan
    soundfile.write("song.wav", sound, 48_000, subtype="FLOAT")
    for words in (["song.wav"], ["quiet.yaml", "--song", "song.wav"]):
        assert main(["measure", *words]) == 0
        assert capsys.readouterr().err == "warning: song.wav: 1 sample NaN, infinite or above +240 dBFS, now silence\n"


def test_a_song_of_one_frame_and_one_that_becomes_too_long_end_without_a_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write("frame.wav", np.zeros(1), 48_000)
    assert main(["measure", "quiet.yaml", "--song", "frame.wav", "--rate", "8000"]) == 0
    soundfile.write("long.wav", np.zeros(10_000), 8_000)
    monkeypatch.setattr("tapegraph.measure.sounds.MOST_SAMPLES", 20_000)
    capsys.readouterr()
    assert main(["measure", "quiet.yaml", "--song", "long.wav"]) == 1
    assert capsys.readouterr().err == "a sound of 10000 frames at 8000 Hz is too long at 48000 Hz\n"


def test_an_output_without_a_folder_is_refused_before_anything_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", "quiet.yaml", "dynamics", "--json", "nowhere/out.json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"nowhere/out.json: there is no folder {folder.resolve() / 'nowhere'}\n"
