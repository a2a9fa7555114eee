"""tapegraph bench: that the rivals do the same work, and that figures are written and compared. Nothing is timed."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from harness import Array, esr_db, run
from tapegraph_nodes._rivals import hysteresis
from tapegraph_nodes._rivals.hysteresis import HysteresisRivals

import tapegraph
from tapegraph import bench, demo, resources
from tapegraph.bench import clips, graphs, machine, players, process, rivals, turns
from tapegraph.bench.figure import Figure, figure
from tapegraph.bench.rivals import Rival
from tapegraph.commands.bench import command
from tapegraph.node import Signal, registry
from tapegraph.node.registry import find
from tapegraph.stn import network, system

NUMBERS: dict[str, Any] = {"drive": 0.7, "saturation": 0.3, "bias": 0.2}


TAPE = HysteresisRivals()


def in_c(name: str, folder: Path) -> Rival:
    try:
        return rivals.in_c(TAPE, name, folder)
    except tapegraph.TapegraphError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def plain_c(tmp_path_factory: pytest.TempPathFactory) -> Rival:
    return in_c("plain C", tmp_path_factory.mktemp("rival"))


@pytest.fixture(scope="module")
def sse2(tmp_path_factory: pytest.TempPathFactory) -> Rival:
    return in_c("C with SSE2", tmp_path_factory.mktemp("rival"))


@pytest.fixture(scope="module")
def numba() -> Rival:
    pytest.importorskip("numba")
    return Rival("Numba", TAPE.NUMBA_OPTIONS, TAPE.in_numba)


def sound() -> Array:
    """Return two channels that move apart: the demo's music, and the same later, upside down and louder."""
    x = players.music(1, 0.5)[0]
    return np.stack([x[-6000:], -1.5 * x[-8000:-2000]])


def processed(rival: Rival, solver: str, x: Array) -> Array:
    y = np.empty_like(x)
    rival.start(solver, players.RATE, NUMBERS)(x, y)
    return y


def check_equal(rival: Rival, solver: str, error_db: float, loud: float = 20.0) -> None:
    """Hold a rival to what the node does, channel by channel.

    loud: how many times the music; 20 makes peaks near 2, where exponential_h goes in parts
    """
    x = loud * sound()
    M = processed(rival, solver, x)
    for channel, found in zip(x, M, strict=True):
        y = run(find("hysteresis"), channel, players.RATE, solver=solver, makeup=False, **NUMBERS)
        assert esr_db(y, 1.414 * found if solver == "v1" else found) < error_db  # v1 has a makeup of its own


@pytest.mark.parametrize("solver", [solver for solver in TAPE.C_OPTIONS if solver != "stn"])
def test_the_rival_in_c_computes_what_the_node_does(solver: str, plain_c: Rival) -> None:
    """One division less here and there leaves some of the last digits apart."""
    check_equal(plain_c, solver, -150)


@pytest.mark.parametrize("solver", TAPE.C_OPTIONS)
def test_the_rival_with_sse2_computes_what_the_node_does(solver: str, sse2: Rival) -> None:
    """Its exponential is within 3e-9, -170 dB; with its last coefficient 7 % off it is -147 dB away."""
    check_equal(sse2, solver, -160)
    check_equal(sse2, solver, -160, loud=5.0)


@pytest.mark.parametrize("solver", TAPE.NUMBA_OPTIONS)
def test_the_rival_in_numba_computes_what_the_node_does(solver: str, numba: Rival) -> None:
    check_equal(numba, solver, -150)


def test_the_rival_with_sse2_takes_any_number_of_channels(sse2: Rival) -> None:
    x = 20 * np.ascontiguousarray(sound()[[0, 1, 1]])
    left, right, third = processed(sse2, "exponential_h", x)
    (alone,) = processed(sse2, "exponential_h", x[1:2])
    assert np.array_equal(right, third)
    assert np.array_equal(right, alone)
    assert not np.array_equal(left, right)


def test_every_solver_has_a_rival_in_c() -> None:
    assert set(TAPE.C_OPTIONS) == set(rivals.options(TAPE))


def test_rivals_are_found_beside_the_nodes() -> None:
    assert [type(found) for found in rivals.find()] == [HysteresisRivals]


def test_the_rival_of_stn_computes_the_network_with_tanh(plain_c: Rival) -> None:
    """The system's NumPy steps through the same sound, its layers joined by 4 tanh(2 x), with the weights of the node.

    Near 0 both take the Langevin function for the first terms of its series, but not the same number of them.
    """
    it = system.find("hysteresis")
    x = sound()[0, :1000]
    equation = hysteresis.equation("stn", players.RATE, NUMBERS)
    first, second, last = network.layers(equation.weights, (5, 4, 4, 2))
    columns = {name: np.full(1, value) for name, value in NUMBERS.items()}
    state, expected = np.zeros((1, 3)), []
    for sample in x:
        inputs, gates, state, _ = it.transition(state, np.full(1, sample), np.full(1, players.RATE), columns)
        values = 4.0 * np.tanh(2.0 * (inputs[0] @ first[1:] + first[0]))
        values = 4.0 * np.tanh(2.0 * (values @ second[1:] + second[0]))
        state[:, 0] += gates[0] @ (values @ last[1:] + last[0])
        expected.append(equation.M_s * state[0, 0])
    assert esr_db(processed(plain_c, "stn", x[np.newaxis])[0], np.array(expected)) < -140


def test_a_rival_that_cannot_run_is_left_out_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setitem(sys.modules, "numba", None)
    with rivals.compiled(TAPE) as (able, missing):
        assert able == []
    assert missing == [
        "no ratios to plain C: the C compiler no-such-compiler does not work",
        "no ratios to C with SSE2: the C compiler no-such-compiler does not work",
        "no ratios to Numba: it is not installed",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="the compiler of this test is a shell script")
def test_a_rival_for_another_processor_is_left_out_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with rivals.compiled(TAPE) as (_, missing):
        assert missing[1] == (
            f"no ratios to C with SSE2: the C compiler {compiler} does not compile hysteresis_sse2.c for aarch64"
        )


def test_solvers_are_measured_alone_by_graph_render_and_against_every_rival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "SOLVER_RUNS", 1)
    found = {f.name: f for f in players.solvers(0.1) if isinstance(f, Figure)}
    for solver in TAPE.C_OPTIONS:
        named = {rival for rival in (*TAPE.C_SOURCES, "Numba") if f"{solver}, {rival}" in found}
        for name in ("stereo", "stereo by graph.render"):
            assert set(found[f"{solver}, {name}"].ratios) == named
    # A second of 48 kHz is 96,000 samples a channel at 2 times the rate.
    for name, count in (("rk4, stereo", 2), ("rk4, stereo by graph.render", 2), ("rk4, mono", 1)):
        assert found[name].real_time == pytest.approx(1 / (found[name].least * 1e-9 * 96_000 * count))


def test_works_take_turns_part_by_part_and_their_times_are_kept_apart() -> None:
    done: list[str] = []

    def clock() -> float:
        return float(sum(10 if name.startswith("long") else 1 for name in done))

    works = {
        "long": [lambda: done.append("long 1"), lambda: done.append("long 2")],
        "short": [lambda: done.append("short")],
    }
    times = turns.in_turns(works, 2, clock)
    assert done == 2 * ["long 1", "short", "long 2"]
    assert {name: found.tolist() for name, found in times.items()} == {"long": [[10, 10]] * 2, "short": [[1]] * 2}


def test_a_work_is_as_fast_as_the_best_run_of_each_of_its_parts() -> None:
    """The second part was disturbed in the first run, the first part in the third run."""
    times = np.array([[1.0, 9.0], [2.0, 3.0], [8.0, 4.0]])
    assert turns.least(times) == 1.0 + 3.0
    assert turns.median(times) == 10.0


def test_nodes_with_rivals_are_not_measured_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "NODE_RUNS", 1)
    assert {f.name for f in players.nodes() if isinstance(f, Figure)} == set(registry.kinds()) - {"hysteresis"}


def test_nodes_run_at_48_khz_and_only_one_that_refuses_it_at_a_higher_rate() -> None:
    sounds = {2: [Signal(2, 64)]}
    rates = {kind: players.with_defaults(kind, sounds).node.fs for kind in ("gain", "noise", "lfo", "bias_oscillator")}
    assert rates == {"gain": 48_000.0, "noise": 48_000.0, "lfo": 48_000.0, "bias_oscillator": 768_000.0}


def test_a_node_that_refuses_every_rate_is_left_out_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "kinds", lambda: ["bias_oscillator"])
    monkeypatch.setattr(players, "MOST_OVERSAMPLE", 1)
    (sentence,) = players.nodes()
    assert str(sentence).startswith("no figure of bias_oscillator: ")


def test_presets_are_those_of_the_showcase_unless_every_one_is_asked_for() -> None:
    some, every = (dict(graphs.bundled(every)) for every in (False, True))
    assert set(every) == set(resources.presets())
    assert set(some) == {name for name, graph in every.items() if "showcase" in graph.tags}
    assert 0 < len(some) < len(every)


@pytest.mark.long
@pytest.mark.parametrize("section", ["scheduler", "presets", "silence", "clips", "starting", "memory"])
def test_a_section_runs(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = demo.music()[:, :9600]
    monkeypatch.setattr(demo, "music", lambda: short)
    monkeypatch.setattr(clips, "cut", lambda *size: [short[:, :4800]])
    for module in (graphs, process, clips):
        monkeypatch.setattr(module, "RUNS", 1)
    monkeypatch.setattr(graphs, "REST_RUNS", 1)
    monkeypatch.setattr(clips, "CLIP_RUNS", 1)
    monkeypatch.setattr(graphs, "REST_S", 0.1)
    monkeypatch.setattr(process, "LONG_MIN", 1)
    found = [f for f in bench.sections(1.0)[section]() if isinstance(f, Figure)]
    assert found
    assert all(f.least > 0 for f in found if section != "scheduler")  # which takes one time from another


def test_clips_are_as_many_as_asked_for_of_a_second_each_and_all_different() -> None:
    found = clips.cut(64)
    assert {clip.shape for clip in found} == {(2, 48_000)}
    assert len({clip.tobytes() for clip in found}) == 64


def test_the_memory_that_is_weighed_is_that_of_the_render_alone(tmp_path: Path) -> None:
    """200 MB of our own, touched and freed, must not count; Python and NumPy alone take 20 MB and more."""
    pytest.importorskip("resource")
    ballast = np.ones(25_000_000)
    del ballast
    assert 20 < process.peak_mb(tmp_path, 1) < 200


def test_a_render_that_fails_while_it_is_weighed_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource")
    monkeypatch.setattr(process, "PRESET", "claen")
    monkeypatch.setattr(process, "LONG_MIN", 1)
    assert list(process.memory()) == ["no memory of a render: no preset is called claen; did you mean clean?"]


def machine_run(monkeypatch: pytest.MonkeyPatch, figures: list[Figure], *arguments: str) -> Any:
    monkeypatch.setattr(bench, "sections", lambda sound_s, every: {"nodes": lambda: iter(["no luck", *figures])})
    monkeypatch.setattr(machine, "processor", lambda: "Slide Rule 3000")
    return CliRunner().invoke(command, ["--only", "nodes", *arguments])


def test_figures_are_written_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "before.json"
    before = figure("gain", "ns", np.array([[4.0], [2.0], [3.0]]), {"C": np.array([[8.0], [9.0], [8.5]])}, 6.0)
    first = machine_run(monkeypatch, [before], "--json", str(file))
    head, _, row = [line for line in first.stdout.splitlines() if line.startswith("|")]
    assert head.startswith("| on Slide Rule 3000 | least | median | unit |")
    assert row == "| gain | 2 | 3 | ns | 3 | 0.25 of C |  |"
    assert first.stderr == "warning: no luck\n"
    written = json.loads(file.read_text())
    assert written["figures"]["gain"] == {
        **{"name": "gain", "unit": "ns", "least": 2.0, "median": 3.0, "real_time": 3.0},
        **{"ratios": {"C": 0.25}, "processor": "Slide Rule 3000"},
    }
    assert set(written["machine"]) == {"tapegraph", "python", "system", "processor"}
    assert set(written["load"]) == {"average", "others"}
    then = machine_run(monkeypatch, [figure("gain", "ns", np.array([[1.0]]))], "--compare", str(file))
    assert "| gain | 1 | 1 | ns |  |  | 0.50 |" in then.stdout.splitlines()


def test_figures_of_another_processor_are_compared_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "before.json"
    file.write_text(json.dumps({"machine": {"processor": "Abacus"}, "figures": {}}))
    result = machine_run(monkeypatch, [], "--compare", str(file))
    assert f"warning: {file}: measured on Abacus, not on Slide Rule 3000\n" in result.stderr


def test_the_processor_has_the_name_that_the_system_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert machine.processor() == "riscv64"
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel\t\t: 2\nmodel name\t: Slide Rule 3000\n")
    assert machine.processor() == "Slide Rule 3000"


def test_the_time_of_other_programs_is_that_of_all_less_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 40 s of four processors 30 were idle or waited for a disk, and 4 of the others were ours."""
    stat = tmp_path / "stat"
    monkeypatch.setattr(machine, "STAT", stat)
    monkeypatch.setattr(os, "sysconf", lambda name: 100, raising=False)
    monkeypatch.setattr(os, "times", lambda: os.times_result((1.0, 0.0, 0.0, 0.0, 0.0)))
    stat.write_text("cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 1 1 1 1\n")
    load = machine.Load()
    assert load.others() is None
    monkeypatch.setattr(os, "times", lambda: os.times_result((2.0, 1.0, 1.0, 1.0, 0.0)))
    stat.write_text("cpu  600 100 100 2500 500 50 50 100 70 0\ncpu0 1 1 1 1\n")
    assert load.others() == pytest.approx(6 / 40)
    assert load.sentence().endswith("other programs took 15 % of the time of all processors")


def test_where_the_system_tells_no_load_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "STAT", tmp_path / "stat")
    monkeypatch.delattr(os, "getloadavg", raising=False)
    load = machine.Load()
    assert (load.average(), load.others(), load.sentence()) == (None, None, "")


def test_the_profile_of_a_preset_is_shown_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = demo.music()[:, :4800]
    monkeypatch.setattr(demo, "music", lambda: short)
    file = tmp_path / "profile.json"
    result = CliRunner().invoke(command, ["--profile", "clean", "--json", str(file)])
    assert result.exit_code == 0
    table = [line for line in result.stdout.splitlines() if line.startswith("|")]
    assert table[0].startswith("| clean on ")
    written = json.loads(file.read_text())
    assert written["figures"] == {}
    assert written["profile"]["processor"] == machine.processor()
    names = [row.split(" | ")[0].strip("| ") for row in table[2:]]
    assert names == [*(cost["name"] for cost in written["profile"]["steps"]), "in and out", "all"]


def test_a_graph_that_there_is_not_is_named_with_the_nearest() -> None:
    result = CliRunner().invoke(command, ["--profile", "claen"])
    assert str(result.exception) == "no preset is called claen; did you mean clean?"


def test_a_section_that_there_is_not_is_named_with_the_nearest() -> None:
    result = CliRunner().invoke(command, ["--only", "solver"])
    assert str(result.exception) == "no section is called solver; did you mean solvers?"


def test_a_file_that_holds_no_figures_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text("[1]")
    result = CliRunner().invoke(command, ["--compare", str(file)])
    assert str(result.exception) == f"{file}: is not a file of figures; tapegraph bench --json FILE writes one"
