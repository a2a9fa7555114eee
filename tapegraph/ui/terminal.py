"""A screen in the terminal while sound runs: a slider for everything that can be set, level and load, presets, undo.

Needs textual, which the extra `tui` brings. The sound runs in threads of its own; the screen only sets values.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer, Static

import tapegraph
from tapegraph import resources
from tapegraph.document.model import GraphModel
from tapegraph.document.targets import declared, targets
from tapegraph.errors import TapegraphError
from tapegraph.live.performance import stand_alone
from tapegraph.live.session import Session
from tapegraph.node.params import Param, Value
from tapegraph.quantity import format_number
from tapegraph.run.sound import decibels

TICK_S = 0.2  # between two looks at the sound
BAR = 30  # characters of a slider
LONGEST_NAME = 60  # characters of a title that a file is called by
FLOOR_DB = -60.0  # the left end of the level meter


class Text(Static):
    """Is drawn when it says something new: drawing takes time from the sound and leaves much to clear away."""

    said = ""

    def say(self, text: str) -> None:
        if text != self.said:
            self.said = text
            self.update(text)


class Slider(Text, can_focus=True):
    """One thing that can be set, as a line: name, bar, value with its unit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("left", "turn(-0.01)", "less"),
        ("right", "turn(0.01)", "more"),
        Binding("shift+left", "turn(-0.1)", "much less", show=False),
        Binding("shift+right", "turn(0.1)", "much more", show=False),
    ]

    def __init__(self, turned: Callable[[str, Value], None]) -> None:
        super().__init__(markup=False)
        self.turned = turned
        self.share = 0.0

    def aim(self, graph: GraphModel, target: str) -> None:
        """Stand for a target of a graph from now on."""
        self.graph, self.target, self.param = graph, target, declared(graph, target)[0]
        self.show(graph.get(target))

    def show(self, value: Value) -> None:
        """Show the value as it is now, whoever has set it."""
        self.share = self.param.fraction_at(value)
        if isinstance(self.param, Param):
            text = format_number(float(f"{value:.4g}"), self.param.unit)
        else:
            text = str(value).lower()
        self.say(f"{self.target:24} {bar(self.share, BAR)} {text}")

    def action_turn(self, by: float) -> None:
        options = getattr(self.param, "options", (False, True))
        step = by if isinstance(self.param, Param) else math.copysign(1.0 / len(options), by)
        self.turned(self.target, self.param.value_at(min(max(self.share + step, 0.0), 1.0)))
        self.show(self.graph.get(self.target))


class Screen(App[None]):
    """Runs until q, or the end of the sound.

    look: called at every tick; returns lines to be shown, such as what a saved graph file had to say
    """

    CSS = "Slider {height: 1} Slider:focus {background: $accent} #meters {dock: top; height: 3}"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit", "end"),
        Binding("ctrl+c", "quit", "end", show=False, priority=True),
        ("u", "undo", "undo"),
        ("b", "bypass", "bypass"),
        ("c", "compare", "compare A/B"),
        ("n", "next_preset", "next preset"),
        ("s", "save", "save"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, session: Session, look: Callable[[], list[str]] = list) -> None:
        super().__init__()
        self.session, self.look = session, look
        self.graph = session.graph  # what the sliders show, also while it is bypassed
        self.other = session.graph.copy()  # the other side of A/B
        self.side, self.gain = "A", 1.0
        session.remember()
        # At hand and not looked up: a tick may come before they are mounted, or when they are being taken down.
        self.panel = Text(id="meters", markup=False)
        self.sliders: list[Slider] = []
        self.spare: list[Slider] = []  # hidden: to make new ones for every graph takes time from the sound
        self.rows = VerticalScroll(id="sliders")
        self.undone: list[tuple[str, Value]] = []

    def compose(self) -> ComposeResult:
        yield self.panel
        yield self.rows
        yield Footer()

    async def on_mount(self) -> None:
        await self.show(self.graph)
        self.set_interval(TICK_S, self.tick)

    async def tick(self) -> None:
        if self.session.finished.is_set():
            self.exit()
            return
        for line in self.look():
            self.notify(line, markup=False)
        if self.session.graph is not self.graph and not self.bypassed:
            await self.show(self.session.graph)  # the graph file was saved
        values = self.graph.values(slider.target for slider in self.sliders)
        for slider in self.sliders:
            slider.show(values[slider.target])
        self.panel.say(self.meters())

    def meters(self) -> str:
        peak, self.session.peak = self.session.peak, 0.0
        level_db = decibels(peak)
        heard = "bypassed" if self.bypassed else self.side
        if self.session.gain != 1.0:
            heard += f", turned down by {-decibels(self.session.gain):.1f} dB to compare"
        return (
            f"{self.graph.title or 'graph'} ({heard})\n"
            f"level {bar(1.0 - max(level_db, FLOOR_DB) / FLOOR_DB, BAR)} {level_db:6.1f} dBFS\n"
            f"load  {bar(self.session.load, BAR)} {100 * self.session.load:4.0f} %, dropouts {self.session.dropouts}"
        )

    @property
    def bypassed(self) -> bool:
        return not self.session.graph.nodes

    def turn(self, target: str, value: Value) -> None:
        before = self.graph.get(target)
        try:
            self.graph.set(target, value)
        except TapegraphError as error:  # out of the range of another parameter that it moves too
            self.notify(str(error), markup=False, severity="error")
        else:
            self.undone.append((target, before))

    def action_undo(self) -> None:
        if self.undone:
            self.graph.set(*self.undone.pop())

    def action_bypass(self) -> None:
        if self.bypassed:
            self.play(self.graph, self.gain)
        else:
            self.play(tapegraph.Graph(nodes={}, links=["input -> output"], block=self.graph.block))

    async def action_compare(self) -> None:
        """Go over to the other side, turned down where it is the louder one."""
        here, there = self.graph, self.other
        gain = await asyncio.to_thread(self.session.matching, there, here)
        if await self.go_over(there, gain):
            self.other = here
            self.side = "B" if self.side == "A" else "A"

    async def action_next_preset(self) -> None:
        presets = list(resources.presets())
        titles = [tapegraph.load(name).title for name in presets]
        place = titles.index(self.graph.title) + 1 if self.graph.title in titles else 0
        await self.go_over(tapegraph.load(presets[place % len(presets)]))

    def action_save(self) -> None:
        """Write the graph as it sounds beside the others in this folder, under a name that is free."""
        stem = "".join(c if c.isalnum() else "_" for c in self.graph.title.lower())[:LONGEST_NAME] or "graph"
        path = next(path for n in range(1, 10_000) if not (path := Path(f"{stem}_{n}.yaml")).exists())
        try:
            alone = self.graph.copy()
            stand_alone(alone)
            alone.save(path)
        except TapegraphError as error:
            self.notify(str(error), markup=False, severity="error")
        else:
            self.notify(f"saved; --graph {path} has it again", markup=False)

    def play(self, graph: GraphModel, gain: float = 1.0) -> bool:
        """Let another graph be heard; return whether it can be, and show why not."""
        try:
            self.session.change(graph, gain)
        except TapegraphError as error:
            self.notify(str(error), markup=False, severity="error")
            return False
        return True

    async def go_over(self, graph: GraphModel, gain: float = 1.0) -> bool:
        """Let another graph be heard and show its sliders; return whether that can be."""
        if not self.play(graph, gain):
            return False
        await self.show(graph)
        return True

    async def show(self, graph: GraphModel) -> None:
        self.graph, self.gain = graph, self.session.gain
        self.undone.clear()
        wanted, there = targets(graph), self.sliders + self.spare
        new = [Slider(self.turn) for _ in wanted[len(there) :]]
        there += new
        self.sliders, self.spare = there[: len(wanted)], there[len(wanted) :]
        for slider, target in zip(self.sliders, wanted, strict=True):
            slider.aim(graph, target)
        for slider in there:
            slider.display = slider in self.sliders
        await self.rows.mount(*new)
        if self.sliders:
            self.sliders[0].focus()


def bar(share: float, width: int) -> str:
    full = round(min(max(share, 0.0), 1.0) * width)
    return "█" * full + "░" * (width - full)
