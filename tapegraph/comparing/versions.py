"""What a comparison consists of: its versions of the song, and what was measured of each."""

from __future__ import annotations

import math
from pathlib import Path

import attrs


@attrs.frozen
class Version:
    """One sound of a comparison: the original, or what a machine made of it.

    name: "original", or that of the preset or graph
    file: its name in the folder; sheet: that of its data sheet, "" where there is none
    gain_db: by which it was matched to the original; None where one of them is too quiet for that
    loudness_lufs, peak_dbfs: of the file; minus infinity for silence
    bands_db: its spectrum over that of the original, see spectrum.py; None where there is too little of either
    warnings: a sentence for each thing that the listener should know
    """

    name: str
    title: str
    description: str
    file: str
    gain_db: float | None = None
    loudness_lufs: float = -math.inf
    peak_dbfs: float = -math.inf
    bands_db: tuple[float | None, ...] = ()
    sheet: str = ""
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        gain = "too quiet to match" if self.gain_db is None else f"{round(self.gain_db, 1) + 0.0:+.1f} dB"
        return f"{self.loudness_lufs:.1f} LUFS, peak {self.peak_dbfs:.1f} dBFS, {gain}"


@attrs.frozen
class Comparison:
    """What a comparison has written.

    page: the page to open in a browser
    start_s, seconds: which part of the song
    versions: the original first
    trim_db: by how much all of them were turned down so that none is clipped; 0 or less
    """

    page: Path
    song: str
    start_s: float
    seconds: float
    sample_rate: int
    versions: tuple[Version, ...]
    trim_db: float
    warnings: tuple[str, ...]
