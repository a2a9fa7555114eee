"""A screen in the terminal while sound runs: a slider for everything that can be set, level and load, and keys for
presets, comparison, bypass and undo.

Needs textual, which comes with the extra `tui`. The sound runs in other threads; what the keys do is in live/slots.py.
"""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer, Static

from tapegraph import resources
from tapegraph.document.model import GraphModel
from tapegraph.document.targets import declared, targets
from tapegraph.errors import TapegraphError
from tapegraph.live.slots import Slots
from tapegraph.node.params import Param, Value
from tapegraph.quantity import format_number
from tapegraph.run.sound import decibels

TICK_S = 0.2  # between two updates
BAR = 30  # characters of a slider
FLOOR_DB = -60.0  # the left end of the level meter
SHOWN_DB = 0.05  # the least change of level that is worth a word


class Text(Static):
    """Text that is drawn only when it changes: drawing takes time from the sound and leaves garbage."""

    text = ""

    def write(self, text: str) -> None:
        if text != self.text:
            self.text = text
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
        self.fraction = 0.0
        self.value: Value | None = None

    def assign(self, graph: GraphModel, target: str, value: Value) -> None:
        """Control a target of a graph from now on."""
        self.graph, self.target, self.param = graph, target, declared(graph, target)[0]
        self.value = None
        self.show(value)

    def show(self, value: Value) -> None:
        """Show the current value, whatever has set it."""
        if value == self.value:
            return
        self.value, self.fraction = value, self.param.fraction_at(value)
        if isinstance(self.param, Param):
            text = format_number(float(f"{value:.4g}"), self.param.unit)
        else:
            text = str(value).lower()
        self.write(f"{self.target:24} {bar(self.fraction, BAR)} {text}")

    def action_turn(self, by: float) -> None:
        options = getattr(self.param, "options", (False, True))
        step = by if isinstance(self.param, Param) else math.copysign(1.0 / len(options), by)
        self.turned(self.target, self.param.value_at(min(max(self.fraction + step, 0.0), 1.0)))
        self.show(self.graph.get(self.target))


class Screen(App[None]):
    """Runs until q, or the end of the sound.

    poll: called at every tick; returns lines to be shown, such as errors in a graph file that was saved
    """

    CSS = "Slider {height: 1} Slider:focus {background: $accent} #meters {dock: top; height: 3}"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit", "end"),
        Binding("ctrl+c", "quit", "end", show=False, priority=True),
        ("u", "undo", "undo"),
        ("b", "bypass", "bypass"),
        ("c", "compare", "compare A/B"),
        ("n", "next_preset", "next preset"),
        ("m", "match", "match levels"),
        ("s", "save", "save"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, slots: Slots, poll: Callable[[], list[str]] = list) -> None:
        super().__init__()
        self.slots, self.session, self.poll = slots, slots.session, poll
        self.graph = slots.graph  # whose sliders are shown
        self.session.remember()
        # Attributes instead of queries: a tick may come before they are mounted, or while they are removed.
        self.panel = Text(id="meters", markup=False)
        self.sliders: list[Slider] = []
        self.spare: list[Slider] = []  # hidden; making new ones for every graph would take time from the sound
        self.rows = VerticalScroll(id="sliders")

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
        for line in self.poll():
            self.notify(line, markup=False)
        await self.follow()
        values = self.graph.values(slider.target for slider in self.sliders)
        for slider in self.sliders:
            slider.show(values[slider.target])
        self.panel.write(self.meters())

    def meters(self) -> str:
        peak, self.session.peak = self.session.peak, 0.0
        level_db = decibels(peak)
        state = "bypassed" if self.slots.bypassed else self.slots.selected
        down_db = -decibels(self.session.gain)
        if down_db >= SHOWN_DB:
            state += f", turned down by {down_db:.1f} dB to compare"
        if not self.slots.matched:
            state += ", levels not matched"
        return (
            f"{self.graph.title or 'graph'} ({state})\n"
            f"level {bar(1.0 - max(level_db, FLOOR_DB) / FLOOR_DB, BAR)} {level_db:6.1f} dBFS\n"
            f"load  {bar(self.session.load, BAR)} {100 * self.session.load:4.0f} %, dropouts {self.session.dropouts}"
        )

    @contextmanager
    def errors_shown(self) -> Iterator[None]:
        try:
            yield
        except TapegraphError as error:
            self.notify(str(error), markup=False, severity="error")

    def turn(self, target: str, value: Value) -> None:
        with self.errors_shown():  # out of the range of another parameter that the target sets too
            self.slots.set(target, value)

    def action_undo(self) -> None:
        self.slots.undo()

    def action_match(self) -> None:
        with self.errors_shown():
            self.slots.toggle_matching()

    async def action_bypass(self) -> None:
        with self.errors_shown():
            self.slots.toggle_bypass(await self.gain_for(self.slots.behind_bypass()))

    async def action_compare(self) -> None:
        with self.errors_shown():
            self.slots.compare(await self.gain_for(self.slots.other))
        await self.follow()

    @functools.cached_property
    def preset_titles(self) -> list[str]:
        """The titles of all presets in their order: to read them takes longer than the step to another."""
        return [GraphModel.load(name).title for name in resources.presets()]

    async def action_next_preset(self) -> None:
        names, titles = list(resources.presets()), self.preset_titles
        place = titles.index(self.graph.title) + 1 if self.graph.title in titles else 0
        preset = GraphModel.load(names[place % len(names)])
        with self.errors_shown():
            self.slots.load(preset, await self.gain_for(preset))
        await self.follow()

    async def gain_for(self, graph: GraphModel) -> float:
        return await asyncio.to_thread(self.slots.gain_for, graph)

    def action_save(self) -> None:
        """Save the graph with its current values in this folder, under a free name."""
        with self.errors_shown():
            path = self.slots.save(Path())
            self.notify(f"saved as {path}; load it with --graph {path}", markup=False)

    async def follow(self) -> None:
        """Show the sliders of the selected graph, where it has been replaced."""
        if self.slots.graph is not self.graph:
            await self.show(self.slots.graph)

    async def show(self, graph: GraphModel) -> None:
        self.graph = graph
        wanted, present = targets(graph), self.sliders + self.spare
        new = [Slider(self.turn) for _ in wanted[len(present) :]]
        present += new
        self.sliders, self.spare = present[: len(wanted)], present[len(wanted) :]
        values = graph.values(wanted)
        for slider, target in zip(self.sliders, wanted, strict=True):
            slider.assign(graph, target, values[target])
        for slider in present:
            slider.display = slider in self.sliders
        await self.rows.mount(*new)
        if self.sliders:
            self.sliders[0].focus()


def bar(fraction: float, width: int) -> str:
    full = round(min(max(fraction, 0.0), 1.0) * width)
    return "█" * full + "░" * (width - full)
