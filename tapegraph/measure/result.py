"""What every measurement returns: arrays with their units in their names, as a table, and as a picture."""

from __future__ import annotations

import abc
import html
import importlib.util
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import attrs
import numpy as np

from tapegraph.run.sound import Array

HEARING_HZ = (20.0, 20_000.0)
PLACES = ("frequency_hz", "level_dbfs", "time_s", "block_frames", "track")  # columns that say which row it is
FLOOR_DB = -100.0  # of pictures: what lies below is not heard
UNITS = {  # on paper, where they are not as in names
    "hz": "Hz",
    "db": "dB",
    "dbfs": "dBFS",
    "dbtp": "dBTP",
    "lu": "LU",
    "lufs": "LUFS",
    "percent": "%",
    "deg": "degrees",
}
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


Panel = Callable[[Any], None]  # draws on axes
Table = Mapping[str, Sequence[str | float | None]]  # for files


@attrs.frozen
class Result(abc.ABC):
    """A measurement.

    changed: what of the graph was held still, and so is not in it
    """

    TITLE: ClassVar[str] = ""  # over its picture; the name of the class where it is left out
    IS_MAP: ClassVar[bool] = False  # drawn as a map, which cannot be laid over another

    changed: tuple[str, ...] = attrs.field(default=(), kw_only=True)

    def columns(self) -> dict[str, Array]:
        """Return the measurement as a table: columns of equal length, by names that end in their unit."""
        others = {"changed", *self.labels(), *self.curve()}
        return {field.name: getattr(self, field.name) for field in attrs.fields(type(self)) if field.name not in others}

    def labels(self) -> dict[str, tuple[str, ...]]:
        """Return columns of text, which stand before the numbers and say what each row is of; mostly there are none."""
        return {}

    def curve(self) -> dict[str, Array]:
        """Return a second table, of those whose first is a row of readings: a spectrum, or what was read over time."""
        return {}

    def summary(self) -> dict[str, Array]:
        """Return the part of the table that people read; the table itself unless that is long."""
        return self.columns()

    def table(self) -> Table:
        """Return the table for a file, labels first; None where there is no value."""
        texts = {name: list(cells) for name, cells in self.labels().items()}
        return {**texts, **{name: listed(values) for name, values in self.columns().items()}}

    def rows(self) -> list[dict[str, str | float | None]]:
        """Return the table row by row."""
        return row_by_row(self.table())

    @abc.abstractmethod
    def plot(self, ax: Any) -> None:
        """Draw the measurement on axes of matplotlib."""

    @classmethod
    def title(cls) -> str:
        return cls.TITLE or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).capitalize()

    def panels(self) -> dict[str, Panel]:
        """Return what a sheet draws of it, by title: nothing of single numbers, which are printed."""
        arrays = (getattr(self, field.name) for field in attrs.fields(type(self)) if field.name != "changed")
        return {self.title(): self.plot} if any(np.size(values) > 1 for values in arrays) else {}

    def figures(self) -> dict[str, str]:
        """Return the few numbers that say most, each with its unit, by what it is; of a single row, all of them."""
        row = {name: float(values[0]) for name, values in self.columns().items()} if self.length() == 1 else {}
        found = {name: with_unit(value, name) for name, value in row.items() if math.isfinite(value)}
        title = self.title()
        words = {name: name_in_words(name) for name in found}
        return {title if words[name] == title.lower() else f"{title}, {words[name]}": found[name] for name in found}

    def remarks(self) -> tuple[str, ...]:
        """Return what is to be said under the table."""
        return ()

    def length(self) -> int:
        """Return how many rows the table has."""
        return max(map(len, self.columns().values()))

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        """Keep the short repr, which attrs gives up for one with all values.

        To a type checker any assignment to a method is a mistake; that of each subclass by itself would be forgotten.
        """
        cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        columns = self.columns()
        if self.length() == 1:
            return f"{type(self).__name__}({', '.join(f'{name}={float(v[0]):.6g}' for name, v in columns.items())})"
        return f"<{type(self).__name__}: {self.length()} rows of {', '.join(columns)}>"

    def _repr_svg_(self) -> str | None:
        """Return a picture, which notebooks show, where there is something to draw and something to draw it with."""
        if not self.panels() or importlib.util.find_spec("matplotlib") is None:
            return None
        from tapegraph.measure.sheet.panels import strip

        return strip(self.panels())

    def _repr_html_(self) -> str | None:
        """Return a table, which notebooks show in place of a picture."""
        return None if self._repr_svg_() is not None else html_table(self.labels(), self.summary())


def listed(values: Array) -> list[float | None]:
    """Return numbers as Python's; None where there is no value."""
    return [float(value) if math.isfinite(value) else None for value in values]


def row_by_row(columns: Table) -> list[dict[str, str | float | None]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


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


def name_in_words(name: str) -> str:
    """Return what a column is, without its unit: "third" of third_percent."""
    return name.rpartition("_")[0].replace("_", " ") or name


def with_unit(value: float, name: str) -> str:
    """Return a value with the unit that the name of its column ends with."""
    unit = name.rpartition("_")[2]
    return f"{f'{value:#.4g}'.rstrip('.')} {UNITS.get(unit, unit)}"


def rounded(value: float, decimals: int, sign: str = "") -> str:
    """Return a number in so many decimals, without the minus sign of a zero; sign: "+", also of what is above 0."""
    return f"{round(float(value), decimals) + 0.0:{sign}.{decimals}f}"


def hertz(frequency_hz: float) -> str:
    """Return a frequency as a person writes it: "31.5 Hz", "12.6 kHz"."""
    return f"{frequency_hz:.3g} Hz" if frequency_hz < 999.5 else f"{frequency_hz / 1000.0:.3g} kHz"


def html_table(labels: Mapping[str, Sequence[str]], columns: Mapping[str, Array]) -> str:
    """Return columns as a table of HTML, those of text first."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in (*labels, *columns))
    cells = [[html.escape(text) for text in texts] for texts in labels.values()]
    cells += [
        [f"{value:.6g}" if math.isfinite(value) else "-" for value in map(float, row)] for row in columns.values()
    ]
    rows = ("".join(f"<td>{cell}</td>" for cell in row) for row in zip(*cells, strict=True))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


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
    ax.margins(x=0.02)
    ax.locator_params(axis="x", steps=[1, 2, 5, 10])
    ax.set_xlabel("dBFS at the input")
    ax.set_ylabel(unit)
    ax.grid(True, alpha=0.3)
