"""Data sheets as files: what a file may end in, and the file itself, whole or not at all."""

from __future__ import annotations

import importlib
from pathlib import Path

from tapegraph.atomic import replacing
from tapegraph.errors import Problem, TapegraphError
from tapegraph.measure.datasheet import DataSheet
from tapegraph.measure.sheet.layout import drawing
from tapegraph.measure.sheet.page import page

ENDINGS = (".svg", ".png", ".pdf", ".html")


def check_sheet(path: str | Path) -> str:
    """Return the form that the ending of a file asks for. Raises TapegraphError where a sheet cannot be drawn."""
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise TapegraphError(Problem(f"a sheet must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}", str(path)))
    try:
        importlib.import_module("matplotlib.figure")
    except ImportError:
        raise TapegraphError('sheets are drawn by Matplotlib: pip install "tapegraph[plot]"') from None
    return ending[1:]


def write_sheet(path: str | Path, sheet: DataSheet, overwrite: bool = False) -> None:
    """Draw a sheet into a file whose ending is one of ENDINGS; the same to the byte for the same measurements."""
    form = check_sheet(path)
    with replacing(path, overwrite) as temporary:
        temporary.write_bytes(page(sheet) if form == "html" else drawing(sheet, form))
