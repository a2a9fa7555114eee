"""What installed packages announce in an entry-point group: as importlib.metadata finds it, which takes far longer.

That module brings in all of email. Here only the metadata of packages that announce something is read, two lines of it.
Source: Python Packaging User Guide, Entry points specification and Core metadata specifications.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs


@attrs.frozen
class Entry:
    """An entry point: `name = module:attr` or `name = module`, and the package and version that it belongs to."""

    name: str
    value: str
    package: str
    version: str

    @property
    def module(self) -> str:
        return self.value.partition("[")[0].partition(":")[0].strip()

    @property
    def attr(self) -> str:
        return self.value.partition("[")[0].partition(":")[2].strip()

    @property
    def who(self) -> str:
        return f"{self.package} {self.version}"


def announced(group: str, places: Iterable[str]) -> list[Entry]:
    """Return the entries of a group in all packages that are installed in these folders, sorted.

    A package that comes later is hidden by the first of that name, as for imports.
    """
    found: dict[str, list[Entry]] = {}
    for folder in metadata_folders(places):
        entries = list(lines_of(group, text(folder / "entry_points.txt")))
        if entries:
            fields = text(folder / "METADATA") or text(folder / "PKG-INFO")
            package, version = field(fields, "Name"), field(fields, "Version")
            found.setdefault(package, [Entry(name, value, package, version) for name, value in entries])
    return sorted((entry for group in found.values() for entry in group), key=lambda e: (e.name, e.value))


def metadata_folders(places: Iterable[str]) -> Iterator[Path]:
    for place in places:
        try:
            names = os.listdir(place)
        except OSError:  # an archive has no compiled nodes, and what is not there none at all
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                yield Path(place, name)


def text(file: Path) -> str:
    """Return the text of a file, "" where there is none."""
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""


def lines_of(group: str, entry_points: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of each entry of a group in the text of a file of entry points."""
    section = ""
    for line in map(str.strip, entry_points.splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
        elif section == group and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()


def field(metadata: str, name: str) -> str:
    """Return a field of the header of metadata, "" where it has none."""
    header = metadata.partition("\n\n")[0].splitlines()
    values = [line.partition(":")[2].strip() for line in header if line.lower().startswith(f"{name.lower()}:")]
    return values[0] if values else ""
