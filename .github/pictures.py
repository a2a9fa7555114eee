"""Draws the picture of the README from the program itself, for a light and for a dark page.

pip install '.[plot]' && python .github/pictures.py
"""

from __future__ import annotations

import colorsys
import functools
import re
from pathlib import Path
from typing import Any

import attrs

import tapegraph
from tapegraph import measure
from tapegraph.measure.sheet import panels
from tapegraph.measure.sheet.panels import Box, Draw

HERE = Path(__file__).parent
MACHINES = {"mastering": "Mastering, 30 ips", "tc260": "Sony TC-260, 7.5 ips", "cassette": "Cassette"}
SAMPLE_RATE = 96_000.0  # so that nothing folds back into what is drawn
LEVELS_DBFS = (-30.0, -20.0, -10.0, 0.0)
HARMONICS_DBFS = (-6.0,)
PANEL_MM = (78.0, 52.0)
GAP_MM = 6.0


def between(draw: Draw, low_db: float, high_db: float, step_db: float) -> Draw:
    """Return what draws with a fixed range, so that machines can be compared."""

    def drawn(ax: Any) -> None:
        draw(ax)
        ax.set_ylim(low_db, high_db)
        ax.set_yticks([low_db + step_db * k for k in range(round((high_db - low_db) / step_db) + 1)])

    return drawn


def odd(found: measure.Harmonics) -> measure.Harmonics:
    """Return the odd harmonics, which are all that tape makes."""
    is_odd = found.order % 2 == 1
    return attrs.evolve(found, order=found.order[is_odd], relative_db=found.relative_db[:, is_odd])


def picture() -> str:
    """Return the response at rising levels over the harmonics, a column for each machine."""
    width, height = PANEL_MM
    with panels.style():
        figure = panels.page(len(MACHINES) * (width + GAP_MM) - GAP_MM, 2.0 * height + GAP_MM)
        figure.set_facecolor("none")
        for k, (name, title) in enumerate(MACHINES.items()):
            rig = measure.Rig(tapegraph.load(name), SAMPLE_RATE)
            place = functools.partial(Box, k * (width + GAP_MM), width=width, height=height)
            response = between(measure.response(rig, LEVELS_DBFS).plot, -24.0, 6.0, 6.0)
            harmonics = between(odd(measure.harmonics(rig, HARMONICS_DBFS)).plot, -100.0, 0.0, 20.0)
            panels.panel(figure, place(y=0.5), title, [response])
            panels.panel(figure, place(y=height + GAP_MM), "Odd harmonics", [harmonics])
        return panels.picture(figure, "svg").decode("utf-8")


def dark(svg: str) -> str:
    """Return a picture for a dark page: every colour as light as it was dark."""
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: inverted(found[0]), svg)


def inverted(colour: str) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5)))
    parts = colorsys.hls_to_rgb(hue, 1.0 - lightness, saturation)
    return "#" + "".join(f"{round(255.0 * part):02x}" for part in parts)


if __name__ == "__main__":
    light = picture()
    (HERE / "tape.svg").write_text(light)
    (HERE / "tape_dark.svg").write_text(dark(light))
