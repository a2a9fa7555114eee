"""Files of random machines: what they may say, and that every mistake is told with its line and column."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

import tapegraph
from tapegraph import TapegraphError, resources
from tapegraph.__main__ import main
from tapegraph.augment import RandomMachine, recipe
from tapegraph.augment.schema import schema
from tapegraph.commands import check
from tapegraph.document.targets import is_known, unknown_target
from tapegraph.document.text import parse

MISTAKES = """\
tapegraph-random: 1
sed: 3
seed: -1
p: 1.5
graphs:
  tc260: 0
  clean: {weight: 2, draw: {Azimuth: {uniform: [0, 1]}, Drive: {uniform: [0, 2]}}, wight: 2}
draw:
  Drive: {uniform: [0.9, 0.2]}
  Bias: {unifrom: [0.2, 0.9]}
  tape.solver: {uniform: [0, 1]}
  tape.drvie: 0.3
  Hiss: {normal: [-72]}
  Flutter: {normal: [-1, 1]}
  Wow: [0, 1]
  tape.bias: {choice: []}
  tape.saturation: {loguniform: [0, 1]}
  Speed: {choice: [7.5, 100]}
  $speed_ips: 3
  tape.model: stm
  Output: {triangular: [0, 7, 6]}
level:
  gain: 3
  gain_db: {uniform: [-100, 3]}
  loudness_lufs: loud
"""
SOLVERS = "rk2, rk4, nr4, nr8, midpoint_h, exponential_h, stn, v1"
TOLD = f"""\
2:1: a random machine has no key sed; did you mean seed?
3:7: seed is -1; it must be a whole number from 0 to 4294967295
4:4: p is 1.5; it must be a number from 0 to 1
6:10: the weight of tc260 is 0; it must be a number from 0.000001 to 1000000
7:29: clean: Azimuth is neither node.parameter nor a control; there are the controls
7:78: Drive in clean is 2; it must be 0 to 1
7:84: clean has no key wight; did you mean weight?
9:20: uniform of Drive is [0.9, 0.2]; the highest must be above the lowest
10:10: no distribution is called unifrom; did you mean uniform?
11:3: tape.solver in tc260 is one of {SOLVERS}, not a number; draw it from {{choice: [...]}}
12:3: no graph has tape.drvie; tc260: tape (hysteresis) has no parameter drvie; did you mean drive?
13:18: normal of Hiss is [-72]; it must be [mean, deviation], all numbers
14:22: Flutter in tc260 is -1 %; it must be 0 to 350 %
15:8: Wow is [0, 1]; it must be a value or one distribution, such as {{uniform: [0.2, 0.9]}}
16:23: choice of tape.bias is []; it must be a list of values
17:33: loguniform of tape.saturation is [0, 1]; the lowest must be above 0
18:25: Speed in tc260 is 100 ips; it must be 1 to 50 ips
19:3: tc260: Speed and $speed_ips both set record_eq.speed_ips; remove one
20:15: tape.model in tc260 cannot be 'stm': no weights are called stm
21:24: triangular of Output is [0, 7, 6]; the likeliest must lie between the ends
23:3: level has no gain; did you mean gain_db?
24:23: gain_db is -100 dB; it must be -60 to 60 dB
25:18: loudness_lufs is 'loud'; it must be -60 to 0 LUFS
"""


def problems(text: str, folder: Path) -> list[str]:
    """What is wrong with a file, without the name of the file."""
    path = folder / "machines.yaml"
    path.write_text(text)
    try:
        RandomMachine(path)
    except TapegraphError as error:
        return str(error).replace(f"{path}:", "").splitlines()
    return []


def test_every_mistake_is_told_at_once_with_its_line_and_column(tmp_path: Path) -> None:
    for found, expected in zip(problems(MISTAKES, tmp_path), TOLD.splitlines(), strict=True):
        assert found.startswith(expected)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "tapegraph: 1",
            "1:1: this is a graph; a random machine begins with tapegraph-random: 1 and names it under graphs",
        ),
        ("hello: 1", "1:1: this is not a random machine; a random machine begins with tapegraph-random: 1"),
        ("- 1", "1:1: this is not a random machine; a random machine is a mapping of keys to values"),
        ("tapegraph-random: 1", "1:1: graphs are missing; they are a list of presets and files: [tc260, mine.yaml]"),
        (
            "{tapegraph-random: 2, graphs: [clean]}",
            "1:20: tapegraph-random is 2; this program reads version 1 of the format",
        ),
        (
            "{tapegraph-random: 1, graphs: [clean, clean]}",
            "1:39: clean is named twice; write {clean: 2} for a weight",
        ),
        (
            "{tapegraph-random: 1, graphs: [3]}",
            "1:32: a graph is 3; it must be the name of a preset or of a file",
        ),
        (
            "{tapegraph-random: 1, graphs: {clean: [1]}}",
            "1:39: clean is [1]; it must be its weight, the path of its file or {graph: ..., weight: ..., draw: ...}",
        ),
        (
            "{tapegraph-random: 1, graphs: [claen]}",
            "1:32: no preset is called claen; did you mean clean?; a graph of your own ends in .yaml",
        ),
        (
            "{tapegraph-random: 1, graphs: [../mine.yaml]}",
            "1:32: {folder}/../mine.yaml is outside the folder of the graph; "
            "--allow PATH (in Python, allow=[path]) lets the graph use it",
        ),
        (
            "{tapegraph-random: 1, graphs: [clean], draw: {tape.model: ../mine.npz}}",
            "1:59: tape.model in clean cannot be used: {parent}/mine.npz is outside the folder of the graph; "
            "--allow PATH (in Python, allow=[path]) lets the graph use it",
        ),
        (
            "{tapegraph-random: 1, graphs: [clean], draw: {tape.solver: {choice: [rk2, rk3]}}}",
            f"1:75: tape.solver in clean is 'rk3'; it must be one of {SOLVERS}; did you mean rk4?",
        ),
        (
            "{tapegraph-random: 1, graphs: [clean], draw: {Drive: {uniform: [0, 1], normal: [0, 1]}}}",
            "1:54: Drive has 2 entries; it must be a value or one distribution, such as {uniform: [0.2, 0.9]}",
        ),
        (
            "{tapegraph-random: 1, graphs: [clean], draw: {Drive: .nan}}",
            "1:54: Drive in clean is nan; it must be 0 to 1",
        ),
        (
            "{tapegraph-random: 1, graphs: !!python/name:os.system [clean]}",
            "1:31: tag:yaml.org,2002:python/name:os.system is a tag; tags are not part of the format",
        ),
    ],
)
def test_a_mistake_is_told_in_a_sentence(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (found,) = problems(text, tmp_path / "inner")
    told = told.replace("{folder}", str(tmp_path / "inner")).replace("{parent}", str(tmp_path.resolve()))
    assert found == told


def test_a_parameter_that_automation_moves_cannot_be_drawn() -> None:
    graph = {"nodes": {"a": {"kind": "gain"}}, "links": ["input -> a -> output"], "automation": {"a.gain_db": [[0, 1]]}}
    with pytest.raises(TapegraphError) as caught:
        RandomMachine({"graphs": {"mine": {"graph": graph}}, "draw": {"a.gain_db": 3}})
    told = "draw.a.gain_db: mine: a.gain_db is automated; remove its automation to set it"
    assert str(caught.value) == told


def test_a_mistake_in_a_graph_is_told_at_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("tapegraph: 1\nnodes: {a: {kind: gain, gain_db: 100}}\nlinks: [a -> output]")
    (found,) = problems("{tapegraph-random: 1, graphs: [mine.yaml], draw: {b.level_db: 3}}", tmp_path)
    assert found == f"{tmp_path}/mine.yaml:2:34: a.gain_db is 100 dB; it must be -96 to 48 dB"


def test_loaded_as_a_graph_a_random_machine_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "machines.yaml"
    path.write_text("tapegraph-random: 1\ngraphs: [clean]\n")
    with pytest.raises(TapegraphError) as caught:
        tapegraph.load(path)
    told = "1:1: this is a random machine; tapegraph batch and tapegraph.augment.RandomMachine read it"
    assert str(caught.value) == f"{path}:{told}"


def test_p_and_seed_given_in_python_take_the_place_of_those_in_the_file_and_are_checked_alike() -> None:
    words: dict[str, Any] = {"graphs": ["clean"], "p": 0.3, "seed": 4}
    machine = RandomMachine(words, p=0.5, seed=7)
    assert (machine.p, machine.seed) == (0.5, 7)
    assert words["p"] == 0.3
    with pytest.raises(TapegraphError) as caught:
        RandomMachine(words, p=2, seed=-1)
    assert str(caught.value).splitlines() == [
        "p: p is 2; it must be a number from 0 to 1",
        "seed: seed is -1; it must be a whole number from 0 to 4294967295",
    ]


def values(**words: Any) -> list[dict[str, Any]]:
    machine = RandomMachine(words)
    return [machine.draw(clip).as_dict() for clip in range(40)]


def test_a_target_is_drawn_for_the_graphs_that_have_it_and_for_no_other() -> None:
    for draw in values(graphs=["cassette", "clean"], draw={"Azimuth": {"uniform": [0.0, 0.2]}, "Drive": 0.5}):
        assert draw["values"].keys() == ({"Azimuth", "Drive"} if draw["graph"] == "cassette" else {"Drive"})


def test_what_a_graph_draws_itself_takes_the_place_of_what_all_draw() -> None:
    graphs = {"clean": 1, "slow": {"graph": "clean", "draw": {"Speed": {"choice": [7.5]}}}}
    for draw in values(graphs=graphs, draw={"Speed": 15}):
        assert draw["values"] == {"Speed": 7.5 if draw["graph"] == "slow" else 15.0}


@pytest.mark.parametrize(
    ("target", "drawn", "kinds"),
    [
        ("echo.post_echoes", {"uniform": [0, 2]}, {int}),
        ("echo.post_echoes", 2, {int}),
        ("echo.post_echoes", {"choice": [1, 2.0]}, {int}),
        ("tape.drive", {"choice": [0, 1]}, {float}),
        ("tape.drive", 1, {float}),
        ("tape.solver", {"choice": ["rk2", "stn"]}, {str}),
        ("tape.model", {"choice": ["hysteresis-2x4", "hysteresis-2x8"]}, {str}),
        ("tone.inverse", {"choice": [True, False]}, {bool}),
    ],
)
def test_values_have_the_type_of_their_parameter(target: str, drawn: Any, kinds: set[type]) -> None:
    nodes = {"tape": {"kind": "hysteresis"}, "echo": {"kind": "print_through"}, "tone": {"kind": "tone"}}
    graph = {"nodes": nodes, "links": ["input -> tape -> echo -> tone -> output"]}
    assert {type(v["values"][target]) for v in values(graphs={"m": {"graph": graph}}, draw={target: drawn})} == kinds


def test_files_are_found_from_the_folder_of_the_random_machine(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    tapegraph.chain(gain={"gain_db": 3}).save(tmp_path / "inner" / "mine.yaml")
    (tmp_path / "machines.yaml").write_text(
        "{tapegraph-random: 1, graphs: {mine: inner/mine.yaml, inner/mine.yaml: 2}}"
    )
    machine = RandomMachine(tmp_path / "machines.yaml")
    assert {machine.draw(clip).graph for clip in range(40)} == {"mine", "inner/mine.yaml"}


def test_a_graph_in_python_may_be_drawn_from() -> None:
    graph = tapegraph.chain(gain={"gain_db": 3})
    machine = RandomMachine({"graphs": {"mine": graph}, "draw": {"gain.gain_db": 6}})
    assert machine.graph(machine.draw("a")).get("gain.gain_db") == 6.0
    assert graph.get("gain.gain_db") == 3.0


def test_a_graph_in_python_that_changes_later_leaves_the_random_machine_as_it_is() -> None:
    graph = tapegraph.chain(gain={"gain_db": 3})
    machine = RandomMachine({"graphs": {"mine": graph}})
    graph.set("gain.gain_db", 9)
    assert machine.graph(machine.draw("a")).get("gain.gain_db") == 3.0


def identity(folder: Path, text: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "machines.yaml").write_text(text)
    return RandomMachine(folder / "machines.yaml").identity


TEXT = "{tapegraph-random: 1, graphs: [mine.yaml, clean], draw: {Drive: {uniform: [0, 1]}, gain.gain_db: 3}}"


def test_the_identity_is_that_of_what_decides_about_the_sound(tmp_path: Path) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        tapegraph.chain(gain={"gain_db": 3}).save(tmp_path / place / "mine.yaml")
    here = identity(tmp_path / "here", TEXT)
    assert here == identity(tmp_path / "there", TEXT.replace("1,", "1, title: the same elsewhere,", 1))
    assert here != identity(tmp_path / "here", TEXT.replace("[0, 1]", "[0, 0.9]"))
    assert here != identity(tmp_path / "here", TEXT.replace("1,", "1, seed: 1,", 1))
    assert here != identity(tmp_path / "here", TEXT.replace("1,", "1, p: 0.5,", 1))
    assert here != identity(tmp_path / "here", TEXT.replace("1,", "1, level: {gain_db: 1},", 1))
    tapegraph.chain(gain={"gain_db": 3, "oversample": 2}).save(tmp_path / "here" / "mine.yaml")
    assert here != identity(tmp_path / "here", TEXT)


def test_the_identity_covers_the_graphs_that_graphs_name(tmp_path: Path) -> None:
    outer = {"nodes": {"m": {"graph": str(tmp_path / "middle.yaml")}}, "links": ["input -> m -> output"]}
    middle = "tapegraph: 1\nnodes: {m: {graph: ./inner.yaml}}\nlinks: [input -> m -> output]\n"
    (tmp_path / "middle.yaml").write_text(middle)
    found = set()
    for gain_db in (1, 2):
        tapegraph.chain(gain={"gain_db": gain_db}).save(tmp_path / "inner.yaml")
        found.add(RandomMachine({"graphs": {"outer": {"graph": outer}}}).identity)
    assert len(found) == 2


def test_weights_count_by_their_content_wherever_they_lie(tmp_path: Path) -> None:
    weights = resources.folder("weights")
    copies = [("a.npz", "hysteresis-2x4"), ("b.npz", "hysteresis-2x4"), ("c.npz", "hysteresis-2x8")]
    found = []
    for name, source in copies:
        shutil.copy(weights / f"{source}.npz", tmp_path / name)
        graph = tapegraph.chain(hysteresis={"model": str(tmp_path / name)})
        found.append(RandomMachine({"graphs": {"mine": graph}}).identity)
        found.append(
            RandomMachine({"graphs": {"clean": 1}, "draw": {"tape.model": {"choice": [str(tmp_path / name)]}}}).identity
        )
    assert found[0] == found[2] != found[4]
    assert found[1] == found[3] != found[5]


def test_what_is_nearly_a_random_machine_is_told_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "machines.yaml"
    path.write_text("graphs: [clean]\n")
    assert main(["check", str(path)]) == 1
    told = f"{path}:1:1: the version of the format is missing; add tapegraph-random: 1\n"
    assert capsys.readouterr().err == told
    with pytest.raises(TapegraphError) as caught:
        RandomMachine("clean")
    assert str(caught.value) == 'clean: not a file; for a preset alone write {"graphs": ["clean"]}'
    assert RandomMachine({"graphs": ["clean"]}).p == 1.0


def test_check_tells_what_is_drawn_for_which_graph(tmp_path: Path) -> None:
    path = tmp_path / "machines.yaml"
    path.write_text("tapegraph-random: 1\ngraphs: [clean, cassette]\ndraw: {Azimuth: 0.1, Drive: 0.5}\n")
    result = CliRunner().invoke(check.command, [str(path)])
    assert result.output == f"{path}: ok, draws for clean (Drive), cassette (Azimuth, Drive)\n"
    path.write_text("tapegraph-random: 1\ngraphs: [clean]\ndraw: {Azimuth: 0.1, Drive: 5}\n")
    result = CliRunner().invoke(check.command, [str(path)])
    assert isinstance(result.exception, TapegraphError)
    assert [problem.where for problem in result.exception.problems] == [f"{path}:3:8", f"{path}:3:29"]


EXAMPLE = textwrap.dedent((recipe.__doc__ or "").partition("\n\n")[2].partition("\n\n`graphs`")[0])


def test_the_example_of_the_format_is_read_and_suits_the_schema(tmp_path: Path) -> None:
    (tmp_path / "machines").mkdir()
    tapegraph.load("clean").save(tmp_path / "machines" / "mine.yaml")
    (tmp_path / "machines.yaml").write_text(EXAMPLE)
    machine = RandomMachine(tmp_path / "machines.yaml")
    assert machine.targets() == {
        "tc260": ["Drive", "Hiss", "tape.solver"],
        "cassette": ["Drive", "Hiss", "tape.solver", "Azimuth"],
        "mine": ["Drive", "Hiss", "tape.solver"],
    }
    entry, _ = parse(EXAMPLE, "machines.yaml")
    VALIDATOR.validate(entry.plain)


VALIDATOR = jsonschema.Draft7Validator(schema())


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"graphs": []},
        {"graphs": {"clean": 0}},
        {"graphs": {"clean": {"wight": 1}}},
        {"graphs": ["clean"], "p": 2},
        {"graphs": ["clean"], "sed": 1},
        {"graphs": ["clean"], "draw": {"Drive": {"unifrom": [0, 1]}}},
        {"graphs": ["clean"], "draw": {"Drive": {"uniform": [0]}}},
        {"graphs": ["clean"], "draw": {"Drive": {"choice": []}}},
        {"graphs": ["clean"], "level": {"gain": 1}},
    ],
)
def test_what_the_loader_refuses_of_a_single_value_the_schema_refuses(words: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid({"tapegraph-random": 1, "graphs": ["clean"]})
    assert not VALIDATOR.is_valid({"tapegraph-random": 1, **words})
    with pytest.raises(TapegraphError):
        RandomMachine(words)


@pytest.mark.parametrize("preset", ["tc260", "tape_echo"])
def test_a_target_is_known_where_nothing_is_wrong_with_it(preset: str) -> None:
    inner = tapegraph.load(preset)
    graph = tapegraph.Graph(
        nodes={"m": {"graph": preset}, "a": {"kind": "gain"}, "b": {"kind": "mix"}},
        links=["input -> m -> a -> b -> output"],
    )
    names = [
        *inner.controls,
        "$speed_ips",
        "$no",
        "a.gain_db",
        "a",
        "a/gain_db",
        "b.weight3",
        "b.weight#",
        "",
        ".",
        "m",
    ]
    for name in [*names, *(f"m.{one}" for one in names), *(f"m/{one}" for one in names), "m.play.gain_db", "x.y"]:
        assert is_known(graph, name) == (unknown_target(graph, name) is None), name
        assert is_known(inner, name) == (unknown_target(inner, name) is None), name


def test_a_file_with_hundreds_of_graphs_and_targets_is_read_or_refused_in_a_moment(tmp_path: Path) -> None:
    """Within the limits 250 graphs, each of which lacks 249 of 250 targets; beyond them nothing is looked at."""
    names = [f"n{k}" for k in range(250)]
    graphs = {name: {"graph": tapegraph.chain(**{name: {"kind": "gain"}})} for name in names}
    machine = RandomMachine({"graphs": graphs, "draw": {f"{name}.gain_db": 3 for name in names}})
    assert machine.targets() == {name: [f"{name}.gain_db"] for name in names}
    for wrong in ({"graphs": [str(k) for k in range(251)]}, {"graphs": dict.fromkeys(map(str, range(251)), 1)}):
        with pytest.raises(TapegraphError) as caught:
            RandomMachine(wrong)
        assert str(caught.value) == "graphs: graphs has 251 entries; it may have at most 250"


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        ({"normal": [0.5, float("inf")]}, "the standard deviation must be above 0 and at most 1000000000"),
        ({"normal": [0.5, 1e300]}, "the standard deviation must be above 0 and at most 1000000000"),
        ({"loguniform": [1e-320, 1.0]}, "the highest is too many times the lowest"),
        pytest.param(10**5000, "it must be 0 to 1", id="digits"),
    ],
)
def test_what_no_float_can_be_drawn_from_is_refused(draw: Any, told: str) -> None:
    with pytest.raises(TapegraphError) as caught:
        RandomMachine({"graphs": ["tc260"], "draw": {"Drive": draw}})
    assert str(caught.value).endswith(told)


@pytest.mark.parametrize("source", [None, 3, b"machines.yaml", ["tc260"]])
def test_a_source_that_is_neither_a_path_nor_a_mapping_is_refused(source: Any) -> None:
    with pytest.raises(TapegraphError) as caught:
        RandomMachine(source)
    assert str(caught.value) == f"source is {source!r}; it must be the path of a file, or a mapping"


def test_a_weight_that_no_clip_would_meet_is_refused() -> None:
    with pytest.raises(TapegraphError, match="it must be a number from 0.000001 to 1000000"):
        RandomMachine({"graphs": {"tc260": 1e-320, "clean": 1e-320}})
