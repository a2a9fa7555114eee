"""The page of a comparison: page.html, with what was compared in it, and the sound beside it as scripts.

A page that is opened from the disk may not fetch files, but it may load scripts. So the sound is in scripts, as FLAC in
base64; the page decodes all of it, starts all versions at the same moment and lets one of them be heard.
"""

from __future__ import annotations

import base64
import html
import json
import math
from pathlib import Path
from typing import Any

from tapegraph.comparing.spectrum import CENTRES_HZ
from tapegraph.comparing.versions import Comparison, Version
from tapegraph.errors import printable

PAGE = "index.html"
SOUND_FOLDER = "page"
TEMPLATE = Path(__file__).with_name("page.html")


def write_page(target: Path, comparison: Comparison) -> None:
    """Write the page of a comparison, which is the same to the byte for the same comparison."""
    text = TEMPLATE.read_text("utf-8")
    title = html.escape(printable(comparison.song))
    before, data_mark, after = text.partition("{{comparison}}")
    assert data_mark, "page.html has no place for the comparison"
    filled = before.replace("{{title}}", title) + as_json(facts(comparison)) + after
    target.write_bytes(filled.encode("utf-8"))


def write_sound(target: Path, index: int, flac: Path) -> None:
    """Write the sound of a version as a script that hands it to the page."""
    coded = base64.b64encode(flac.read_bytes()).decode("ascii")
    target.write_bytes(f'soundCame({index}, "{coded}");\n'.encode("ascii"))


def facts(comparison: Comparison) -> dict[str, Any]:
    """Return what the page shows, in figures that are rounded as it shows them."""
    return {
        "song": printable(comparison.song),
        "start_s": comparison.start_s,
        "seconds": round(comparison.seconds, 6),
        "sample_rate": comparison.sample_rate,
        "trim_db": rounded(comparison.trim_db, 1),
        "centres_hz": [round(centre, 1) for centre in CENTRES_HZ],
        "versions": [of_version(version, index) for index, version in enumerate(comparison.versions)],
    }


def of_version(version: Version, index: int) -> dict[str, Any]:
    return {
        "name": printable(version.name),
        "title": printable(version.title),
        "description": printable(version.description),
        "file": version.file,
        "sheet": version.sheet,
        "sound": f"{SOUND_FOLDER}/{index:02}.js",
        "gain_db": rounded(version.gain_db, 1),
        "loudness_lufs": rounded(version.loudness_lufs, 1),
        "peak_dbfs": rounded(version.peak_dbfs, 1),
        "bands_db": [rounded(band, 2) for band in version.bands_db],
        "warnings": [printable(warning) for warning in version.warnings],
    }


def rounded(value: float | None, digits: int) -> float | None:
    """Return a figure, without a minus before a zero; None where there is none."""
    return None if value is None or not math.isfinite(value) else round(value, digits) + 0.0


def as_json(value: Any) -> str:
    """Return JSON that may stand inside a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
