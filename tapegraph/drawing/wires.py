"""Where links run in a drawing: never behind a box, because they keep to where no boxes are.

    across   from the right of a box to the left of one on the same line: past free places, with one bend in a gap
    lanes    up or down in the gap behind a box, along a lane between lines, and up or down in the gap before the other

Between two lanes a link goes along the left margin. Links that leave a port together stay together, and so do those
that arrive at one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import attrs

Point = tuple[float, float]
End = tuple[str, str]  # place and port
Hop = tuple[End, End]  # from an output to an input, within a group
GAP = 36.0  # between columns
LANE_GAP = 24.0  # between lines, and for the first link along them
TRACK = 12.0  # between links beside each other
CURVE, ARROW = 6.0, 14.0  # room before the first track for a bend, and behind the last for a head


@attrs.define(eq=False)
class Place:
    """Something that has a place in a drawing.

    width, height, above: px; the latter from its top to its main line, on which the first ports are
    inputs, outputs: how far below the main line each port is
    line, column, row: where it is, counted from 0; columns from the left of the line
    x, y: of its left side and of its main line
    """

    name: str
    width: float
    height: float
    above: float
    inputs: dict[str, float]
    outputs: dict[str, float]
    line: int = 0
    column: int = 0
    row: int = 0
    x: float = 0.0
    y: float = 0.0

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def top(self) -> float:
        return self.y - self.above


@attrs.frozen
class Across:
    """A way on one line. gap: in which it bends; gap 1 is behind column 0"""

    gap: int


@attrs.frozen
class Lanes:
    """A way along lanes: the one it leaves by and the one it arrives by; lane 1 is under line 0.

    order: 0 to return to its own line from below, 1 to another line, 2 over its own line; so they lie in a lane
    """

    out: int
    back: int
    order: int


Track = tuple[int, int, End]  # lane, order, and where it comes from


class Routes:
    """The ways of the links within a group.

    lines: of columns of places, whose line, column and row are set
    Once the places have their x, find_lanes() says how high lanes are; once they have their y, points() can be asked.
    """

    def __init__(self, lines: Sequence[Sequence[Sequence[Place]]], hops: Iterable[Hop]) -> None:
        self.places = {place.name: place for line in lines for column in line for place in column}
        self.taken = {(place.line, place.column, place.row): ("", "", "") for place in self.places.values()}
        self.leaving: dict[tuple[int, int], dict[End, int]] = defaultdict(dict)  # tracks in each gap of each line
        self.arriving: dict[tuple[int, int], dict[End, int]] = defaultdict(dict)
        self.margin: dict[End, int] = {}
        self.gaps: dict[tuple[int, int], Point] = {}  # left and right of each
        self.tracks: dict[Track, int] = {}
        self.counts: dict[int, int] = {}  # of tracks in each lane
        self.tops: dict[int, float] = {}  # of lanes
        self.ways = {hop: self.way(*hop) for hop in hops}

    def way(self, start: End, end: End) -> Across | Lanes:
        """Return a way from an output to an input, and take the places on it."""
        source, target = self.places[start[0]], self.places[end[0]]
        line = source.line
        if line == target.line and source.column < target.column:
            between = range(source.column + 1, target.column)
            for row, owner, gap in (
                (source.row, ("from", *start), target.column),
                (target.row, ("to", *end), source.column + 1),
            ):
                passed = [(line, column, row) for column in between]
                if all(self.taken.get(at, owner) == owner for at in passed):
                    self.taken.update(dict.fromkeys(passed, owner))
                    return Across(gap)
            lanes = Lanes(line, line, 2)
        elif line == target.line:
            lanes = Lanes(line + 1, line + 1, 0)
        elif line < target.line:
            lanes = Lanes(line + 1, target.line, 1)
        else:
            lanes = Lanes(line, target.line + 1, 1)
        for tracks, at, key in (
            (self.leaving, (line, source.column + 1), start),
            (self.arriving, (target.line, target.column), end),
        ):
            tracks[at].setdefault(key, len(tracks[at]))
        if lanes.out != lanes.back:
            self.margin.setdefault(start, len(self.margin))
        return lanes

    @property
    def margin_width(self) -> float:
        return TRACK * len(self.margin)

    def gap_width(self, line: int, gap: int, columns: int) -> float:
        """Return how wide a gap has to be, in a line of so many columns."""
        out, back = len(self.leaving[line, gap]), len(self.arriving[line, gap])
        needed = (CURVE + TRACK * (out + 1) if out else 0.0) + (ARROW + TRACK * (back + 1) if back else 0.0)
        return needed if gap in (0, columns) else max(GAP, needed)

    # What leaves and what arrives, on this line and on the next, keeps to a quarter of a track of its own, so that
    # links that meet in a lane from above and from below never run on each other.

    def leave_x(self, start: End) -> float:
        place = self.places[start[0]]
        gap = place.line, place.column + 1
        shift = TRACK * (0.5 if place.line % 2 else 0.0)
        first = math.ceil((self.gaps[gap][0] + CURVE - shift) / TRACK)
        return TRACK * (first + self.leaving[gap][start]) + shift

    def arrive_x(self, end: End) -> float:
        place = self.places[end[0]]
        gap = place.line, place.column
        shift = TRACK * (0.75 if place.line % 2 else 0.25)
        last = math.floor((self.gaps[gap][1] - ARROW - shift) / TRACK)
        return TRACK * (last - self.arriving[gap][end]) + shift

    def margin_x(self, start: End) -> float:
        return TRACK * (self.margin[start] + 0.5)

    def find_lanes(self) -> None:
        """Give every link along a lane a track there, beside those that it would meet."""
        spans: dict[Track, Point] = {}
        for (start, end), way in self.ways.items():
            if isinstance(way, Across):
                continue
            out, back = self.leave_x(start), self.arrive_x(end)
            same = way.out == way.back
            for lane, x in ((way.out, out), (way.back, back)):
                other = out + back - x if same else self.margin_x(start)
                track = (lane, way.order, start)
                low, high = spans.get(track, (x, x))
                spans[track] = min(low, x, other), max(high, x, other)
        ordered: dict[tuple[int, int], list[Track]] = defaultdict(list)
        for track in sorted(spans, key=lambda track: spans[track][1] - spans[track][0]):
            ordered[track[:2]].append(track)
        for (lane, order), tracks in sorted(ordered.items()):
            first = self.counts.get(lane, 0)
            ends: list[list[Point]] = []
            for track in tracks:
                low, high = spans[track]
                free = (k for k, used in enumerate(ends) if all(high + TRACK < a or b + TRACK < low for a, b in used))
                number = next(free, len(ends))
                ends[number:number] = [[]] if number == len(ends) else []
                ends[number].append((low, high))
                self.tracks[track] = number
            for track in tracks:
                number = self.tracks[track]
                self.tracks[track] = first + (len(ends) - 1 - number if order == 2 else number)
            self.counts[lane] = first + len(ends)

    def lane_height(self, lane: int, lanes: int) -> float:
        """Return how high a lane has to be; the first and the last of them are at the edge."""
        count = self.counts.get(lane, 0)
        return 0.0 if not count and lane in (0, lanes - 1) else LANE_GAP + TRACK * max(0, count - 1)

    def lane_y(self, lane: int, order: int, start: End) -> float:
        return self.tops[lane] + LANE_GAP / 2 + TRACK * self.tracks[lane, order, start]

    def points(self, hop: Hop) -> list[Point]:
        """Return the corners of a link; where two are beside each other at different heights, it bends smoothly."""
        start, end = hop
        way, source, target = self.ways[hop], self.places[start[0]], self.places[end[0]]
        y, to_y = source.y + source.outputs[start[1]], target.y + target.inputs[end[1]]
        if isinstance(way, Across):
            left, right = self.gaps[source.line, way.gap]
            middle = [(left, y), (right, to_y)]
        else:
            out, back = self.leave_x(start), self.arrive_x(end)
            out_y, back_y = self.lane_y(way.out, way.order, start), self.lane_y(way.back, way.order, start)
            margin = [] if way.out == way.back else [(self.margin_x(start), out_y), (self.margin_x(start), back_y)]
            middle = [(out, y), (out, out_y), *margin, (back, back_y), (back, to_y)]
        return [(source.right, y), *middle, (target.x, to_y)]
