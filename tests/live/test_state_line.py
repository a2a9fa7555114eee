"""The line that says how far the sound is and how it goes, drawn again and again in its place."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import fake_sounddevice
import numpy as np
import pytest
import soundfile

from tapegraph.__main__ import main
from tapegraph.commands import _session
from tapegraph.commands._session import state


@pytest.mark.parametrize(
    ("frames", "played"),
    [(0, "0:00.0"), (4799, "0:00.1"), (2_877_000, "0:59.9"), (2_878_560, "1:00.0"), (2_880_000, "1:00.0")],
)  # fmt: skip
def test_a_minute_has_no_more_than_59_9_seconds(frames: int, played: str) -> None:
    session: Any = SimpleNamespace(frames=frames, sample_rate=48_000.0, effort=lambda: "load 3 %", dropouts=0)
    assert state(session) == f"{played} played, load 3 %, dropouts 0"


def test_in_a_narrow_terminal_the_line_is_cut_so_that_it_stays_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", fake_sounddevice)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")
    soundfile.write(tmp_path / "a.wav", np.zeros(24_000), 48_000)
    assert main(["play", str(tmp_path / "a.wav"), "--preset", "clean"]) == 0
    out, err = capsys.readouterr()
    drawn = [line for line in err.split("\r\033[K") if " played, " in line]
    assert drawn and {len(line) for line in drawn} == {19}
    assert re.search(r" played, .*dropouts \d+$", out.rstrip())  # the last line is whole; how many depends on the load


def test_what_midi_reports_while_the_screen_is_shown_is_shown_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    received: list[Any] = []

    def open_input(name: str, callback: object) -> object:
        received.append(callback)
        return SimpleNamespace(close=lambda: None)

    mido: Any = ModuleType("mido")
    mido.get_input_names = lambda: ["Keystep"]
    mido.open_input = open_input
    monkeypatch.setitem(sys.modules, "mido", mido)
    monkeypatch.setitem(sys.modules, "rtmidi", ModuleType("rtmidi"))
    monkeypatch.setitem(sys.modules, "sounddevice", fake_sounddevice)
    monkeypatch.setattr("click.get_app_dir", lambda name: str(tmp_path))
    shown: list[str] = []

    class Shown:
        return_code = 0

        def __init__(self, slots: object, poll: Callable[[], list[str]]) -> None:
            self.poll = poll

        def run(self) -> None:
            received[0](SimpleNamespace(type="control_change", channel=0, control=74, value=1))
            shown.extend(self.poll())

    monkeypatch.setattr(_session, "screen_class", lambda: Shown)
    assert main(["live", "--preset", "clean", "--learn", "Input", "--screen"]) == 0
    assert shown == ["move the controller for Input", "controller 74 on channel 1 sets Input"]
    assert "controller 74" not in capsys.readouterr().err
