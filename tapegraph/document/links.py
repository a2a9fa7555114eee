"""The text of a link: nodes and their ports along arrows, "a -> b.port -> c"."""

from __future__ import annotations

import functools
from itertools import pairwise

import attrs

INPUT, OUTPUT = "input", "output"  # the ends of a graph, which links name like nodes
ARROW = "->"


@attrs.frozen
class End:
    """One end of a link: a node and perhaps one of its ports or parameters, and its column in the text."""

    node: str
    port: str
    column: int = attrs.field(default=0, eq=False)

    def __str__(self) -> str:
        return f"{self.node}.{self.port}" if self.port else self.node


@functools.lru_cache(maxsize=4096)
def ends(link: str) -> tuple[End, ...]:
    """Return the ends along a link, in order."""
    found, column = [], 0
    for term in link.split(ARROW):
        node, _, port = term.strip().partition(".")
        found.append(End(node, port, column + len(term) - len(term.lstrip())))
        column += len(term) + len(ARROW)
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def pairs(link: str) -> tuple[tuple[End, End], ...]:
    """Return source and target of each arrow of a link. A port in the middle of a chain is an input, not an output."""
    along = ends(link)
    sources = (along[0], *(End(end.node, "", end.column) for end in along[1:]))
    return tuple((source, target) for source, (_, target) in zip(sources, pairwise(along), strict=False))
