"""Columns and rows of a drawing: sound flows to the right wherever it can.

A column to the right of all that a thing hears, then an order within each column in which few links cross. Links
that close loops, as they are met on the way from the input, are left out.

Source: K. Sugiyama, S. Tagawa, M. Toda, Methods for Visual Understanding of Hierarchical System Structures,
IEEE Trans. Systems, Man, and Cybernetics 11 (1981).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

Edge = tuple[str, str]
Neighbours = Mapping[str, Sequence[str]]
SWEEPS = 4


def columns(names: Sequence[str], edges: Iterable[Edge], last: str = "") -> list[list[str]]:
    """Return the columns from left to right, each from top to bottom.

    names: in the order of running, from where the sound enters; last: the one that has a column of its own at the end
    """
    before, after, order = forward(names, dict.fromkeys(edges))
    column: dict[str, int] = {}
    fed = {names[0]}
    for name in order:
        column[name] = max((column[source] + 1 for source in before[name]), default=0)
        if not fed.isdisjoint(before[name]):
            fed.add(name)
    for name in reversed(order):  # generators stand next to what they feed
        if name not in fed and after[name]:
            column[name] = min(column[target] for target in after[name]) - 1
    if last:
        column[last] = max((place + 1 for name, place in column.items() if name != last), default=0)
    leading = {last}  # to the end
    for name in reversed(order):
        if not leading.isdisjoint(after[name]):
            leading.add(name)
    found: list[list[str]] = [[] for _ in range(max(column.values()) + 1)]
    for name in sorted(names, key=lambda name: (name not in fed, name not in leading)):  # what matters most on top
        found[column[name]].append(name)
    sort(found, before, after)
    return [names for names in found if names]


def forward(
    names: Sequence[str], edges: Iterable[Edge]
) -> tuple[defaultdict[str, list[str]], defaultdict[str, list[str]], list[str]]:
    """Return what comes before and after each name, without links that close loops, and an order that agrees."""
    following: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        following[source].append(target)
    before: defaultdict[str, list[str]] = defaultdict(list)
    after: defaultdict[str, list[str]] = defaultdict(list)
    done: dict[str, None] = {}
    open_: set[str] = set()  # on the way from the start to where the search is
    for start in names:
        stack = [] if start in done else [(start, iter(following[start]))]
        open_.update(name for name, _ in stack)
        while stack:
            name, rest = stack[-1]
            target = next(rest, "")
            if not target:
                stack.pop()
                open_.discard(name)
                done[name] = None
            elif target not in open_:
                before[target].append(name)
                after[name].append(target)
                if target not in done:
                    stack.append((target, iter(following[target])))
                    open_.add(target)
    return before, after, list(reversed(done))


def sort(found: list[list[str]], before: Neighbours, after: Neighbours) -> None:
    """Sort every column by the mean row of the neighbours, forwards and backwards."""
    row = {name: float(number) for names in found for number, name in enumerate(names)}
    for sweep in range(SWEEPS):
        forwards = sweep % 2 == 0
        for names in found if forwards else reversed(found):
            wanted = {}
            for name in names:
                near = before[name] if forwards else after[name]
                wanted[name] = sum(row[other] for other in near) / len(near) if near else row[name]
            names.sort(key=wanted.__getitem__)
            row.update({name: float(number) for number, name in enumerate(names)})


def wrapped(widths: Sequence[float], limit: float) -> list[range]:
    """Return which columns share a line, so that none is wider than the limit and all are about as wide."""
    lines = filled(widths, limit)
    low, high = max(widths), limit
    while high - low > 1.0:  # the narrowest limit that takes no more lines
        middle = (low + high) / 2
        if len(filled(widths, middle)) > len(lines):
            low = middle
        else:
            high = middle
    return filled(widths, high)


def filled(widths: Sequence[float], limit: float) -> list[range]:
    lines, start, width = [], 0, 0.0
    for number, own in enumerate(widths):
        if number > start and width + own > limit:
            lines.append(range(start, number))
            start, width = number, 0.0
        width += own
    return [*lines, range(start, len(widths))]
