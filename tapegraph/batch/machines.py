"""Machines of a batch: random machines from their files, and graphs and presets as machines without chance.

Of a graph only the seed is drawn, so that the hiss of two clips is not the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tapegraph.api import load
from tapegraph.augment import RandomMachine
from tapegraph.document import text
from tapegraph.document.files import is_preset_name
from tapegraph.document.load import read_text


def open_machine(spec: str, allow: Iterable[str] = ()) -> RandomMachine:
    """Return the machine of a file of random machines, of a graph file, or of a preset.

    allow: files and folders, beside the folder of the file, that it may name files from
    Raises TapegraphError with every problem.
    """
    if is_preset_name(spec):
        return RandomMachine({"graphs": {spec: {"graph": load(spec)}}})
    entry, _ = text.parse(read_text(Path(spec)), spec)
    if isinstance(entry.value, dict) and "tapegraph" in entry.value:
        return RandomMachine({"graphs": {Path(spec).stem: {"graph": load(Path(spec), allow)}}})
    return RandomMachine(Path(spec), allow=allow)


def absolute(spec: str) -> str:
    """Return the file of a machine wherever it is named from, or the preset."""
    return spec if is_preset_name(spec) else os.path.abspath(spec)
