"""A picture of a graph in SVG: boxes with what is set in them, links between them, frames around sub-graphs."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from html import escape

from tapegraph.drawing.card import EM, HEADER, LINE, MIDDLE, PADDING, SIZE, SMALL, Card, text_width
from tapegraph.drawing.layout import Group, Layout
from tapegraph.drawing.sketch import Sketch
from tapegraph.drawing.wires import Point

MARGIN = 16.0
LEAST_WIDTH = 660.0  # for the title and the line below it
TITLE, HEADING = 15.0, 20.0  # size of the title, and distance of the lines there
NO_BREAK = "\u00a0"
RADIUS = 7.0  # of bends
COLOURS = {"sound": "#444", "modulation": "#2a6fb0", "loop": "#b0452a"}
DASHES = {"sound": "none", "modulation": "4 3", "loop": "7 3"}
MEANINGS = {"sound": "sound", "modulation": "moves a parameter", "loop": "arrives a block late"}
STYLE = f"""text {{ font: {SIZE:g}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #222 }}
.title {{ font-weight: bold; font-size: {TITLE:g}px }} .name {{ font-weight: bold }} .kind, .note {{ fill: #666 }}
.small, .note {{ font-size: {SMALL:g}px }} .port {{ font-size: {SMALL:g}px; fill: #2c5f2d }}
.box {{ fill: #f8f4ec; stroke: #8a6d3b }} .end {{ fill: #fff; stroke: #666 }}
.frame {{ fill: #8a6d3b; fill-opacity: 0.07; stroke: #8a6d3b; stroke-dasharray: 2 3 }}
path {{ fill: none; stroke-width: 1.3 }}
""" + "\n".join(f".{kind} {{ stroke: {COLOURS[kind]}; stroke-dasharray: {DASHES[kind]} }}" for kind in COLOURS)


def svg(sketch: Sketch) -> str:
    """Return the drawing as an SVG document."""
    layout = Layout(sketch)
    graph = layout.groups[""]
    kinds = [kind for kind in MEANINGS if any(arrow.kind == kind for arrow in sketch.arrows)]
    width, height = max(graph.width, LEAST_WIDTH), graph.height
    parts = [arrow_head(kind) for kind in kinds]
    lines = list(heading(sketch, width))
    for number, (line, style) in enumerate(reversed(lines)):
        parts.append(text(line, 0.0, -MARGIN - HEADING * number, style))
    for name, group in layout.groups.items():
        parts += frame(group) if name else []
    for kind in reversed(kinds):  # sound over all others
        parts += [wire(layout.points(arrow), kind) for arrow in sketch.arrows if arrow.kind == kind]
    for name, place, (x, y) in layout.boxes():
        parts += box(layout.cards[name], x + place.x, y + place.top, place.width)
    if set(kinds) - {"sound"}:
        height += 2 * LINE
        parts += legend(kinds, height)
    left, top = -MARGIN, -2 * MARGIN - HEADING * len(lines)
    width, height = width + 2 * MARGIN, height + MARGIN - top
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}">'
    )
    paper = f'<rect x="{left:g}" y="{top:g}" width="100%" height="100%" fill="#fff"/>'
    return "\n".join([opening, f"<style>{STYLE}</style>", paper, *parts, "</svg>\n"])


def heading(sketch: Sketch, width: float) -> Iterator[tuple[str, str]]:
    """Yield the lines over the drawing, with their styles."""
    for line in textwrap.wrap(sketch.title, int(width / (EM * TITLE))):
        yield line, "title"
    whole = sketch.subtitle.replace(" ", NO_BREAK).replace(f",{NO_BREAK}", ", ")  # lines break behind commas
    for line in textwrap.wrap(whole, int(width / (EM * SMALL))):
        yield line.replace(NO_BREAK, " "), "note"


def arrow_head(kind: str) -> str:
    shape = f'<path d="M0,0.5 L8,4 L0,7.5 Z" style="fill: {COLOURS[kind]}"/>'
    size = 'viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse"'
    return f'<marker id="{kind}" orient="auto" {size}>{shape}</marker>'


def wire(points: Sequence[Point], kind: str) -> str:
    return f'<path class="{kind}" d="{path(points)}" marker-end="url(#{kind})"/>'


def path(points: Sequence[Point]) -> str:
    """Return the data of a path: straight along the axes with rounded corners, and smooth between heights."""
    corners = [point for point, before in zip(points, [None, *points], strict=False) if point != before]
    x, y = corners[0]
    data = f"M{x:.1f},{y:.1f}"
    for number, (to_x, to_y) in enumerate(corners[1:], 1):
        if to_x != x and to_y != y:
            middle = (x + to_x) / 2
            data += f" C{middle:.1f},{y:.1f} {middle:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"
        else:
            turn = turned((x, y), (to_x, to_y), corners[number + 1]) if number + 1 < len(corners) else None
            data += turn or f" L{to_x:.1f},{to_y:.1f}"
        x, y = to_x, to_y
    return data


def turned(before: Point, corner: Point, after: Point) -> str | None:
    """Return a straight line and a rounded corner; None where there is no corner between two straight lines."""
    (x, y), (to_x, to_y), (next_x, next_y) = before, corner, after
    first, second = (to_x - x, to_y - y), (next_x - to_x, next_y - to_y)
    if 0.0 not in second or (first[0] == 0.0) == (second[0] == 0.0):
        return None
    radius = min(RADIUS, max(map(abs, first)) / 2, max(map(abs, second)) / 2)
    near = to_x - radius * sign(first[0]), to_y - radius * sign(first[1])
    far = to_x + radius * sign(second[0]), to_y + radius * sign(second[1])
    return f" L{near[0]:.1f},{near[1]:.1f} Q{to_x:.1f},{to_y:.1f} {far[0]:.1f},{far[1]:.1f}"


def sign(value: float) -> float:
    return math.copysign(1.0, value) if value else 0.0


def frame(group: Group) -> Iterator[str]:
    yield rect("frame", group.x, group.y, group.width, group.height, 8.0)
    yield text(group.title, group.x + PADDING, group.y + 1.4 * SIZE, "name")


def box(card: Card, x: float, y: float, width: float) -> Iterator[str]:
    """Yield a box with its lines of text."""
    yield rect("end" if card.is_end else "box", x, y, width, card.height, MIDDLE if card.is_end else 5.0)
    for number, title in enumerate(card.titles):
        title_y = y + MIDDLE + SIZE * (0.35 + 1.25 * (number - (len(card.titles) - 1) / 2))
        yield text(title, x + width / 2, title_y, "kind" if number else "name", "middle")
    for number, line in enumerate(card.lines):
        line_y = y + HEADER + LINE * (number + 0.5) + 0.35 * SMALL
        if line.left:
            yield text(line.left, x + PADDING, line_y, line.style)
        if line.right:
            yield text(line.right, x + width - PADDING, line_y, line.style, "end")


def legend(kinds: Sequence[str], y: float) -> Iterator[str]:
    """Yield what the kinds of arrows in the drawing mean."""
    x = 0.0
    yield '<g class="legend">'
    for kind in kinds:
        yield wire([(x, y), (x + 3 * SIZE, y)], kind)
        yield text(MEANINGS[kind], x + 3.7 * SIZE, y + 0.35 * SMALL, "note")
        x += 6 * SIZE + text_width(MEANINGS[kind], SMALL)
    yield "</g>"


def rect(style: str, x: float, y: float, width: float, height: float, radius: float) -> str:
    return f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}"/>'


def text(line: str, x: float, y: float, style: str, anchor: str = "start") -> str:
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{style}"{where} x="{x:.1f}" y="{y:.1f}">{escape(line)}</text>'
