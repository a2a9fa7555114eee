"""Knobs by MIDI, without a MIDI port: messages as mido makes them."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import tapegraph
from tapegraph.ui.midi import Knobs, listen

RATE = 48_000


def turned(control: int, value: int, channel: int = 0) -> Any:
    return SimpleNamespace(type="control_change", channel=channel, control=control, value=value)


def machine() -> tapegraph.Graph:
    return tapegraph.Graph(
        nodes={"tape": {"kind": "hysteresis"}, "level": {"kind": "gain"}},
        links=["input -> tape -> level -> output"],
        controls={"Drive": "tape.drive"},
    )


def test_a_controller_is_learnt_and_remembered_for_the_next_time(tmp_path: Path) -> None:
    graph, file, lines = machine(), tmp_path / "settings" / "midi.yaml", list[str]()
    knobs = Knobs(lambda: nullcontext(graph), file, ["Drive", "level.gain_db"], lines.append)
    knobs.receive(SimpleNamespace(type="note_on", channel=0, note=60, velocity=64))
    knobs.receive(turned(74, 10))
    knobs.receive(turned(74, 127))  # still the same knob: it is not learnt for the second one too
    assert graph.get("Drive") == 1.0
    knobs.receive(turned(7, 0, channel=9))
    assert graph.get("level.gain_db") == -96.0
    assert lines == [
        "move the controller for Drive",
        "controller 74 on channel 1 sets Drive",
        "move the controller for level.gain_db",
        "controller 7 on channel 10 sets level.gain_db",
    ]
    assert file.read_text() == "1/74: Drive\n10/7: level.gain_db\n"
    other = machine()
    Knobs(lambda: nullcontext(other), file).receive(turned(74, 0))
    assert other.get("Drive") == 0.0


def test_a_controller_of_another_graph_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "midi.yaml").write_text("1/74: Drive\n")
    plain = tapegraph.chain(gain={})
    before = plain.to_yaml()
    Knobs(lambda: nullcontext(plain), tmp_path / "midi.yaml").receive(turned(74, 100))
    assert plain.to_yaml() == before


def test_what_cannot_be_learnt_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(
        tapegraph.TapegraphError, match=r"^level \(gain\) has no parameter gian_db; did you mean gain_db\?$"
    ):
        Knobs(lambda: nullcontext(machine()), tmp_path / "midi.yaml", ["level.gian_db"])


def shared_variable() -> tapegraph.Graph:
    """A variable of which one node takes more than another, and one that none takes."""
    return tapegraph.Graph(
        vars={"share": 0.5, "unused": 1.0},
        nodes={"level": {"kind": "gain", "gain_db": "$share"}, "tape": {"kind": "hysteresis", "drive": "$share"}},
        links=["input -> level -> tape -> output"],
    )


def test_a_variable_that_nothing_uses_is_not_learnt(tmp_path: Path) -> None:
    with pytest.raises(tapegraph.TapegraphError, match=r"^\$unused moves nothing: no node uses it$"):
        Knobs(lambda: nullcontext(shared_variable()), tmp_path / "midi.yaml", ["$unused"])


def test_a_knob_that_goes_too_far_for_one_of_its_nodes_says_so_and_moves_nothing(tmp_path: Path) -> None:
    (tmp_path / "midi.yaml").write_text("1/74: $share\n")
    graph, lines = shared_variable(), list[str]()
    Knobs(lambda: nullcontext(graph), tmp_path / "midi.yaml", (), lines.append).receive(turned(74, 127))
    assert lines == ["tape.drive is 48; it must be 0 to 1"]
    assert graph.get("$share") == 0.5


def test_a_damaged_file_of_settings_is_told_with_what_it_must_be(tmp_path: Path) -> None:
    file = tmp_path / "midi.yaml"
    for damaged in ("Drive", "Drive: 1/74", "{"):
        file.write_text(damaged)
        with pytest.raises(tapegraph.TapegraphError) as caught:
            Knobs(lambda: nullcontext(machine()), file)
        assert str(caught.value) == (
            f'{file}: must have lines like "1/74: Drive", channel/controller; correct or delete it'
        )


def test_what_cannot_be_remembered_is_told_and_moves_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("a file where a folder should be")
    graph, file, lines = machine(), tmp_path / "settings" / "midi.yaml", list[str]()
    Knobs(lambda: nullcontext(graph), file, ["Drive"], lines.append).receive(turned(74, 127))
    assert lines == ["move the controller for Drive", f"{file}: cannot be written: File exists"]
    assert graph.get("Drive") == 1.0


def fake_mido(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    mido = ModuleType("mido")
    mido.get_input_names = lambda: names  # type: ignore[attr-defined]
    mido.open_input = lambda name, callback: (name, callback)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mido", mido)
    monkeypatch.setitem(sys.modules, "rtmidi", ModuleType("rtmidi"))


def test_every_midi_input_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_mido(monkeypatch, ["one", "two"])
    assert listen(print) == [("one", print), ("two", print)]


def test_no_midi_input_and_no_library_are_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_mido(monkeypatch, [])
    with pytest.raises(tapegraph.TapegraphError, match="^there is no MIDI input; plug in a controller$"):
        listen(print)
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(tapegraph.TapegraphError, match=r"^MIDI needs mido .*: pip install 'tapegraph\[midi\]'$"):
        listen(print)
