"""What a law is, how it says that it is broken, and which exceptions a node may state."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs
import numpy as np

from tapegraph.errors import TapegraphError, did_you_mean
from tapegraph.node import Node
from tapegraph.node.registry import find
from tapegraph.run.sound import Array

Kind = str | type[Node]
Function = TypeVar("Function", bound=Callable[..., None])


class LawBroken(AssertionError):  # noqa: N818  it is a finding about a node
    """A node does not keep a law: at which setting, and what was found."""


class DoesNotApply(Exception):  # noqa: N818
    """A law says nothing about this node, and why."""


@attrs.frozen
class Law:
    """One law. Calling it with a kind or a class raises LawBroken, DoesNotApply, or nothing where the law is kept."""

    check: Callable[[Kind], None]

    @property
    def name(self) -> str:
        """What holds for a node that keeps the law, in words."""
        return self.check.__name__.replace("_", " ")

    def __call__(self, kind: Kind) -> None:
        self.check(kind)

    def __str__(self) -> str:
        return self.check.__name__


@attrs.frozen(kw_only=True)
class Exceptions:
    """Where laws cannot hold for a node; its module states them in LAW_EXCEPTIONS.

    rounding: by how much the output may depend on the length of the blocks and where they begin, full scale
    memory: how much any call may take while sound runs, as a part of what prepare() takes
    settles_s: for how long after a change the sound may go on to change, s: a design that is made while sound runs
    has_own_time: that it sounds different later, as an LFO does
    late_on_purpose: that all its sound is an echo, later than its latency
    output_is_a_level: that its output is not the sound of its input, so that no delay can be seen
    continues_after_reset: that it goes on to a new target after a reset
    may_step: parameters that may step when they are set
    read_at_start: parameters that change nothing while sound runs, as they are read in prepare()
    shows_latency: the parameters at which the delay of the sound is its latency
    keeps_constant: that a constant output may stay when the input has ended
    oscillates_from: values from which on it oscillates by itself, by parameter
    rings: outputs that ring near the Nyquist frequency, so that their largest sample may have either sign
    """

    rounding: float = 1e-25  # states under -500 dB may be taken as silence where a block ends
    memory: float = 0.5
    settles_s: float = 0.0
    has_own_time: bool = False
    late_on_purpose: bool = False
    output_is_a_level: bool = False
    continues_after_reset: bool = False
    may_step: tuple[str, ...] = ()
    read_at_start: tuple[str, ...] = ()
    shows_latency: Mapping[str, Any] = attrs.field(factory=dict)
    keeps_constant: bool = False
    oscillates_from: Mapping[str, float] = attrs.field(factory=dict)
    rings: tuple[str, ...] = ()


def node_class(kind: Kind) -> type[Node]:
    return find(kind) if isinstance(kind, str) else kind


def exceptions(kind: Kind) -> Exceptions:
    """Return what the module of a node excepts. Raises TapegraphError where it names something else."""
    cls = node_class(kind)
    stated = getattr(sys.modules.get(cls.__module__), "LAW_EXCEPTIONS", {})
    known = [field.name for field in attrs.fields(Exceptions)]
    for name in stated:
        if name not in known:
            hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            raise TapegraphError(f"LAW_EXCEPTIONS of {cls.KIND} has {name}{hint}")
    return Exceptions(**stated)


def require(holds: object, found: str, params: Mapping[str, Any] | None = None) -> None:
    """Raise LawBroken with what was found, and at which parameters, where something does not hold."""
    if not holds:
        at = ", ".join(f"{name} {value}" for name, value in (params or {}).items())
        raise LawBroken(f"{found}, at {at}" if at else found)


def require_equal(
    y: Array, expected: Array, what: str, params: Mapping[str, Any] | None = None, tolerance: float = 0.0
) -> None:
    """Raise LawBroken where the last axis of two arrays of sound, (..., frames), differs by more than the tolerance."""
    same = (y == expected) | (np.isnan(y) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        error = np.where(same, 0.0, np.abs(y - expected))
    wrong = ~(error <= tolerance)
    if wrong.any():
        first = int(np.argmax(wrong.reshape(-1, wrong.shape[-1]).any(axis=0)))
        require(False, f"{what}: off by {float(np.max(error)):.2g} from frame {first} on", params)


def laws_in(module: Any) -> list[Law]:
    """Return the laws of a module, in the order of its text: its public functions, whose first argument is a kind."""
    own = [f for f in vars(module).values() if inspect.isfunction(f) and f.__module__ == module.__name__]
    return [Law(f) for f in own if next(iter(inspect.signature(f).parameters), "") == "kind"]
