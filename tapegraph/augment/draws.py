"""What is drawn for a clip: whether a machine applies, which one, its settings, its level.

A draw depends on the seed of the random machine, on the clip and on the epoch, and on nothing else: not on other clips
or their order, not on the process or the platform, and not on what else is drawn. For each thing that is drawn,

    text  = JSON of [seed, clip, epoch, thing], with everything outside ASCII as \\u escapes, without spaces
    k     = the first 52 bits of SHA-256(text), the most significant first
    u     = (k + 1/2) / 2^52

is its number, between 0 and 1. The things and what becomes of their u:

    "apply"                 a machine applies where u < p
    "graph NAME"            of all graphs the one with the least -ln(u) / weight: each as often as its share of all
                            weights, and a new graph takes clips from the others without moving any among them
    "seed"                  seed of the graph: floor(u 2^32), for hiss, wow and all that is random in it
    "draw TARGET"           the setting of a target, see distributions.py
    "level gain_db", "level loudness_lufs"      the level, see recipe.py

A target has the same number in every graph. Values are equal to the bit wherever Python runs, see arithmetic.py.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, Self

import attrs

from tapegraph.augment.arithmetic import ln
from tapegraph.augment.parts import LEVELS, Recipe, range_of
from tapegraph.errors import TapegraphError, did_you_mean, shown
from tapegraph.node.params import Value
from tapegraph.quantity import is_whole_number

BITS = 52


@attrs.frozen
class Draw:
    """What was drawn for a clip.

    should_apply: whether a machine applies; where not, the clip stays as it is and nothing else was drawn
    graph: the name of the machine
    seed: of its graph
    values: its settings by target
    gain_db: the gain behind it
    loudness_lufs: the loudness at which the clip goes into it
    """

    should_apply: bool
    graph: str | None = None
    seed: int = 0
    values: dict[str, Value] = attrs.field(factory=dict)
    gain_db: float | None = None
    loudness_lufs: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON; from_dict() makes the same of it."""
        return attrs.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the draw of plain data. Raises TapegraphError where it is none."""
        if not isinstance(data, Mapping):
            raise TapegraphError(f"a draw is {shown(data)}; it must be a mapping, as Draw.as_dict() returns")
        known = [field.name for field in attrs.fields(cls)]
        for name in data:
            if name not in known:
                raise TapegraphError(f"a draw has no {shown(name)}{did_you_mean(str(name), known)}")
        draw = cls(**{"should_apply": None, **data})
        draw.check()
        return attrs.evolve(draw, values=dict(draw.values))

    def check(self) -> None:
        """Raise TapegraphError where something is what nobody could have drawn."""
        if not isinstance(self.should_apply, bool):
            raise TapegraphError(f"should_apply of a draw is {shown(self.should_apply)}; it must be true or false")
        if not isinstance(self.values, Mapping):
            raise TapegraphError(
                f"values of a draw are {shown(self.values)}; they must be a mapping of targets to values"
            )
        if self.should_apply and not isinstance(self.graph, str):
            raise TapegraphError(f"graph of a draw is {shown(self.graph)}; it must be the name of a graph")
        if not is_whole_number(self.seed, 0, 2**32 - 1):
            raise TapegraphError(
                f"seed of a draw is {shown(self.seed)}; it must be a whole number from 0 to 4294967295"
            )
        for name, param in LEVELS.items():
            try:
                if (value := getattr(self, name)) is not None:
                    param.check(value)
            except ValueError as error:
                raise TapegraphError(f"{name} of a draw {error}") from None


def draw(recipe: Recipe, clip: str, epoch: int) -> Draw:
    """Return what a clip gets in an epoch."""

    def u(thing: str) -> float:
        return number(recipe.seed, clip, epoch, thing)

    if not u("apply") < recipe.p:
        return Draw(False)
    graph = min(recipe.graphs, key=lambda name: -ln(u(f"graph {name}")) / recipe.graphs[name].weight)
    levels = {
        name: float(distribution.at(u(f"level {name}"), range_of([LEVELS[name]])))
        for name, distribution in recipe.level.items()
    }
    return Draw(
        should_apply=True,
        graph=graph,
        seed=math.floor(u("seed") * 2.0**32),
        values={
            target: drawn.distribution.at(u(f"draw {target}"), drawn.within)
            for target, drawn in recipe.graphs[graph].draw.items()
        },
        gain_db=levels.get("gain_db"),
        loudness_lufs=levels.get("loudness_lufs"),
    )


def number(seed: int, clip: str, epoch: int, thing: str) -> float:
    """Return u of a thing, between 0 and 1, ends excluded."""
    text = json.dumps([seed, clip, epoch, thing], separators=(",", ":"))
    digest = hashlib.sha256(text.encode("ascii")).digest()
    k = int.from_bytes(digest[:8], "big") >> (64 - BITS)
    return (k + 0.5) / 2.0**BITS
