"""Setting by hand: numbers with units, several targets at once, and what a graph has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapegraph
from tapegraph.__main__ import main
from tapegraph.node.params import NodeValue
from tapegraph.quantity import parse_quantity

MACHINE = """\
tapegraph: 1
vars: {speed_ips: 15, width_mm: 1, free: 1}
nodes:
  tape: {kind: hysteresis}
  head: {kind: playhead_loss, speed_ips: $speed_ips, track_width_mm: $width_mm, gap_um: $width_mm}
  echo: {kind: delay}
  rumble: {kind: dc_blocker}
  out: {kind: gain}
  sub: {graph: {nodes: {a: {kind: gain}}, links: [input -> a -> output], controls: {Level: a.gain_db}}}
links: [input -> tape -> head -> echo -> rumble -> sub -> out -> output]
controls: {Drive: tape.drive, Speed: $speed_ips}
"""


def machine() -> tapegraph.Graph:
    return tapegraph.Graph.from_yaml(MACHINE)


@pytest.mark.parametrize(
    ("target", "text", "value"),
    [
        ("Speed", "7.5ips", 7.5),
        ("$speed_ips", " 30 IPS ", 30.0),
        ("out.gain_db", "+6dB", 6.0),
        ("out.gain_db", "-6 db", -6.0),
        ("sub.Level", "-.5 dB", -0.5),
        ("Drive", "80%", 0.8),
        ("Drive", "80 %", 0.8),
        ("Drive", "0.25", 0.25),
        ("rumble.cutoff_hz", "0.02 kHz", 20.0),
        ("rumble.cutoff_hz", "20khz", None),  # above the range
        ("rumble.cutoff_hz", "30000 mHz", 30.0),
        ("echo.time_s", "3 ms", 0.003),
        ("echo.time_s", "1_500 us", 0.0015),
        ("echo.time_s", "1500 \N{MICRO SIGN}s", 0.0015),
        ("head.gap_um", "0.002 mm", 2.0),
        ("head.track_width_mm", "600 um", 0.6),
        ("$free", "3 ms", "3 ms"),  # nothing tells which unit it has
    ],
)
def test_a_number_can_be_typed_with_its_unit_or_a_multiple(target: str, text: str, value: float | None) -> None:
    graph = machine()
    if value is None:
        with pytest.raises(tapegraph.TapegraphError, match="^rumble.cutoff_hz is 20000 Hz; it must be "):
            graph.set(target, text)
    else:
        graph.set(target, text)
        assert graph.get(target) == value if target != "$free" else graph.vars["free"] == value
        assert tapegraph.Graph.from_yaml(graph.to_yaml()) == graph


@pytest.mark.parametrize(
    ("target", "value", "message"),
    [
        ("Speed", "7.5 Hz", "head.speed_ips is '7.5 Hz', but its unit is ips; it must be 1 to 50 ips"),
        ("Drive", "3 dB", "tape.drive is '3 dB', but it has no unit; it must be 0 to 1"),
        ("out.gain_db", "80%", "out.gain_db is '80%', but its unit is dB; it must be -96 to 48 dB"),
        ("out.gain_db", "6 kdB", "out.gain_db is '6 kdB', but its unit is dB; it must be -96 to 48 dB"),
        ("rumble.cutoff_hz", "1 mhz", "rumble.cutoff_hz is '1 mhz', but its unit is Hz; it must be "),  # m or M
        ("out.gain_db", "loud", "out.gain_db is 'loud'; it must be -96 to 48 dB"),
        ("out.gain_db", "6 dB 7", "out.gain_db is '6 dB 7', but its unit is dB; it must be -96 to 48 dB"),
        (
            "$width_mm",
            "2 um",
            "$width_mm is '2 um', which means 0.002 mm for head.track_width_mm and 2 um for head.gap_um; "
            "give a number without a unit",
        ),
        ("out.gain_db", None, "out.gain_db is None; it must be a number, true, false or text"),
        ("out.gain_db", [3], "out.gain_db is [3]; it must be a number, true, false or text"),
        (
            "Wow",
            1,
            "Wow is neither node.parameter nor a control; there are the controls Drive, Speed and the nodes "
            "tape, head, echo, rumble, out, sub",
        ),
    ],
)
def test_a_wrong_unit_is_told_with_the_right_one(target: str, value: Any, message: str) -> None:
    graph = machine()
    with pytest.raises(tapegraph.TapegraphError) as caught:
        graph.set(target, value)
    assert str(caught.value).startswith(message)
    assert graph == machine()


def test_the_command_line_takes_what_messages_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import soundfile

    (tmp_path / "machine.yaml").write_text(MACHINE)
    soundfile.write(tmp_path / "in.wav", np.zeros(1000), 48_000)
    files = [str(tmp_path / "in.wav"), str(tmp_path / "out.wav"), "--graph", str(tmp_path / "machine.yaml")]
    assert main(["render", *files, "--set", "Speed=7.5 ips", "--set", "out.gain_db=+6dB", "--set", "Drive=80%"]) == 0
    assert main(["render", *files, "--set", "Speed=7.5 kHz", "--overwrite"]) == 2
    assert capsys.readouterr().err == "head.speed_ips is '7.5 kHz', but its unit is ips; it must be 1 to 50 ips\n"


def test_a_graph_file_has_numbers_without_units_and_says_which() -> None:
    text = MACHINE.replace("out: {kind: gain}", "out: {kind: gain, gain_db: +6 dB}").replace(
        "speed_ips: 15", "speed_ips: 15 ips"
    )
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph.from_yaml(text, "g")
    assert str(caught.value).splitlines() == [
        "g:5:42: head.speed_ips, which is $speed_ips, is '15 ips'; a graph has numbers in ips without a unit: 15",
        "g:8:30: out.gain_db is '+6 dB'; a graph has numbers in dB without a unit: 6",
    ]


class Notes:
    """A listener that notes what it is given."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str, object]] = []

    def set(self, node: str, param: str, value: NodeValue) -> None:
        self.changes.append((node, param, value))


def test_several_targets_are_set_all_or_none() -> None:
    graph = machine()
    listener = Notes()
    graph.attach(listener)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        graph.set({"Drive": 0.25, "out.gain_db": 99, "Speed": "7.5 ips", "Nothing": 1})
    assert [str(problem).partition(";")[0] for problem in caught.value.problems] == [
        "out.gain_db is 99 dB",
        "Nothing is neither node.parameter nor a control",
    ]
    assert graph == machine()
    assert listener.changes == []
    graph.set({"Drive": 0.25, "out.gain_db": "-3 dB", "Speed": 7.5})
    assert graph.values(["Drive", "out.gain_db", "Speed"]) == {"Drive": 0.25, "out.gain_db": -3.0, "Speed": 7.5}
    assert listener.changes == [("tape", "drive", 0.25), ("out", "gain_db", -3.0), ("head", "speed_ips", 7.5)]


def test_a_graph_has_the_names_of_its_nodes() -> None:
    graph = machine()
    assert list(graph) == ["tape", "head", "echo", "rumble", "out", "sub/a"]
    assert len(graph) == 6
    assert "tape" in graph
    assert "sub/a" in graph
    assert all(graph[name] for name in graph)
    for absent in ("sub", "tpae", 3):
        assert absent not in graph
    empty = tapegraph.Graph(links=["input -> output"])
    assert not len(empty)
    assert bool(empty)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("1.2 kHz", "Hz", 1200.0), ("3 ms", "s", 0.003), ("5um", "mm", 0.005), ("1e3", "", 1e3), ("ips", "ips", None)],
)
def test_a_multiple_is_exactly_the_number_that_would_be_typed(text: str, unit: str, value: float | None) -> None:
    assert parse_quantity(text, unit) == value
