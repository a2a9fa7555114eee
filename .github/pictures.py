"""Draws the pictures of the README from the program itself.

pip install matplotlib && python .github/pictures.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import tapegraph
from tapegraph import resources
from tapegraph.analysis.response import response

SAMPLE_RATE = 48_000
HERE = Path(__file__).parent
mpl.rcParams.update({"svg.hashsalt": "tapegraph", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})


def loops(axes: plt.Axes) -> None:
    """Draw the magnetisation over the field of a tone of 100 Hz at rising levels."""
    graph = tapegraph.chain(hysteresis={"solver": "nr8", "bias": 0.2, "makeup": False})
    for level in (0.2, 0.4, 0.7, 1.0):
        field = level * np.sin(2 * np.pi * 100 / SAMPLE_RATE * np.arange(4800))
        m = graph.render(field, SAMPLE_RATE)
        axes.plot(field[-480:], m[-480:], lw=1.3, label=f"{20 * np.log10(level):.0f} dBFS")
    axes.set(xlabel="field H", ylabel="magnetisation M", title="hysteresis, bias: 0.2")
    axes.legend(frameon=False)


def responses(axes: plt.Axes) -> None:
    """Draw the response of the machines of the showcase to sound too quiet to saturate the tape."""
    hz = np.geomspace(20.0, 20_000.0, 300)
    for name in resources.presets():
        graph = tapegraph.load(name)
        if "showcase" in graph.tags and "comb" not in graph.tags:
            axes.semilogx(hz, response(graph.flat(), SAMPLE_RATE).smoothed_db(hz)[0], lw=1.3, label=name)
    axes.set(xlabel="Hz", ylabel="dB", title="presets, quiet signal", xlim=(20, 20_000), ylim=(-24, 6))
    axes.legend(frameon=False, loc="lower left")


if __name__ == "__main__":
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    loops(left)
    responses(right)
    figure.savefig(HERE / "tape.svg", metadata={"Date": None})
