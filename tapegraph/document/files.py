"""Files that a graph names, sub-graphs, weights and speed: absolute in memory, relative to its folder in a file.

So a graph in memory means the same from any folder and in any process, and a file can move together with what it names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tapegraph.document.parts import Parts
from tapegraph.document.targets import declared
from tapegraph.node import weights
from tapegraph.node.params import AnyParam, Model, Track, Value

GRAPH_SUFFIXES = (".yaml", ".yml")


class FileName(str):
    """The absolute path of a file in the plain data of a graph."""

    __slots__ = ()


def is_preset_name(reference: str) -> bool:
    """Tell whether a sub-graph is meant by the name of a preset: without a folder and without .yaml."""
    return Path(reference).name == reference and Path(reference).suffix not in GRAPH_SUFFIXES


def graph_reference(reference: str, folder: Path) -> str:
    """Return the name of a preset as it is, and a path that starts in folder when it is relative as an absolute one."""
    return reference if is_preset_name(reference) else absolute(reference, folder)


def parameter_value(value: Any, params: Iterable[AnyParam], folder: Path) -> Any:
    """Return the value for parameters; of a model or a track that is a file, its absolute path."""
    if not isinstance(value, str) or not value or value.startswith("$"):
        return value
    if not any(isinstance(param, Model | Track) for param in params):
        return value
    path = absolute(value, folder)
    is_name = Path(value).name == value and not value.endswith(weights.SUFFIX)
    if value in weights.bundled() or (is_name and not os.path.lexists(path) and not os.path.lexists(value)):
        return value  # the second is a misspelt name
    return path


def absolute(path: str, folder: Path) -> str:
    """Return an absolute path. Links to folders are followed, and a file that is a link keeps its name."""
    full = Path.cwd() / folder / path
    try:
        return str(full.parent.resolve() / full.name)
    except (OSError, RuntimeError, ValueError):  # no such file can exist, which reading it will tell
        return str(full)


def relative(path: str, folder: Path) -> str:
    """Return an absolute path as a file in folder names it: relative, unless they have only the root in common.

    Where the result could be taken for the name of something else, ./ goes before it.
    """
    start = folder.resolve()
    try:
        shared = Path(os.path.commonpath([path, start]))
    except ValueError:  # drives of Windows
        return str(path)
    if shared == Path(shared.anchor) and start.parent != shared and Path(path).parent != shared:
        return str(path)
    found = Path(os.path.relpath(path, start)).as_posix()
    plain = is_preset_name(found) and not found.endswith(weights.SUFFIX)
    return f"./{found}" if plain or found.startswith("$") else found


def placed(data: Any, folder: Path | None) -> Any:
    """Return plain data in which files are named as in a graph file in folder; None: by their absolute paths."""
    if isinstance(data, dict):
        return type(data)({name: placed(value, folder) for name, value in data.items()})
    if isinstance(data, FileName):
        return str(data) if folder is None else relative(data, folder)
    return data


def marked(value: Value, spec: Parts, target: str) -> Value:
    """Return the value of a target in memory; of a model or a track that is a file, as a FileName."""
    if not isinstance(value, str) or not os.path.isabs(value):
        return value
    return FileName(value) if any(isinstance(param, Model | Track) for param in declared(spec, target)) else value
