"""Law: a parameter that is set while sound plays adds no click, at any rate and size of blocks.

What the change adds to a tone of 60 Hz is compared with what a ramp over 5 ms, in N frames, would add:

    e = y - y_before,    M = max |e|
    growth = max |e[0 .. N/32]| / (M / 32)      1 for such a ramp, 32 for a step
    bend = max |e[i] - 2 e[i-1] + e[i-2]| / (M / N)      1 for such a ramp, N for a step
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tapegraph.node import AnyParam, Choice, Model, Node, Param, Track
from tapegraph.run.sound import Array
from tapegraph.testing.law import Kind, exceptions, node_class, require
from tapegraph.testing.single import COMPILED, play, started

RAMP_S = 0.005
TONE_HZ = 60.0
MOST_GROWTH = 3.0
MOST_BEND = 8.0  # an oscillation of the node's own may bend by 4
FAINT = 0.1  # what adds less than that is measured against it
BEFORE_S, AFTER_S = 0.05, 0.045
RUNS = ((48_000.0, 16), (96_000.0, 64), (192_000.0, 512)) if COMPILED else ((48_000.0, 64),)  # rate, frames of a block


def changes(param: AnyParam) -> list[tuple[Any, Any]]:
    """Return pairs of values to change between."""
    pairs: list[tuple[Any, Any]]
    if isinstance(param, Param):
        low, middle, high = param.minimum, param.default, param.maximum
        pairs = [(low, high), (high, low), (middle, high), (middle, low)]
    else:
        options = param.options if isinstance(param, Choice | Model | Track) else (False, True)
        pairs = [pair for option in options for pair in ((param.default, option), (option, param.default))]
    return [(a, b) for a, b in pairs if a != b][: None if COMPILED else 2]


def added(node: Node, still: Node, param: AnyParam, value: Any, settles_s: float) -> Array:
    """Return what a change of a parameter adds to the tone, from three frames before it on."""
    before, after = (
        round(s * node.fs / float(node.frames)) * int(node.frames) for s in (BEFORE_S, AFTER_S + settles_s)
    )
    phase = 2 * np.pi * TONE_HZ / node.fs * (np.arange(before + after) - before)
    x = 0.5 * np.array([np.sin(phase), np.cos(phase)])
    y = [play(node, x[:, :before])]
    node.set(param.name.replace("#", "1"), param.resolve(value))
    node.update()
    y.append(play(node, x[:, before:]))
    e: Array = (np.concatenate(y, axis=2) - play(still, x))[:, :, before - 3 :]
    return e


def setting_a_parameter_makes_no_click(kind: Kind, runs: tuple[tuple[float, int], ...] = RUNS) -> None:
    cls, except_for = node_class(kind), exceptions(kind)
    for fs, frames in runs:
        for param in cls.PARAMS:
            name = param.name.replace("#", "1")
            for a, b in [] if name in (*except_for.may_step, *except_for.read_at_start) else changes(param):
                node, still = (started(kind, 2, frames, fs, **{name: a}) for _ in range(2))
                if node is None or still is None:
                    continue
                e = added(node, still, param, b, except_for.settles_s)
                ramp_frames = max(RAMP_S * node.fs, 1.0)
                most = max(FAINT, float(np.max(np.abs(e))))
                growth = np.max(np.abs(e[:, :, : 3 + int(ramp_frames / 32)])) / (most / 32)
                bend = np.max(np.abs(np.diff(e, 2))) / (most / ramp_frames)
                change = f"from {a} to {b} at {fs:g} Hz in blocks of {frames} frames"
                require(growth < MOST_GROWTH, f"{name} {change} begins {growth:.2g} times as fast as a ramp over 5 ms")
                require(bend < MOST_BEND or cls.SOURCE, f"{name} {change} bends {bend:.2g} times as a ramp over 5 ms")
