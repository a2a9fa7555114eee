"""A/B comparison, bypass and undo of a session that runs: what every user interface shares.

What is changed to is never louder than what played before, so that both are judged by their sound: gain_for() returns
the gain that a change takes. The terminal, a page in a browser and MIDI only show this and call it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tapegraph.document.model import GraphModel
from tapegraph.live.claim import claim, release
from tapegraph.live.performance import stand_alone
from tapegraph.live.session import Session
from tapegraph.node.params import Value

MAX_NAME = 60  # characters of a title that a file is named after


class Slots:
    """Two slots, A and B, each with a graph; the selected one plays unless it is bypassed.

    All calls come from one thread, which may take its time; only lend() may be called from any other.

    selected: "A" or "B"
    other: the graph in the slot that is not selected; a copy of the first one at the start
    matched: whether gain_for() turns down what is louder
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.selected = "A"
        self.other: GraphModel = session.graph.copy()
        self.matched = True
        self.bypass: GraphModel | None = None  # what plays while the selected graph is bypassed
        self.bypassed_graph, self.bypassed_gain = session.graph, 1.0
        self.changes: list[tuple[GraphModel, str, Value]] = []  # graph, target and its value before each change

    @property
    def bypassed(self) -> bool:
        return self.session.graph is self.bypass

    @property
    def graph(self) -> GraphModel:
        """The graph in the selected slot, also while it is bypassed."""
        return self.bypassed_graph if self.bypassed else self.session.graph

    @contextmanager
    def lend(self) -> Iterator[GraphModel]:
        """Lend the selected graph to another thread that sets parameters; it is not replaced meanwhile."""
        with self.session.playing():
            yield self.graph

    def set(self, target: str, value: Value) -> None:
        """Set a target of the selected graph, so that undo() can take it back. Raises TapegraphError as its set()."""
        graph = self.graph
        before = graph.get(target)
        graph.set(target, value)
        self.changes.append((graph, target, before))

    def undo(self) -> None:
        """Take back the last change to the selected graph, if there is one; not across a change of graphs."""
        if self.changes and self.changes[-1][0] is self.graph:
            graph, target, before = self.changes.pop()
            graph.set(target, before)
        else:
            self.changes.clear()

    def gain_for(self, graph: GraphModel) -> float:
        """Return the gain at which a graph is no louder than what plays; 1 where levels are not matched.

        Renders some seconds of recent input through both: call it from a thread that can wait.
        """
        return self.session.matching(graph) if self.matched else 1.0

    def toggle_matching(self) -> None:
        """Match levels from now on; or let them be, that of what plays included."""
        self.matched = not self.matched
        if not self.matched:
            self.bypassed_gain = 1.0
            if self.session.gain != 1.0:
                self.session.change(self.session.graph)

    def behind_bypass(self) -> GraphModel:
        """Return what toggle_bypass() would change to: the input as it is, or the selected graph again."""
        if self.bypassed:
            return self.bypassed_graph
        return GraphModel(nodes={}, links=["input -> output"], block=self.session.graph.block)

    def toggle_bypass(self, gain: float = 1.0) -> None:
        """Play the input as it is, or the selected graph again, which is never louder than it was before."""
        graph = self.behind_bypass()
        if self.bypassed:
            self.session.change(graph, min(gain, self.bypassed_gain))
            return
        selected, selected_gain = self.session.graph, self.session.gain
        self.session.change(graph, gain)
        self.bypass, self.bypassed_graph, self.bypassed_gain = graph, selected, selected_gain

    def load(self, graph: GraphModel, gain: float = 1.0) -> None:
        """Replace the selected graph. Raises TapegraphError where it cannot follow; the old one plays on."""
        self.session.change(graph, gain)

    def compare(self, gain: float = 1.0) -> None:
        """Select the other slot. Raises TapegraphError as load()."""
        graph = self.graph
        self.session.change(self.other, gain)
        self.other = graph
        self.selected = "B" if self.selected == "A" else "A"

    def save(self, folder: Path) -> Path:
        """Write the selected graph, sub-graphs included, under a free name made from its title; return its path."""
        stem = "".join(c if c.isalnum() else "_" for c in self.graph.title.lower())[:MAX_NAME] or "graph"
        path = next(path for n in range(1, 10_000) if claim(path := folder / f"{stem}_{n}.yaml"))
        alone = self.graph.copy()
        stand_alone(alone)
        try:
            alone.save(path)
        finally:
            release(path)
        return path
