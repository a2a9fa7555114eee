"""A random machine: called on clips, it puts each through a graph that is drawn for it."""

from __future__ import annotations

import copy
import functools
import hashlib
import itertools
import json
import math
import os
import secrets
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from tapegraph.analysis.loudness import integrated
from tapegraph.analysis.matching import gain_between
from tapegraph.api import Graph
from tapegraph.augment import recipe, tensors
from tapegraph.augment.draws import Draw, draw
from tapegraph.augment.identity import canonical
from tapegraph.document.model import kinds_in
from tapegraph.errors import SoundWarning, TapegraphError, did_you_mean, short, shown
from tapegraph.node import registry
from tapegraph.quantity import is_whole_number, plain, plural
from tapegraph.run.clips import Clips, Rendered
from tapegraph.run.sound import Audio, check_sample_rate, planar, shaped


class RandomMachine:
    """Graphs whose settings are drawn at random for each clip.

        machine = RandomMachine("machines.yaml")
        taped = machine(samples, sample_rate, clip="dev/0001.flac", epoch=3)

    source: a file of random machines, or its data; see recipe.py
    p, seed: in place of those in the file
    allow: files and folders, beside the folder of the file, that it may name files from
    parameters: what was drawn for the last clip, as plain data
    Raises TapegraphError with every problem of the file.

    Samples are (frames,) or (channels, frames), float32 or float64, full scale 1, or a tensor of torch; what comes
    back is of the same kind, type and length, and in time with it. With a clip, a draw depends on seed, clip and epoch
    alone, in every process. Without one, draws follow each other in a stream that no other process has; see unkeyed().

    An empty clip is returned as it is. A silent one gets the hiss of its machine, and no gain for its loudness. What
    is not a number becomes silence, with a SoundWarning. Raises TapegraphError for other shapes and types, for sample
    rates outside 8 to 384 kHz, and where a graph makes another number of channels than it gets.
    """

    def __init__(
        self,
        source: str | Path | Mapping[str, Any],
        *,
        p: float | None = None,
        seed: int | None = None,
        allow: Iterable[str | Path] = (),
    ) -> None:
        given = {name: plain(value) for name, value in (("p", p), ("seed", seed)) if value is not None}
        if isinstance(source, Mapping):
            self._recipe = recipe.from_words(source, given)
        elif isinstance(source, str | os.PathLike):
            self._recipe = recipe.opened(source, allow, given)
        else:
            raise TapegraphError(f"source is {shown(source)}; it must be the path of a file, or a mapping")
        self._start({"should_apply": None}, False)

    def _start(self, parameters: dict[str, Any], frozen: bool) -> None:
        self.parameters = parameters
        self.are_parameters_frozen = frozen
        self._graphs = {name: Graph.of(machine.graph) for name, machine in self._recipe.graphs.items()}
        self._clips = Clips()
        self._count = itertools.count()
        self._home = os.getpid()
        self._stream = ""

    @property
    def p(self) -> float:
        return self._recipe.p

    @property
    def seed(self) -> int:
        return self._recipe.seed

    @functools.cached_property
    def identity(self) -> str:
        """SHA-256 of all that decides about the sound: the recipe, its graphs, and the files that these name."""
        text = json.dumps(canonical(self._recipe), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def targets(self) -> dict[str, list[str]]:
        """Return what is drawn for each graph, by its name."""
        return {name: list(machine.draw) for name, machine in self._recipe.graphs.items()}

    def draw(self, clip: str | int, epoch: int = 0) -> Draw:
        """Return what a clip gets in an epoch."""
        name = str(plain(clip)) if is_whole_number(clip, -(2**63), 2**63) else clip
        if not isinstance(name, str):
            raise TapegraphError(f"clip is {shown(clip)}; it must be text or a whole number")
        if not is_whole_number(epoch, 0, 2**63):
            raise TapegraphError(f"epoch is {shown(epoch)}; it must be a whole number from 0")
        return draw(self._recipe, name, int(epoch))

    def graph(self, draw: Draw) -> Graph:
        """Return the graph that was drawn, with its seed and its settings; see Draw for its level."""
        base = self._graphs.get(draw.graph or "")
        if base is None:
            hint = did_you_mean(draw.graph or "", self._graphs) or f"; there are {', '.join(self._graphs)}"
            raise TapegraphError(f"the random machine has no graph {short(str(draw.graph))}{hint}")
        graph = base.copy()
        problems: list[Any] = []
        for target, value in draw.values.items():
            try:
                graph.set(target, value)
            except TapegraphError as error:
                problems += error.problems
        if problems:
            raise TapegraphError(*problems)
        graph.seed = draw.seed
        return graph

    def apply(self, samples: Any, sample_rate: float, draw: Draw) -> Any:
        """Return samples through what was drawn; where no machine applies, the samples themselves.

        Warns (SoundWarning) of each thing that went wrong with the sound.
        """
        check(draw)
        return self._apply(samples, sample_rate, draw)

    def _apply(self, samples: Any, sample_rate: float, draw: Draw) -> Any:
        """Do as apply() does; warnings name the line that called the method which calls this."""
        found = self.render(tensors.as_array(samples), sample_rate, draw)
        for message in found.warnings:
            warnings.warn(message, SoundWarning, stacklevel=3)
        return tensors.like(found.samples, samples) if draw.should_apply else samples

    def render(self, samples: Audio, sample_rate: float, draw: Draw) -> Rendered:
        """Do as apply() does with an array; return the latency and the warnings, too, in place of giving them."""
        check(draw)
        x = planar(samples)
        check_sample_rate(sample_rate)
        if not draw.should_apply or not x.shape[1]:
            return Rendered(samples, 0)
        into, behind = levels(x, sample_rate, draw)
        flat = self.graph(draw).flat()
        found = self._clips.render(
            str(draw.graph), flat, x if into == 1.0 else x.astype(np.float64) * into, sample_rate
        )
        out = found.samples
        if out.shape[0] != x.shape[0]:
            made, got = plural(out.shape[0], "channel"), x.shape[0]
            raise TapegraphError(f"{draw.graph} makes {made} of {got}; a random machine keeps the number of channels")
        if behind != 1.0:
            out = out * behind
        return attrs.evolve(found, samples=shaped(out.astype(x.dtype, copy=False), samples))

    def batch(
        self,
        samples: Any,
        sample_rate: float,
        lengths: Sequence[int] | None = None,
        clips: Sequence[str | int] | None = None,
        epoch: int = 0,
    ) -> Any:
        """Return a batch of clips, each through what is drawn for it.

        samples: (batch, frames) or (batch, channels, frames)
        lengths: frames of each clip; what follows them is left as it is
        clips: what each is called; without names, draws follow each other, as in calls without a clip

        What is frozen, and parameters, are those of calls: a batch neither uses nor changes them.
        """
        x = tensors.as_array(samples)
        if x.ndim not in (2, 3):
            raise TapegraphError(
                f"the batch has {x.ndim} dimensions; it must be (batch, frames) or (batch, channels, frames)"
            )
        for what, given in (("lengths", lengths), ("clips", clips)):
            if given is not None and not hasattr(given, "__len__"):
                raise TapegraphError(f"{what} are {shown(given)}; they must be a list")
            if given is not None and len(given) != len(x):
                raise TapegraphError(f"{what} are {len(given)}; the batch has {plural(len(x), 'clip')}")
        ends = [x.shape[-1]] * len(x) if lengths is None else [plain(length) for length in lengths]
        for end in ends:
            if not is_whole_number(end, 0, x.shape[-1]):
                raise TapegraphError(f"a length is {shown(end)}; it must be a whole number from 0 to {x.shape[-1]}")
        out = x.copy()
        for k, end in enumerate(ends):
            one = self._drawn(None if clips is None else clips[k], epoch)
            out[k, ..., :end] = self._apply(x[k, ..., :end], sample_rate, one)
        return tensors.like(out, samples)

    def __call__(self, samples: Any, sample_rate: float, clip: str | int | None = None, epoch: int = 0) -> Any:
        """Return samples through what is drawn for a clip, or through what was drawn last while that is frozen."""
        if not self.are_parameters_frozen or self.parameters.get("should_apply") is None:
            self.randomize_parameters(samples, sample_rate, clip, epoch)
        return self._apply(samples, sample_rate, Draw.from_dict(self.parameters))

    def randomize_parameters(
        self, samples: Any = None, sample_rate: float = 0.0, clip: str | int | None = None, epoch: int = 0
    ) -> None:
        """Draw for a clip; nothing depends on its samples."""
        self.parameters = self._drawn(clip, epoch).as_dict()

    def freeze_parameters(self) -> None:
        """Let the next calls do what the last one did."""
        self.are_parameters_frozen = True

    def unfreeze_parameters(self) -> None:
        self.are_parameters_frozen = False

    def serialize_parameters(self) -> dict[str, Any]:
        """Return what was drawn for the last clip, as plain data for JSON."""
        return copy.deepcopy(self.parameters)

    def _drawn(self, clip: str | int | None, epoch: int) -> Draw:
        return self.draw(self.unkeyed() if clip is None else clip, epoch)

    def unkeyed(self) -> str:
        """Return the name of a clip that has none: its number in a stream of this machine.

        In the process that made the machine the streams of all runs are the same; in a worker of a DataLoader they
        come from the seed that torch gives to the worker, and in any other process from the system's random numbers,
        for copies of a machine must not repeat each other.
        """
        seed = tensors.worker_seed()
        if seed is not None:
            stream = f"worker {seed}"
        elif os.getpid() == self._home:
            stream = self._stream
        else:
            self._home, self._stream = os.getpid(), secrets.token_hex(16)
            stream = self._stream
        return f"unkeyed {stream} {next(self._count)}"

    def __getstate__(self) -> dict[str, Any]:
        """Pickle, and copy, what was read and drawn, without plans; another process is told where nodes come from."""
        return {
            "recipe": self._recipe,
            "parameters": self.parameters,
            "frozen": self.are_parameters_frozen,
            "additions": registry.additions(kind for graph in self._graphs.values() for kind in kinds_in(graph)),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        registry.add_again(state["additions"])
        self._recipe = state["recipe"]
        self._start(state["parameters"], state["frozen"])
        self._home = 0  # a copy gets a stream of its own

    def __repr__(self) -> str:
        return f"RandomMachine({', '.join(self._graphs)}; p={self.p:g}, seed={self.seed})"


def check(draw: Draw) -> None:
    """Raise TapegraphError where something is no draw."""
    if not isinstance(draw, Draw):
        raise TapegraphError(f"draw is {shown(draw)}; it must be a Draw, such as draw() and Draw.from_dict() return")
    draw.check()


def levels(x: Audio, sample_rate: float, draw: Draw) -> tuple[float, float]:
    """Return the gains before and behind a machine; x: (channels, frames)."""
    into = 1.0
    if draw.loudness_lufs is not None:
        into = gain_between(draw.loudness_lufs, integrated(x, sample_rate))
    behind = 1.0 / into
    if draw.gain_db:
        behind *= math.pow(10.0, draw.gain_db / 20.0)
    return into, behind
