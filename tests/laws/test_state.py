"""Laws of state, for every output of every kind: resets, blocks, channels, time, and calls that must change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import soloist
from soloist import music, play, started, variants

import tapegraph
from tapegraph.node import Node, Param
from tapegraph.node.registry import find
from tapegraph.node.setup import start

BLOCKS = (16, 64, 100, 512)
FLUSHED = 1e-25  # states under -500 dB may be taken as silence where a block ends
# By how much the output may depend on how long the blocks are and where they begin, full scale, and why.
ROUNDING = {
    "hysteresis": 1e-7,  # exponential_h takes L over from sample to sample, and computes it where a block begins
    "playhead_loss": 1e-11,  # long responses are convolved by FFTs of two blocks
}
# Nodes whose output depends on the time since the start, and why.
OWN_TIME = {
    "flutter": "the tape moves, whatever is on it",
    "wow": "the tape moves, whatever is on it",
}
# Nodes that go on to a new target after a reset, and why.
GOES_ON = {
    "playhead_loss": "a response is designed while sound goes on",
}


def ready(kind: str, *sizes: int, **params: Any) -> Node:
    node = started(kind, *sizes, **params)
    assert node is not None, params
    return node


def other_settings(kind: str) -> list[dict[str, Any]]:
    """Return every number at one of its ends together, every option by itself."""
    values = soloist.elsewhere(kind)
    numbers = {p.name.replace("#", "1"): values[p.name] for p in find(kind).PARAMS if isinstance(p, Param)}
    return [numbers, *list(variants(kind))[1:]]


def set_all(node: Node, params: dict[str, Any]) -> None:
    for name, value in params.items():
        declared = next(p for p in type(node).PARAMS if p.name.replace("#", "1") == name)
        node.set(name, declared.resolve(value))


def test_reset_is_as_good_as_new(kind: str) -> None:
    for params in variants(kind):
        node, x = ready(kind, **params), music()
        first = play(node, x)
        assert all(np.any(output) for output in first), params
        node.update()
        node.reset()
        np.testing.assert_array_equal(play(node, x), first, err_msg=str(params))


def test_after_a_reset_what_moved_to_a_target_is_there(kind: str) -> None:
    """Both from the old value and from halfway to the new one."""
    if kind in GOES_ON:
        pytest.skip(GOES_ON[kind])
    x = music()
    for params in other_settings(kind):
        new = started(kind, **params)
        if new is None:
            continue
        expected = play(new, x)
        for heard in (0, 64):
            node = ready(kind)
            play(node, x)
            set_all(node, params)
            node.update()
            play(node, x[:, :heard])
            node.update()
            node.reset()
            np.testing.assert_array_equal(play(node, x)[:, :, -300:], expected[:, :, -300:], err_msg=str(params))


def test_prepared_again_a_node_is_as_good_as_new(kind: str) -> None:
    x = music()
    for params in other_settings(kind):
        new = started(kind, **params)
        if new is None:
            continue
        node = ready(kind)
        node.fs = new.fs
        play(node, x)
        set_all(node, params)
        node.update()
        play(node, x[:, :64])
        np.testing.assert_array_equal(play(start(node), x), play(new, x), err_msg=str(params))


def test_the_output_does_not_depend_on_the_size_of_the_blocks(kind: str) -> None:
    for params in variants(kind):
        x = music(3)
        outputs = [play(ready(kind, 3, block, **params), x) for block in BLOCKS]
        for y in outputs[1:]:
            np.testing.assert_allclose(
                y, outputs[0], rtol=0, atol=ROUNDING.get(kind, FLUSHED), err_msg=str(params), equal_nan=False
            )


def test_channels_sound_alone_as_they_do_beside_others_where_a_node_says_so(kind: str) -> None:
    coupled_by = find(kind).COUPLED_BY
    if coupled_by is None:
        pytest.skip("its channels hear each other")
    if find(kind).CHANNELS:
        pytest.skip("it makes as many channels as it wants")
    assert set(coupled_by) <= {param.name for param in find(kind).PARAMS}
    x = music(5)
    for params in [*variants(kind), *(soloist.settings(kind) if tapegraph.COMPILED else ())]:
        params.update(dict.fromkeys(coupled_by, 0.0))
        node = started(kind, 5, **params)
        if node is None:
            continue
        together = play(node, x)
        for part in (slice(0, 2), slice(2, 3), slice(3, 5), slice(1, 4)):
            some = ready(kind, part.stop - part.start, first_channel=part.start, **params)
            np.testing.assert_array_equal(play(some, x[part]), together[:, part], err_msg=str(params))


def test_a_delayed_input_gives_the_same_output_delayed_by_as_much(kind: str) -> None:
    """By whole blocks to the bit; by any other number of frames up to rounding."""
    if find(kind).SOURCE:
        pytest.skip("a source has a time of its own")
    if kind in OWN_TIME:
        pytest.skip(OWN_TIME[kind])
    for params in variants(kind):
        x = music()
        y = play(ready(kind, **params), x)
        for delay, rounding in ((128, 0.0), (37, ROUNDING.get(kind, FLUSHED))):
            later = play(ready(kind, **params), np.pad(x, ((0, 0), (delay, 0))))
            np.testing.assert_allclose(later[:, :, delay:], y, rtol=0, atol=rounding, err_msg=str(params))


def test_update_without_a_change_changes_nothing(kind: str) -> None:
    """Neither at rest nor while a parameter moves, however often it is called."""
    x = music()

    def run(node: Node, params: dict[str, Any], updates: int) -> Any:
        heard = []
        for b in range(10):
            if b == 4:
                set_all(node, params)
                node.update()
            for _ in range(updates):
                node.update()
            heard.append(play(node, x[:, b * 64 : b * 64 + 64]))
        return heard

    for params in [*({name: value} for name, value in other_settings(kind)[0].items()), *other_settings(kind)]:
        if started(kind, **params) is None:
            continue
        np.testing.assert_array_equal(run(ready(kind), params, 2), run(ready(kind), params, 0), err_msg=str(params))


def test_no_output_is_upside_down(kind: str) -> None:
    """The largest sample of the response to a faint impulse has the sign of the impulse."""
    if find(kind).SOURCE:
        pytest.skip("it hears nothing")
    for params in variants(kind):
        x = np.zeros((1, 9600))
        x[:, 0] = 0.1
        for y in play(ready(kind, 1, **params), x)[:, 0]:
            assert y[np.argmax(np.abs(y))] > 0.0, params
