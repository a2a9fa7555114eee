"""Colours and ranges of the pictures of measurements.

Colours that the colour-blind tell apart as well. A family of curves, such as one for each level, is a scale of one
colour from light to dark; harmonics are of two colours, the odd ones and the even ones.

Source: M. Okabe, K. Ito, Color Universal Design, 2008 (the first six colours).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tapegraph.run.sound import Array

VERMILION, BLUE, GREEN, PURPLE, ORANGE, SKY = "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"
SERIES = (VERMILION, BLUE, GREEN, PURPLE, ORANGE, SKY)
LIGHTEST = 0.6  # of a scale: how much of its first colour is white
STEPS_DB = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0)
MOST_STEPS = 7
ROOM = 0.03  # a curve keeps this part of a range from its edge
LEAST_MS = 0.5  # of a range of delays, to either side
PERCENTS = (0.001, 1000.0)  # the range of distortion that is drawn


def tint(colour: str, white: float) -> str:
    """Return a colour mixed with white, of which 0 to 1 is white."""
    parts = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{round(part + white * (255 - part)):02x}" for part in parts)


def scale(count: int, colour: str = VERMILION) -> list[str]:
    """Return so many shades of a colour, the last one the colour itself."""
    return [tint(colour, LIGHTEST * (count - 1 - k) / max(count - 1, 1)) for k in range(count)]


def of_harmonic(order: int) -> str:
    """Return the colour of a harmonic: the higher, the lighter."""
    return tint(VERMILION if order % 2 else BLUE, min(LIGHTEST, 0.22 * (order // 2 - 1)))


def heights(ax: Any) -> Array:
    """Return all values that curves have on axes."""
    drawn = [np.asarray(line.get_ydata(), np.float64) for line in ax.get_lines() if not line.get_gid()]
    values = np.concatenate(drawn) if drawn else np.zeros(1)
    return values[np.isfinite(values)] if np.isfinite(values).any() else np.zeros(1)


def fit_decibels(ax: Any, least: float = 12.0, most: float = 60.0) -> None:
    """Let axes show all curves, in steps that people read.

    least, most: of the range, dB, from the highest value down
    """
    values = heights(ax)
    top = float(np.max(values))
    bottom = max(float(np.min(values)), top - most)
    top, bottom = top + ROOM * (top - bottom), bottom - ROOM * (top - bottom)
    if top - bottom < least:
        middle = 0 if max(top, -bottom) < least / 2.0 else round((top + bottom) / 2.0)
        top, bottom = middle + least / 2.0, middle - least / 2.0
    step = next((step for step in STEPS_DB if (top - bottom) / step <= MOST_STEPS), STEPS_DB[-1])
    low, high = math.floor(bottom / step + 1e-6), math.ceil(top / step - 1e-6)
    ax.set_ylim(low * step, high * step)
    ax.set_yticks([step * k for k in range(low, high + 1)])


def fit_relative(ax: Any, floor: float) -> None:
    """Let axes show what lies between a floor and the tone that it is relative to, all pictures alike."""
    top = 20 * max(0, math.ceil(float(np.max(heights(ax))) / 20.0))
    ax.set_ylim(floor, top)
    ax.set_yticks([*range(round(floor), top + 1, 20)])


def name_curves(ax: Any, **look: Any) -> None:
    """Write a legend, if there are curves."""
    if any(ax.get_legend_handles_labels()):
        ax.legend(**look)


def plot_percents(ax: Any, x: Array, percents: Array, **look: Any) -> None:
    """Draw distortion over x, if any of it is within the range that is drawn."""
    if np.any(percents > PERCENTS[0]):
        ax.plot(x, percents, marker=".", **look)


def fit_percents(ax: Any, mark: float = 0.0) -> None:
    """Let axes show distortion in decades; mark: a value that gets a line, such as the 3 % of tape."""
    values = np.clip(heights(ax), *PERCENTS)
    high = max(math.ceil(math.log10(float(np.max(values))) - 1e-6), 1)
    low = min(math.floor(math.log10(float(np.min(values))) + 1e-6), high - 2)
    ax.set_yscale("log")
    ax.set_ylim(10.0**low, 10.0**high)
    ax.set_yticks([10.0**k for k in range(low, high + 1)], [f"{10.0**k:g}" for k in range(low, high + 1)])
    ax.minorticks_off()
    if not any(ax.get_legend_handles_labels()):
        ax.set_title(f"less than {PERCENTS[0]:g} %")
    elif mark:
        ax.axhline(mark, color="0.5", linewidth=0.6, linestyle=":", gid="mark")


def fit_degrees(ax: Any) -> None:
    """Let axes show phase in quarters of a cycle, or in cycles where it turns often."""
    values = heights(ax)
    step = next((step for step in (45.0, 90.0, 180.0, 360.0) if np.ptp(values) / step <= MOST_STEPS), 0.0)
    if step:
        low = min(math.floor(float(np.min(values)) / step + ROOM), -1)
        high = max(math.ceil(float(np.max(values)) / step - ROOM), 1)
        ax.set_ylim(low * step, high * step)
        ax.set_yticks([step * k for k in range(low, high + 1)])


def fit_ms(ax: Any) -> None:
    """Let axes show delays: never so close that the rounding of numbers is seen."""
    values = heights(ax)
    middle, half = (float(np.max(values)) + float(np.min(values))) / 2.0, float(np.ptp(values)) / 2.0
    half = max(1.1 * half, LEAST_MS)
    ax.set_ylim(middle - half, middle + half)
