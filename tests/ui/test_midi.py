"""Knobs by MIDI, without a MIDI port: messages as mido makes them."""

from __future__ import annotations

import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import tapegraph
from tapegraph.__main__ import main
from tapegraph.ui import control_changes
from tapegraph.ui.control_changes import PAIR_S
from tapegraph.ui.midi import Knobs, listen

RATE = 48_000


class Clock:
    """Time that passes only when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(control_changes, "monotonic", clock)
    return clock


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
    knobs.prompt()
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
    knobs = Knobs(lambda: nullcontext(graph), file, ["Drive", "level.gain_db"], lines.append)
    knobs.receive(turned(74, 127))
    assert lines == [
        "controller 74 on channel 1 sets Drive",
        "move the controller for level.gain_db",
        f"{file}: cannot be written: File exists",
    ]
    assert graph.get("Drive") == 1.0


def at(position: float) -> float:
    """The gain at a position, 0 to 1, of the knob for level.gain_db."""
    return -96.0 + (48.0 - -96.0) * position


@pytest.mark.parametrize("low_byte_first", [False, True])
def test_a_controller_of_14_bits_is_learnt_as_one_knob_and_sets_all_of_its_steps(
    tmp_path: Path, low_byte_first: bool
) -> None:
    graph, file = machine(), tmp_path / "midi.yaml"
    knobs = Knobs(lambda: nullcontext(graph), file, ["level.gain_db", "Drive"], lambda line: None)
    if low_byte_first:  # it has been moved by less than a step of its high byte
        knobs.receive(turned(39, 77))
    knobs.receive(turned(7, 100))
    knobs.receive(turned(39, 1))
    assert graph.get("level.gain_db") == pytest.approx(at((100 * 128 + 1) / 16_383), abs=1e-9)
    knobs.receive(turned(39, 2))  # a high byte that stays need not be sent again
    assert graph.get("level.gain_db") == pytest.approx(at((100 * 128 + 2) / 16_383), abs=1e-9)
    knobs.receive(turned(7, 127))
    assert graph.get("level.gain_db") == pytest.approx(at(127 * 128 / 16_383), abs=1e-9)
    knobs.receive(turned(39, 127))
    assert graph.get("level.gain_db") == 48.0
    knobs.receive(turned(8, 64))
    knobs.receive(turned(40, 0))
    assert graph.get("Drive") == pytest.approx(64 * 128 / 16_383, abs=1e-9)
    assert file.read_text() == "1/7: level.gain_db\n1/8: Drive\n"
    again = machine()
    next_time = Knobs(lambda: nullcontext(again), file)
    next_time.receive(turned(7, 64))
    assert again.get("level.gain_db") == pytest.approx(at(64 / 127), abs=1e-9)
    next_time.receive(turned(39, 64))
    assert again.get("level.gain_db") == pytest.approx(at((64 * 128 + 64) / 16_383), abs=1e-9)


@pytest.mark.parametrize(("first", "second"), [(17, 49), (49, 17)])
def test_knobs_of_7_bits_whose_numbers_are_32_apart_are_learnt_as_two(
    tmp_path: Path, first: int, second: int, clock: Clock
) -> None:
    graph, file = machine(), tmp_path / "midi.yaml"
    knobs = Knobs(lambda: nullcontext(graph), file, ["Drive", "level.gain_db"], lambda line: None)
    for value in (1, 2, 3):
        knobs.receive(turned(first, value))
    clock.now += 2 * PAIR_S  # a hand is slower than the two bytes of one knob
    for value in (125, 126, 127):
        knobs.receive(turned(second, value))
    assert graph.get("Drive") == pytest.approx(3 / 127)
    assert graph.get("level.gain_db") == 48.0
    for value in (126, 127):  # two hands at once
        knobs.receive(turned(first, value))
        knobs.receive(turned(second, value - 126))
    assert graph.get("Drive") == 1.0
    assert graph.get("level.gain_db") == pytest.approx(at(1 / 127))


def test_a_knob_of_7_bits_reaches_its_end_again_after_another_was_taken_for_its_low_byte(tmp_path: Path) -> None:
    (tmp_path / "midi.yaml").write_text("1/17: Drive\n")
    graph = machine()
    knobs = Knobs(lambda: nullcontext(graph), tmp_path / "midi.yaml")
    for control, value in ((17, 120), (49, 3), (17, 126), (17, 127)):
        knobs.receive(turned(control, value))
    assert graph.get("Drive") == 1.0


@pytest.mark.parametrize("number", [96, 97, 98, 99, 100, 101, *range(120, 128)])
def test_messages_that_no_knob_sends_are_neither_learnt_nor_obeyed(tmp_path: Path, number: int) -> None:
    (tmp_path / "midi.yaml").write_text(f"1/{number}: level.gain_db\n")
    graph, lines = machine(), list[str]()
    knobs = Knobs(lambda: nullcontext(graph), tmp_path / "midi.yaml", ["Drive"], lines.append)
    knobs.receive(turned(number, 0))
    assert (lines, graph.get("level.gain_db"), graph.get("Drive")) == ([], 0.0, 0.5)
    knobs.receive(turned(119, 127))
    assert graph.get("Drive") == 1.0


def test_every_midi_input_may_have_a_thread_of_its_own(tmp_path: Path) -> None:
    graph, lines = machine(), list[str]()
    targets = [f"tape.{name}" for name in ("drive", "saturation", "bias")]
    knobs = Knobs(lambda: nullcontext(graph), tmp_path / "midi.yaml", targets, lines.append)
    threads = [threading.Thread(target=knobs.receive, args=(turned(70 + k, 127),)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line.split(" sets ")[1] for line in lines if " sets " in line] == targets
    assert not knobs.learning


BUSY = "MidiInWinMM::openPort: error creating Windows MM MIDI input port."


def fake_mido(monkeypatch: pytest.MonkeyPatch, names: list[str], busy: tuple[str, ...] = ()) -> None:
    def open_input(name: str, callback: object) -> tuple[str, object]:
        if name in busy:
            raise OSError(BUSY)
        return name, callback

    mido = ModuleType("mido")
    mido.get_input_names = lambda: names  # type: ignore[attr-defined]
    mido.open_input = open_input  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mido", mido)
    monkeypatch.setitem(sys.modules, "rtmidi", ModuleType("rtmidi"))


def test_every_midi_input_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_mido(monkeypatch, ["one", "two"])
    assert listen(print) == [("one", print), ("two", print)]


def test_a_midi_input_that_another_program_has_is_told_and_the_others_are_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(name: str) -> str:
        return f"MIDI input {name} cannot be opened, perhaps because another program uses it: {BUSY}"

    names, lines = ["Keystep", "Launch Control"], list[str]()
    fake_mido(monkeypatch, names, busy=("Keystep",))
    assert listen(print, lines.append) == [("Launch Control", print)]
    assert lines == [refused("Keystep")]
    fake_mido(monkeypatch, names, busy=("Keystep", "Launch Control"))
    with pytest.raises(tapegraph.TapegraphError) as caught:
        listen(print)
    assert str(caught.value) == "\n".join(map(refused, names))


def test_a_backend_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_mido(monkeypatch, [])

    def missing() -> list[str]:
        raise ImportError("No module named 'jack_midi'")

    monkeypatch.setattr(sys.modules["mido"], "get_input_names", missing)
    monkeypatch.setenv("MIDO_BACKEND", "jack_midi")
    said = "^MIDI inputs cannot be listed by MIDO_BACKEND=jack_midi: No module named 'jack_midi'$"
    with pytest.raises(tapegraph.TapegraphError, match=said):
        listen(print)


def test_a_controller_is_not_asked_for_where_the_library_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], card: object
) -> None:
    monkeypatch.setitem(sys.modules, "mido", None)
    assert main(["live", "--preset", "clean", "--learn", "Drive"]) == 1
    assert capsys.readouterr().err == "MIDI needs mido and python-rtmidi: pip install 'tapegraph[midi]'\n"


def test_no_midi_input_and_no_library_are_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_mido(monkeypatch, [])
    with pytest.raises(tapegraph.TapegraphError, match="^there is no MIDI input; plug in a controller$"):
        listen(print)
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(tapegraph.TapegraphError, match=r"^MIDI needs mido .*: pip install 'tapegraph\[midi\]'$"):
        listen(print)
