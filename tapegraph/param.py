"""Parameters of a node, declared once as data: defaults, checks, help texts and schemas are all derived from these."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from tapegraph import bank
from tapegraph.errors import TapegraphError

Value = float | bool | str


def number(value: float, unit: str = "") -> str:
    """Return a number as a person writes it, with its unit: 20 kHz stays "20000 Hz", 0.5 stays "0.5"."""
    text = f"{value:.10g}" if math.isfinite(value) else str(value)
    return f"{text} {unit}" if unit else text


def counted(n: float, what: str) -> str:
    """Return a number of things: "1 block", "2 blocks"."""
    return number(n, what if n == 1 else f"{what}s")


def plain(value: Any) -> Any:
    """Return a number of NumPy's as one of Python's, and all else as it is."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def is_whole(value: object, low: int, high: int) -> bool:
    """Tell whether a value is a whole number in a range, ends included."""
    found = plain(value)
    return isinstance(found, int) and not isinstance(found, bool) and low <= found <= high


@attrs.frozen
class Param:
    """A number that a user can turn.

    name: the quantity, then its unit (gain_db, cutoff_hz); ratios and amounts of 0 to 1 have none
    default, minimum, maximum: in that unit, ends included
    unit: as printed: dB, Hz, s, um, ips
    meaning: half a sentence for help texts
    curve: how a knob should travel over the range
    """

    name: str
    default: float
    minimum: float
    maximum: float
    unit: str = ""
    meaning: str = ""
    curve: Literal["linear", "log"] = "linear"

    def check(self, value: object) -> float:
        """Return value as a float. Raises ValueError, "is ...; it must be ...", when it is not a number in range."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"is {value!r}; it must be {self.allowed}")
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"is {number(value, self.unit)}; it must be {self.allowed}")
        return float(value)

    @property
    def allowed(self) -> str:
        return f"{number(self.minimum)} to {number(self.maximum, self.unit)}"


@attrs.frozen
class Choice:
    """One of several named ways of working, such as a solver."""

    name: str
    default: str
    options: tuple[str, ...]
    meaning: str = ""

    def check(self, value: object) -> str:
        """Return value. Raises ValueError when it is none of the options."""
        if not isinstance(value, str) or value not in self.options:
            raise ValueError(f"is {value!r}; it must be {self.allowed}")
        return value

    @property
    def allowed(self) -> str:
        return f"one of {', '.join(self.options)}"


@attrs.frozen
class Switch:
    """On or off."""

    name: str
    default: bool
    meaning: str = ""

    def check(self, value: object) -> bool:
        """Return value. Raises ValueError when it is not true or false."""
        if not isinstance(value, bool):
            raise ValueError(f"is {value!r}; it must be {self.allowed}")
        return value

    @property
    def allowed(self) -> str:
        return "true or false"


@attrs.frozen
class Model:
    """Trained weights: the name of bundled ones or the path of a file.

    system: what they must have been trained for
    features: numbers of inputs and outputs of the networks that the node can run, by the name of their features
    """

    name: str
    default: str
    system: str
    features: Mapping[str, tuple[int, int]]
    meaning: str = ""

    def check(self, value: object) -> str:
        """Return value. Raises ValueError when there are no such weights, or none for the system."""
        if not isinstance(value, str):
            raise ValueError(f"is {value!r}; it must be {self.allowed}")
        try:
            bank.load(value, self.system, self.features)
        except TapegraphError as error:
            raise ValueError(f"cannot be {value!r}: {error}") from None
        return value

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the weights that come with tapegraph."""
        return tuple(bank.bundled(self.system))

    @property
    def allowed(self) -> str:
        return f"one of {', '.join(self.options)}, or the path of a file of weights"


AnyParam = Param | Choice | Switch | Model
