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
        reach = reachable(links)
        return {
            link
            for link in links
            if link.target_node in self.graph.nodes
            and self.graph.nodes[link.target_node].cls.BREAKS_LOOPS
            and (link.source_node == link.target_node or link.source_node in reach[link.target_node])
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
            problems.append(Problem(f"{' -> '.join(loop)} is a loop without a delay in it", where))
            if len(problems) == MOST_LOOPS:
                break
            cut = set(pairwise(loop))
            links = [link for link in links if (link.source_node, link.target_node) not in cut]
        if problems:
            raise TapegraphError(*problems)
        return order


def reachable(links: Iterable[FlatLink]) -> dict[str, set[str]]:
    """Return for every node the nodes that its sound reaches."""
    following: dict[str, set[str]] = defaultdict(set)
    for link in links:
        following[link.source_node].add(link.target_node)
    reach: dict[str, set[str]] = defaultdict(set)
    for start in list(following):
        stack = [start]
        while stack:
            for name in following.get(stack.pop(), ()):
                if name not in reach[start]:
                    reach[start].add(name)
                    stack.append(name)
    return reach
