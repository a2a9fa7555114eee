"""What every measurement returns: arrays with their units in their names, as a table, and as a picture."""

from __future__ import annotations

import abc
import math
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tapegraph.run.sound import Array

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEARING_HZ = (20.0, 20_000.0)
FLOOR_DB = -120.0  # of pictures: what lies below is not heard
TICKS_HZ = {
    20: "20",
    50: "50",
    100: "100",
    200: "200",
    500: "500",
    1000: "1k",
    2000: "2k",
    5000: "5k",
    10_000: "10k",
    20_000: "20k",
}


@attrs.frozen
class Result(abc.ABC):
    """A measurement.

    changed: what of the graph was held still, and so is not in it
    """

    changed: tuple[str, ...] = attrs.field(default=(), kw_only=True)

    def columns(self) -> dict[str, Array]:
        """Return the measurement as a table: columns of equal length, by names that end in their unit."""
        others = {"changed", *self.labels()}
        return {field.name: getattr(self, field.name) for field in attrs.fields(type(self)) if field.name not in others}

    def labels(self) -> dict[str, tuple[str, ...]]:
        """Return columns of text, which stand before the numbers and say what each row is of; mostly there are none."""
        return {}

    def summary(self) -> dict[str, Array]:
        """Return the part of the table that people read; the table itself unless that is long."""
        return self.columns()

    def rows(self) -> list[dict[str, str | float | None]]:
        """Return the table row by row, labels first; None where there is no value."""
        columns: dict[str, Sequence[str | float | None]] = {
            **self.labels(),
            **{name: listed(values) for name, values in self.columns().items()},
        }
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    @abc.abstractmethod
    def plot(self, ax: Any) -> None:
        """Draw the measurement on axes of matplotlib."""


def listed(values: Array) -> list[float | None]:
    """Return numbers as Python's; None where there is no value."""
    return [float(value) if math.isfinite(value) else None for value in values]


def decibels(ratio: Array) -> Array:
    """Return ratios of amplitudes in dB; of 0, -400 dB."""
    return np.asarray(20.0 * np.log10(np.maximum(ratio, 1e-20)))


def amplitude(level_dbfs: float) -> float:
    """Return the amplitude of a sine of a level, that of full scale 0 dBFS."""
    return float(10.0 ** (level_dbfs / 20.0))


def vector(values: Iterable[float]) -> Array:
    return np.array(list(values), dtype=np.float64)


def table(*pairs: tuple[str, Array]) -> dict[str, Array]:
    """Return columns of equal length from arrays of one shape, or of shapes that broadcast to one."""
    whole = np.broadcast_arrays(*(values for _, values in pairs))
    return {name: values.ravel() for (name, _), values in zip(pairs, whole, strict=True)}


def over_frequency(ax: Any, unit: str) -> None:
    """Set axes of matplotlib up for a quantity over frequency."""
    ax.set_xscale("log")
    ax.set_xlim(*HEARING_HZ)
    ax.set_xticks(list(TICKS_HZ), list(TICKS_HZ.values()))
    ax.minorticks_off()
    ax.set_xlabel("Hz")
    ax.set_ylabel(unit)
    ax.grid(True, alpha=0.3)


def over_level(ax: Any, unit: str) -> None:
    """Set axes of matplotlib up for a quantity over the level at the input."""
    ax.set_xlabel("dBFS at the input")
    ax.set_ylabel(unit)
    ax.grid(True, alpha=0.3)
