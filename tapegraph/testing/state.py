"""Laws of state, for every output: resets, blocks, channels, time, and calls that must change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from tapegraph.node import Node, Param
from tapegraph.node.setup import start
from tapegraph.run.sound import Array
from tapegraph.testing.law import DoesNotApply, Kind, exceptions, node_class, require, require_equal
from tapegraph.testing.single import COMPILED, elsewhere, music, play, settings, started, variants

BLOCKS = (16, 64, 100, 512)


def ready(node: Kind, *sizes: int, **params: Any) -> Node:
    made = started(node, *sizes, **params)
    require(made is not None, "it refuses the default at every sample rate", params)
    assert made is not None
    return made


def other_settings(node: Kind) -> list[dict[str, Any]]:
    """Return every number at one of its ends together, every option by itself."""
    values = elsewhere(node)
    numbers = {p.name.replace("#", "1"): values[p.name] for p in node_class(node).PARAMS if isinstance(p, Param)}
    return [numbers, *list(variants(node))[1:]]


def set_all(node: Node, params: dict[str, Any]) -> None:
    for name, value in params.items():
        declared = next(p for p in type(node).PARAMS if p.name.replace("#", "1") == name)
        node.set(name, declared.resolve(value))


def reset_is_as_good_as_new(kind: Kind) -> None:
    for params in variants(kind):
        node, x = ready(kind, **params), music()
        first = play(node, x)
        for port, output in zip(node_class(kind).OUTPUTS, first, strict=True):
            require(np.any(output), f"the output {port} is silent", params)
        node.update()
        node.reset()
        require_equal(play(node, x), first, "after a reset the output is not that of a new node", params)


def after_a_reset_what_moved_to_a_target_is_there(kind: Kind) -> None:
    """Both from the old value and from halfway to the new one."""
    if exceptions(kind).continues_after_reset:
        raise DoesNotApply("it continues to a new target after a reset")
    x = music()
    for params in other_settings(kind):
        new = started(kind, **params)
        if new is None:
            continue
        expected = play(new, x)
        for moved in (0, 64):
            node = ready(kind)
            play(node, x)
            set_all(node, params)
            node.update()
            play(node, x[:, :moved])
            node.update()
            node.reset()
            what = "after a reset a parameter is not where it was set to"
            require_equal(play(node, x)[:, :, -300:], expected[:, :, -300:], what, params)


def prepared_again_a_node_is_as_good_as_new(kind: Kind) -> None:
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
        what = "prepared again, its output is not that of a new node"
        require_equal(play(start(node), x), play(new, x), what, params)


def the_output_does_not_depend_on_the_size_of_the_blocks(kind: Kind) -> None:
    for params in variants(kind):
        x = music(3)
        outputs = [play(ready(kind, 3, block, **params), x) for block in BLOCKS]
        for block, y in zip(BLOCKS[1:], outputs[1:], strict=True):
            what = f"blocks of {block} frames give another output than blocks of {BLOCKS[0]}"
            require_equal(y, outputs[0], what, params, exceptions(kind).rounding)


def independent_channels_sound_alone_as_they_do_beside_others(kind: Kind) -> None:
    """Where COUPLED_BY says that they are independent."""
    cls = node_class(kind)
    if cls.COUPLED_BY is None:
        raise DoesNotApply("its channels are coupled")
    if cls.CHANNELS:
        raise DoesNotApply("it sets its own number of channels")
    x = music(5)
    for params in [*variants(kind), *(settings(kind) if COMPILED else ())]:
        params.update(dict.fromkeys(cls.COUPLED_BY, 0.0))
        node = started(kind, 5, **params)
        if node is None:
            continue
        together = play(node, x)
        for part in (slice(0, 2), slice(2, 3), slice(3, 5), slice(1, 4)):
            some = ready(kind, part.stop - part.start, first_channel=part.start, **params)
            what = f"channels {part.start} to {part.stop - 1} alone differ from the same beside others"
            require_equal(play(some, x[part]), together[:, part], what, params)


def a_delayed_input_gives_the_same_output_delayed_by_as_much(kind: Kind) -> None:
    """By whole blocks to the bit; by any other number of frames up to rounding."""
    if node_class(kind).SOURCE or exceptions(kind).has_own_time:
        raise DoesNotApply("it has a time of its own")
    for params in variants(kind):
        x = music()
        y = play(ready(kind, **params), x)
        for delay, rounding in ((128, 0.0), (37, exceptions(kind).rounding)):
            later = play(ready(kind, **params), np.pad(x, ((0, 0), (delay, 0))))
            what = f"an input delayed by {delay} frames gives another output"
            require_equal(later[:, :, delay:], y, what, params, rounding)


def update_without_a_change_changes_nothing(kind: Kind) -> None:
    """Neither at rest nor while a parameter moves, however often it is called."""
    x = music()

    def run(node: Node, params: dict[str, Any], updates: int) -> Array:
        blocks = []
        for b in range(10):
            if b == 4:
                set_all(node, params)
                node.update()
            for _ in range(updates):
                node.update()
            blocks.append(play(node, x[:, b * 64 : b * 64 + 64]))
        return np.concatenate(blocks, axis=-1)

    for params in [*({name: value} for name, value in other_settings(kind)[0].items()), *other_settings(kind)]:
        if started(kind, **params) is None:
            continue
        what = "update() between blocks changes the output"
        require_equal(run(ready(kind), params, 2), run(ready(kind), params, 0), what, params)


def no_output_is_upside_down(kind: Kind) -> None:
    """The largest sample of the response to a faint impulse has the sign of the impulse."""
    if node_class(kind).SOURCE:
        raise DoesNotApply("a source has no input")
    for params in variants(kind):
        x = np.zeros((1, 9600))
        x[:, 0] = 0.1
        outputs = play(ready(kind, 1, **params), x)[:, 0]
        for port, y in zip(node_class(kind).OUTPUTS, outputs, strict=True):
            upright = y[np.argmax(np.abs(y))] > 0.0 or port in exceptions(kind).rings
            require(upright, f"the output {port} is inverted", params)
