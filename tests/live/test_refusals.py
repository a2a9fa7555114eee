"""What playing from Python refuses, and in which words; cards that are not there, and a graph that is never heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapegraph

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
    assert refusal(live, input="Mic", channels=2) == "Microphone (Fake) refuses 2 channels of input; it has 1"


def test_a_sample_rate_of_0_does_not_stand_for_that_of_the_card() -> None:
    assert refusal(live, sample_rate=0) == "sample_rate is 0 Hz; it must be 8000 to 384000 Hz"


def test_whole_numbers_of_numpy_are_taken() -> None:
    with GRAPH.live(block=np.int64(128), channels=np.int32(1)) as running:  # type: ignore[arg-type]
        assert (running.block, running.inputs) == (128, 1)
