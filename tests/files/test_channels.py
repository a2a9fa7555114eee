"""Channels of one file on several cores: which graphs allow it, and that the file does not tell."""

from __future__ import annotations

from multiprocessing import active_children
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import soundfile
from tapegraph_nodes.levels.gain import Gain
from toys import Scale, flat

import tapegraph
from tapegraph import Graph
from tapegraph.document.flat import FlatGraph
from tapegraph.errors import TapegraphError
from tapegraph.files import render
from tapegraph.files.channels import channels_independent, groups
from tapegraph.files.render import render_file

RATE = 48_000
MACHINE = """\
tapegraph: 1
nodes:
  bias: {kind: bias_oscillator, frequency_hz: 50000, oversample: 4}
  wobble: {kind: bias_oscillator, frequency_hz: 20000, level: 0.1}
  tape: {kind: hysteresis, solver: rk4, oversample: 4}
  head: {kind: playhead_loss, bump_db: 1}
  dc: {kind: dc_blocker}
links: [input -> tape -> head -> dc -> output, bias -> tape, wobble -> tape.drive]
automation: {head.speed_ips: [[0, 15], [1, 7.5]]}
"""


def graph(nodes: str, links: str, automation: str = "{}") -> Graph:
    return Graph.from_yaml(f"tapegraph: 1\nnodes: {{{nodes}}}\nlinks: [{links}]\nautomation: {automation}\n")


@pytest.mark.parametrize(
    ("nodes", "links", "automation", "apart"),
    [
        ("a: {kind: gain}", "input -> a -> output", "{a.gain_db: [[0, 0], [1, 6]]}", True),
        ("a: {kind: playhead_loss}", "input -> a -> output", "{}", True),
        ("a: {kind: playhead_loss, azimuth_deg: 0.1}", "input -> a -> output", "{}", False),
        ("a: {kind: playhead_loss}", "input -> a -> output", "{a.azimuth_deg: [[0, 0], [1, 0.1]]}", False),
        (
            "a: {kind: playhead_loss}, b: {kind: bias_oscillator}",
            "input -> a -> output, b -> a.azimuth_deg",
            "{}",
            False,
        ),
        ("a: {kind: gain}, b: {kind: bias_oscillator}", "input -> a -> output, b -> a.gain_db", "{}", True),
        ("a: {kind: gain}, b: {kind: gain}", "input -> a -> output, input -> b -> a.gain_db", "{}", False),
        ("a: {kind: gain}", "input -> a -> output, input -> a.gain_db", "{}", False),
        ("a: {kind: delay}, b: {kind: gain}", "input -> a -> b -> a, b -> output", "{}", False),
    ],
)
def test_channels_are_apart_where_none_can_hear_another(nodes: str, links: str, automation: str, apart: bool) -> None:
    assert channels_independent(graph(nodes, links, automation).flat()) == apart


def test_a_node_that_says_nothing_couples_channels_even_if_the_class_it_changes_does_not() -> None:
    class Swap(Gain):
        KIND: ClassVar[str] = "swap"

    assert Gain.COUPLED_BY == ()
    for cls in (Scale, Swap):
        assert not channels_independent(flat("input.out>a.in, a.out>output.in", a=cls))


@pytest.mark.parametrize(
    ("channels", "jobs", "sizes"),
    [
        (1, 4, [1]),
        (2, 4, [2]),
        (3, 4, [2, 1]),
        (4, 2, [2, 2]),
        (6, 2, [2, 4]),
        (5, 3, [2, 2, 1]),
        (64, 3, [20, 22, 22]),
    ],
)
def test_pairs_stay_together_and_are_shared_out_evenly(channels: int, jobs: int, sizes: list[int]) -> None:
    parts = groups(channels, jobs)
    assert [part.stop - part.start for part in parts] == sizes
    assert np.array_equal(np.concatenate([np.arange(channels)[part] for part in parts]), np.arange(channels))


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    x = np.random.default_rng(4).uniform(-0.5, 0.5, (50_001, 5))
    soundfile.write(tmp_path / "in.wav", x, RATE, "DOUBLE")
    return tmp_path / "in.wav"


def test_a_file_is_the_same_however_many_processes_share_its_channels(sound: Path, tmp_path: Path) -> None:
    machine = Graph.from_yaml(MACHINE)
    assert channels_independent(machine.flat())
    done: list[float] = []
    for jobs in (1, 3):
        report = render_file(
            machine, sound, tmp_path / f"{jobs}.wav", subtype="PCM_24", jobs=jobs, progress=done.append
        )
        assert report.channels == 5
        assert done.pop() == 1.0
    assert (tmp_path / "1.wav").read_bytes() == (tmp_path / "3.wav").read_bytes()


def test_the_process_that_writes_plans_nothing_and_renders_nothing(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planned(*arguments: object) -> None:
        pytest.fail("was planned in the process that writes")

    monkeypatch.setattr(render, "Rendering", planned)
    render_file(tapegraph.chain(gain={}), sound, tmp_path / "out.wav", jobs=2)
    np.testing.assert_array_equal(soundfile.read(tmp_path / "out.wav")[0], soundfile.read(sound)[0])


def test_more_channels_than_a_node_takes_are_refused_however_many_processes_there_are(
    sound: Path, tmp_path: Path
) -> None:
    class Stereo(Scale):
        KIND: ClassVar[str] = "stereo"
        MAX_CHANNELS: ClassVar[int] = 2
        COUPLED_BY: ClassVar[tuple[str, ...]] = ()

    class Machine(Graph):
        def flat(self) -> FlatGraph:
            return flat("input.out>a.in, a.out>output.in", a=Stereo)

    machine = Machine(nodes={}, links=["input -> output"])
    assert channels_independent(machine.flat())
    for jobs in (1, 2):
        with pytest.raises(TapegraphError, match=r"^a \(stereo\) gets 5 channels; it takes 2$"):
            render_file(machine, sound, tmp_path / "out.wav", jobs=jobs)
    assert not active_children()


def test_warnings_are_those_of_all_channels_together(tmp_path: Path) -> None:
    x = np.random.default_rng(4).uniform(-0.5, 0.5, (1000, 4))
    x[500, 3] = np.nan
    soundfile.write(tmp_path / "in.wav", x, RATE, "DOUBLE")
    reports = [
        render_file(tapegraph.chain(gain={}), tmp_path / "in.wav", tmp_path / f"{jobs}.wav", jobs=jobs)
        for jobs in (1, 2)
    ]
    assert reports[0].warnings == reports[1].warnings
    assert "1 input sample was NaN, infinite or above +240 dBFS and was replaced by silence" in reports[1].warnings


def test_a_file_that_is_cut_short_is_told_of(sound: Path, tmp_path: Path) -> None:
    whole = sound.read_bytes()
    sound.write_bytes(whole[: len(whole) // 2])
    reports = [render_file(tapegraph.chain(gain={}), sound, tmp_path / f"{jobs}.wav", jobs=jobs) for jobs in (1, 2)]
    assert reports[1].warnings
    assert reports[0].warnings == reports[1].warnings


def test_one_who_loses_patience_leaves_no_process_and_no_file(sound: Path, tmp_path: Path) -> None:
    def interrupt(part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_file(tapegraph.chain(gain={}), sound, tmp_path / "out.wav", jobs=2, progress=interrupt)
    assert list(tmp_path.iterdir()) == [sound]
    assert not active_children()
