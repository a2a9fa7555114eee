"""Where everything in a drawing is: boxes in columns, columns in lines that fit a page, sub-graphs in frames.

A graph, and every sub-graph in it, is laid out by itself; in the graph around it, a sub-graph is then one thing among
others, and links enter it by the left and leave it by the right side of its frame.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile

import attrs

from tapegraph.document.spec import INPUT, OUTPUT
from tapegraph.drawing.card import MIDDLE, SIZE, card, port, text_width
from tapegraph.drawing.layers import columns, wrapped
from tapegraph.drawing.sketch import Arrow, Sketch
from tapegraph.drawing.wires import GAP, Hop, Place, Point, Routes

WIDTH = 960.0  # that fits a page, px
ROW_GAP = 18.0
FRAME_PADDING, FRAME_TITLE = 12.0, 28.0
PORT_GAP = 14.0
ENTRY, EXIT = "<", ">"  # places where links pass the sides of a frame
MOST_TRIES = 8


@attrs.define(eq=False)
class Group:
    """A graph or a sub-graph, laid out.

    title: of its frame; empty for the graph itself, which has none
    places: of what is in it, by the names of nodes and sub-graphs; routes: of the links within it
    width, height: px, with the frame
    x, y: of its left top corner in the drawing; all else in it counts from there
    """

    title: str
    places: dict[str, Place]
    routes: Routes
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0


class Layout:
    """A drawing.

    cards: what the boxes show, by the names of the nodes
    groups: the graph itself, by the name "", and its sub-graphs, each after the one around it
    """

    def __init__(self, sketch: Sketch) -> None:
        self.frames = sketch.frames
        self.members: dict[str, dict[str, None]] = defaultdict(dict)  # of each group, in the order of running
        self.hops: dict[str, dict[Hop, None]] = defaultdict(dict)  # within each group
        for box in sketch.boxes:
            parts = box.name.split("/")
            for depth in range(len(parts)):
                self.members["/".join(parts[:depth])]["/".join(parts[: depth + 1])] = None
        into: dict[str, list[Arrow]] = defaultdict(list)
        out_of: dict[str, list[Arrow]] = defaultdict(list)
        for arrow in sketch.arrows:
            into[arrow.target].append(arrow)
            out_of[arrow.source].append(arrow)
            for name, hop in hops(arrow):
                self.hops[name][hop] = None
        self.cards = {box.name: card(box, into[box.name], out_of[box.name]) for box in sketch.boxes}
        self.groups: dict[str, Group] = {}
        self.lay_out("", WIDTH)
        self.groups = dict(reversed(self.groups.items()))
        for group in self.groups.values():
            for name, place in group.places.items():
                if name in self.groups:
                    self.groups[name].x, self.groups[name].y = group.x + place.x, group.y + place.top

    def points(self, arrow: Arrow) -> list[Point]:
        """Return the corners of an arrow, across all frames that it enters and leaves."""
        found: list[Point] = []
        for name, hop in hops(arrow):
            group = self.groups[name]
            found += [(group.x + x, group.y + y) for x, y in group.routes.points(hop)]
        return found

    def boxes(self) -> Iterator[tuple[str, Place, Point]]:
        """Yield the name and the place of every box, and the left top corner of its group."""
        for group in self.groups.values():
            for name, place in group.places.items():
                if name in self.cards:
                    yield name, place, (group.x, group.y)

    def lay_out(self, name: str, limit: float) -> Group:
        """Return a group that is no wider than the limit, as far as its parts allow."""
        places = self.places(name, limit)
        edges = [(source, target) for (source, _), (target, _) in self.hops[name]]
        last = next((end for end in (OUTPUT, EXIT) if end in places), "")
        found = [[places[one] for one in column] for column in columns(list(places), edges, last)]
        widths = [max(place.width for place in column) + GAP for column in found]
        room = limit
        for _ in range(MOST_TRIES):  # gaps become wider by what runs in them
            lines = wrapped(widths, room)
            group = self.arranged(name, [[found[number] for number in line] for line in lines])
            if group.width <= limit:
                break
            room = max(sum(widths[number] for number in line) for line in lines) - 1.0
        self.groups[name] = group
        return group

    def places(self, name: str, limit: float) -> dict[str, Place]:
        """Return places for all in a group, in the order of running, with where sound enters first."""
        ports = sorted({end for (start, end), _ in self.hops[name] if start == ENTRY})
        found = {}
        if ports:
            outputs = {end: PORT_GAP * number for number, end in enumerate(ports)}
            found[ENTRY] = Place(ENTRY, 0.0, PORT_GAP * len(ports), PORT_GAP / 2, {}, outputs)
        elif INPUT in self.members[name]:
            found[INPUT] = self.place(INPUT, limit)
        for inner in self.members[name]:
            if inner != INPUT:
                found[inner] = self.place(inner, limit - 2 * (FRAME_PADDING + GAP))
        if any(end == EXIT for _, (end, _) in self.hops[name]):
            found[EXIT] = Place(EXIT, 0.0, PORT_GAP, PORT_GAP / 2, {"": 0.0}, {})
        return found

    def place(self, name: str, limit: float) -> Place:
        """Return a place for a box, or for a sub-graph with its frame."""
        if name in self.cards:
            card = self.cards[name]
            inputs = {end: y - MIDDLE for end, y in card.inputs.items()}
            outputs = {end: y - MIDDLE for end, y in card.outputs.items()}
            return Place(name, card.width, card.height, MIDDLE, inputs, outputs)
        group = self.lay_out(name, limit)
        entry, leave = group.places.get(ENTRY), group.places.get(EXIT)
        main = entry or next(iter(group.places.values()))
        outputs = {"": leave.y - main.y} if leave else {}
        return Place(name, group.width, group.height, main.y, dict(entry.outputs) if entry else {}, outputs)

    def arranged(self, name: str, lines: list[list[list[Place]]]) -> Group:
        """Return a group of lines of columns of places."""
        left, above, title = (FRAME_PADDING, FRAME_TITLE, self.title(name)) if name else (0.0, 0.0, "")
        if all(place.width == 0.0 for place in lines[-1][0]) and len(lines) > 1:
            lines[-2] += lines.pop()  # the exit, which needs no room
        for number, line in enumerate(lines):
            for column, column_places in enumerate(line):
                for row, place in enumerate(column_places):
                    place.line, place.column, place.row = number, column, row
        routes = Routes(lines, self.hops[name])
        right = max(self.set_x(number, line, routes, left + routes.margin_width) for number, line in enumerate(lines))
        routes.find_lanes()
        y = above
        for number, line in enumerate(lines):
            routes.tops[number] = y
            y = set_y(line, y + routes.lane_height(number, len(lines) + 1))
        routes.tops[len(lines)] = y
        y += routes.lane_height(len(lines), len(lines) + 1)
        width = max(right, text_width(title, SIZE)) + left
        places = {place.name: place for line in lines for column in line for place in column}
        return Group(title, places, routes, width, y + left)

    def title(self, name: str) -> str:
        """Return what a frame is called: its sub-graph, and where that comes from."""
        reference = self.frames.get(name, "")
        own = name.rpartition("/")[2]
        return f"{own} ({reference})" if reference not in ("", own) else own

    def set_x(self, number: int, line: list[list[Place]], routes: Routes, x: float) -> float:
        """Set the x of all places of a line that begins at x; return where it ends. Boxes fill their columns."""
        for gap, column in enumerate([*line, []]):
            end = x + routes.gap_width(number, gap, len(line))
            routes.gaps[number, gap] = x, end
            x = end + max((place.width for place in column), default=0.0)
            for place in column:
                place.x = end
                if place.name in (ENTRY, EXIT) or (place.name in self.cards and not self.cards[place.name].is_end):
                    place.width = x - end
        return x


def set_y(line: list[list[Place]], y: float) -> float:
    """Set the y of all places of a line whose top is y, in rows of equal main lines; return where it ends."""
    rows = max(len(column) for column in line)
    for row in range(rows):
        places = [column[row] for column in line if row < len(column)]
        main = y + max(place.above for place in places)
        for place in places:
            place.y = main
        y = main + max(place.height - place.above for place in places) + (ROW_GAP if row < rows - 1 else 0.0)
    return y


def hops(arrow: Arrow) -> Iterator[tuple[str, Hop]]:
    """Yield the links that make up an arrow, each with its group: out of frames, and into others."""
    source, target = arrow.source.split("/"), arrow.target.split("/")
    out, into = port(arrow.source_port), port(arrow.target_port, moves=arrow.moves)
    entering = f"{arrow.target} {into}" if arrow.moves else ""  # all sound enters a frame at one place
    pairs = zip(source[:-1], target[:-1], strict=False)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    for depth in range(len(source) - 1, common, -1):
        yield "/".join(source[:depth]), (("/".join(source[: depth + 1]), out), (EXIT, ""))
        out = ""
    for depth in range(common, len(target)):
        start = (ENTRY, entering) if depth > common else ("/".join(source[: common + 1]), out)
        inner = depth < len(target) - 1
        yield "/".join(target[:depth]), (start, ("/".join(target[: depth + 1]), entering if inner else into))
