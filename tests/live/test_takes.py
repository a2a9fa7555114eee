"""Recordings of what is heard, and what was turned meanwhile, on a card that is not there."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import fake_sounddevice
import numpy as np
import pytest
import soundfile

import tapegraph
from tapegraph.live.recorder import Recorder

RATE = 48_000
NOISE = np.random.default_rng(5).uniform(-0.5, 0.5, (2, 5000)).astype(np.float32)


ECHO = """\
tapegraph: 1
nodes: {sum: {kind: mix}, echo: {kind: delay, time_s: 0.01}, back: {kind: gain, gain_db: -6}}
links: [input -> sum.in1, back -> sum.in2, sum -> echo -> back, sum -> output]
"""


pytestmark = pytest.mark.usefixtures("card")


def graph() -> tapegraph.Graph:
    return tapegraph.chain(gain={"gain_db": -6}, hysteresis={"oversample": 2})


def test_leaving_the_with_statement_ends_the_sound_with_a_fade(tmp_path: Path) -> None:
    with tapegraph.chain(gain={}).play(np.ones(480_000), RATE, record=tmp_path / "heard.wav") as playing:
        playing.wait(0.02)
    heard, _ = soundfile.read(tmp_path / "heard.wav")
    assert len(heard) == playing.frames < 48_000
    assert heard[-1, 0] == 0.0
    assert np.max(np.abs(np.diff(heard[-512:, 0]))) == pytest.approx(1 / 511, rel=1e-3)


def test_a_recording_that_cannot_be_written_is_known_before_the_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[fake_sounddevice.Stream] = []

    class Kept(fake_sounddevice.Stream):
        def close(self) -> None:
            opened.append(self)

    monkeypatch.setattr(fake_sounddevice, "Stream", Kept)
    with pytest.raises(tapegraph.TapegraphError, match=r"take\.xyz: has the extension \.xyz"):
        graph().live(record=tmp_path / "take.xyz")
    assert not list(tmp_path.iterdir())
    assert gc.isenabled()
    assert not opened[0].thread.is_alive()


@pytest.mark.parametrize("name", [".", "..", "", "take", "take."])
def test_a_recording_without_a_name_or_an_extension_is_refused(name: str) -> None:
    with pytest.raises(tapegraph.TapegraphError, match="extension"):
        graph().live(record=name)


def test_moves_that_appear_during_a_recording_are_not_deleted_by_it(tmp_path: Path) -> None:
    """Here nothing is set, so that there are no moves to write."""
    with graph().live(record=tmp_path / "take.wav") as running:
        (tmp_path / "take.moves.yaml").write_text("of another program")
        running.wait(0.05)
    assert (tmp_path / "take.moves.yaml").read_text() == "of another program"


def test_of_two_recordings_of_one_name_the_second_is_refused_before_it_starts(tmp_path: Path) -> None:
    with graph().live(record=tmp_path / "take.wav") as running:
        with pytest.raises(tapegraph.TapegraphError, match=r"take\.wav: exists already"):
            graph().live(record=tmp_path / "take.wav")
        running.wait(0.05)
    assert len(soundfile.read(tmp_path / "take.wav")[0]) == running.frames
    assert [file.name for file in tmp_path.iterdir()] == ["take.wav"]


def test_moves_that_another_program_makes_during_a_recording_are_not_replaced(tmp_path: Path) -> None:
    machine = graph()
    moves = tmp_path / "take.moves.yaml"
    with machine.live(record=tmp_path / "take.wav") as running:
        machine.set("gain.gain_db", -3)
        running.wait(0.05)
        moves.write_text("of another program")
    assert moves.read_text() == "of another program"
    assert running.warnings() == [f"{moves}: not written: another program has made a file of this name meanwhile"]


def test_a_recording_of_nothing_leaves_no_file(tmp_path: Path) -> None:
    Recorder(tmp_path / "take.wav", RATE, 1).close()
    assert not list(tmp_path.iterdir())


def test_a_recording_with_moves_can_be_rendered_again_to_the_bit(tmp_path: Path) -> None:
    tapegraph.chain(low={"kind": "gain"}, dc={"kind": "dc_blocker"}).save(tmp_path / "sub.yaml")
    text = """\
tapegraph: 1
nodes: {tape: {kind: hysteresis, oversample: 2}, sub: {graph: sub.yaml}, level: {kind: gain}}
links: [input -> tape -> sub -> level -> output]
"""
    machine = tapegraph.Graph.from_yaml(text, folder=tmp_path)
    noise = np.random.default_rng(6).uniform(-0.5, 0.5, (1, 36_000))
    with machine.play(noise, RATE, record=tmp_path / "take.wav") as playing:
        machine.set("tape.drive", 0.9)
        machine.set("tape.solver", "exponential_h")
        for step in range(20):
            machine.set("level.gain_db", -float(step))
            machine.set("sub/dc.cutoff_hz", 20.0 + step)
            playing.wait(0.02)
        playing.wait(10)
    (tmp_path / "sub.yaml").unlink()  # the file stands alone
    take, _ = soundfile.read(tmp_path / "take.wav", dtype="float32")
    again = tapegraph.load(tmp_path / "take.moves.yaml")
    assert len(again.automation["level.gain_db"]) >= 10
    np.testing.assert_array_equal(again.render(noise, RATE)[0].astype(np.float32), take[:, 0])
    assert not np.array_equal(machine.render(noise, RATE)[0].astype(np.float32), take[:, 0])
    assert playing.warnings() == [
        f"{tmp_path / 'take.moves.yaml'}: tape.solver is left out: "
        "only numeric parameters without automation of their own can be automated"
    ]


def test_moves_within_a_loop_and_of_numbered_parameters_are_heard_and_rendered_again_to_the_bit(tmp_path: Path) -> None:
    machine = tapegraph.Graph.from_yaml(ECHO)
    noise = np.random.default_rng(6).uniform(-0.5, 0.5, (1, 30_000))
    with machine.play(noise, RATE, tail=0.0, record=tmp_path / "take.wav") as playing:
        for step in range(8):
            machine.set("echo.time_s", 0.02 + 0.001 * step)
            machine.set("sum.weight1", 1.0 - 0.1 * step)
            playing.wait(0.04)
        playing.wait(10)
    take, _ = soundfile.read(tmp_path / "take.wav", dtype="float32")
    again = tapegraph.load(tmp_path / "take.moves.yaml")
    assert len(again.automation["sum.weight1"]) >= 4
    np.testing.assert_array_equal(again.render(noise, RATE, tail=0.0)[0].astype(np.float32), take[:, 0])


def test_the_moves_of_another_take_are_replaced_only_when_told_to_and_never_stay_behind(tmp_path: Path) -> None:
    moves = tmp_path / "take.moves.yaml"
    moves.write_text("of another take")
    with pytest.raises(tapegraph.TapegraphError) as caught:
        graph().play(NOISE, RATE, record=tmp_path / "take.wav")
    assert str(caught.value) == f"{moves}: exists already; it is replaced only with --overwrite"
    assert moves.read_text() == "of another take"
    with graph().play(NOISE, RATE, record=tmp_path / "take.wav", overwrite=True) as playing:
        playing.wait(10)
    assert [file.name for file in tmp_path.iterdir()] == ["take.wav"]


def test_a_loop_that_gets_out_of_hand_is_silenced_and_the_recording_goes_on(tmp_path: Path) -> None:
    machine = tapegraph.Graph.from_yaml(ECHO.replace("-6", "40").replace("0.01", "0.002"))
    with machine.play(NOISE[0], RATE, tail=0.05, record=tmp_path / "take.wav") as playing:
        playing.wait(10)
    take, _ = soundfile.read(tmp_path / "take.wav")
    assert len(take) == NOISE.shape[1] + 2400
    assert 1.0 < np.max(np.abs(take)) <= 1e6
    assert "above +120 dBFS" in playing.warnings()[0]


def test_what_a_full_disk_took_of_a_recording_is_kept_and_the_sound_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tapegraph.files.write import Writer

    write = Writer.write

    def write_until_full(self: Writer, block: np.ndarray) -> None:
        if self.frames > 2000:
            raise tapegraph.TapegraphError("no more")
        write(self, block)

    monkeypatch.setattr(Writer, "write", write_until_full)
    monkeypatch.setattr(Writer, "disk_error", lambda self: "No space left on device")
    with graph().play(np.tile(NOISE, 4), RATE, record=tmp_path / "take.wav") as playing:
        assert playing.wait(10)
    take, _ = soundfile.read(tmp_path / "take.wav", dtype="float32")
    assert 2000 < len(take) < playing.frames
    np.testing.assert_array_equal(take.T, graph().render(np.tile(NOISE, 4), RATE)[:, : len(take)])
    assert playing.warnings() == [f"{tmp_path / 'take.wav'}: contains only the beginning: No space left on device"]


def test_a_recording_that_clips_says_by_how_much(tmp_path: Path) -> None:
    with tapegraph.chain(gain={"gain_db": 12}).play(NOISE, RATE, record=tmp_path / "take.flac") as playing:
        playing.wait(10)
    assert "samples beyond full scale were clipped, by up to 6.0 dB" in playing.warnings()[0]


def test_ctrl_c_while_a_session_ends_waits_until_the_recording_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = Recorder.close

    def impatient(self: Recorder) -> None:
        signal.raise_signal(signal.SIGINT)
        close(self)

    monkeypatch.setattr(Recorder, "close", impatient)
    with pytest.raises(KeyboardInterrupt), graph().live(record=tmp_path / "take.wav") as running:
        running.wait(0.05)
    assert [file.name for file in tmp_path.iterdir()] == ["take.wav"]
    assert gc.isenabled()


def test_the_recording_is_whole_before_the_stream_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing ends the whole program where the server dies in that moment."""
    there: list[bool] = []
    monkeypatch.setattr(fake_sounddevice.Stream, "close", lambda self: there.append((tmp_path / "take.wav").exists()))
    with graph().live(record=tmp_path / "take.wav") as running:
        running.wait(0.05)
    assert there == [True]


def test_a_session_that_nobody_stops_keeps_its_recording_when_python_ends(tmp_path: Path) -> None:
    program = (
        "import sys; import fake_sounddevice; sys.modules['sounddevice'] = fake_sounddevice\n"
        "import tapegraph\n"
        "running = tapegraph.chain(gain={}).live(record='take.wav')\n"
        "running.wait(0.1)\n"
    )
    tests = str(Path(fake_sounddevice.__file__).parent)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": tests})
    assert [file.name for file in tmp_path.iterdir()] == ["take.wav"]


def test_the_tail_is_that_of_the_graph_that_plays_at_the_end(tmp_path: Path) -> None:
    dry = tapegraph.chain(gain={})
    with dry.play(np.tile(NOISE[:1], 6), RATE, record=tmp_path / "take.wav") as playing:
        playing.change(tapegraph.chain(delay={"time_s": 0.25}))
        playing.wait(10)
    take, _ = soundfile.read(tmp_path / "take.wav", dtype="float32")
    assert len(take) >= 30_000 + 12_000
    np.testing.assert_array_equal(take[40_000:42_000, 0], np.tile(NOISE[0], 6)[28_000:30_000])


def test_moves_around_an_exchanged_graph_are_told_to_be_lost(tmp_path: Path) -> None:
    steady = tapegraph.chain(gain={})
    with steady.live(record=tmp_path / "take.wav") as running:
        steady.set("gain.gain_db", -3)
        running.wait(0.05)
        running.change(tapegraph.chain(gain={"gain_db": -9}))
        running.wait(0.05)
    said = f"{tmp_path / 'take.moves.yaml'}: not written: the graph was replaced during the recording"
    assert running.warnings() == [said]
