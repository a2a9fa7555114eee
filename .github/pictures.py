"""Draws the pictures of the README from the program itself.

pip install matplotlib && python .github/pictures.py
"""

from __future__ import annotations

import itertools
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import tapegraph
from tapegraph import resources

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
    """Draw the response of every preset to noise too quiet to saturate the tape, relative to 1 kHz."""
    n = 1 << 17
    x = 1e-3 * np.random.default_rng(0).standard_normal(n) * np.hanning(n)
    for name in resources.presets():
        y = tapegraph.load(name).render(x, SAMPLE_RATE, tail=0)
        frequency, ratio = transfer(x, y)
        axes.semilogx(frequency, ratio - ratio[np.searchsorted(frequency, 1000.0)], lw=1.3, label=name)
    axes.set(xlabel="Hz", ylabel="dB", title="presets, quiet signal", xlim=(20, 20_000), ylim=(-30, 6))
    axes.legend(frameon=False, loc="lower left")


def transfer(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies, Hz, and the ratio of the two spectra there, dB, in bands of a twelfth of an octave."""
    X, Y = (np.abs(np.fft.rfft(s)) ** 2 for s in (x, y))
    f = np.fft.rfftfreq(len(x), 1 / SAMPLE_RATE)
    edges = 20.0 * 2.0 ** (np.arange(121) / 12.0)
    bands = [(f >= low) & (f < high) for low, high in itertools.pairwise(edges)]
    used = [(np.sqrt(low * high), band) for low, high, band in zip(edges, edges[1:], bands, strict=False) if band.any()]
    return np.array([c for c, _ in used]), 10 * np.log10([Y[band].sum() / X[band].sum() for _, band in used])


if __name__ == "__main__":
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    loops(left)
    responses(right)
    figure.savefig(HERE / "tape.svg", metadata={"Date": None})
