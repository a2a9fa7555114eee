"""Graphs from presets, files and texts, with the graphs that they include."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from tapegraph import resources
from tapegraph.contents import read_bytes
from tapegraph.document import text
from tapegraph.document.access import Access, below, resolved
from tapegraph.document.check import read
from tapegraph.document.files import graph_reference, is_preset_name
from tapegraph.document.limits import MOST_NESTED, MOST_TEXT_BYTES, TOO_NESTED, check_text, nesting
from tapegraph.document.parts import Parts
from tapegraph.document.spec import Spec
from tapegraph.document.text import Entry, Place
from tapegraph.errors import Problem, TapegraphError, did_you_mean, short


@attrs.define
class Loading:
    """What the files of one graph share while they are read.

    graphs: by path, each read once; None where there was something wrong with it
    marks: of the texts so far, see limits.py
    """

    graphs: dict[Path, Spec | None] = attrs.field(factory=dict)
    marks: int = 0


def load(source: str | Path, allow: Iterable[str | Path] = ()) -> Spec:
    """Return a graph by the name of a preset, or from a file.

    A name without a folder and without .yaml is that of a preset.
    allow: files and folders, beside the folder of the file, that it may name sub-graphs and models from
    Raises TapegraphError with every problem.
    """
    return opened(source, allow)[0]


def opened(source: str | Path, allow: Iterable[str | Path] = ()) -> tuple[Spec, str]:
    """Return a graph as load() does, and the text of its file."""
    path = find_file(source, Path())
    yaml = read_text(path)
    real = resolved(path)
    return from_text(yaml, str(path), SubGraphs(path.parent, (real,), below(real.parent, allow))), yaml


def from_text(yaml: str, name: str, sub_graphs: SubGraphs) -> Spec:
    """Return the graph of a YAML text; name: of the file in errors."""
    sub_graphs.loading.marks += check_text(yaml, name, sub_graphs.loading.marks)
    entry, problems = text.parse(yaml, name)
    return read(entry, sub_graphs, problems)


def from_words(words: dict[str, Any], folder: Path) -> Spec:
    """Return the graph of plain data under the keys of the file; folder: where relative paths begin."""
    problems: list[Problem] = []
    return read(text.tree(words, problems), SubGraphs(folder), problems, versioned=False)


def read_text(path: Path) -> str:
    """Return the text of a graph file, with line breaks as they are, for writing them again."""
    try:
        return read_bytes(path, MOST_TEXT_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise TapegraphError(Problem("not UTF-8 text; a graph file must be", str(path))) from None


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

    folder: where relative paths begin
    inside: the files being read, outermost first
    access: which files may be named
    nested: how many sub-graphs the graph is within
    loading: shared with the graphs that are included
    """

    def __init__(
        self,
        folder: Path,
        inside: tuple[Path, ...] = (),
        access: Access | None = None,
        nested: int = 0,
        loading: Loading | None = None,
    ) -> None:
        self.folder, self.inside, self.nested = folder, inside, nested
        self.access = access or Access()
        self.loading = loading or Loading()

    def __call__(self, reference: Any, place: Place) -> Parts:
        if self.nested == MOST_NESTED:
            raise TapegraphError(Problem(TOO_NESTED, str(place)))
        if isinstance(reference, Entry):
            inner = SubGraphs(self.folder, self.inside, self.access, self.nested + 1, self.loading)
            return read(reference, inner, versioned=False)
        try:
            path = find_file(reference, self.folder)
        except TapegraphError as error:
            raise TapegraphError(*(Problem(p.message, str(place)) for p in error.problems)) from None
        return self.load_file(path, place)

    def load_file(self, path: Path, place: Place) -> Spec:
        """Return the graph of a file that is included; place: where."""
        if wrong := self.access.refusal(path):
            raise TapegraphError(Problem(wrong, str(place)))
        real = resolved(path)
        if real in self.inside:
            route = " -> ".join(p.name for p in (*self.inside, path))
            raise TapegraphError(Problem(f"{path.name} includes itself: {route}", str(place)))
        graphs = self.loading.graphs
        if real not in graphs:
            graphs[real] = None
            try:
                yaml = read_text(path)
            except TapegraphError as error:
                raise TapegraphError(*(Problem(str(problem), str(place)) for problem in error.problems)) from None
            access = self.access if self.access.roots is not None else below(real.parent)
            inner = SubGraphs(path.parent, (*self.inside, real), access, self.nested + 1, self.loading)
            graphs[real] = from_text(yaml, str(path), inner)
        graph = graphs[real]
        if graph is None:
            raise TapegraphError(Problem(f"{path.name} has mistakes, which are listed already", str(place)))
        if self.nested + 1 + nesting(graph) > MOST_NESTED:
            raise TapegraphError(Problem(TOO_NESTED, str(place)))
        return graph


class KnownSubGraphs(SubGraphs):
    """Finds the graphs that a graph in memory includes, without reading their files."""

    def __init__(self, folder: Path, spec: Parts) -> None:
        super().__init__(folder)
        self.known = {node.reference: node.graph for node in spec.nodes.values() if node.graph is not None}

    def __call__(self, reference: Any, place: Place) -> Parts:
        known = None if isinstance(reference, Entry) else self.known.get(graph_reference(reference, self.folder))
        return super().__call__(reference, place) if known is None else known
