"""What decides about the sound of a random machine, as plain data that is the same wherever its files lie.

Texts for people are left out, graphs in files and presets are written out, and a file of weights or of measured speed
is named by the SHA-256 of its content.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import attrs

from tapegraph.augment.parts import Drawn, Machine, Recipe
from tapegraph.document.files import FileName, marked
from tapegraph.document.parts import Parts
from tapegraph.document.spec import Spec, keys
from tapegraph.document.write import words

FOR_PEOPLE = ("title", "description", "tags", "sources")


def canonical(recipe: Recipe) -> dict[str, Any]:
    return {
        "tapegraph-random": 1,
        "seed": recipe.seed,
        "p": recipe.p,
        "graphs": {name: machine_words(machine) for name, machine in recipe.graphs.items()},
        "level": {name: distribution.words() for name, distribution in recipe.level.items()},
    }


def machine_words(machine: Machine) -> dict[str, Any]:
    def of_target(target: str, drawn: Drawn) -> list[Any]:
        values = drawn.distribution.words()
        if isinstance(values, dict):
            values = {word: [marked(item, machine.graph, target) for item in items] for word, items in values.items()}
        else:
            values = marked(values, machine.graph, target)
        return [without_places(values), *attrs.astuple(drawn.within)]

    draw = {target: of_target(target, drawn) for target, drawn in machine.draw.items()}
    return {"weight": machine.weight, "graph": without_places(words(written_out(machine.graph))), "draw": draw}


def written_out(spec: Parts) -> Spec:
    """Return a graph without texts for people, in which the graphs that it includes stand inside it."""
    kept = {key.name: getattr(spec, key.name) for key in keys(Spec) if key.name not in FOR_PEOPLE}
    nodes = {
        name: node if node.graph is None else attrs.evolve(node, reference="", graph=written_out(node.graph))
        for name, node in spec.nodes.items()
    }
    return Spec(**{**kept, "nodes": nodes})


def without_places(data: Any) -> Any:
    """Return plain data with the content of files in place of their names."""
    if isinstance(data, dict):
        return {name: without_places(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [without_places(item) for item in data]
    if isinstance(data, FileName):
        return f"sha256 {hashlib.sha256(Path(data).read_bytes()).hexdigest()}"
    return data
