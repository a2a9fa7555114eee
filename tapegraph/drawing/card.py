"""The box of a node: lines of text, and ports at its sides.

name             the first ports are at the height of name and kind
kind
wet          low ports that are not the first, each on a line of its own
gain        3 dB parameters; one that a signal moves has its port on its line
2x, 96 kHz       notes
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import zip_longest

import attrs

from tapegraph.drawing.sketch import Arrow, Box, Setting

EM = 0.62  # width of a letter, in its size: the widest of the monospaced faces that browsers use
SIZE, SMALL = 12.0, 11.0
LINE = 15.0
HEADER = 38.0
MIDDLE = HEADER / 2  # where the first ports are
PADDING = 10.0
MOST_LETTERS = 26  # of a name or a value
MOST_SETTINGS = 8


@attrs.frozen
class Line:
    """A line of a card. left, right: text at the two sides, or left alone in the middle; style: of the text"""

    left: str
    right: str = ""
    style: str = "small"

    @property
    def width(self) -> float:
        return text_width(self.left, SMALL) + (text_width(self.right, SMALL) + 2 * SMALL * EM if self.right else 0.0)


@attrs.frozen
class Card:
    """What a box shows.

    titles: name and kind; lines: under them; is_end: of the graph
    inputs, outputs: how far below its top each port is, by port()
    """

    titles: tuple[str, ...]
    lines: tuple[Line, ...]
    is_end: bool
    inputs: dict[str, float]
    outputs: dict[str, float]

    @property
    def width(self) -> float:
        titles = (text_width(text, SIZE) for text in self.titles)
        return max([*titles, *(line.width for line in self.lines)]) + 2 * PADDING

    @property
    def height(self) -> float:
        return HEADER + (len(self.lines) * LINE + PADDING / 2 if self.lines else 0.0)


def card(box: Box, into: Iterable[Arrow], out_of: Iterable[Arrow]) -> Card:
    """Return the card of a box with these arrows into and out of it."""
    into, out_of = list(into), list(out_of)
    name, kind = shortened(box.name.rpartition("/")[2]), shortened(box.kind)
    moved = [arrow.target_port for arrow in into if arrow.moves]
    heard = list(dict.fromkeys(arrow.target_port for arrow in into if arrow.target_port and not arrow.moves))
    given = list(dict.fromkeys(arrow.source_port for arrow in out_of if arrow.source_port))
    inputs, outputs = {"": MIDDLE}, {"": MIDDLE}
    lines = []
    for number, (left, right) in enumerate(zip_longest(heard, given, fillvalue="")):
        lines.append(Line(left, right, "port"))
        if left:
            inputs[port(left)] = height_of(number)
        if right:
            outputs[port(right)] = height_of(number)
    settings, left_out = chosen(box.settings, len(set(moved)))
    for setting in settings:
        if setting.param in moved:
            inputs[port(setting.param, moves=True)] = height_of(len(lines))
        lines.append(Line(shortened(setting.name), shortened(setting.value)))
    lines += [Line(f"and {left_out} more", style="note")] if left_out else []
    lines += [Line(note, style="note") for note in (*box.notes, *crossings(into))]
    titles = (name,) if kind in ("", name) else (name, kind)
    return Card(titles, tuple(lines), not kind, inputs, outputs)


def port(name: str, *, moves: bool = False) -> str:
    """Return what a port is called by among those of a card: a parameter may have the name of an input."""
    return f"{'moves' if moves else 'to'} {name}" if name else ""


def height_of(line: int) -> float:
    """Return how far below the top of a card the middle of a line is."""
    return HEADER + (line + 0.5) * LINE


def chosen(settings: tuple[Setting, ...], needed: int) -> tuple[tuple[Setting, ...], int]:
    """Return the first settings, those that signals move at least, and how many are left out."""
    if len(settings) <= MOST_SETTINGS:
        return settings, 0
    count = max(MOST_SETTINGS - 1, needed)
    return settings[:count], len(settings) - count


def crossings(into: list[Arrow]) -> Iterator[str]:
    """Yield what the resamplers in front of a node do, with the names of the sources where they differ."""
    found = dict.fromkeys(arrow.crossing for arrow in into if arrow.crossing)
    same = len({arrow.crossing for arrow in into if not arrow.moves}) == 1
    for crossing in found:
        sources = ", ".join(arrow.source.rpartition("/")[2] for arrow in into if arrow.crossing == crossing)
        yield crossing if same else f"{shortened(sources)}: {crossing}"


def shortened(text: str) -> str:
    """Return a text, its middle left out where it is too long for a card."""
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS // 2]}...{text[3 - MOST_LETTERS // 2 :]}"


def text_width(text: str, size: float) -> float:
    """Return how wide a text is at most; letters of East Asia are twice as wide as others."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text) * EM * size
