"""Imports a preset of CHOW Tape Model: from its file to the file of a graph."""

from __future__ import annotations

from pathlib import Path

from tapegraph.atomic import replacing
from tapegraph.document.model import GraphModel
from tapegraph.errors import Problem, TapegraphError, printable
from tapegraph.imports.chowtape_file import read
from tapegraph.imports.chowtape_graph import graph_words

MOST_COMMENTS = 100


def import_file(source: Path, target: Path, overwrite: bool = False) -> int:
    """Write the graph of a preset, and return the number of comments in it on what could not be carried over.

    Raises TapegraphError where the source is not a preset, or the target exists or cannot be written.
    """
    words, remarks = graph_words(read(source))
    try:
        graph = GraphModel(**words)
    except TapegraphError as error:
        raise TapegraphError(*(Problem(str(problem), str(source)) for problem in error.problems)) from None
    if len(remarks) > MOST_COMMENTS:
        remarks = (*remarks[:MOST_COMMENTS], f"and {len(remarks) - MOST_COMMENTS} more")
    lines = [f"# Imported from {printable(source.name)}", *(f"# - {printable(remark)}" for remark in remarks)]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be made: {error.strerror}", str(target.parent))) from None
    if target.exists() and target.samefile(source):
        raise TapegraphError(Problem("the graph would replace the preset; give another folder", str(source)))
    with replacing(target, overwrite) as temporary:
        temporary.write_text("\n".join(lines) + "\n" + graph.to_yaml(target.parent), "utf-8")
    return len(remarks)
