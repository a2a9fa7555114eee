"""What a setting may be drawn from: each distribution turns a number u, uniform between 0 and 1, into a value.

    uniform: [a, b]          a + (b - a) u
    loguniform: [a, b]       a exp(u ln(b / a)),  0 < a
    triangular: [a, m, b]    a + sqrt(u (b - a)(m - a)) where that is below m, else b - sqrt((1 - u)(b - a)(b - m))
    normal: [mean, sd]       mean + sd z(P(l) + u (P(h) - P(l))),  l, h = the ends of the parameter's range, as deviates
    choice: [v1, v2, ...]    v of number floor(u n), counted from 0, of n
    v                        v, whatever u is

so a normal distribution is cut off at the range, not piled up at its ends. z and P: arithmetic.py. A value is held
within a and b, which rounding may leave. Where a parameter takes whole numbers only, uniform is
a + floor(u (b - a + 1)), and the others are rounded to the nearest.
"""

from __future__ import annotations

import abc
import math
from typing import Any, ClassVar, Protocol

import attrs

from tapegraph.augment.arithmetic import exp, ln, normal_deviate, normal_probability
from tapegraph.node.params import Value

WIDEST = 1e9  # deviation: of wider ones rounding leaves few values within a range, and of an infinite one none


@attrs.frozen
class Range:
    """Which numbers a target takes, ends included; whole: only whole ones."""

    minimum: float
    maximum: float
    whole: bool = False


class Distribution(Protocol):
    """What a value is drawn from.

    WORD: its name in files; empty for a value alone
    """

    WORD: ClassVar[str]

    def at(self, u: float, within: Range) -> Value:
        """Return the value for a number between 0 and 1; within: what the target takes."""

    def words(self) -> Any:
        """Return it as plain data, as a file has it."""


@attrs.frozen
class Numbers(abc.ABC):
    """A distribution over numbers, written {WORD: [its fields]}."""

    WORD: ClassVar[str]

    @abc.abstractmethod
    def wrong(self) -> str | None:
        """Return what is wrong with the numbers among themselves, or None."""

    @abc.abstractmethod
    def number(self, u: float, within: Range) -> float:
        """Return the number for one between 0 and 1, before it is cut off at the ends."""

    def ends(self, within: Range) -> tuple[float, float]:
        """Return the least and the largest number that may be drawn."""
        values: tuple[float, ...] = attrs.astuple(self)
        return values[0], values[-1]

    def at(self, u: float, within: Range) -> Value:
        low, high = self.ends(within)
        value = min(max(self.number(u, within), low), high)
        return round(value) if within.whole else value

    def words(self) -> Any:
        return {self.WORD: list(attrs.astuple(self))}


@attrs.frozen
class Uniform(Numbers):
    """Any number between two equally often."""

    WORD: ClassVar[str] = "uniform"
    lowest: float
    highest: float

    def wrong(self) -> str | None:
        return increasing(self.lowest, self.highest)

    def number(self, u: float, within: Range) -> float:
        if within.whole:
            return self.lowest + math.floor(u * (self.highest - self.lowest + 1.0))
        return self.lowest + (self.highest - self.lowest) * u


@attrs.frozen
class LogUniform(Numbers):
    """Any ratio to the lowest equally often, counted in octaves."""

    WORD: ClassVar[str] = "loguniform"
    lowest: float
    highest: float

    def wrong(self) -> str | None:
        return (
            increasing(self.lowest, self.highest)
            or (None if self.lowest > 0.0 else "the lowest must be above 0")
            or (None if self.highest / self.lowest < math.inf else "the highest is too many times the lowest")
        )

    def number(self, u: float, within: Range) -> float:
        return self.lowest * exp(u * ln(self.highest / self.lowest))


@attrs.frozen
class Triangular(Numbers):
    """Most often near the likeliest, and less often in proportion towards the ends."""

    WORD: ClassVar[str] = "triangular"
    lowest: float
    likeliest: float
    highest: float

    def wrong(self) -> str | None:
        return increasing(self.lowest, self.highest) or (
            None if self.lowest <= self.likeliest <= self.highest else "the likeliest must lie between the ends"
        )

    def number(self, u: float, within: Range) -> float:
        a, m, b = self.lowest, self.likeliest, self.highest
        rising = a + math.sqrt(u * (b - a) * (m - a))
        return rising if rising < m else b - math.sqrt((1.0 - u) * (b - a) * (b - m))


@attrs.frozen
class Normal(Numbers):
    """Normal, cut off at the ends of what the parameter takes."""

    WORD: ClassVar[str] = "normal"
    mean: float
    deviation: float

    def wrong(self) -> str | None:
        right = 0.0 < self.deviation <= WIDEST
        return None if right else f"the standard deviation must be above 0 and at most {WIDEST:.0f}"

    def ends(self, within: Range) -> tuple[float, float]:
        return within.minimum, within.maximum

    def number(self, u: float, within: Range) -> float:
        low, high = (normal_probability((end - self.mean) / self.deviation) for end in self.ends(within))
        p = low + u * (high - low)
        return self.mean + self.deviation * normal_deviate(p) if 0.0 < p < 1.0 else math.copysign(math.inf, p - 0.5)


@attrs.frozen
class Choice:
    """One of several values equally often; one that is written twice is drawn twice as often."""

    WORD: ClassVar[str] = "choice"
    values: tuple[Value, ...]

    def at(self, u: float, within: Range) -> Value:
        return self.values[min(math.floor(u * len(self.values)), len(self.values) - 1)]

    def words(self) -> Any:
        return {self.WORD: list(self.values)}


@attrs.frozen
class Fixed:
    """Always the same value."""

    WORD: ClassVar[str] = ""
    value: Value

    def at(self, u: float, within: Range) -> Value:
        return self.value

    def words(self) -> Any:
        return self.value


NUMERIC: dict[str, type[Numbers]] = {cls.WORD: cls for cls in (Uniform, LogUniform, Triangular, Normal)}


def increasing(lowest: float, highest: float) -> str | None:
    return None if lowest < highest else "the highest must be above the lowest"
