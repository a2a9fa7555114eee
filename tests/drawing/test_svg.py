"""Drawings in SVG, read as a browser does: where boxes, wires and texts are, and that none is in the way of another."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby, pairwise, product
from xml.etree import ElementTree

import attrs
import numpy as np
import pytest
from random_graphs import drawn

import tapegraph
from tapegraph import resources
from tapegraph.drawing.sketch import Arrow, Box, Setting, Sketch, sketch, sketched
from tapegraph.drawing.svg import svg
from tapegraph.run.plan import plan

PAGE = 1000.0  # px: A4 or Letter, at what browsers print
# Letters of the common monospaced faces are 0.55 (Consolas) to 0.62 (SF Mono) of their size wide.
WIDEST = 0.62
SIZES = {"title": 15.0, "name": 12.0, "kind": 12.0, "small": 11.0, "port": 11.0, "note": 11.0}
Rect = tuple[float, float, float, float]  # left, top, right, bottom
Points = list[tuple[float, float]]
FRAMES = """\
title: Two machines & a slow oscillator
nodes:
  left: {graph: cassette}
  right:
    oversample: 2
    graph:
      controls: {Level: trim.gain_db, Deep: inner.Deep}
      nodes:
        trim: {kind: gain, gain_db: 3}
        inner:
          graph:
            controls: {Deep: one.gain_db}
            nodes: {one: {kind: gain}, parts: {kind: input_filters}, other: {kind: dc_blocker}}
            links: [input -> one -> parts -> other -> output, parts.low -> output]
        late: {kind: delay, time_s: 0.3}
      links: [input -> trim -> inner -> late -> output]
  slow: {kind: lfo}
  back: {kind: gain, gain_db: -12}
  mix: {kind: mix}
  echo: {kind: delay, time_s: 0.25}
links:
  - input -> left -> mix.dry
  - input -> right -> mix.wet
  - mix -> output
  - mix -> echo -> back -> mix.in3
  - slow -> right.Level
  - slow -> right.Deep
  - slow -> left.Drive
"""


@attrs.frozen
class Picture:
    """What is in a drawing. boxes, frames: by the text in bold; texts: what, style, where"""

    width: float
    boxes: list[Rect]
    names: list[str]
    frames: dict[str, Rect]
    wires: list[tuple[str, Points]]
    texts: list[tuple[str, str, Rect]]

    def box(self, name: str) -> Rect:
        return self.boxes[self.names.index(name)]

    def inside(self, box: Rect) -> list[str]:
        return [text for text, _, rect in self.texts if within(rect, box)]


def read(text: str) -> Picture:
    root = ElementTree.fromstring(text)
    texts = [(str(t.text), str(t.get("class")), extent(t)) for t in root.findall(".//{*}text")]
    rects = {
        kind: [rect(r) for r in root.findall(".//{*}rect") if r.get("class") == kind]
        for kind in ("box", "end", "frame")
    }
    bold = [(name, place) for name, style, place in texts if style == "name"]
    boxes = rects["box"] + rects["end"]
    names = [next(name for name, place in bold if within(place, box)) for box in boxes]
    in_boxes = [place for _, place in bold if any(within(place, box) for box in boxes)]
    frames = {
        name: next(frame for frame in reversed(rects["frame"]) if within(place, frame))
        for name, place in bold
        if place not in in_boxes
    }
    wires = [(str(p.get("class")), sampled(str(p.get("d")))) for p in root.findall("{*}path")]
    return Picture(float(root.attrib["width"]), boxes, names, frames, wires, texts)


def rect(element: ElementTree.Element) -> Rect:
    x, y, width, height = (float(element.attrib[key]) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def extent(element: ElementTree.Element) -> Rect:
    """Return the rectangle that a text fills in the widest of the common faces."""
    size = SIZES[str(element.get("class"))]
    x, y, width = float(element.attrib["x"]), float(element.attrib["y"]), len(element.text or "") * WIDEST * size
    left = x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[element.get("text-anchor", "start")]
    return left, y - 0.78 * size, left + width, y + 0.22 * size


def sampled(path: str) -> Points:
    """Return points along a path of straight lines and Bezier curves, less than 3 px apart where it is not straight."""
    found: Points = []
    for command, numbers in re.findall(r"([MLCQ])([^MLCQ]*)", path):
        values = [float(number) for number in re.findall(r"[-\d.]+", numbers)]
        ends = list(zip(values[::2], values[1::2], strict=True))
        if command == "M":
            found += ends
            continue
        corners = np.array([found[-1], *ends])
        t = np.linspace(0.0, 1.0, 2 + int(np.abs(np.diff(corners, axis=0)).sum() / 2))[1:, None]
        while len(corners) > 1:  # de Casteljau
            corners = [a + (b - a) * t for a, b in pairwise(corners)]  # type: ignore[assignment]
        found += [(float(x), float(y)) for x, y in np.broadcast_to(corners[0], (len(t), 2))]
    return found


def within(inner: Rect, outer: Rect) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def meet(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def some_sketch(seed: int) -> Sketch:
    """Return a drawing of anything: links forwards and back, from and to any ports, across frames within frames."""
    rng = np.random.default_rng(seed)
    groups = ["", *("abc"[: rng.integers(0, 4)])]
    groups += [f"{groups[-1]}/d"] if len(groups) > 1 else []
    names = [f"{group}/n{k}".removeprefix("/") for k, group in enumerate(rng.choice(groups, rng.integers(1, 14)))]
    settings = tuple(Setting(p, p, "1 dB") for p in "opqr")
    boxes = [Box(name, "kind" * int(rng.integers(1, 5)), settings[: rng.integers(0, 5)]) for name in names]
    arrows = []
    for _ in range(rng.integers(1, 2 * len(names) + 3)):
        source, target = str(rng.choice(["input", *names])), str(rng.choice([*names, "output"]))
        source_port = str(rng.choice(["", "", "low"])) if source != "input" else ""
        known = [setting.param for box in boxes if box.name == target for setting in box.settings]
        if known and rng.random() < 0.3:
            arrows.append(Arrow(source, source_port, target, str(rng.choice(known)), "", "modulation", moves=True))
        elif not (source == "input" and target == "output"):
            target_port = str(rng.choice(["", "", "wet"])) if target != "output" else ""
            kind = "loop" if rng.random() < 0.1 else "sound"
            arrows.append(Arrow(source, source_port, target, target_port, "", kind))  # type: ignore[arg-type]
    return Sketch("Any", "thing", (Box("input", ""), *boxes, Box("output", "")), tuple(dict.fromkeys(arrows)))


@functools.cache
def picture(name: str) -> Picture:
    """Return the drawing of a preset, of the frames, of a random graph that runs, or of a random sketch."""
    what, _, seed = name.partition(" ")
    if what == "graph":
        planned = plan(drawn(np.random.default_rng(int(seed))), 48_000.0, 2)
        return read(svg(sketched(planned, 48_000, 2, "", {})))
    if what == "sketch":
        return read(svg(some_sketch(int(seed))))
    graph = tapegraph.Graph.from_yaml(f"tapegraph: 1\n{FRAMES}") if what == "frames" else tapegraph.load(what)
    return read(svg(sketch(graph, 48_000, 2)))


PRESETS = ["frames", *resources.presets()]
EVERYTHING = [
    *PRESETS,
    *(f"graph {seed}" for seed in (*range(20), 29, 32, 40, 59, 64)),
    *(f"sketch {seed}" for seed in range(40)),
]


@pytest.mark.parametrize("name", EVERYTHING)
def test_no_wire_runs_behind_a_box_and_no_boxes_overlap(name: str) -> None:
    drawing = picture(name)
    for number, (left, top, right, bottom) in enumerate(drawing.boxes):
        assert not any(meet((left, top, right, bottom), other) for other in drawing.boxes[:number])
        for _, points in drawing.wires:
            x, y = np.array(points).T
            assert not np.any((left + 0.2 < x) & (x < right - 0.2) & (top + 0.2 < y) & (y < bottom - 0.2))


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_wire_goes_from_the_right_of_a_box_to_the_left_of_one(name: str) -> None:
    drawing = picture(name)
    for _, points in drawing.wires:
        (from_x, from_y), (to_x, to_y) = points[0], points[-1]
        assert any(abs(from_x - right) < 0.2 and top < from_y < bottom for _, top, right, bottom in drawing.boxes)
        assert any(abs(to_x - left) < 0.2 and top < to_y < bottom for left, top, _, bottom in drawing.boxes)


@pytest.mark.parametrize("name", [name for name in EVERYTHING if not name.startswith("sketch")])
def test_wires_that_share_no_end_never_run_on_each_other(name: str) -> None:
    wires = [points for _, points in picture(name).wires]
    for axis in (0, 1):
        lines = [list(straight(points, axis)) for points in wires]
        for number, points in enumerate(wires):
            for other, other_points in enumerate(wires[:number]):
                if points[0] != other_points[0] and points[-1] != other_points[-1]:
                    for (at, low, high), (other_at, other_low, other_high) in product(lines[number], lines[other]):
                        assert abs(at - other_at) > 2.0 or min(high, other_high) - max(low, other_low) < 4.0


def straight(points: Points, axis: int) -> Iterator[tuple[float, float, float]]:
    """Yield the lines along which x (axis 0) or y (axis 1) stays the same: its value, and from where to where."""
    for fixed, run in groupby(points, lambda point: point[axis]):
        along = [point[1 - axis] for point in run]
        if max(along) - min(along) > 4.0:
            yield fixed, min(along), max(along)


@pytest.mark.parametrize("name", EVERYTHING)
def test_texts_are_inside_their_boxes_and_on_nothing_else(name: str) -> None:
    drawing = picture(name)
    for number, (text, _, place) in enumerate(drawing.texts):
        assert not any(meet(place, other) for _, _, other in drawing.texts[:number]), text
        assert all(within(place, box) or not meet(place, box) for box in drawing.boxes), text
        for _, points in drawing.wires:
            x, y = np.array(points).T
            assert not np.any((place[0] < x) & (x < place[2]) & (place[1] < y) & (y < place[3])), text


@pytest.mark.parametrize("name", PRESETS)
def test_a_drawing_fits_a_page(name: str) -> None:
    assert picture(name).width <= PAGE


def test_a_chain_of_15_nodes_reads_from_left_to_right_and_from_top_to_bottom() -> None:
    nodes = {f"n{k}": {"kind": "hysteresis", "drive": 0.3, "bias": 0.2} for k in range(15)}
    drawing = read(svg(sketch(tapegraph.chain(**nodes), 48_000, 2)))
    assert drawing.width <= PAGE
    places = [drawing.box(name) for name in ("input", *nodes, "output")]
    lines = 1
    for before, after in pairwise(places):
        if after[1] > before[3]:
            lines += 1
            assert after[0] < 100
        else:
            assert after[0] > before[2]
            assert after[1] < before[3]
    assert 3 <= lines <= 4


def test_values_that_are_not_the_default_are_shown_short_and_with_units() -> None:
    nodes: dict[str, dict[str, object]] = {
        "cut": {"kind": "input_filters", "low_cut_hz": 20.0, "high_cut_hz": 18_000},
        "soft": {"kind": "compression", "attack_s": 0.0123456, "amount_db": 1 / 3},
        "bands": {"kind": "equalizer", "low_hz": 123.0, "low_db": -2},
        "there": {"kind": "mid_side", "direction": "encode"},
        "back": {"kind": "tone", "inverse": True},
    }
    drawing = read(svg(sketch(tapegraph.chain(**nodes), 48_000, 2)))
    assert drawing.inside(drawing.box("cut")) == ["cut", "input_filters", "high_cut", "18 kHz"]
    assert drawing.inside(drawing.box("soft"))[2:] == ["attack", "12.35 ms", "amount", "0.3333 dB"]
    assert drawing.inside(drawing.box("bands"))[2:] == ["low_hz", "123 Hz", "low_db", "-2 dB"]
    assert drawing.inside(drawing.box("there")) == ["there", "mid_side"]
    assert drawing.inside(drawing.box("back"))[2:] == ["inverse", "on"]


def test_a_long_list_of_values_is_cut_but_not_what_signals_move() -> None:
    bands = {f"octave_{hz}_hz_db": -20 for hz in (31, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)}
    graph = tapegraph.Graph(
        nodes={"hiss": {"kind": "shaped_noise", **bands}, "slow": {"kind": "lfo"}},
        links=["hiss -> output", "slow -> hiss.octave_16000_hz_db"],
    )
    drawing = read(svg(sketch(graph, 48_000, 2)))
    texts = drawing.inside(drawing.box("hiss"))
    assert texts[2] == "octave_16000_hz"
    assert texts[-1] == "and 3 more"
    assert len([text for text in texts if text.endswith("dB")]) == 7


def test_every_port_that_is_not_the_first_is_named_where_its_wire_ends() -> None:
    drawing = picture("frames")
    for box, port, is_output in (
        ("mix", "wet", False),
        ("mix", "in3", False),
        ("parts", "low", True),
        ("trim", "gain", False),
        ("one", "gain", False),
        ("tape", "drive", False),
    ):
        box_texts = [one for one in drawing.texts if within(one[2], drawing.box(box)) and one[1] in ("port", "small")]
        place = next(place for text, _, place in box_texts if text == port)
        ends = [points[0] if is_output else points[-1] for _, points in drawing.wires]
        side = drawing.box(box)[2 if is_output else 0]
        assert [y for x, y in ends if abs(x - side) < 0.2 and place[1] < y < place[3]], (box, port)


def test_frames_hold_the_nodes_of_their_sub_graphs_and_no_others() -> None:
    drawing = picture("frames")
    assert drawing.frames.keys() == {"left (cassette)", "right", "inner"}
    inner = {"one", "parts", "other"}
    cassette = set(tapegraph.load("cassette").nodes)
    for frame, nodes in (("left (cassette)", cassette), ("right", {"trim", "late", *inner}), ("inner", inner)):
        held = drawing.frames[frame]
        assert {name for name, box in zip(drawing.names, drawing.boxes, strict=True) if within(box, held)} == nodes
        assert not [box for box in drawing.boxes if meet(box, held) and not within(box, held)]
        for _, points in drawing.wires:
            inside = [held[0] <= x <= held[2] and held[1] <= y <= held[3] for x, y in points]
            assert sum(a != b for a, b in pairwise(inside)) <= (inside[0] != inside[-1])  # no detour through its side
    assert within(drawing.frames["inner"], drawing.frames["right"])


def test_a_drawing_does_not_depend_on_how_python_hashes() -> None:
    code = "import tapegraph; print(tapegraph.load('answering_machine')._repr_svg_())"
    drawings = {
        subprocess.run(
            [sys.executable, "-P", "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(drawings) == 1
