"""Panels: measurements drawn in a common style, whatever the settings of Matplotlib; Matplotlib is imported on use.

A panel is a title over axes: after it, in grey, the quantity, under it the names of the curves, and no frame. Where two
graphs are compared, the curves of the second are dashed. Pictures are the same to the byte each time.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from tapegraph.measure.sheet import pens

MM = 1.0 / 25.4  # in inches
INK, SOFT, LINE = "#1f1b18", "#6f665e", "#d9d3cb"
TEXT_PT, SMALL_PT, TITLE_PT = 6.4, 5.9, 7.8
LETTER_MM = 0.56 * SMALL_PT * 25.4 / 72.0  # width of a letter of small text, on average
STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.labelcolor": SOFT,
    "axes.labelpad": 2.0,
    "axes.labelsize": SMALL_PT,
    "axes.linewidth": 0.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "font.family": ["DejaVu Sans"],  # comes with Matplotlib
    "font.size": TEXT_PT,
    "grid.color": "#8f867d",  # a third of it, see over_frequency()
    "grid.linewidth": 0.4,
    "legend.borderaxespad": 0.3,
    "legend.borderpad": 0.0,
    "legend.columnspacing": 1.0,
    "legend.fontsize": SMALL_PT,
    "legend.frameon": False,
    "legend.handlelength": 1.2,
    "legend.handletextpad": 0.5,
    "lines.linewidth": 1.0,
    "lines.markersize": 3.0,
    "path.simplify": False,
    "patch.linewidth": 0.6,
    "pdf.fonttype": 42,
    "savefig.facecolor": "auto",
    "svg.hashsalt": "tapegraph",
    "text.color": INK,
    "xtick.color": LINE,
    "xtick.labelcolor": SOFT,
    "xtick.labelsize": SMALL_PT,
    "xtick.major.pad": 2.0,
    "xtick.major.size": 2.0,
    "xtick.major.width": 0.5,
    "ytick.color": LINE,
    "ytick.labelcolor": SOFT,
    "ytick.labelsize": SMALL_PT,
    "ytick.major.pad": 2.0,
    "ytick.major.size": 0.0,
}
LEFT_MM, RIGHT_MM, BOTTOM_MM = 7.5, 2.0, 7.0  # of a panel, beside its axes
DASHES = (0.0, (2.4, 1.4))
METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "png": {"Software": None},
}
DPI = 200

Draw = Callable[[Any], None]  # draws on axes


@attrs.frozen
class Box:
    """A part of a page, in mm from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def on(self, figure: Any) -> tuple[float, float, float, float]:
        """Return left, bottom, width and height as parts of a figure."""
        width, height = figure.get_size_inches() / MM
        return self.x / width, 1.0 - (self.y + self.height) / height, self.width / width, self.height / height


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of sheets within a with statement."""
    import matplotlib.style
    from matplotlib.rcsetup import cycler

    with matplotlib.style.context(["default", STYLE | {"axes.prop_cycle": cycler(color=pens.SERIES)}]):
        yield


def page(width_mm: float, height_mm: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width_mm * MM, height_mm * MM))


def picture(figure: Any, form: str) -> bytes:
    """Return a figure as a file: svg, png or pdf."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # letters that the font lacks are drawn as boxes
        figure.savefig(out, format=form, metadata=METADATA[form], dpi=DPI)
    return out.getvalue()


def strip(panels: Mapping[str, Draw], width_mm: float = 90.0, height_mm: float = 60.0) -> str:
    """Return panels beside each other as SVG, for a notebook."""
    with style():
        figure = page(len(panels) * width_mm, height_mm)
        for k, (title, draw) in enumerate(panels.items()):
            panel(figure, Box(k * width_mm + 2.0, 2.0, width_mm - 4.0, height_mm - 3.0), title, [draw])
        return picture(figure, "svg").decode("utf-8")


def text(figure: Any, x_mm: float, y_mm: float, words: str, **look: Any) -> Any:
    """Write on a page; y is the base of the first line."""
    place = Box(x_mm, y_mm, 0.0, 0.0).on(figure)
    return figure.text(place[0], place[1], words, **({"va": "baseline", "ha": "left", "parse_math": False} | look))


def rule(figure: Any, x_mm: float, y_mm: float, width_mm: float, colour: str = INK, width_pt: float = 0.6) -> None:
    from matplotlib.lines import Line2D

    left, bottom, width, _ = Box(x_mm, y_mm, width_mm, 0.0).on(figure)
    figure.add_artist(Line2D([left, left + width], [bottom, bottom], color=colour, linewidth=width_pt))


def heading(figure: Any, box: Box, title: str) -> Any:
    """Draw what every part of a page begins with."""
    rule(figure, box.x, box.y, box.width)
    return text(figure, box.x, box.y + 4.0, title, fontsize=TITLE_PT, fontweight="bold")


def panel(figure: Any, box: Box, title: str, draws: Sequence[Draw]) -> None:
    """Draw a measurement, or that of two graphs over each other, in a part of a page."""
    ax = figure.add_axes(inside(box).on(figure))
    others = len(figure.axes)
    names: dict[str, Any] = {}
    said: set[str] = set()
    for k, draw in enumerate(draws):
        known = {id(artist) for artist in drawn(figure, ax, others)}
        ax.set_prop_cycle(None)
        ax.set_title("")
        draw(ax)
        said.add(ax.get_title())
        names = take_names(figure, ax, others) | names
        if k:
            dash([artist for artist in drawn(figure, ax, others) if id(artist) not in known])
    shared = "".join(said) if len(said) == 1 else ""  # not what is true of one alone
    empty = is_empty(ax)
    note(figure, box, heading(figure, box, title), ax, "" if empty else shared)
    if empty:
        names = {}
        say_so(ax, shared or "nothing that could be measured")
    left_mm = max(LEFT_MM, labels_mm(figure, ax))
    ax.set_position(inside(box, left_mm).on(figure))
    for rows in range(1, len(names) + 1):
        ax.set_position(inside(box, left_mm, rows).on(figure))
        if right_mm(figure, name_curves(ax, names, rows)) <= box.x + box.width:
            break


def note(figure: Any, box: Box, heading: Any, ax: Any, said: str) -> None:
    """Write in grey after the heading of a panel what is drawn, and what else is said of it if there is room."""
    words = [*filter(None, (ax.get_ylabel(), said))]
    ax.set(ylabel="", title="")
    place = {"xycoords": heading, "textcoords": "offset points", "annotation_clip": False}
    look = {"va": "bottom", "fontsize": SMALL_PT, "color": SOFT}
    written = ax.annotate(minus(", ".join(words)), (1.0, 0.0), xytext=(4.0, 0.0), **look, **place)
    if right_mm(figure, written) > box.x + box.width:
        written.set_text(minus(words[0]))


def name_curves(ax: Any, names: Mapping[str, Any], rows: int) -> Any:
    """Write the names of curves over axes."""
    columns = math.ceil(len(names) / rows)
    return ax.legend(names.values(), map(minus, names), loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns)


def right_mm(figure: Any, artist: Any) -> float:
    """Return where something that is drawn ends, in mm from the left of the page."""
    return float(artist.get_window_extent(renderer(figure)).x1 / figure.dpi) / MM


def renderer(figure: Any) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    return canvas.get_renderer()


def inside(box: Box, left_mm: float = LEFT_MM, rows: int = 0) -> Box:
    """Return the part of a panel that is left for axes, beside their labels and under so many rows of names."""
    top = 7.0 + 2.9 * rows
    return Box(box.x + left_mm, box.y + top, box.width - left_mm - RIGHT_MM, box.height - top - BOTTOM_MM)


def labels_mm(figure: Any, ax: Any) -> float:
    """Return the width of the labels to the left of axes, which are numbers, without powers of ten, or names."""
    from matplotlib.ticker import LogFormatter

    for axis in (ax.xaxis, ax.yaxis):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            axis.set_major_formatter(lambda value, _: np.format_float_positional(value, 3, fractional=False, trim="-"))
    box = ax.yaxis.get_tightbbox(renderer(figure))
    return float(ax.bbox.x0 - box.x0) / figure.dpi / MM if box is not None else 0.0


def is_empty(ax: Any) -> bool:
    """Tell whether nothing is to be seen on axes."""
    curves = [np.asarray(line.get_ydata(), np.float64) for line in ax.lines if not line.get_gid()]
    return not (ax.patches or ax.collections or ax.images or any(np.isfinite(curve).any() for curve in curves))


def unseen(ax: Any) -> set[str]:
    """Return the names of curves on axes that have no value to be seen."""
    named = [(line.get_label(), np.isfinite(np.asarray(line.get_ydata(), np.float64)).any()) for line in ax.lines]
    return {name for name, _ in named} - {name for name, seen in named if seen}


def say_so(ax: Any, words: str) -> None:
    ax.set(xticks=[], yticks=[], xlabel="")
    ax.minorticks_off()
    look = {"ha": "center", "va": "center", "color": SOFT, "fontsize": SMALL_PT}
    ax.text(0.5, 0.5, minus(words), transform=ax.transAxes, **look)


def minus(words: str) -> str:
    """Return words with minus signs before numbers, which are longer than hyphens."""
    return re.sub(r"(?<!\w)-(?=\d)", "\N{MINUS SIGN}", words)


def drawn(figure: Any, ax: Any, others: int) -> list[Any]:
    """Return the curves and bars on axes, and on those that were added with them."""
    return [artist for some in (ax, *figure.axes[others:]) for artist in (*some.lines, *some.patches)]


def dash(artists: Sequence[Any]) -> None:
    """Let curves and bars be those of the second of two graphs."""
    for artist in artists:
        if artist.get_gid():
            continue
        artist.set_linestyle(DASHES)
        if hasattr(artist, "set_marker"):
            artist.set_marker("")
        else:
            artist.set(facecolor="none", edgecolor=INK)


def take_names(figure: Any, ax: Any, others: int) -> dict[str, Any]:
    """Remove the legends of axes; return the curves in them that are to be seen, by name."""
    found: dict[str, Any] = {}
    for some in (ax, *figure.axes[others:]):
        if (legend := some.get_legend()) is None:
            continue
        legend.remove()
        named = zip(legend.texts, legend.legend_handles, strict=True)
        found |= {words.get_text(): handle for words, handle in named if words.get_text() not in unseen(some)}
    return found
