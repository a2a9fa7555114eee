"""What playing from Python refuses, and in which words; cards that are not there, and a graph that is never heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fake_sounddevice
import numpy as np
import pytest

import tapegraph
from tapegraph.__main__ import main

RATE = 48_000
GRAPH = tapegraph.chain(gain={"gain_db": -6})


pytestmark = pytest.mark.usefixtures("card")


def play(**options: Any) -> object:
    return GRAPH.play(np.zeros(64), RATE, **options)


def live(**options: Any) -> object:
    return GRAPH.live(**options)


def refusal(start: Callable[..., object], **options: Any) -> str:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        start(**options)
    return str(caught.value)


@pytest.mark.parametrize("start", [play, live])
@pytest.mark.parametrize("block", [0, -1, 15, 8193, 256.0, "256", None, True, np.float64(256)])
def test_a_block_that_no_card_can_be_asked_for_is_told_with_those_that_can(
    start: Callable[..., object], block: object
) -> None:
    said = f"block is {block!r}; it must be a whole number of frames from 16 to 8192"
    assert refusal(start, block=block) == said


@pytest.mark.parametrize("start", [play, live])
def test_an_unknown_quality_is_told_with_those_there_are(start: Callable[..., object]) -> None:
    assert refusal(start, quality="high") == "quality is 'high'; it must be one of draft, live, render"


@pytest.mark.parametrize("channels", [0, -1, 65, 1.0, "1", True])
def test_channels_that_cannot_be_counted_are_refused(channels: object) -> None:
    assert refusal(live, channels=channels) == f"channels are {channels!r}; there must be a whole number from 1 to 64"


def test_more_channels_than_the_input_has_are_refused_in_its_name() -> None:
    assert refusal(live, input="Mic", channels=2) == "Microphone (Fake) refuses 2 input channels; it has 1"


def test_a_sample_rate_of_0_does_not_stand_for_that_of_the_card() -> None:
    assert refusal(live, sample_rate=0) == "sample_rate is 0 Hz; it must be 8000 to 384000 Hz"


def test_whole_numbers_of_numpy_are_taken() -> None:
    with GRAPH.live(block=np.int64(128), channels=np.int32(1)) as running:  # type: ignore[arg-type]
        assert (running.block, running.inputs) == (128, 1)


def test_the_device_that_refuses_the_rate_is_named_with_what_both_can_run_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert refusal(live, input="Microphone", output=0) == (
        "Microphone (Fake) refuses 48000 Hz; Microphone (Fake) can run at 16000 Hz, "
        "Built-in (Fake) can run at 44100 or 48000 Hz: choose devices with a sample rate in common, "
        "see tapegraph devices"
    )
    assert refusal(live, input="Microphone", output=0, sample_rate=16_000) == (
        "Built-in (Fake) refuses 16000 Hz; Microphone (Fake) can run at 16000 Hz, "
        "Built-in (Fake) can run at 44100 or 48000 Hz: choose devices with a sample rate in common, "
        "see tapegraph devices"
    )
    monkeypatch.setitem(fake_sounddevice.CARDS[3], "rates", (16_000.0, 44_100.0))
    both = "Microphone (Fake) and Built-in (Fake) can both run at 44100 Hz"
    assert refusal(live, input="Microphone", output=0) == f"Microphone (Fake) refuses 48000 Hz; {both}"
    assert refusal(live, input="Microphone", output=0, sample_rate=96_000) == (
        f"Microphone (Fake) and Built-in (Fake) refuse 96000 Hz; {both}"
    )


def test_a_device_that_refuses_its_own_default_rate_is_told_with_what_it_can_run_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(fake_sounddevice.CARDS[1], "rates", (44_100.0,))
    said = "Scarlett 2i2 (Fake) refuses 48000 Hz; it can run at 44100 Hz"
    assert refusal(play) == said
    assert refusal(live, input=1, output=1) == said
    monkeypatch.setitem(fake_sounddevice.CARDS[1], "rates", ())
    assert refusal(play) == "Scarlett 2i2 (Fake) refuses 48000 Hz; it can run at none of the usual sample rates"


@pytest.mark.parametrize(("number", "name"), [(0, "Built-in"), (1, "Scarlett 2i2")])
def test_of_two_devices_the_one_that_another_program_has_is_named(
    monkeypatch: pytest.MonkeyPatch, number: int, name: str
) -> None:
    monkeypatch.setattr(fake_sounddevice, "busy_device", number)
    assert refusal(live) == (
        f"{name} (Fake) is in use by another program; quit that, or choose another device, see tapegraph devices"
    )


def test_where_each_of_two_devices_can_be_opened_alone_both_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_sounddevice.Stream, "refusal", "Unanticipated host error")
    assert refusal(live) == (
        "Built-in (Fake) and Scarlett 2i2 (Fake) cannot be opened together: Unanticipated host error"
    )


def test_what_the_audio_system_says_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: fake_sounddevice.OutputStream, **options: Any) -> None:
        raise fake_sounddevice.PortAudioError("Unanticipated host error", -9999, (0, 1722, "The RPC server is gone"))

    monkeypatch.setattr(fake_sounddevice.OutputStream, "__init__", refuse)
    assert refusal(play) == ("Scarlett 2i2 (Fake) cannot be opened: Unanticipated host error: The RPC server is gone")


def test_devices_of_two_audio_systems_are_not_used_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fake_sounddevice.CARDS[1], "hostapi", 1)
    assert refusal(live) == (
        "Built-in (Fake) and Scarlett 2i2 (Windows WASAPI) cannot be used together; choose an input and an output of "
        "one audio system, see tapegraph devices"
    )


@pytest.mark.parametrize("wanted", [(), 0, (0,), (1, 1), ("1",), "1", 1.0, True, (1, None)])
@pytest.mark.parametrize("direction", ["input", "output"])
def test_numbers_that_no_channels_have_are_refused(direction: str, wanted: object) -> None:
    assert refusal(live, **{f"{direction}_channels": wanted}) == (
        f"{direction}_channels are {wanted!r}; they must be different numbers of channels, such as 2 or (3, 4)"
    )


def test_channels_that_the_card_does_not_have_are_told_with_those_it_has() -> None:
    assert refusal(live, input=2, input_channels=(8, 9)) == (
        "Scarlett 18i8 (Fake) has no input channel 9; it has channels 1 to 8"
    )
    assert refusal(live, input=0, input_channels=2) == "Built-in (Fake) has no input channel 2; it has only channel 1"
    assert refusal(play, device=1, output_channels=(3,)) == (
        "Scarlett 2i2 (Fake) has no output channel 3; it has channels 1 to 2"
    )


def test_channels_are_counted_or_chosen_and_those_of_the_output_are_as_many_as_the_graph_has() -> None:
    assert refusal(live, input=2, channels=2, input_channels=(1, 2)) == (
        "channels are 2 and input_channels (1, 2); give one of them"
    )
    assert refusal(live, input=2, output=2, input_channels=(1, 2), output_channels=(3, 4, 5)) == (
        "output_channels are (3, 4, 5); the output of the graph has 2 channels, so name 2"
    )


@pytest.mark.parametrize("value", ["", "a", "1,", "1-2"])
def test_channels_that_cannot_be_read_are_wrong_use(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["live", "--preset", "clean", "--input-channels", value]) == 2
    assert f"{value} does not name channels; write 2 or 1,2" in capsys.readouterr().err
