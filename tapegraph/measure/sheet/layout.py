"""The data sheet of a graph: all that was measured of it on one page, as SVG, PNG, PDF or HTML.

The page is A4, upright or across, and its grid the one that gives the panels most room: each curve gets a panel, the
single numbers share one, beside the curve where there is one alone. Room that is left over goes to the first panel. Two
graphs are drawn over each other.
"""

from __future__ import annotations

import functools
import math
import textwrap
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from tapegraph.errors import printable
from tapegraph.measure.datasheet import DataSheet
from tapegraph.measure.recording import Recording
from tapegraph.measure.sheet import panels
from tapegraph.measure.sheet.panels import SMALL_PT, SOFT, TEXT_PT, Box

A4_MM = (297.0, 210.0)
MARGIN_MM = 12.0
GAP_MM = (7.0, 4.0)  # between panels
ROOM_MM = 5.0  # under the head and over the foot
SHAPE = 1.55  # width over height that suits a panel best
MOST_COLUMNS = 4
LINE_MM = 3.3  # of small text
TITLE_PT = 17.0
TABLE_TOP_MM = 9.0
NUMBERS = "In numbers"
MOST_NUMBERS = 9  # in a panel
MOST_BESIDE = 24  # in the panel beside a curve that has the page to itself
NEEDED_MM, VALUE_MM = 54.0, 17.0  # for a number and what it is; for a second number


def drawing(sheet: DataSheet, form: str, paper: str = "white") -> bytes:
    with panels.style():
        figure = draw(sheet)
        figure.set_facecolor(paper)
        return panels.picture(figure, form)


def draw(sheet: DataSheet) -> Any:
    """Return a sheet as a figure of Matplotlib."""
    curves = curves_of(sheet)
    tables = portions(numbers_of(sheet), MOST_BESIDE if len(curves) == 1 else MOST_NUMBERS)
    parts: list[Callable[[Any, Box], None]] = [
        functools.partial(panels.panel, title=title, draws=draws) for title, draws in curves.items()
    ]
    parts += [functools.partial(table, numbers=some) for some in tables]
    (width, height), columns = grid(len(parts)) if len(curves) != 1 or not tables else (A4_MM, 3)
    figure = panels.page(width, height)
    top = head(figure, sheet, width) + ROOM_MM
    bottom = foot(figure, sheet, width, height) - ROOM_MM
    area = Box(MARGIN_MM, top, width - 2.0 * MARGIN_MM, bottom - top)
    for box, part in zip(cells(area, columns, len(parts)), parts, strict=True):
        part(figure, box)
    return figure


def curves_of(sheet: DataSheet) -> dict[str, list[panels.Draw]]:
    """Return the panels by title, with what draws each of the graphs."""
    found: dict[str, list[panels.Draw]] = {}
    of_each = [(subject.name, subject.results) for subject in sheet.subjects()]
    for name, results in (*of_each, ("", sheet.together)):
        for result in results.values():
            whose = f", {name}" if result.IS_MAP and sheet.other else ""
            for title, draw_it in result.panels().items():
                found.setdefault(f"{title}{whose}", []).append(draw_it)
    return found


def numbers_of(sheet: DataSheet) -> dict[str, list[str]]:
    """Return the single numbers by what they are, one for each graph; nothing for one that has no such number."""
    found: dict[str, list[str]] = {}
    subjects = sheet.subjects()
    for k, subject in enumerate(subjects):
        for result in subject.results.values():
            for name, value in result.figures().items():
                found.setdefault(name, [""] * len(subjects))[k] = value
    for result in sheet.together.values():
        found |= {name: ["", value] for name, value in result.figures().items()}
    return found


def portions(numbers: dict[str, list[str]], most: int = MOST_NUMBERS) -> list[dict[str, list[str]]]:
    """Return numbers in as few parts as there is room for, about equally long."""
    names = list(numbers)
    count = math.ceil(len(names) / most)
    return [{name: numbers[name] for name in part} for part in np.array_split(names, count)] if count else []


def grid(count: int) -> tuple[tuple[float, float], int]:
    """Return the page, and how many columns of it give so many panels most room."""

    def room(page: tuple[float, float], columns: int) -> float:
        width = (page[0] - 2.0 * MARGIN_MM) / columns - GAP_MM[0]
        height = (page[1] - 4.0 * MARGIN_MM) / math.ceil(count / columns) - GAP_MM[1]
        return min(width / SHAPE, height)

    choices = [(page, columns) for page in (A4_MM, A4_MM[::-1]) for columns in range(1, MOST_COLUMNS + 1)]
    return max(choices, key=lambda choice: room(*choice))


def cells(area: Box, columns: int, count: int) -> list[Box]:
    """Return the places of so many panels; the first and the last are wider where the grid has more."""
    rows = math.ceil(count / columns)
    spare = columns * rows - count
    spans = [1] * count
    spans[:1] = [1 + math.ceil(spare / 2)] if count else []
    spans[-1:] = [spans[-1] + spare // 2] if count else []
    width = (area.width + GAP_MM[0]) / columns
    height = (area.height + GAP_MM[1]) / rows
    boxes, place = [], 0
    for span in spans:
        row, column = divmod(place, columns)
        x, y = area.x + column * width, area.y + row * height
        boxes.append(Box(x, y, span * width - GAP_MM[0], height - GAP_MM[1]))
        place += span
    return boxes


def head(figure: Any, sheet: DataSheet, width: float) -> float:
    """Write what was measured over the page; return where that ends."""
    names = [printable(subject.full_title) for subject in sheet.subjects()]
    y = MARGIN_MM + 1.5
    panels.text(figure, MARGIN_MM, y, about(sheet), fontsize=TEXT_PT, color=SOFT)
    y += 8.5
    title = " and ".join(names)
    fitting = (width - 2.0 * MARGIN_MM) / (0.24 * max(len(title), 1))  # a bold letter is as wide as 0.68 of its height
    panels.text(figure, MARGIN_MM, y, title, fontsize=min(TITLE_PT, fitting), fontweight="bold")
    y += 1.8
    lines = wrapped(sheet.subject.description, width, most=3)
    if sheet.other is not None:
        lines = [f"solid: {names[0]}     dashed: {names[1]}"]
    for line in lines:
        y += LINE_MM + 0.2
        panels.text(figure, MARGIN_MM, y, line, fontsize=TEXT_PT + 0.6, color=SOFT)
    return y


def about(sheet: DataSheet) -> str:
    names = " and ".join(printable(subject.label) for subject in sheet.subjects())
    return f"{names}   ·   {sheet.subject.bench.sample_rate:g} Hz   ·   tapegraph {version('tapegraph')}"


def foot(figure: Any, sheet: DataSheet, width: float, height: float) -> float:
    """Write under the page what was not measured; return where that begins."""
    lines = [line for words in remarks(sheet) for line in wrapped(words, width, most=2)]
    y = height - MARGIN_MM - LINE_MM * len(lines)
    panels.rule(figure, MARGIN_MM, y, width - 2.0 * MARGIN_MM)
    for k, line in enumerate(lines):
        panels.text(figure, MARGIN_MM, y + LINE_MM * (k + 1) + 0.3, line, fontsize=SMALL_PT, color=SOFT)
    return y


def remarks(sheet: DataSheet) -> list[str]:
    """Return whether it is a recording, what was left out and held still, and what levels are relative to."""
    speeds = [
        panels.minus(f"Of the recording of a test tape, whose speed is {subject.bench.speed_error_percent:+.3f} % off.")
        for subject in sheet.subjects()
        if isinstance(subject.bench, Recording)
    ]
    if any(isinstance(subject.bench, Recording) and subject.bench.wobbles for subject in sheet.subjects()):
        left = any("response" in subject.results for subject in sheet.subjects())
        phase = "; phase and group delay hold what is left of them" if left else ""
        speeds.append(f"Wow and flutter are taken out{phase}.")
    held = {subject.label: ", ".join(subject.bench.changed) for subject in sheet.subjects()}
    alike = len(set(held.values())) == 1  # of both, or of a graph that is alone
    still = [f"Held still{'' if alike else f' of {label}'}: {names}." for label, names in held.items() if names]
    still = still[:1] if alike else still
    without = [f"{sentence[:1].upper()}{sentence[1:]}." for sentence in sheet.left_out]
    return [*speeds, *without, *still, "0 dBFS is the level of a sine of full scale."]


def wrapped(words: str, width: float, most: int) -> list[str]:
    letters = round((width - 2.0 * MARGIN_MM) / panels.LETTER_MM * 0.88)
    return textwrap.wrap(printable(words), letters, max_lines=most, placeholder=" ...")


def table(figure: Any, box: Box, numbers: Mapping[str, list[str]]) -> None:
    """Write single numbers into a part of a page, those of two graphs beside each other."""
    panels.heading(figure, box, NUMBERS)
    two = any(len(values) > 1 for values in numbers.values())
    row_mm = min(4.6, (box.height - TABLE_TOP_MM) / len(numbers))
    size = min(1.0, box.width / (NEEDED_MM + VALUE_MM * two), row_mm / LINE_MM)
    right = box.x + box.width
    if two:
        for place, words in enumerate(("dashed", "solid")):
            x = right - place * VALUE_MM * size
            panels.text(figure, x, box.y + 4.0, words, ha="right", fontsize=SMALL_PT * size, color=SOFT)
    for k, (name, values) in enumerate(numbers.items()):
        y = box.y + TABLE_TOP_MM + row_mm * k
        panels.text(figure, box.x, y, panels.minus(name), fontsize=TEXT_PT * size, color=SOFT)
        for place, value in enumerate(reversed(values)):
            x = right - place * VALUE_MM * size
            panels.text(figure, x, y, panels.minus(value), ha="right", fontsize=TEXT_PT * size)
        panels.rule(figure, box.x, y + 0.3 * row_mm, box.width, panels.LINE, 0.4)
