"""Through PortAudio and a real sound server without hardware: what is heard is what was rendered, to the bit.

Only samples are asserted, never how many calls came late: any machine stalls now and then.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from soak import compare, performed
from sound_card import PERIOD, RATE, Controller, Server, Sound, SoundCard, offset, running, started

import tapegraph
from tapegraph.live import portaudio

pytestmark = pytest.mark.xdist_group("sound server")
LONG_S = 30.0  # what a card has to send: enough for a machine that is slow to start


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if not tapegraph.COMPILED:
        pytest.skip("interpreted, the sound is made more slowly than it is heard")
    try:
        portaudio.sounddevice()
    except tapegraph.TapegraphError as error:
        pytest.skip(str(error))
    server = Server("tapegraph-test")
    yield server
    server.stop()


@pytest.fixture
def song(tmp_path: Path) -> Sound:
    """song.wav in the folder: 0.4 s of noise in two channels."""
    song = np.random.default_rng(1).uniform(-0.4, 0.4, (19_200, 2)).astype(np.float32)
    soundfile.write(tmp_path / "song.wav", song, RATE, "FLOAT")
    return song


def rendered(graph: tapegraph.Graph, sound: Sound) -> Sound:
    return np.asarray(graph.render(np.ascontiguousarray(sound.T), RATE).T)


def test_under_xdist_all_that_needs_the_server_runs_in_one_worker(request: pytest.FixtureRequest) -> None:
    distributed = hasattr(request.config, "workerinput")
    assert request.node.nodeid.endswith("@sound server") == distributed, "pytest -n needs --dist loadgroup"


def test_what_is_played_is_what_is_rendered(server: Server, song: Sound, tmp_path: Path) -> None:
    arguments = ("play", "song.wav", "--preset", "tc260", "--device", "probe", "--record", "heard.wav")
    with SoundCard(server.name, LONG_S) as card, running(server, *arguments, folder=tmp_path) as process:
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    expected = rendered(tapegraph.load("tc260"), song)
    start = offset(expected, card.heard)
    np.testing.assert_array_equal(card.heard[start : start + len(expected)], expected)
    assert not card.heard[:start].any()
    assert not card.heard[start + len(expected) :].any()
    recorded, _ = soundfile.read(tmp_path / "heard.wav", dtype="float32")
    np.testing.assert_array_equal(recorded, expected)
    assert f"0:0{len(expected) / RATE:.1f} played" in out
    assert "song.wav -> Sony TC-260 at 7.5 ips -> probe: 48000 Hz, 0.4 s" in err


def test_live_is_what_is_rendered_at_the_stated_round_trip(server: Server, tmp_path: Path) -> None:
    arguments = ("live", "--preset", "tc260", "--input", "probe", "--output", "probe", "--record", "take.wav")
    with SoundCard(server.name, LONG_S) as card, running(server, *arguments, folder=tmp_path) as process:
        stated = started(process)
        time.sleep(0.8)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    take, _ = soundfile.read(tmp_path / "take.wav", dtype="float32")
    graph = tapegraph.load("tc260")
    latency = graph.stream(RATE, 2).latency - graph.block + 1
    whole_blocks = range(0, card.n - 4096, PERIOD)
    begun = next(n for n in whole_blocks if same_head(graph, card.sent[n:], take[latency:]))
    played = take[latency:-PERIOD]  # the last block fades out
    expected = rendered(graph, card.sent[begun : begun + len(take)])[: len(played)]
    np.testing.assert_array_equal(played, expected)
    start = offset(played, card.heard)
    np.testing.assert_array_equal(card.heard[start : start + len(played)], played)
    assert start - begun == 2 * PERIOD + latency
    assert f"round trip {1e3 * (start - begun) / RATE:.1f} ms" in stated
    assert " played" in out


def same_head(graph: tapegraph.Graph, sent: Sound, played: Sound) -> bool:
    return np.array_equal(rendered(graph, sent[:512])[:128], played[:128])


def test_only_the_channels_that_are_chosen_go_in_and_out(server: Server, tmp_path: Path) -> None:
    (tmp_path / "wires.yaml").write_text("tapegraph: 1\nnodes: {a: {kind: gain}}\nlinks: [input -> a -> output]\n")
    arguments = ("live", "--graph", "wires.yaml", "--input", "probe", "--output", "probe")
    channels = ("--input-channels", "2", "--output-channels", "2")
    with SoundCard(server.name, LONG_S) as card, running(server, *arguments, *channels, folder=tmp_path) as process:
        stated = started(process)
        time.sleep(0.4)
        n = card.n - 4 * PERIOD
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert stated.startswith("probe channel 2 -> graph -> probe channel 2: 48000 Hz")
    np.testing.assert_array_equal(card.heard[n : n + PERIOD, 1], card.sent[n - 2 * PERIOD : n - PERIOD, 1])
    assert not card.heard[: n + PERIOD, 0].any()


@pytest.mark.usefixtures("server")
def test_a_server_that_dies_ends_in_a_line_and_leaves_the_recording(song: Sound, tmp_path: Path) -> None:
    server = Server("tapegraph-test-dying")
    soundfile.write(tmp_path / "long.wav", np.tile(song, (10, 1)), RATE, "FLOAT")
    arguments = ("play", "long.wav", "--preset", "clean", "--device", "system", "--record", "heard.wav")
    with running(server, *arguments, folder=tmp_path) as process:
        started(process)
        time.sleep(0.5)
        server.kill()
        _, err = process.communicate(timeout=10)  # without the watch it would hang for ever
    server.stop()
    assert process.returncode == 1
    assert err.splitlines()[-1] == "system does not respond: it has requested no sound for 1 s"
    recorded, _ = soundfile.read(tmp_path / "heard.wav", dtype="float32")
    assert len(recorded) > 0.25 * RATE
    expected = rendered(tapegraph.load("clean"), np.tile(song, (10, 1)))
    np.testing.assert_array_equal(recorded, expected[: len(recorded)])


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_terminal_that_is_closed_and_impatience_leave_the_recording_whole(
    server: Server, song: Sound, tmp_path: Path, number: int
) -> None:
    long = np.tile(song, (20, 1))
    soundfile.write(tmp_path / "long.wav", long, RATE, "FLOAT")
    arguments = ("play", "long.wav", "--preset", "clean", "--device", "system", "--record", "heard.wav")
    with running(server, *arguments, folder=tmp_path) as process:
        started(process)
        time.sleep(0.3)
        for _ in range(4):  # people press it again while the program is ending
            process.send_signal(number)
            time.sleep(0.02)
        _, err = process.communicate(timeout=10)
    assert process.returncode in (0, -number), err  # once the recording is whole, a signal may have its way
    recorded, _ = soundfile.read(tmp_path / "heard.wav", dtype="float32")
    expected = rendered(tapegraph.load("clean"), long)
    assert len(recorded) > 0.1 * RATE
    np.testing.assert_array_equal(recorded[:-512], expected[: len(recorded) - 512])  # the last block fades out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["heard.wav", "long.wav", "song.wav"]


@pytest.mark.parametrize("after_s", [0.05 * k for k in range(1, 13)])
def test_ctrl_c_at_any_moment_ends_the_program_and_leaves_nothing_unfinished(
    server: Server, song: Sound, tmp_path: Path, after_s: float
) -> None:
    arguments = ("live", "--preset", "clean", "--input", "system", "--output", "system", "--record", "take.wav")
    with running(server, *arguments, folder=tmp_path) as process:
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode in (0, 1, 130, -signal.SIGINT)  # and not by a crash; 1 and -2 are Python's own start
    assert {file.name for file in tmp_path.iterdir()} <= {"song.wav", "take.wav"}


def test_a_node_that_is_saved_replaces_the_one_that_plays_and_a_mistake_in_it_does_not(
    server: Server, tmp_path: Path
) -> None:
    head = "from tapegraph import Node\nclass Scale(Node):\n    KIND = 'scale'\n"
    text = head + "    def process(self, x, y): y[0].put(0.5 * x[0].array)\n"
    (tmp_path / "scale.py").write_text(text)
    (tmp_path / "g.yaml").write_text("tapegraph: 1\nnodes: {a: {kind: scale}}\nlinks: [input -> a -> output]\n")
    arguments = ("live", "--graph", "g.yaml", "--nodes", "scale.py", "--input", "probe", "--output", "probe")
    with SoundCard(server.name, LONG_S) as card, running(server, *arguments, folder=tmp_path) as process:
        started(process)
        assert process.stderr is not None
        (tmp_path / "scale.py").write_text(text.replace("0.5 *", "0.5 *)"))
        assert process.stderr.readline() == "scale.py:4: SyntaxError: unmatched ')'\n"
        assert process.stderr.readline() == "g.yaml: not reloaded; the old graph plays on\n"
        time.sleep(0.2)
        before = card.n
        (tmp_path / "scale.py").write_text(text.replace("0.5", "0.25"))
        assert process.stderr.readline() == "g.yaml: reloaded\n"
        time.sleep(0.4)
        after = card.n
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0
    for n, factor in ((before - 2 * PERIOD, 0.5), (after - 4 * PERIOD, 0.25)):
        sent = card.sent[n - 2 * PERIOD : n - PERIOD].astype(np.float64)
        np.testing.assert_allclose(card.heard[n : n + PERIOD], sent * factor, rtol=1e-6)


def test_a_graph_that_is_saved_is_heard_and_a_mistake_in_it_is_not(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "level.yaml"
    text = "tapegraph: 1\nnodes: {a: {kind: gain, gain_db: -6}}\nlinks: [input -> a -> output]\n"
    file.write_text(text)
    arguments = ("live", "--graph", "level.yaml", "--input", "probe", "--output", "probe")
    with SoundCard(server.name, LONG_S) as card, running(server, *arguments, folder=tmp_path) as process:
        started(process)
        assert process.stderr is not None
        file.write_text(text.replace("gain_db", "gian_db"))
        assert (
            process.stderr.readline() == "level.yaml:2:25: a (gain) has no parameter gian_db; did you mean gain_db?\n"
        )
        assert process.stderr.readline() == "level.yaml: not reloaded; the old graph plays on\n"
        mistaken = card.n
        time.sleep(0.2)
        before = card.n
        file.write_text(text.replace("-6", "0"))
        assert process.stderr.readline() == "level.yaml: reloaded\n"
        time.sleep(0.4)
        after = card.n
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0
    for n, gain_db in ((mistaken, -6.0), (before - 2 * PERIOD, -6.0), (after - 4 * PERIOD, 0.0)):
        heard = card.heard[n : n + PERIOD]
        sent = card.sent[n - 2 * PERIOD : n - PERIOD].astype(np.float64)
        np.testing.assert_allclose(heard, sent * 10 ** (gain_db / 20), rtol=1e-6)


def test_devices_lists_the_card(server: Server, tmp_path: Path) -> None:
    with SoundCard(server.name, 0.1), running(server, "devices", folder=tmp_path) as process:
        out, _ = process.communicate(timeout=20)
    assert "probe" in out
    assert "2 in   2 out   48000 Hz  JACK Audio Connection Kit" in out


def test_a_rate_that_the_card_refuses_is_converted_on_the_way_in(server: Server, tmp_path: Path) -> None:
    soxr = pytest.importorskip("soxr")
    cd = np.random.default_rng(4).uniform(-0.4, 0.4, (13_230, 2))
    soundfile.write(tmp_path / "cd.wav", cd, 44_100, "DOUBLE")
    arguments = ("play", "cd.wav", "--preset", "clean", "--device", "probe")
    with SoundCard(server.name, LONG_S) as card, running(server, *arguments, folder=tmp_path) as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "probe: 44100 Hz, converted to 48000 Hz, 0.3 s" in err
    at_once = soxr.resample(cd, 44_100, RATE, "VHQ")
    expected = tapegraph.load("clean").render(np.ascontiguousarray(at_once.T), RATE).T.astype(np.float32)
    assert len(at_once) == 14_400
    start = offset(expected, card.heard)
    np.testing.assert_array_equal(card.heard[start : start + len(expected)], expected)


def test_live_at_a_rate_that_the_card_refuses_is_told_with_its_own(server: Server, tmp_path: Path) -> None:
    arguments = ("live", "--preset", "clean", "--input", "system", "--output", "system", "--rate", "44100")
    with running(server, *arguments, folder=tmp_path) as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.splitlines()[-1] == ("system (JACK Audio Connection Kit) refuses 44100 Hz; it can run at 48000 Hz")


def test_a_knob_is_learnt_by_midi_and_still_known_the_next_time(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in ("mido", "rtmidi"):
        pytest.importorskip(library)
    (tmp_path / "level.yaml").write_text(
        "tapegraph: 1\nnodes: {a: {kind: gain}}\nlinks: [input -> a -> output]\ncontrols: {Level: a.gain_db}\n"
    )
    monkeypatch.setitem(server.environment, "MIDO_BACKEND", "mido.backends.rtmidi/UNIX_JACK")
    monkeypatch.setitem(server.environment, "XDG_CONFIG_HOME", str(tmp_path))
    arguments = ("live", "--graph", "level.yaml", "--input", "probe", "--output", "probe")
    for option, value in (("--learn=Level", 64), ("--midi", 127)):
        with (
            Controller(server) as controller,
            SoundCard(server.name, LONG_S) as card,
            running(server, *arguments, option, folder=tmp_path) as process,
        ):
            started(process)
            assert process.stderr is not None
            if "learn" in option:
                assert process.stderr.readline() == "move the controller for Level\n"
            controller.turn(7, value)
            if "learn" in option:
                assert process.stderr.readline() == "controller 7 on channel 1 sets Level\n"
            time.sleep(0.4)
            n = card.n - 4 * PERIOD
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        assert process.returncode == 0, err
        gain_db = -96.0 + (48.0 - -96.0) * value / 127
        sent = card.sent[n - 2 * PERIOD : n - PERIOD].astype(np.float64)
        np.testing.assert_allclose(card.heard[n : n + PERIOD], sent * 10 ** (gain_db / 20), rtol=1e-6)
        assert (tmp_path / "tapegraph" / "midi.yaml").read_text() == "1/7: Level\n"


PERFORMANCE = """
import math, tapegraph
graph = tapegraph.chain(tape={"kind": "hysteresis", "oversample": 2}, level={"kind": "gain"})
with graph.live(input="probe", output="probe", record="take.wav") as running:
    for step in range(100):
        graph.set("tape.drive", 0.5 + 0.4 * math.sin(0.1 * step))
        graph.set("level.gain_db", -6 + 5 * math.cos(0.07 * step))
        running.wait(0.02)
"""


def test_live_with_knobs_that_move_all_the_while_is_rendered_again_to_the_bit(server: Server, tmp_path: Path) -> None:
    with SoundCard(server.name, LONG_S) as card:
        command = [sys.executable, "-c", PERFORMANCE]
        subprocess.run(command, env=server.environment, cwd=tmp_path, check=True, capture_output=True, timeout=20)
    take, _ = soundfile.read(tmp_path / "take.wav", dtype="float32")
    graph = tapegraph.load(tmp_path / "take.moves.yaml")
    assert len(graph.automation["tape.drive"]) > 100
    latency = graph.stream(RATE, 2).latency - graph.block + 1
    played = take[latency:-PERIOD]
    begun = next(n for n in range(0, card.n - 4096, PERIOD) if same_head(graph, card.sent[n:], played))
    expected = rendered(graph, card.sent[begun : begun + len(take)])[: len(played)]
    np.testing.assert_array_equal(played, expected)
    start = offset(played, card.heard)
    np.testing.assert_array_equal(card.heard[start : start + len(played)], played)


def test_every_sample_is_right_while_presets_change_and_controls_move(server: Server, tmp_path: Path) -> None:
    samples, wrong = compare(performed(server, tmp_path, seconds=4.0, change_s=0.5), tmp_path)
    assert samples >= 2 * 4 * RATE - 4 * PERIOD
    assert wrong == 0
