"""How large a graph may be, so that any file is loaded or refused within a moment and within little memory."""

from __future__ import annotations

from tapegraph.document.parts import Parts
from tapegraph.errors import Problem, TapegraphError

MOST_TEXT_BYTES = 1 << 20  # of a graph file
MOST_MARKS = 40_000  # commas, colons, brackets, dashes and ends of lines in it: what takes time to parse
MARKS = ",:[]{}-?\n"
MOST_NODES = 10_000  # with those of all sub-graphs
MOST_LINKS = 50_000  # with those of all sub-graphs, from node to node
MOST_NESTED = 16  # sub-graphs within each other
TOO_NESTED = f"more than {MOST_NESTED} sub-graphs are within each other"
MOST_OVERSAMPLE = 64  # of a node, times that of the sub-graphs around it
MOST_NAMED = 250  # variables, controls and automated targets, each
MOST_PROBLEMS = 100  # that are told of one file


def check_text(text: str, name: str, before: int = 0) -> int:
    """Check the size of a YAML text, and return its marks.

    name: stands for the file; before: marks of the other files of the graph
    Raises TapegraphError.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_TEXT_BYTES:
        raise TapegraphError(Problem(f"has {size} bytes; a graph may have at most {MOST_TEXT_BYTES}", name))
    marks = sum(map(text.count, MARKS))
    if before + marks > MOST_MARKS:
        files = ", with the files included before it" if before else ""
        found = f"has {before + marks} commas, colons, brackets, dashes and ends of lines{files}"
        raise TapegraphError(Problem(f"{found}; a graph may have at most {MOST_MARKS}", name))
    return marks


def node_count(spec: Parts, counted: dict[int, int] | None = None) -> int:
    """Return how many nodes a graph has with those of its sub-graphs; one that is used often is counted once."""
    counted = {} if counted is None else counted
    if id(spec) not in counted:
        inner = (node.graph for node in spec.nodes.values())
        counted[id(spec)] = sum(1 if graph is None else max(1, node_count(graph, counted)) for graph in inner)
    return counted[id(spec)]


def nesting(spec: Parts, found: dict[int, int] | None = None) -> int:
    """Return how many sub-graphs of a graph are within each other at most."""
    found = {} if found is None else found
    if id(spec) not in found:
        inner = (node.graph for node in spec.nodes.values())
        found[id(spec)] = max((1 + nesting(graph, found) for graph in inner if graph is not None), default=0)
    return found[id(spec)]


def check_size(spec: Parts) -> None:
    """Check the number of nodes of a graph and of sub-graphs within each other. Raises TapegraphError."""
    if (nodes := node_count(spec)) > MOST_NODES:
        raise TapegraphError(
            f"the graph has {nodes:.6g} nodes with those of its sub-graphs; it may have at most {MOST_NODES}"
        )
    if nesting(spec) > MOST_NESTED:
        raise TapegraphError(TOO_NESTED)
