"""The data sheet as a page for the browser: one file with the picture in it and the tables below, without scripts."""

from __future__ import annotations

import html
from pathlib import Path

from tapegraph.errors import printable
from tapegraph.measure import report
from tapegraph.measure.datasheet import DataSheet
from tapegraph.measure.difference import comparable
from tapegraph.measure.result import PLACES, Result
from tapegraph.measure.sheet.layout import drawing
from tapegraph.run.sound import Array

TEMPLATE = Path(__file__).with_name("page.html")


def page(sheet: DataSheet) -> bytes:
    """Return the page, which is the same to the byte for the same sheet."""
    picture = drawing(sheet, "svg", paper="none").decode("utf-8")
    picture = picture[picture.index("<svg") :]
    title = html.escape(" and ".join(printable(subject.full_title) for subject in sheet.subjects()))
    width, height = (picture.partition(f'{side}="')[2].partition("pt")[0] for side in ("width", "height"))
    filled = {
        "title": title,
        "orientation": "landscape" if float(width) > float(height) else "portrait",
        "picture": picture.replace("<svg", f'<svg role="img" aria-label="{title}, measured"', 1),
        "tables": "\n".join(sections(sheet)),
    }
    text = TEMPLATE.read_text("utf-8")
    for name, part in filled.items():
        text = text.replace("{{" + name + "}}", part)
    return text.encode("utf-8")


def sections(sheet: DataSheet) -> list[str]:
    """Return a table under its title for each measurement; of two graphs, both and the difference, a, b and b - a."""
    found = []
    for what, result in sheet.subject.results.items():
        columns = result.summary()
        if sheet.other is not None:
            columns = beside(columns, sheet.other.results[what].summary())
        found.append(section(result, columns))
    return found + [section(result, result.summary()) for result in sheet.together.values()]


def beside(a: dict[str, Array], b: dict[str, Array]) -> dict[str, Array]:
    """Return the columns of two tables, and their differences, next to each other."""
    if not comparable(a, b):
        return a
    found: dict[str, Array] = {}
    for name, values in a.items():
        if name in PLACES:
            found[name] = values
        else:
            found |= {f"{name}, a": values, f"{name}, b": b[name], f"{name}, b - a": b[name] - values}
    return found


def section(result: Result, columns: dict[str, Array]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in (*result.labels(), *columns))
    cells = [[html.escape(text) for text in texts] for texts in result.labels().values()]
    cells += [
        [report.text(float(value), name.partition(",")[0]).replace("-", "\N{MINUS SIGN}") for value in values]
        for name, values in columns.items()
    ]
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in zip(*cells, strict=True))
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return f"<section>\n<h2>{html.escape(result.title())}</h2>\n{table}\n</section>"
