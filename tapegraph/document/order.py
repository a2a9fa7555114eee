"""In which order nodes run: each after all that feed it in the same block, otherwise in the order of the file.

A loop is cut where it enters a node that breaks loops: the input of that node is a block and the loop's latency late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from tapegraph.document.flat import FlatGraph, FlatLink
from tapegraph.document.links import INPUT, OUTPUT
from tapegraph.errors import Problem, TapegraphError

LONGEST_ROUTE = 12  # nodes of a loop that are named
MOST_LOOPS = 10  # without a delay that are reported at once


class Order:
    """The order of a graph, and what is linked to what.

    names: of the nodes, in the order of running, with the input first and the output last
    into, out_of: the links that end and begin at a node
    back_links: those that close a loop by entering a node that breaks loops
    Raises TapegraphError, naming the loops, where nodes feed each other in the same block.
    """

    def __init__(self, graph: FlatGraph) -> None:
        self.graph = graph
        self.into: dict[str, list[FlatLink]] = defaultdict(list)
        self.out_of: dict[str, list[FlatLink]] = defaultdict(list)
        for link in graph.links:
            self.into[link.target_node].append(link)
            self.out_of[link.source_node].append(link)
        self.back_links = self.find_back_links()
        self.loop_closers = {link.target_node for link in self.back_links}
        self.names = self.sorted()

    def find_back_links(self) -> set[FlatLink]:
        links = self.graph.links + self.graph.modulations
        loop = loops(links)
        return {
            link
            for link in links
            if link.target_node in self.graph.nodes
            and self.graph.nodes[link.target_node].cls.BREAKS_LOOPS
            and loop[link.source_node] == loop[link.target_node]
        }

    def closes_loop(self, name: str) -> bool:
        """Tell whether a node breaks a loop, so that its inputs reach it a block late."""
        return name in self.loop_closers

    def sorted(self) -> tuple[str, ...]:
        links = [link for link in self.graph.links + self.graph.modulations if link not in self.back_links]
        problems: list[Problem] = []
        while True:
            sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys((INPUT, *self.graph.nodes, OUTPUT), ()))
            for link in links:
                sorter.add(link.target_node, link.source_node)
            try:
                order = tuple(sorter.static_order())
                break
            except CycleError as error:
                loop = error.args[1]
            where = next((self.graph.nodes[name].where for name in loop if name in self.graph.nodes), "")
            if len(loop) > LONGEST_ROUTE:
                route = [*loop[: LONGEST_ROUTE - 2], "...", loop[-1]]
            else:
                route = loop
            problems.append(Problem(f"{' -> '.join(route)} is a loop without a delay in it", where))
            if len(problems) == MOST_LOOPS:
                break
            cut = set(pairwise(loop))
            links = [link for link in links if (link.source_node, link.target_node) not in cut]
        if problems:
            raise TapegraphError(*problems)
        return order


def loops(links: Iterable[FlatLink]) -> dict[str, int]:
    """Return for every node the number of the set of nodes that reach each other; alone in its set where it is in none.

    Source: R. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Computing 1, 1972; without recursion.
    """
    following = followers(links)
    index: dict[str, int] = {}  # order of discovery
    low: dict[str, int] = {}  # the earliest node on the path that is reached from here
    found: dict[str, int] = {}
    path: list[str] = []
    for start in list(following):
        stack = [] if start in index else [(start, iter(following[start]))]
        while stack:
            name, rest = stack[-1]
            if name not in index:
                index[name] = low[name] = len(index)
                path.append(name)
            for after in rest:
                if after not in index:
                    stack.append((after, iter(following.get(after, ()))))
                    break
                if after not in found:
                    low[name] = min(low[name], low[after])
            else:
                stack.pop()
                if stack:
                    before = stack[-1][0]
                    low[before] = min(low[before], low[name])
                if low[name] == index[name]:
                    while name not in found:
                        found[path.pop()] = index[name]
    return found


def reaching(links: Iterable[FlatLink], target: str) -> set[str]:
    """Return the nodes whose sound reaches a node."""
    leading: dict[str, set[str]] = defaultdict(set)
    for link in links:
        leading[link.target_node].add(link.source_node)
    found: set[str] = set()
    stack = [target]
    while stack:
        new = leading.get(stack.pop(), set()) - found
        found |= new
        stack += new
    return found


def followers(links: Iterable[FlatLink]) -> dict[str, set[str]]:
    """Return for every node that a link begins at the nodes that it is linked to."""
    following: dict[str, set[str]] = defaultdict(set)
    for link in links:
        following[link.source_node].add(link.target_node)
    return following


def reachable(links: Iterable[FlatLink]) -> dict[str, set[str]]:
    """Return for every node the nodes that its sound reaches."""
    following = followers(links)
    reach: dict[str, set[str]] = defaultdict(set)
    for start in list(following):
        stack = [start]
        while stack:
            for name in following.get(stack.pop(), ()):
                if name not in reach[start]:
                    reach[start].add(name)
                    stack.append(name)
    return reach
