"""Which channels of a card sound comes from and goes to, on cards that keep what they sent and received."""

from __future__ import annotations

from pathlib import Path

import fake_sounddevice
import numpy as np
import pytest
import soundfile

import tapegraph
from tapegraph.__main__ import main

RATE = 48_000
BLOCK = 256
NOISE = np.random.default_rng(8).uniform(-0.5, 0.5, (2, 5000)).astype(np.float32)


@pytest.fixture
def streams(
    card: type[fake_sounddevice.OutputStream], monkeypatch: pytest.MonkeyPatch
) -> list[fake_sounddevice.OutputStream]:
    """The streams that are opened, in order."""
    monkeypatch.setattr(card, "opened", [], raising=False)
    monkeypatch.setattr(card, "level", 0.1)
    return card.opened


def wires() -> tapegraph.Graph:
    return tapegraph.Graph(nodes={}, links=["input -> output"])


def played(stream: fake_sounddevice.OutputStream) -> tuple[np.ndarray, np.ndarray]:
    """Return what a card sent and received, (frames, channels that were opened), until the fade at the end."""
    sounding = np.flatnonzero([block.any() for block in stream.received])
    n = int(sounding[-1])
    return np.concatenate(stream.sent[:n]), np.concatenate(stream.received[:n])


def test_a_guitar_in_the_second_input_is_heard_on_both_loudspeakers(
    streams: list[fake_sounddevice.OutputStream],
) -> None:
    with wires().live(input="18i8", input_channels=2) as running:
        running.wait(0.1)
    sent, received = played(streams[0])
    assert streams[0].options["channels"] == (2, 2)
    assert running.inputs == 1
    np.testing.assert_array_equal(received, sent[:, [1, 1]])


def test_channels_are_taken_and_put_in_the_order_in_which_they_are_named_and_the_rest_is_silent(
    streams: list[fake_sounddevice.OutputStream], tmp_path: Path
) -> None:
    take = tmp_path / "take.wav"
    with wires().live(input=2, output=2, input_channels=(5, 3), output_channels=[2, 7], record=take) as running:
        running.wait(0.1)
    sent, received = played(streams[0])
    assert streams[0].options["channels"] == (5, 7)
    np.testing.assert_array_equal(received[:, [1, 6]], sent[:, [4, 2]])
    assert not received[:, [0, 2, 3, 4, 5]].any()
    assert not streams[0].received[-1].any()
    recorded, _ = soundfile.read(take, dtype="float32")
    assert recorded.shape[1] == 2
    np.testing.assert_array_equal(recorded[: len(received)], received[:, [1, 6]])


def test_a_file_is_played_to_the_channels_that_are_chosen(streams: list[fake_sounddevice.OutputStream]) -> None:
    with tapegraph.chain(gain={"gain_db": -6}).play(NOISE, RATE, device=2, output_channels=(3, 4)) as playing:
        playing.wait(10)
    received = np.concatenate(streams[0].received)[:5000]
    assert not received[:, :2].any()
    np.testing.assert_array_equal(received[:, 2:].T, tapegraph.chain(gain={"gain_db": -6}).render(NOISE, RATE))


def test_one_channel_is_played_to_as_many_as_are_chosen(streams: list[fake_sounddevice.OutputStream]) -> None:
    for chosen in (8, (1, 4, 6)):
        with wires().play(NOISE[0], RATE, device=2, output_channels=chosen) as playing:
            playing.wait(10)
        received = np.concatenate(streams.pop().received)[:5000]
        numbers = np.atleast_1d(chosen) - 1
        assert not np.delete(received, numbers, axis=1).any()
        np.testing.assert_array_equal(received[:, numbers], np.tile(NOISE[0], (len(numbers), 1)).T)


def test_where_a_system_opens_nothing_less_all_channels_are_opened(
    streams: list[fake_sounddevice.OutputStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fake_sounddevice.CARDS[2], "hostapi", 1)
    with wires().live(input=2, output=2, input_channels=2, output_channels=(3, 4)) as running:
        running.wait(0.1)
    sent, received = played(streams[0])
    assert streams[0].options["channels"] == (8, 8)
    np.testing.assert_array_equal(received[:, 2:4], sent[:, [1, 1]])
    with wires().live(input=2, output=2) as running:
        running.wait(0.05)
    assert streams[1].options["channels"] == (2, 2)


def test_channels_are_chosen_on_the_command_line_and_named_at_the_start(
    streams: list[fake_sounddevice.OutputStream], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "song.wav", NOISE.T, RATE, "FLOAT")
    arguments = ["play", str(tmp_path / "song.wav"), "--preset", "clean", "--device", "2", "--output-channels", "3, 4"]
    assert main(arguments) == 0
    assert " -> Scarlett 18i8 channels 3,4: 48000 Hz" in capsys.readouterr().err
    assert streams[0].options["channels"] == 4
