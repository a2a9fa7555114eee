"""Machines of a batch: random machines from their files, and plain graphs and presets as machines without chance."""

from __future__ import annotations

import os
from pathlib import Path

from tapegraph.augment import RandomMachine
from tapegraph.document import text
from tapegraph.document.files import is_preset_name
from tapegraph.document.load import find_file, read_text


def open_machine(spec: str) -> RandomMachine:
    """Return the machine of a file of random machines, of a graph file, or of a preset.

    Raises TapegraphError with every problem.
    """
    if is_preset_name(spec):
        find_file(spec, Path())  # or else there is no such preset
        return RandomMachine({"tapegraph-random": 1, "graphs": [spec]})
    entry, _ = text.parse(read_text(Path(spec)), spec)
    if isinstance(entry.value, dict) and "tapegraph-random" in entry.value:
        return RandomMachine(Path(spec))
    return RandomMachine({"tapegraph-random": 1, "graphs": [os.path.abspath(spec)]})


def absolute(spec: str) -> str:
    """Return the file of a machine wherever it is named, or the preset."""
    return spec if is_preset_name(spec) else os.path.abspath(spec)
