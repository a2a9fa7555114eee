"""Parameters of a node, declared once as data: defaults, checks, help texts and schemas are all derived from these.

Every declaration has the same members:

    check(value)        return the value as graphs keep it; raise ValueError, "is ...; it must be ...", otherwise
    resolve(value)      return what a node is given for a checked value
    value_at(fraction)  return the value at a position of a knob, 0 to 1
    fraction_at(value)  return the position of a knob for a value
    allowed             what it takes, in words
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import attrs

from tapegraph.errors import TapegraphError, shown
from tapegraph.node import speed_track, weights
from tapegraph.quantity import format_number, parse_quantity

Value = float | bool | str
# What a node is given: of a model its weights, of a track its course of speed, of all else the value.
NodeValue = Value | weights.Weights | speed_track.SpeedTrack
Quality = Literal["draft", "live", "render"]


@attrs.frozen
class Param:
    """A number that a user can set.

    name: the quantity, then its unit (gain_db, cutoff_hz); ratios and amounts of 0 to 1 have none
    default, minimum, maximum: in that unit, ends included
    unit: as printed: dB, Hz, s, um, ips
    meaning: half a sentence for help texts
    curve: how a knob covers the range: "linear" in equal steps; "log" in equal ratios, for a minimum above 0; "dB" as
        a fader, in equal ratios over the upper fader_db of a ratio whose minimum of 0 is at the left end
    whole: whether only whole numbers are allowed
    fader_db: of the curve "dB"
    """

    name: str
    default: float
    minimum: float
    maximum: float
    unit: str = ""
    meaning: str = ""
    curve: Literal["linear", "log", "dB"] = "linear"
    whole: bool = False
    fader_db: float = 60.0

    def check(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"is {shown(value)}; it must be {self.allowed}")
        if not self.minimum <= value <= self.maximum or (self.whole and value != round(value)):
            found = format_number(value, self.unit)
            if found in (format_number(self.minimum, self.unit), format_number(self.maximum, self.unit)):
                found = f"{float(value)!r} {self.unit}".rstrip()  # all digits, where fewer are those of an end
            raise ValueError(f"is {found}; it must be {self.allowed}")
        return float(value)

    def parse(self, text: str) -> float | None:
        """Return the number that a person has typed, with or without its unit; None where there is no number.

        Raises ValueError, "is ...; it must be ...", where it has another unit.
        """
        try:
            return parse_quantity(text, self.unit, percent=not self.unit and 0.0 <= self.minimum < self.maximum == 1.0)
        except ValueError:
            unit = f"its unit is {self.unit}" if self.unit else "it has no unit"
            raise ValueError(f"is {shown(text)}, but {unit}; it must be {self.allowed}") from None

    def resolve(self, value: Value) -> NodeValue:
        return value

    def value_at(self, fraction: float) -> float:
        value = self.minimum + (self.maximum - self.minimum) * fraction
        if fraction >= 1.0:
            value = self.maximum  # exactly, despite rounding
        elif self.curve == "log":
            value = self.minimum * math.pow(self.maximum / self.minimum, fraction)
        elif self.curve == "dB":
            value = self.maximum * 10.0 ** (self.fader_db * (fraction - 1.0) / 20.0) if fraction > 0.0 else 0.0
        value = min(max(value, self.minimum), self.maximum)
        return float(round(value)) if self.whole else value

    def fraction_at(self, value: Value) -> float:
        if self.curve == "log":
            return math.log(float(value) / self.minimum) / math.log(self.maximum / self.minimum)
        if self.curve == "dB":
            level = float(value) / self.maximum
            return max(0.0, 1.0 + 20.0 * math.log10(level) / self.fader_db) if level > 0.0 else 0.0
        return (float(value) - self.minimum) / (self.maximum - self.minimum)

    @property
    def allowed(self) -> str:
        low, high = format_number(self.minimum), format_number(self.maximum, self.unit)
        return f"a whole number from {low} to {high}" if self.whole else f"{low} to {high}"


@attrs.frozen
class Choice:
    """One of several named options, such as solvers.

    lighter: cheaper options that replace others at a lower quality, {"live": {"nr8": "rk4"}}
    """

    name: str
    default: str
    options: tuple[str, ...]
    meaning: str = ""
    lighter: Mapping[Quality, Mapping[str, str]] = attrs.field(factory=dict)

    def check(self, value: object) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise ValueError(f"is {shown(value)}; it must be {self.allowed}")
        return value

    def resolve(self, value: Value) -> NodeValue:
        return value

    def value_at(self, fraction: float) -> str:
        return option_at(self.options, fraction)

    def fraction_at(self, value: Value) -> float:
        return position_among(self.options, value)

    def at(self, quality: Quality, value: Value) -> Value:
        """Return the option that replaces a value at a quality."""
        return self.lighter.get(quality, {}).get(str(value), value)

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
        if not isinstance(value, bool):
            raise ValueError(f"is {shown(value)}; it must be {self.allowed}")
        return value

    def resolve(self, value: Value) -> NodeValue:
        return value

    def value_at(self, fraction: float) -> bool:
        return fraction > 0.5

    def fraction_at(self, value: Value) -> float:
        return float(bool(value))

    @property
    def allowed(self) -> str:
        return "true or false"


@attrs.frozen
class Model:
    """Trained weights: the name of bundled ones or the path of a file. A node is given the weights themselves.

    system: what they must have been trained for
    features: numbers of inputs and outputs of the networks that the node can run, by the name of their input features
    axes: parameters of the node that the grid of a bank may have as axes
    """

    name: str
    default: str
    system: str
    features: Mapping[str, tuple[int, int]]
    axes: tuple[str, ...] = ()
    meaning: str = ""

    def check(self, value: object) -> str:
        return checked_source(self, value)

    def resolve(self, value: Value) -> weights.Weights:
        """Raises TapegraphError where the weights do not exist or do not suit the node."""
        return weights.load(str(value), self.system, self.features, self.axes)

    def value_at(self, fraction: float) -> str:
        return option_at(self.options, fraction)

    def fraction_at(self, value: Value) -> float:
        return position_among(self.options, value)

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the weights that come with tapegraph."""
        return tuple(weights.bundled(self.system))

    @property
    def allowed(self) -> str:
        return f"one of {', '.join(self.options)}, or the path of a file (.npz)"


def checked_source(param: Model | Track, value: object) -> str:
    """Return a value that names something to be read, once it has been. Raises ValueError where it cannot be."""
    if not isinstance(value, str):
        raise ValueError(f"is {shown(value)}; it must be {param.allowed}")
    try:
        param.resolve(value)
    except TapegraphError as error:
        raise ValueError(f"cannot be {value!r}: {error}") from None
    return value


@attrs.frozen
class Track:
    """A measured course of speed: the path of a file, "" for a steady one. A node is given the SpeedTrack itself."""

    name: str
    meaning: str = ""
    default: str = ""

    def check(self, value: object) -> str:
        return checked_source(self, value)

    def resolve(self, value: Value) -> speed_track.SpeedTrack:
        """Raises TapegraphError where there is no such file or it holds something else."""
        return speed_track.load(str(value))

    def value_at(self, fraction: float) -> str:
        return self.default

    def fraction_at(self, value: Value) -> float:
        return 0.0

    @property
    def options(self) -> tuple[str, ...]:
        """What it takes without a file."""
        return (self.default,)

    @property
    def allowed(self) -> str:
        return 'the path of a file (.csv or .wav), or ""'


AnyParam = Param | Choice | Switch | Model | Track


def option_at(options: tuple[str, ...], fraction: float) -> str:
    return options[min(int(fraction * len(options)), len(options) - 1)]


def position_among(options: tuple[str, ...], value: Value) -> float:
    return (options.index(str(value)) + 0.5) / len(options) if value in options else 0.0
