"""tapegraph bench: that the rivals do the same work, and that figures are written and compared. Nothing is timed."""

from __future__ import annotations

import json
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
from tapegraph.bench import graphs, players, process, rivals
from tapegraph.bench.figure import Figure, figure
from tapegraph.bench.rivals import Rival
from tapegraph.commands.bench import command
from tapegraph.node import registry
from tapegraph.node.registry import find
from tapegraph.stn import network, system

NUMBERS: dict[str, Any] = {"drive": 0.7, "saturation": 0.3, "bias": 0.2}


TAPE = HysteresisRivals()


@pytest.fixture(scope="module")
def plain_c(tmp_path_factory: pytest.TempPathFactory) -> Rival:
    try:
        return rivals.plain_c(TAPE, tmp_path_factory.mktemp("rival"))
    except tapegraph.TapegraphError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def numba() -> Rival:
    pytest.importorskip("numba")
    return Rival("numba", TAPE.NUMBA_OPTIONS, TAPE.in_numba)


def sound() -> Array:
    return np.ascontiguousarray(players.music(1, 0.5)[0, -6000:])


def processed(rival: Rival, solver: str, x: Array) -> Array:
    y = np.empty_like(x)
    rival.start(solver, players.RATE, NUMBERS)(x, y)
    return y


def check_equal(rival: Rival, solver: str) -> None:
    """Hold a rival to what the node does; one division less here and there leaves some of the last digits apart."""
    x = 20 * sound()  # peaks near 2: exponential_h goes in parts
    M = processed(rival, solver, x)
    y = run(find("hysteresis"), x, players.RATE, solver=solver, makeup=False, **NUMBERS)
    assert esr_db(y, 1.414 * M if solver == "v1" else M) < -150  # v1 has a makeup of its own


@pytest.mark.parametrize("solver", [solver for solver in TAPE.C_OPTIONS if solver != "stn"])
def test_the_rival_in_c_computes_what_the_node_does(solver: str, plain_c: Rival) -> None:
    check_equal(plain_c, solver)


@pytest.mark.parametrize("solver", TAPE.NUMBA_OPTIONS)
def test_the_rival_in_numba_computes_what_the_node_does(solver: str, numba: Rival) -> None:
    check_equal(numba, solver)


def test_every_solver_has_a_rival_in_c() -> None:
    assert set(TAPE.C_OPTIONS) == set(rivals.options(TAPE))


def test_rivals_are_found_beside_the_nodes() -> None:
    assert [type(found) for found in rivals.find()] == [HysteresisRivals]


def test_the_rival_of_stn_computes_the_network_with_tanh(plain_c: Rival) -> None:
    """The system's NumPy steps through the same sound, its layers joined by 4 tanh(2 x), with the weights of the node.

    Near 0 both take the Langevin function for the first terms of its series, but not the same number of them.
    """
    it = system.find("hysteresis")
    x = sound()[:1000]
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
    assert esr_db(processed(plain_c, "stn", x), np.array(expected)) < -140


def test_a_rival_that_cannot_run_is_left_out_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setitem(sys.modules, "numba", None)
    with rivals.compiled(TAPE) as (able, missing):
        assert able == []
    assert missing == [
        "no ratios to plain C: the C compiler no-such-compiler does not work",
        "no ratios to numba: it is not installed",
    ]


def test_solvers_are_measured_in_stereo_and_mono_and_against_every_rival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "RUNS", 1)
    found = {f.name: f for f in players.solvers(0.1) if isinstance(f, Figure)}
    for solver in TAPE.C_OPTIONS:
        for channels in ("stereo", "mono"):
            named = {rival for rival in ("plain C", "numba") if f"{solver}, {rival}" in found}
            assert set(found[f"{solver}, {channels}"].ratios) == named
    for name, count in (("rk4, stereo", 2), ("rk4, mono", 1)):
        # A second of 48 kHz is 96,000 samples a channel at 2 times the rate.
        assert found[name].real_time == pytest.approx(1 / (found[name].least * 1e-9 * 96_000 * count))


def test_nodes_with_rivals_are_not_measured_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "RUNS", 1)
    assert {f.name for f in players.nodes() if isinstance(f, Figure)} == set(registry.kinds()) - {"hysteresis"}


def test_nodes_run_at_48_khz_and_only_one_that_refuses_it_at_a_higher_rate() -> None:
    rates = {kind: players.with_defaults(kind).node.fs for kind in ("gain", "noise", "lfo", "bias_oscillator")}
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


@pytest.mark.parametrize("section", ["nodes", "scheduler", "silence", "starting", "memory"])
def test_a_section_runs(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = demo.music()[:, :4800]
    monkeypatch.setattr(demo, "music", lambda: short)
    for module in (players, graphs, process):
        monkeypatch.setattr(module, "RUNS", 1)
    monkeypatch.setattr(graphs, "REST_S", 1)
    monkeypatch.setattr(process, "LONG_MIN", 1)
    found = [f for f in bench.sections(1.0)[section]() if isinstance(f, Figure)]
    assert found
    assert all(f.least > 0 for f in found if "without" not in f.name and "one more" not in f.name)


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
    return CliRunner().invoke(command, ["--only", "nodes", *arguments])


def test_figures_are_written_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "before.json"
    before = figure("gain", "ns", [4.0, 2.0, 3.0], {"C": [8.0, 8.0, 8.0]}, real_time=6.0)
    first = machine_run(monkeypatch, [before], "--json", str(file))
    assert first.stdout.splitlines()[-1] == "| gain | 2 | 3 | ns | 3 | 0.38 of C |  |"
    assert first.stderr == "warning: no luck\n"
    written = json.loads(file.read_text())
    assert written["figures"]["gain"] == {
        **{"name": "gain", "unit": "ns", "least": 2.0, "median": 3.0, "real_time": 3.0},
        "ratios": {"C": 0.375},
    }
    assert set(written["machine"]) == {"tapegraph", "python", "system", "processor"}
    then = machine_run(monkeypatch, [figure("gain", "ns", [1.0])], "--compare", str(file))
    assert then.stdout.splitlines()[-1] == "| gain | 1 | 1 | ns |  |  | 0.50 |"


def test_a_section_that_there_is_not_is_named_with_the_nearest() -> None:
    result = CliRunner().invoke(command, ["--only", "solver"])
    assert str(result.exception) == "no section is called solver; did you mean solvers?"


def test_a_file_that_holds_no_figures_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text("[1]")
    result = CliRunner().invoke(command, ["--compare", str(file)])
    assert str(result.exception) == f"{file}: is not a file of figures; tapegraph bench --json FILE writes one"
