"""Graphs from presets, files and texts, with the graphs that they include."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tapegraph import resources
from tapegraph.document import text
from tapegraph.document.check import read
from tapegraph.document.files import graph_reference, is_preset_name
from tapegraph.document.parts import Parts
from tapegraph.document.spec import Spec
from tapegraph.document.text import Entry, Place
from tapegraph.errors import Problem, TapegraphError, did_you_mean, short


def load(source: str | Path) -> Spec:
    """Return a graph by the name of a preset, or from a file.

    A name without a folder and without .yaml is that of a preset. Raises TapegraphError with every problem.
    """
    return opened(source)[0]


def opened(source: str | Path) -> tuple[Spec, str]:
    """Return a graph as load() does, and the text of its file."""
    path = find_file(source, Path())
    yaml = read_text(path)
    return from_text(yaml, str(path), SubGraphs(path.parent, (path.resolve(),))), yaml


def from_text(yaml: str, name: str, sub_graphs: SubGraphs) -> Spec:
    """Return the graph of a YAML text; name: of the file in errors."""
    entry, problems = text.parse(yaml, name)
    return read(entry, sub_graphs, problems)


def from_words(words: dict[str, Any], folder: Path) -> Spec:
    """Return the graph of plain data under the keys of the file; folder: where relative paths begin."""
    problems: list[Problem] = []
    return read(text.tree(words, problems), SubGraphs(folder), problems, versioned=False)


def load_file(path: Path, inside: tuple[Path, ...], place: Place) -> Spec:
    """Return the graph of a file that is included; inside: by which files, outermost first; place: where."""
    try:
        yaml = read_text(path)
    except TapegraphError as error:
        raise TapegraphError(*(Problem(str(problem), str(place)) for problem in error.problems)) from None
    resolved = path.resolve()
    if resolved in inside:
        route = " -> ".join(p.name for p in (*inside, path))
        raise TapegraphError(Problem(f"{path.name} includes itself: {route}", str(place)))
    return from_text(yaml, str(path), SubGraphs(path.parent, (*inside, resolved)))


def read_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:  # line breaks as they are, for writing them again
            return file.read()
    except UnicodeDecodeError:
        raise TapegraphError(Problem("not UTF-8 text; a graph file must be", str(path))) from None
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be read: {error.strerror}", str(path))) from None
    except ValueError:  # a null character or half a surrogate pair
        raise TapegraphError(Problem("cannot be read: not a valid file name", ascii(str(path)))) from None


def find_file(source: str | Path, folder: Path) -> Path:
    """Return the file of a preset, or of a path that starts in folder when it is relative."""
    text = os.fspath(source)
    if isinstance(source, str) and is_preset_name(text):
        presets = resources.presets()
        if text in presets:
            return presets[text]
        hint = did_you_mean(text, presets) or f"; there are {', '.join(presets)}"
        raise TapegraphError(f"no preset is called {short(text)}{hint}; a graph of your own ends in .yaml")
    return folder / text


class SubGraphs:
    """Finds the graphs that a graph includes, and refuses one that includes itself.

    folder: where relative paths begin; inside: the files being read, outermost first
    """

    def __init__(self, folder: Path, inside: tuple[Path, ...] = ()) -> None:
        self.folder, self.inside = folder, inside

    def __call__(self, reference: Any, place: Place) -> Parts:
        if isinstance(reference, Entry):
            return read(reference, self, versioned=False)
        try:
            path = find_file(reference, self.folder)
        except TapegraphError as error:
            raise TapegraphError(*(Problem(p.message, str(place)) for p in error.problems)) from None
        return load_file(path, self.inside, place)


class KnownSubGraphs(SubGraphs):
    """Finds the graphs that a graph in memory includes, without reading their files."""

    def __init__(self, folder: Path, spec: Parts) -> None:
        super().__init__(folder)
        self.known = {node.reference: node.graph for node in spec.nodes.values() if node.graph is not None}

    def __call__(self, reference: Any, place: Place) -> Parts:
        known = None if isinstance(reference, Entry) else self.known.get(graph_reference(reference, self.folder))
        return super().__call__(reference, place) if known is None else known
