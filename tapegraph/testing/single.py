"""A node by itself or alone in a graph, at all its settings, on sound that laws are tested with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tapegraph.document.flat import FlatGraph, FlatLink, FlatNode
from tapegraph.errors import TapegraphError
from tapegraph.node import Choice, Model, Node, Param, Signal, Switch, Track, base, setup
from tapegraph.node.ports import expand
from tapegraph.run.sound import Array
from tapegraph.testing.law import Kind, node_class

COMPILED = not (base.__file__ or "").endswith(".py")  # whether the sound code runs as machine code
FS = 48000.0
FRAMES = 6000  # more than any node delays by default
OVERSAMPLE = 4  # enough for a bias oscillator at its default


def music(channels: int = 2, frames: int = FRAMES, seed: int = 7) -> Array:
    """Return noise that swells, with a burst at full scale and a rest: (channels, frames)."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-0.5, 0.5, (channels, frames)) * np.linspace(0, 1, frames)
    x[:, frames // 3 : frames // 3 + 40] *= 3
    x[:, frames // 2 : frames // 2 + 200] = 0
    return x


def alone(kind: Kind, oversample: int = OVERSAMPLE, port: str = "", **params: Any) -> FlatGraph:
    """Return a flat graph of one node, every input port of which gets the input.

    port: the output port that is linked, "" for the first
    """

    cls = node_class(kind)
    ports = [port.replace("#", "1") for port in cls.INPUTS]
    links = [FlatLink("input", "out", "it", port) for port in ports]
    links.append(FlatLink("it", port or cls.OUTPUTS[0], "output", "in"))
    return FlatGraph(64, "linear", {"it": FlatNode(cls, params, oversample, "")}, tuple(links), (), {})


def started(
    kind: Kind, channels: int = 2, frames: int = 64, fs: float = FS, first_channel: int = 0, **params: Any
) -> Node | None:
    """Return a node by itself, ready for its first block; None where it refuses these parameters at every rate.

    A node that needs oversampling runs at 16 times fs, one that sets its own number of channels with that.
    """

    cls = node_class(kind)
    width = cls.CHANNELS or channels
    for times in (1, 16):
        made = setup.make(cls, times * fs, width, frames, params, name="it", seed=5, first_channel=first_channel)
        try:
            return setup.start(made)
        except TapegraphError:
            continue
    return None


def times_the_rate(kind: Kind) -> int:
    """Return at how many times FS a node runs in graphs: at OVERSAMPLE times, so that resamplers take part.

    Interpreted, these would take most of the time: there a node runs at FS, if it can.
    """
    node = None if COMPILED else started(kind)
    return OVERSAMPLE if node is None or node.fs > FS else 1


def play(node: Node, x: Array) -> Array:
    """Return what comes out of every port, (ports, channels, frames), for x (channels, frames).

    The first input port gets x, the second -x / 2, the third x / 3 ...
    """

    ports = expand(type(node).INPUTS, ["in1", "in2"])
    inputs = [x * (-1.0) ** k / (k + 1.0) for k in range(len(ports))]
    return np.array(process(node, *inputs, length=x.shape[1]))


def variants(kind: Kind) -> Iterator[dict[str, Any]]:
    """Yield the defaults; then every other option of every choice, one at a time (interpreted: the defaults only)."""
    yield {}
    if not COMPILED:
        return
    for param in node_class(kind).PARAMS:
        if isinstance(param, Choice | Model | Track | Switch):
            options = (False, True) if isinstance(param, Switch) else param.options
            yield from ({param.name: option} for option in options if option != param.default)


def elsewhere(kind: Kind) -> dict[str, Any]:
    """Return a value for every parameter that is not its default: of numbers an end, of options another one."""

    values: dict[str, Any] = {}
    for param in node_class(kind).PARAMS:
        if isinstance(param, Param):
            values[param.name] = param.maximum if param.default < param.maximum else param.minimum
        elif isinstance(param, Choice | Model | Track):
            values[param.name] = next((o for o in param.options if o != param.default), param.default)
        else:
            values[param.name] = not param.default
    return values


def numbers(kind: Kind) -> Iterator[dict[str, Any]]:
    """Yield the ends of every number, one at a time."""

    for param in node_class(kind).PARAMS:
        if isinstance(param, Param) and not param.name.endswith("#"):
            yield {param.name: param.minimum}
            yield {param.name: param.maximum}


def settings(kind: Kind) -> Iterator[dict[str, Any]]:
    """Yield every parameter at both ends and every option, one at a time; then all at their ends together."""

    params = [p for p in node_class(kind).PARAMS if not p.name.endswith("#")]
    ends: dict[str, tuple[Any, ...]] = {}
    for param in params:
        if isinstance(param, Param):
            ends[param.name] = (param.minimum, param.maximum)
        elif isinstance(param, Choice | Model | Track):
            ends[param.name] = param.options
        else:
            assert isinstance(param, Switch)
            ends[param.name] = (False, True)
    for name, values in ends.items():
        for value in values:
            yield {name: value}
    for end in (0, -1) if len(ends) > 1 else ():
        yield {name: values[end] for name, values in ends.items()}


def prepared(cls: type[Node], fs: float, channels: int = 1, frames: int = 64, **params: Any) -> Node:
    """Return a node of this class, set, prepared, updated and reset."""
    return setup.start(setup.make(cls, fs, channels, frames, params))


def process(node: Node, *inputs: Array, length: int | None = None) -> list[Array]:
    """Run whole blocks of inputs (channels, frames or one-dimensional) through a prepared node; return its outputs.

    The last block is padded with silence; outputs have the length of the inputs, or as many frames as are asked of a
    node without inputs.
    """
    frames = int(node.frames)
    audio = [np.atleast_2d(x) for x in inputs]
    length = audio[0].shape[1] if length is None else length
    blocks = -(-length // frames)
    padded = [np.pad(a, ((0, 0), (0, blocks * frames - length))) for a in audio]
    x = [Signal(a.shape[0], frames) for a in audio]
    y = [Signal(int(node.channels), frames) for _ in type(node).OUTPUTS]
    outputs = [np.zeros((int(node.channels), blocks * frames)) for _ in y]
    for b in range(blocks):
        block = slice(b * frames, (b + 1) * frames)
        for signal, a in zip(x, padded, strict=True):
            signal.put(a[:, block])
        node.process(x, y)
        for out, signal in zip(outputs, y, strict=True):
            out[:, block] = signal.array
    return [out[:, :length] for out in outputs]
