"""The data that comes with tapegraph: preset graphs and trained weights, inside the package or beside a checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
SHOWCASE = "showcase"  # tag of the presets that stand for all where nobody asks for every one


def folder(name: str) -> Path:
    """Return presets or weights: in the package once it is installed, at the top of the tree in a checkout."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def presets() -> dict[str, Path]:
    """Return the bundled preset graphs, by name; those of a family follow one another."""
    return {path.stem: path for path in sorted(folder("presets").glob("*/*.yaml"))}


def family(preset: Path) -> str:
    """Return the family of a bundled preset: the folder that it is in."""
    return preset.parent.name
