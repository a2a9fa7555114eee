"""Entry points are found as the standard library finds them."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from tapegraph.node.announced import announced

ENTRIES = """# of a package
[console_scripts]
tool = other:main

[group.one]
b=pack.mod:Class
a = pack.mod [extra]
# d = out
 e  =  pack.sub.mod : Outer.Inner

[group.two]
a = else
"""


def standard(group: str, places: list[str]) -> list[tuple[str, str, str, str, str]]:
    found: dict[str, list[tuple[EntryPoint, str]]] = {}
    for distribution in distributions(path=places):
        entries = [entry for entry in distribution.entry_points if entry.group == group]
        if entries:
            found.setdefault(distribution.name, [(e, distribution.version) for e in entries])
    every = [(e.name, e.module, e.attr or "", name, version) for name, group in found.items() for e, version in group]
    return sorted(every)


def ours(group: str, places: list[str]) -> list[tuple[str, str, str, str, str]]:
    return sorted((e.name, e.module, e.attr, e.package, e.version) for e in announced(group, places))


@pytest.mark.parametrize("kind", [("dist-info", "METADATA"), ("egg-info", "PKG-INFO")])
@pytest.mark.parametrize("group", ["console_scripts", "group.one", "group.two", "group.three"])
def test_entries_are_those_of_importlib(group: str, kind: tuple[str, str], tmp_path: Path) -> None:
    for place, version in (("first", "1.2"), ("second", "3")):
        info = tmp_path / place / f"some_package-{version}.{kind[0]}"
        info.mkdir(parents=True)
        (info / kind[1]).write_text(f"Metadata-Version: 2.1\nName: Some-Package\nVersion: {version}\n\nName: no\n")
        (info / "entry_points.txt").write_text(ENTRIES if place == "first" else "[group.one]\nhidden = mod\n")
        (tmp_path / place / f"empty-1.{kind[0]}").mkdir()
        (tmp_path / place / f"file-1.{kind[0]}").write_text("Name: file")
    places = [str(tmp_path / place) for place in ("missing", "first", "second")]
    assert ours(group, places) == standard(group, places)
    assert bool(ours(group, places)) == (group != "group.three")


@pytest.mark.parametrize("group", ["tapegraph.nodes", "console_scripts", "pytest11"])
def test_what_is_installed_here_is_found(group: str) -> None:
    places = [place for place in sys.path if place]
    assert ours(group, places) == standard(group, places) != []
