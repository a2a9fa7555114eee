"""Files of random machines: which graphs, and what their settings are drawn from.

    tapegraph-random: 1
    seed: 7                      # 0 where it is left out
    p: 0.9                       # how often a machine applies at all; 1 where it is left out
    graphs:                      # presets and files, and how often each is taken beside the others
      tc260: 3
      cassette: {weight: 2, draw: {Azimuth: {uniform: [0, 0.2]}}}
      mine: {graph: machines/mine.yaml}
    draw:                        # by target: node.parameter, $variable or a control
      Drive: {uniform: [0.2, 0.9]}
      Hiss: {normal: [-72, 4]}
      tape.solver: rk2
    level:
      loudness_lufs: {uniform: [-28, -16]}
      gain_db: {triangular: [-6, 0, 6]}

`graphs` may also be a list: all are taken equally often. A setting under `draw` is drawn for every graph that has the
target, and one that no graph has is a mistake; one under `draw` of a graph takes its place there. Distributions are in
distributions.py; every value that can be drawn is checked against what the parameters take. Two targets must not set
the same parameter. The seed of a graph is always drawn, so that hiss and wow differ from clip to clip.

loudness_lufs is the loudness (ITU-R BS.1770-5, gated) to which the clip is brought at the input of the machine; the
same gain is taken back behind it, so that the clip keeps its level and only the tape is driven harder or less, and its
hiss lies accordingly. A silent clip, below -70 LUFS, is left at its level; one of less than 400 ms is measured as if
silence followed it. gain_db is a gain behind all that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from tapegraph.augment.fitting import settle
from tapegraph.augment.forms import Draws, Graphs, Level
from tapegraph.augment.parts import Recipe
from tapegraph.document import load, text
from tapegraph.document.access import Access, below, resolved
from tapegraph.document.check import RANDOM, position, read_table
from tapegraph.document.files import is_preset_name
from tapegraph.document.form import ListOf, Number, Reading, Text, Version, Whole
from tapegraph.document.limits import check_text
from tapegraph.document.parts import Parts
from tapegraph.document.spec import Key
from tapegraph.document.text import Entry, Place
from tapegraph.errors import Problem, TapegraphError


def is_recipe(path: Path) -> bool:
    """Tell whether a file is one of random machines, by its keys at the top. Raises TapegraphError."""
    keys = set(re.findall(rf"^({RANDOM}|tapegraph|graphs)[ \t]*:", load.read_text(path), re.MULTILINE))
    return RANDOM in keys or keys == {"graphs"}  # of which the version was forgotten


def opened(source: str | Path, allow: Iterable[str | Path], given: Mapping[str, Any]) -> Recipe:
    """Return the random machine of a file.

    allow: files and folders, beside the folder of the file, that it may name files from
    given: what takes the place of keys of the file
    Raises TapegraphError with every problem.
    """
    path = Path(source)
    if is_preset_name(str(source)) and not path.exists():
        raise TapegraphError(Problem(f'not a file; for a preset alone write {{"graphs": ["{source}"]}}', str(source)))
    yaml = load.read_text(path)
    real = resolved(path)
    sub_graphs = load.SubGraphs(path.parent, (real,), below(real.parent, allow))
    sub_graphs.loading.marks += check_text(yaml, str(path))
    entry, problems = text.parse(yaml, str(path))
    return read(entry, sub_graphs, problems, given)


def from_words(words: Mapping[str, Any], given: Mapping[str, Any]) -> Recipe:
    """Return the random machine of plain data under the keys of the file; a graph may be a Graph, too."""
    problems: list[Problem] = []
    return read(text.tree(words, problems), load.SubGraphs(Path(), (), Access()), problems, given, versioned=False)


def read(
    entry: Entry,
    sub_graphs: load.SubGraphs,
    problems: list[Problem],
    given: Mapping[str, Any],
    versioned: bool = True,
) -> Recipe:
    """Return the random machine of a tree. Raises TapegraphError with every problem."""
    reading = Reading(Parts(), sub_graphs, list(problems))
    if isinstance(entry.value, dict):
        if "tapegraph" in entry.value and RANDOM not in entry.value:
            message = f"this is a graph; a random machine begins with {RANDOM}: 1 and names it under graphs"
            raise TapegraphError(Problem(message, str(entry.value["tapegraph"].key)))
        entry.value.update({name: Entry(value, Place(name), Place(name)) for name, value in given.items()})
    table = keys(versioned)
    found = {key.name: key.default for key in table} | dict(read_table(entry, table, reading, "a random machine"))
    settle(found["graphs"], found["draw"], reading)
    if reading.problems:
        raise TapegraphError(*sorted(reading.problems, key=position))
    return Recipe(
        found["seed"],
        found["p"],
        {name: attrs.evolve(machine, written={}) for name, machine in found["graphs"].items() if machine},
        {name: one.distribution for name, one in found["level"].items()},
    )


def keys(versioned: bool = True) -> tuple[Key, ...]:
    """Return the keys of a file, in the order in which they are read."""
    return (
        Key(RANDOM, Version(1), 1, "version of the format", versioned),
        Key("title", Text(), "", "a few words", False),
        Key("description", Text(), "", "what it is, for people", False),
        Key("tags", ListOf(Text(), "a tag"), [], "words to find it by: a list of texts", False),
        Key("seed", Whole(0, 2**32 - 1), 0, "number that everything is drawn from", False),
        Key("p", Number(0.0, 1.0, ""), 1.0, "how often a machine applies, 0 to 1", False),
        Key("graphs", Graphs(), {}, "presets and files, and how often each is taken", True),
        Key("draw", Draws(), {}, "what settings are drawn from, by target", False),
        Key("level", Level(), {}, "loudness at the input of the machine, and gain behind it", False),
    )
