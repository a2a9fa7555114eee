"""Sessions on a card that is not there: devices, starts, ends, mistakes."""

from __future__ import annotations

import atexit
import contextlib
import gc
import signal
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import fake_sounddevice
import numpy as np
import pytest
import soundfile

import tapegraph
from tapegraph.__main__ import main
from tapegraph.live import devices, portaudio, session
from tapegraph.live.deck import Deck
from tapegraph.node.params import Quality
from tapegraph.run.plan import Plan, plan

RATE = 48_000
NOISE = np.random.default_rng(5).uniform(-0.5, 0.5, (2, 5000)).astype(np.float32)


pytestmark = pytest.mark.usefixtures("card")


def graph() -> tapegraph.Graph:
    return tapegraph.chain(gain={"gain_db": -6}, hysteresis={"oversample": 2})


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (
            "raise OSError('PortAudio library not found')",
            "playing needs the library PortAudio, which is not installed: apt install libportaudio2 on Debian and "
            "Ubuntu, dnf install portaudio on Fedora, brew install portaudio on macOS",
        ),
        (
            "class PortAudioError(Exception): pass\nraise PortAudioError('host')",
            "PortAudio cannot start: host; is the configuration of ALSA right?",
        ),
    ],
)
def test_where_portaudio_is_missing_or_cannot_start_a_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, said: str
) -> None:
    (tmp_path / "sounddevice.py").write_text(module)
    monkeypatch.delitem(sys.modules, "sounddevice")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        devices.devices()
    assert str(caught.value) == said


def test_without_a_card_a_line_says_what_to_plug_in_or_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fake_sounddevice, "CARDS", [])
    missing = "there is no sound card or sound server; plug one in, or start PipeWire, PulseAudio or jackd\n"
    assert main(["devices"]) == 1
    assert capsys.readouterr().err == missing
    assert main(["live", "--preset", "clean"]) == 1
    assert capsys.readouterr().err == "there is no input device: " + missing


@pytest.mark.parametrize(
    ("wanted", "direction", "number"),
    [(None, "output", 1), (None, "input", 0), (2, "input", 2), ("2", "input", 2),
     ("18i8", "output", 2), ("mic", "input", 3)],
)  # fmt: skip
def test_a_card_is_found_by_number_name_or_part_of_it(
    wanted: str | int | None, direction: devices.Direction, number: int
) -> None:
    assert devices.find(wanted, direction).number == number


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("scarlett", "scarlett may be any of 1 Scarlett 2i2 (Fake), 2 Scarlett 18i8 (Fake); use a number"),
        ("bilt-in", "no output device is called bilt-in; did you mean Built-in?"),
        (
            "Microphone",
            "3 Microphone (Fake) has no output channels; the output devices are "
            "0 Built-in (Fake), 1 Scarlett 2i2 (Fake), 2 Scarlett 18i8 (Fake)",
        ),
        (
            "9",
            "no output device is called 9; the output devices are "
            "0 Built-in (Fake), 1 Scarlett 2i2 (Fake), 2 Scarlett 18i8 (Fake)",
        ),
    ],
)
def test_a_card_that_is_not_there_is_told_with_those_that_are(wanted: str, said: str) -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        devices.find(wanted, "output")
    assert str(caught.value) == said


def test_playing_from_python_records_what_rendering_gives(tmp_path: Path) -> None:
    with graph().play(NOISE, RATE, record=tmp_path / "heard.wav") as playing:
        assert playing.wait(10)
    heard, rate = soundfile.read(tmp_path / "heard.wav", dtype="float32")
    assert rate == RATE
    np.testing.assert_array_equal(heard.T, graph().render(NOISE, RATE))
    assert playing.frames == len(heard)


def test_without_soxr_a_refused_rate_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        graph().play(NOISE, 96_000)
    assert str(caught.value) == (
        "Scarlett 2i2 (Fake) refuses 96000 Hz; it runs at 48000 Hz; "
        "to convert the sound, pip install 'tapegraph[resample]'"
    )


def test_one_channel_is_heard_on_both_loudspeakers(tmp_path: Path) -> None:
    with graph().play(NOISE[0], RATE, record=tmp_path / "heard.wav") as playing:
        playing.wait(10)
    heard, _ = soundfile.read(tmp_path / "heard.wav", dtype="float32")
    np.testing.assert_array_equal(heard[:, 0], graph().render(NOISE[0], RATE))
    np.testing.assert_array_equal(heard[:, 1], heard[:, 0])


def test_the_stream_stays_open_until_the_card_has_played_what_it_holds(
    card: type[fake_sounddevice.OutputStream], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Sound servers throw away what they still hold of a stream that is closed."""
    monkeypatch.setattr(card, "latency", 0.05)
    with graph().play(NOISE, RATE, record=tmp_path / "heard.wav") as playing:
        assert playing.wait(10)
    assert playing.ended_at is not None
    assert (playing.calls - playing.ended_at) * 512 >= (0.05 + 0.05) * RATE  # servers hold more than they state
    heard, _ = soundfile.read(tmp_path / "heard.wav", dtype="float32")
    np.testing.assert_array_equal(heard.T, graph().render(NOISE, RATE))


def test_what_goes_wrong_in_the_audio_thread_is_raised_where_it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError), graph().live() as running:
        monkeypatch.setattr(running.deck, "process", lambda audio: 1 / 0)
        running.wait(10)


def test_what_goes_wrong_while_rendering_ahead_is_raised_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(audio: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        from tapegraph.live.playback import Playback

        broken = (1 / 0 for _ in range(3))
        with Playback(graph(), broken, RATE, 1).start() as playing:  # type: ignore[arg-type]
            playing.wait(10)


def test_a_card_that_falls_silent_ends_the_session(
    card: type[fake_sounddevice.OutputStream], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(card, "gone_after", 20)
    monkeypatch.setattr(session, "WATCH_S", 0.01)
    monkeypatch.setattr(portaudio, "left_behind", [])
    registered: list[object] = []
    monkeypatch.setattr(atexit, "register", registered.append)
    said = "^Built-in or Scarlett 2i2 does not respond: it has requested no sound for 0 s$"
    with pytest.raises(tapegraph.TapegraphError, match=said), graph().live(record=tmp_path / "take.wav") as running:
        running.wait(10)
    assert registered[-1] == portaudio.exit_without_portaudio  # or else the process could not end
    assert len(soundfile.read(tmp_path / "take.wav")[0]) == 20 * 256


def test_a_card_that_is_pulled_out_ends_the_session(
    card: type[fake_sounddevice.OutputStream], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(card, "pulled_after", 20)
    said = "^Built-in or Scarlett 2i2 was disconnected$"
    with pytest.raises(tapegraph.TapegraphError, match=said), graph().live(record=tmp_path / "take.wav") as running:
        running.wait(10)
    assert len(soundfile.read(tmp_path / "take.wav")[0]) == 20 * 256


def test_a_card_that_another_program_has_is_told_to_be_busy(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(fake_sounddevice, "busy_device", 1)
    assert main(["live", "--preset", "clean", "--record", str(tmp_path / "take.wav")]) == 1
    assert capsys.readouterr().err == (
        "Scarlett 2i2 (Fake) is in use by another program; quit that, or choose another device, see tapegraph devices\n"
    )
    assert not list(tmp_path.iterdir())


def test_an_interruption_while_the_sound_is_about_to_start_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[session.Session] = []

    def interrupted(this: session.Session) -> None:
        opened.append(this)
        raise KeyboardInterrupt

    monkeypatch.setattr(session.Session, "prepare", interrupted)
    with pytest.raises(KeyboardInterrupt):
        graph().live(record=tmp_path / "take.wav")
    assert opened[0].stream is None
    assert opened[0].finished.is_set()
    assert not list(tmp_path.iterdir())


def test_ctrl_c_waits_until_portaudio_has_done_what_it_is_at() -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), portaudio.deferred_signals():
        signal.raise_signal(signal.SIGINT)
        done = True
    assert done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_late_calls_are_counted_and_advice_is_given(
    card: type[fake_sounddevice.OutputStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "late_calls", (2, 4))
    with graph().live(block=128) as running:
        running.wait(0.1)
    assert running.xruns == 2
    assert running.warnings() == ["2 dropouts (blocks late); try --block 256 or --quality live"]


@pytest.mark.parametrize(
    ("quality", "load", "advice"),
    [
        ("render", 0.3, "try --block 512 or --quality live"),
        ("live", 0.3, "try --block 512 or --quality draft"),
        ("draft", 0.3, "try --block 512"),
        ("render", 1.1, "the load is 110 %: try --quality live"),
        ("live", 1.1, "the load is 110 %: try --quality draft"),
        ("draft", 1.1, "the load is 110 %: this machine is too slow for it"),
    ],
)
def test_advice_is_what_helps(quality: Quality, load: float, advice: str) -> None:
    with graph().live(quality=quality) as running:
        running.wait(0.02)
    running.xruns, running.load = 1, load
    assert running.warnings() == [f"1 dropout (block late); {advice}"]


def test_a_block_that_is_not_whole_blocks_of_the_graph_is_refused() -> None:
    with pytest.raises(
        tapegraph.TapegraphError, match="^block is 100 frames; it must be a multiple of the graph's 64$"
    ):
        graph().live(block=100)


def test_round_trip_is_that_of_the_card_and_of_the_graph() -> None:
    with graph().live() as running:
        assert running.round_trip_s == pytest.approx(0.03 + running.deck.plan.latency / RATE, abs=1e-12)
        assert running.deck.plan.latency > 0


@pytest.mark.parametrize(("calls", "round_trip_s"), [(1, 512 / RATE), (4, 1280 / RATE)])
def test_where_the_card_states_nonsense_the_round_trip_is_a_period_and_a_block(
    card: type[fake_sounddevice.OutputStream], monkeypatch: pytest.MonkeyPatch, calls: int, round_trip_s: float
) -> None:
    monkeypatch.setattr(fake_sounddevice.Stream, "latency", (89478.0, 89478.0))  # as PipeWire does
    monkeypatch.setattr(card, "calls_in_period", calls)
    with tapegraph.chain(gain={}).live() as running:
        assert running.round_trip_s == pytest.approx(round_trip_s, abs=1e-12)


def test_the_collector_waits_until_the_sound_has_ended() -> None:
    interval = sys.getswitchinterval()
    with graph().live():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert sys.getswitchinterval() == interval


def test_what_is_left_behind_while_sound_runs_is_cleared_away() -> None:
    class Left:
        def __init__(self) -> None:
            self.itself = self

    with graph().live() as running:
        left = [weakref.ref(Left()) for _ in range(2 * gc.get_threshold()[0])]
        until = time.monotonic() + 5.0
        while any(ref() is not None for ref in left) and time.monotonic() < until:
            running.wait(0.01)
        assert not any(ref() is not None for ref in left)


def test_python_is_kept_out_of_the_way_until_the_last_of_several_sessions_has_ended() -> None:
    interval = sys.getswitchinterval()
    with contextlib.ExitStack() as second:
        with graph().live():
            second.enter_context(graph().live())
        assert not gc.isenabled()
        assert sys.getswitchinterval() < interval
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert sys.getswitchinterval() == interval


def test_setting_a_parameter_reaches_what_plays() -> None:
    steady = tapegraph.chain(gain={"gain_db": 0})
    with steady.live() as running:
        steady.set("gain.gain_db", -6)
        while running.deck.plan.nodes["gain"].gain_db == 0.0:  # type: ignore[attr-defined]
            running.wait(0.01)
    assert running.deck.plan.nodes["gain"].gain_db == -6.0  # type: ignore[attr-defined]


def test_what_another_thread_sets_during_an_exchange_reaches_the_new_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (tapegraph.chain(gain={"gain_db": db}) for db in (0.0, -6.0))

    def turn_down() -> None:
        with running.playing() as playing:
            playing.set("gain.gain_db", -12)

    knob = threading.Thread(target=turn_down)

    def planned_while_a_knob_is_turned(*given: Any) -> Plan:
        knob.start()
        knob.join(0.1)
        return plan(*given)

    monkeypatch.setattr("tapegraph.live.deck.plan", planned_while_a_knob_is_turned)
    with old.live() as running:
        running.change(new)
        knob.join()
        while running.deck.requested or running.deck.next or running.deck.incoming:
            running.wait(0.01)
        assert running.deck.plan.nodes["gain"].gain_db == -12.0  # type: ignore[attr-defined]
    assert [old.get("gain.gain_db"), new.get("gain.gain_db")] == [0.0, -12.0]


def test_an_engine_may_come_while_another_thread_sets_something() -> None:
    graph = tapegraph.chain(gain={})

    class Joining(Deck):
        def set(self, node: str, param: str, value: object) -> None:
            graph.attach(Deck(graph.flat(), RATE, 1))

    decks = [Joining(graph.flat(), RATE, 1) for _ in range(3)]
    for deck in decks:
        graph.attach(deck)
    graph.set("gain.gain_db", -6)


def test_a_solver_that_is_set_is_lowered_as_the_quality_says() -> None:
    machine = graph()
    with machine.live(quality="draft") as running:
        machine.set("hysteresis.solver", "nr8")
        while running.deck.requested:
            running.wait(0.01)
        assert running.deck.plan.nodes["hysteresis"].solver == "rk2"  # type: ignore[attr-defined]
    assert machine.get("hysteresis.solver") == "nr8"
