"""The map of a report: its numbers can be read, and what it needs is known before anything is measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tapegraph.__main__ import main
from tapegraph.stn import report


def contrast(cell: tuple[float, float, float], text: str) -> float:
    """Return the contrast of black or white text on a colour, as WCAG 2.1 defines it."""
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in cell]
    own = sum(part * share for part, share in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))
    low, high = sorted((own, {"black": 0.0, "white": 1.0}[text]))
    return (high + 0.05) / (low + 0.05)


def test_numbers_contrast_with_every_colour_by_four_and_a_half() -> None:
    steps = [k / 20 for k in range(21)]
    for cell in ((r, g, b) for r in steps for g in steps for b in steps):
        assert contrast(cell, report.text_colour(cell)) >= 4.5


def test_numbers_are_dark_on_light_cells_and_light_on_dark_ones() -> None:
    yellow, violet = (0.993, 0.906, 0.144), (0.267, 0.005, 0.329)  # the ends of the colours of the map, viridis
    assert report.text_colour(yellow) == "black"
    assert report.text_colour(violet) == "white"


def test_a_missing_matplotlib_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(report, "measure", lambda *_: pytest.fail("measured"))
    assert main(["stn", "report", "--map", str(tmp_path / "map.png")]) == 1
    assert "a map needs Matplotlib; install tapegraph[plot]" in capsys.readouterr().err
