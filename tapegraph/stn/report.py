"""How good networks are: their error against the solver in closed loop, on music, and their speed next to it.

The nodes themselves run, on the demo's music at 96 kHz with peaks of 0 and -20 dBFS, which is not training data.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph import demo
from tapegraph.errors import TapegraphError
from tapegraph.node import Node, Signal, registry, weights
from tapegraph.node.params import Value
from tapegraph.node.setup import make, start
from tapegraph.stn.system import System

Array = npt.NDArray[np.float64]
RATE = 2 * demo.SAMPLE_RATE
LEVELS_DB = (0.0, -20.0)
BLOCK = 512
EXCERPT_S = (0.0, 0.5)
RUNS = 5


@attrs.frozen(eq=False)
class Measured:
    """The measured error and speed of a model.

    name: of the model; bytes: size of its file; axes: reported values of each parameter, by name
    errors_db: error-to-signal ratio, (each axis ..., levels); seconds: for a second of sound, for one channel of two
    solved: the same of the solver, measured in turn with it
    """

    name: str
    bytes: int
    axes: dict[str, tuple[float, ...]]
    errors_db: Array
    seconds: float
    solved: float

    @property
    def median_db(self) -> float:
        return float(np.median(self.errors_db))

    @property
    def worst_db(self) -> float:
        return float(np.max(self.errors_db))

    @property
    def times_faster(self) -> float:
        return self.solved / self.seconds


def music() -> Array:
    """Return an excerpt of the demo's music at RATE, (2, frames), peak 0 dBFS."""
    start, end = (int(s * demo.SAMPLE_RATE) for s in EXCERPT_S)
    x = demo.music()[:, start:end]
    frames = x.shape[1]
    doubled: Array = np.fft.irfft(np.fft.rfft(x), 2 * frames)
    return np.asarray(doubled / np.max(np.abs(doubled)))


def prepared(system: System, **params: Value) -> Node:
    return start(make(registry.find(system.NODE), float(RATE), 2, BLOCK, params))


def run(node: Node, x: Array) -> Array:
    """Return the output of a node for x (2, frames), without frames that do not fill a block."""
    signals = [Signal(2, BLOCK)], [Signal(2, BLOCK)]
    blocks = []
    for at in range(0, x.shape[1] - BLOCK + 1, BLOCK):
        signals[0][0].put(x[:, at : at + BLOCK])
        node.process(*signals)
        blocks.append(signals[1][0].array.copy())
    return np.concatenate(blocks, axis=1)


def settings(system: System) -> Iterator[dict[str, float]]:
    for values in itertools.product(*system.REPORTED.values()):
        yield dict(zip(system.REPORTED, values, strict=True))


def measure(system: System, model: str) -> Iterator[Measured | None]:
    """Yield None after each setting, and at last what was measured of a model: a bundled name or a path."""
    x = music()
    errors = []
    for setting in settings(system):
        solved = prepared(system, **system.SOLVED, **setting)
        predicted = prepared(system, **system.PREDICTED, **setting, model=model)
        for level in LEVELS_DB:
            solved.reset()
            predicted.reset()
            expected = run(solved, x * 10.0 ** (level / 20.0))
            error = run(predicted, x * 10.0 ** (level / 20.0)) - expected
            errors.append(10.0 * np.log10(np.sum(error**2) / np.sum(expected**2) + 1e-30))
        yield None
    shape = (*(len(values) for values in system.REPORTED.values()), len(LEVELS_DB))
    seconds, solved_seconds = speed(
        prepared(system, **system.PREDICTED, model=model), prepared(system, **system.SOLVED)
    )
    size = weights.find(model).stat().st_size
    yield Measured(model, size, dict(system.REPORTED), np.array(errors).reshape(shape), seconds, solved_seconds)


def speed(*nodes: Node) -> list[float]:
    """Return how long each node takes for a second of sound, for one channel of two, s: the least of several runs."""
    times = np.full(len(nodes), np.inf)
    x, y = Signal(2, BLOCK), Signal(2, BLOCK)
    blocks = [b.copy() for b in np.split(music()[:, : 40 * BLOCK], 40, axis=1)]
    for _ in range(RUNS):
        for k, node in enumerate(nodes):
            spent = 0.0
            for block in blocks:
                x.put(block)
                started = time.perf_counter()
                node.process([x], [y])
                spent += time.perf_counter() - started
            times[k] = min(times[k], spent / (len(blocks) * BLOCK * 2) * RATE)
    return [float(t) for t in times]


def table(measured: list[Measured]) -> str:
    """Return the results as a table, a line for each model."""
    rows: list[tuple[str, ...]] = [("model", "median", "worst", "ns a sample", "solver", "faster", "file")]
    for m in measured:
        nanoseconds = (f"{seconds / RATE * 1e9:.0f}" for seconds in (m.seconds, m.solved))
        decibels = (f"{m.median_db:.1f} dB", f"{m.worst_db:.1f} dB")
        rows.append((m.name, *decibels, *nanoseconds, f"{m.times_faster:.2f} x", f"{m.bytes / 1000:.1f} kB"))
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        f"{row[0]:{sizes[0]}}  " + "  ".join(f"{cell:>{n}}" for cell, n in zip(row[1:], sizes[1:], strict=True))
        for row in rows
    )


def require_matplotlib() -> None:
    """Raise TapegraphError where maps cannot be drawn."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise TapegraphError("a map needs Matplotlib; install tapegraph[plot]") from None


def text_colour(cell: Sequence[float]) -> str:
    """Return "black" or "white", whichever is easier to read on a colour (red, green, blue, each 0 to 1).

    Its contrast, (lighter + 0.05) / (darker + 0.05) in relative luminance, is then at least sqrt(21) = 4.58.
    Source: W3C, Web Content Accessibility Guidelines 2.1, relative luminance and contrast ratio.
    """
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in cell[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "white"


def draw(measured: list[Measured], system: System, path: str) -> None:
    """Draw the worst error over the axes of a bank as a picture, one map a model. Needs Matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.6 * len(measured) + 0.8, 3.4), layout="constrained")
    across, up = (list(system.REPORTED).index(name) for name in system.AXES)
    for k, m in enumerate(measured):
        axes = figure.add_subplot(1, len(measured), k + 1)
        rest = tuple(axis for axis in range(m.errors_db.ndim) if axis not in (across, up))
        worst = m.errors_db.max(axis=rest)
        shown = worst.T if across < up else worst
        places = [m.axes[name] for name in system.AXES]
        image = axes.imshow(shown, origin="lower", cmap="viridis_r", vmin=-60, vmax=-20, aspect="auto")
        for row, column in np.ndindex(shown.shape):
            colour = text_colour(tuple(image.to_rgba(shown[row, column])))
            axes.text(column, row, f"{shown[row, column]:.0f}", ha="center", va="center", color=colour, fontsize=7)
        axes.set_xticks(range(len(places[0])), [f"{v:g}" for v in places[0]])
        axes.set_yticks(range(len(places[1])), [f"{v:g}" for v in places[1]])
        axes.set(title=m.name, xlabel=system.AXES[0], ylabel=system.AXES[1])
    figure.colorbar(image, ax=figure.axes, label="worst error, dB")
    figure.savefig(path, dpi=110)
