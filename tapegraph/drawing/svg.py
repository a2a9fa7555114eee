"""A picture of a graph: boxes in layers from left to right, links as curves between them.

Four steps: a layer for every box, a place in its layer that crosses few links, a height that bends few, and the
drawing. Links that pass layers bend at a knot in each.

Source: K. Sugiyama, S. Tagawa, M. Toda, Methods for Visual Understanding of Hierarchical System Structures,
IEEE Trans. Systems, Man, and Cybernetics 11 (1981).
"""

from __future__ import annotations

from collections import defaultdict
from html import escape
from itertools import pairwise

import attrs

from tapegraph.document.spec import OUTPUT
from tapegraph.drawing.sketch import Arrow, Box, Sketch

LETTER = 7.3  # width of a letter of the monospaced face at 12 px
LINE = 17.0
PADDING = 12.0
GAP_X, GAP_Y = 46.0, 26.0
SWEEPS = 8
STYLE = """text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #222 }
.title { font-weight: bold; font-size: 14px } .small { fill: #666; font-size: 11px }
.box { fill: #f6f1e7; stroke: #8a6d3b } .end { fill: #fff; stroke: #666 }
path { fill: none; stroke: #444; stroke-width: 1.3 }
.modulation { stroke: #2a6fb0; stroke-dasharray: 4 3 } .loop { stroke: #b0452a; stroke-dasharray: 7 3 }
.label { fill: #555; font-size: 10.5px; paint-order: stroke; stroke: #fff; stroke-width: 4px }"""


@attrs.define(eq=False)
class Spot:
    """A box, or a knot of a link, and where it goes. x: left edge, y: middle."""

    layer: int
    lines: tuple[str, ...] = ()
    end: bool = False
    x: float = 0.0
    y: float = 0.0
    before: list[Spot] = attrs.field(factory=list)
    after: list[Spot] = attrs.field(factory=list)

    @property
    def width(self) -> float:
        return max(map(len, self.lines)) * LETTER + 2 * PADDING if self.lines else 0.0

    @property
    def height(self) -> float:
        return len(self.lines) * LINE + PADDING if self.lines else 4.0


def svg(sketch: Sketch) -> str:
    """Return the drawing as an SVG document."""
    layers = find_layers(sketch)
    spots = {box.name: spot(box, layers[box.name]) for box in sketch.boxes}
    routes = {arrow: route(arrow, spots) for arrow in sketch.arrows}
    rows: list[list[Spot]] = [[] for _ in range(max(layers.values()) + 1)]
    for found in [*spots.values(), *(knot for knots in routes.values() for knot in knots[1:-1])]:
        rows[found.layer].append(found)
    order(rows)
    place(rows, routes)
    return document(sketch, spots, routes)


def spot(box: Box, layer: int) -> Spot:
    return Spot(layer, tuple(filter(None, (box.name, box.kind, *box.notes))), end=not box.kind)


def find_layers(sketch: Sketch) -> dict[str, int]:
    """Return the layer of every box: to the right of its sources; generators next to their targets."""
    layers = {box.name: 0 for box in sketch.boxes}
    ahead = [arrow for arrow in sketch.arrows if arrow.kind != "loop" and arrow.source != arrow.target]
    for box in sketch.boxes:  # in the order of running: sources are done before targets
        layers[box.name] = max((layers[a.source] + 1 for a in ahead if a.target == box.name), default=0)
    targets = {arrow.target for arrow in ahead}
    for box in sketch.boxes[1:]:
        if box.name not in targets and box.name != OUTPUT:
            layers[box.name] = max(0, min((layers[a.target] - 1 for a in ahead if a.source == box.name), default=0))
    layers[OUTPUT] = max(layers.values()) + (1 if list(layers.values()).count(max(layers.values())) > 1 else 0)
    return layers


def route(arrow: Arrow, spots: dict[str, Spot]) -> list[Spot]:
    """Return the spots along a link, with a new one in every layer that it passes."""
    source, target = spots[arrow.source], spots[arrow.target]
    if arrow.kind == "loop":
        return [source, target]
    along = [source, *(Spot(layer) for layer in range(source.layer + 1, target.layer)), target]
    for left, right in pairwise(along):
        left.after.append(right)
        right.before.append(left)
    return along


def order(rows: list[list[Spot]]) -> None:
    """Sort every layer by the mean position of its neighbours, forwards and backwards."""
    for sweep in range(SWEEPS):
        place_of = {spot: float(i) for row in rows for i, spot in enumerate(row)}
        for row in rows if sweep % 2 == 0 else reversed(rows):
            for spot in row:
                near = spot.before if sweep % 2 == 0 else spot.after
                if near:
                    place_of[spot] = sum(place_of[other] for other in near) / len(near)
            row.sort(key=place_of.__getitem__)
            place_of.update({spot: float(i) for i, spot in enumerate(row)})


def place(rows: list[list[Spot]], routes: dict[Arrow, list[Spot]]) -> None:
    """Set x and y: columns as wide as their boxes and labels need, heights near those of the neighbours."""
    x = PADDING
    for number, row in enumerate(rows):
        width = max(spot.width for spot in row)
        for spot in row:
            spot.x = x + (width - spot.width) / 2
        labels = [len(a.label) for a, along in routes.items() if along[0].layer == number and a.kind != "loop"]
        x += width + max(GAP_X, max(labels, default=0) * LETTER * 0.88 + 24)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = []
            for spot in row:
                near = (spot.before if sweep % 2 == 0 else spot.after) or [spot]
                wanted.append(sum(other.y for other in near) / len(near))
            settle(row, wanted)


def settle(row: list[Spot], wanted: list[float]) -> None:
    """Give the spots of a layer the heights they want, as far as they keep their order and distance."""
    edge = float("-inf")
    for spot, y in zip(row, wanted, strict=True):
        spot.y = max(y, edge + spot.height / 2)
        edge = spot.y + spot.height / 2 + GAP_Y
    shift = sum(y - spot.y for spot, y in zip(row, wanted, strict=True)) / len(row)
    for spot in row:
        spot.y += shift


def document(sketch: Sketch, spots: dict[str, Spot], routes: dict[Arrow, list[Spot]]) -> str:
    everything = [spot for along in routes.values() for spot in along] + list(spots.values())
    room = 2 * LINE if any(arrow.kind == "loop" for arrow in routes) else 0.0
    top = min(spot.y - spot.height / 2 for spot in everything) - PADDING - 3 * LINE - room
    height = max(spot.y + spot.height / 2 for spot in everything) - top + PADDING + room
    widths = [spot.x + spot.width for spot in everything]
    width = max(*widths, len(sketch.subtitle) * 6.7, len(sketch.title) * 8.5) + 2 * PADDING
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {top:.0f} {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0.5 L7,4 L0,7.5" style="stroke-dasharray:none"/></marker></defs>',
        f'<rect y="{top:.0f}" width="100%" height="100%" fill="#fff"/>',
        f'<text class="title" x="{PADDING}" y="{top + 1.3 * LINE:.0f}">{escape(sketch.title)}</text>',
        f'<text class="small" x="{PADDING}" y="{top + 2.3 * LINE:.0f}">{escape(sketch.subtitle)}</text>',
    ]
    entries = find_entries(routes)
    for arrow, along in routes.items():
        if arrow.kind == "loop":
            parts += back(arrow, along[0], along[-1], everything)
        else:
            parts += curve(arrow, along, entries[arrow])
    for spot in spots.values():
        parts += drawn(spot)
    return "\n".join([*parts, "</svg>"]) + "\n"


def find_entries(routes: dict[Arrow, list[Spot]]) -> dict[Arrow, float]:
    """Return the height at which each link enters its box: spread out, in the order in which they come."""
    into: dict[int, list[Arrow]] = defaultdict(list)
    for arrow, along in routes.items():
        if arrow.kind != "loop":
            into[id(along[-1])].append(arrow)
    entries = {}
    for arrows in into.values():
        arrows.sort(key=lambda arrow: routes[arrow][-2].y)
        for number, arrow in enumerate(arrows):
            box = routes[arrow][-1]
            entries[arrow] = box.y + box.height * ((number + 1) / (len(arrows) + 1) - 0.5)
    return entries


def curve(arrow: Arrow, along: list[Spot], entry: float) -> list[str]:
    """Return a link as a curve through its knots, and its label beside where it starts."""
    points = [(spot.x, spot.y) for spot in along[1:-1]] + [(along[-1].x, entry)]
    x, y = along[0].x + along[0].width, along[0].y
    label_y = y + 0.5 * (points[0][1] - y)
    label_x = (x + points[0][0]) / 2
    path = f"M{x:.1f},{y:.1f}"
    for next_x, next_y in points:
        bend = (next_x - x) / 2
        path += f" C{x + bend:.1f},{y:.1f} {next_x - bend:.1f},{next_y:.1f} {next_x:.1f},{next_y:.1f}"
        x, y = next_x, next_y
    parts = [f'<path class="{arrow.kind}" d="{path}" marker-end="url(#head)"/>']
    if arrow.label:
        parts.append(label(arrow.label, label_x, label_y - 5))
    return parts


def back(arrow: Arrow, source: Spot, target: Spot, everything: list[Spot]) -> list[str]:
    """Return a link that closes a loop: over or under the layers between, where there are fewer boxes."""
    between = [spot for spot in everything if target.layer <= spot.layer <= source.layer]
    ends = [(spot, end) for spot in between for end in (source, target) if spot.layer == end.layer]
    side = 1 if sum(spot.y > end.y for spot, end in ends) < sum(spot.y < end.y for spot, end in ends) else -1
    depth = side * (max(side * spot.y + spot.height / 2 for spot in between) + 1.5 * LINE)
    from_x, to_x = source.x + source.width * 0.6, target.x + target.width * 0.4
    from_y, to_y = source.y + side * source.height / 2, target.y + side * target.height / 2
    middle = (from_x + to_x) / 2
    path = (
        f"M{from_x:.1f},{from_y:.1f} C{from_x:.1f},{depth:.1f} {from_x:.1f},{depth:.1f} {middle:.1f},{depth:.1f} "
        f"S{to_x:.1f},{depth:.1f} {to_x:.1f},{to_y:.1f}"
    )
    text = f"{arrow.label}; a block late" if arrow.label else "a block late"
    return [f'<path class="loop" d="{path}" marker-end="url(#head)"/>', label(text, middle, depth - 4)]


def label(text: str, x: float, y: float) -> str:
    return f'<text class="label" text-anchor="middle" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def drawn(spot: Spot) -> list[str]:
    """Return a box with its lines of text."""
    left, top = spot.x, spot.y - spot.height / 2
    shape = "end" if spot.end else "box"
    parts = [
        f'<rect class="{shape}" x="{left:.1f}" y="{top:.1f}" width="{spot.width:.1f}" height="{spot.height:.1f}" '
        f'rx="{spot.height / 2 if spot.end else 5:.1f}"/>'
    ]
    for number, line in enumerate(spot.lines):
        small = ' class="small"' if number else ""
        y = top + PADDING / 2 + LINE * (number + 0.75)
        parts.append(
            f'<text{small} text-anchor="middle" x="{left + spot.width / 2:.1f}" y="{y:.1f}">{escape(line)}</text>'
        )
    return parts
