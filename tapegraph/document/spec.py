"""What a graph file says, as data. The fields of Spec are the table of the keys of a graph file.

A new key is a new field of Spec: reading a file, the JSON Schema, the keywords of Graph() and writing follow from it.

reference_dbfs is the level of 0 VU as AES17 counts levels: a sine of full scale is 0 dBFS, so a sine of 0 VU peaks at
10^(reference_dbfs / 20), and in both channels, at 997 Hz, its loudness is as many LUFS.
"""

# ruff: noqa: RUF009  key() gives each graph a list or a mapping of its own

from __future__ import annotations

from typing import Any

import attrs

from tapegraph.document.form import Form, ListOf, Number, OneOf, Text, Variables, Version, Whole
from tapegraph.document.links import INPUT, OUTPUT
from tapegraph.document.parts import NodeSpec, Parts, Points
from tapegraph.document.sections.automation import Automation
from tapegraph.document.sections.controls import Controls
from tapegraph.document.sections.links import Links
from tapegraph.document.sections.nodes import Nodes
from tapegraph.node.params import Value

__all__ = ["INPUT", "OUTPUT", "VERSION", "Key", "NodeSpec", "Spec", "keys"]

VERSION = 1  # of the graph format
RESAMPLERS = ("linear", "minimum")


@attrs.frozen
class Key:
    """A key of a graph file.

    form: what its value may be
    default: its value where it is left out
    meaning: for people
    required: whether a graph must have it
    """

    name: str
    form: Form
    default: Any
    meaning: str
    required: bool


def key(form: Form, default: Any, meaning: str, *, required: bool = False) -> Any:
    """Declare a field of Spec to be a key of a graph file."""
    metadata = {"form": form, "default": default, "meaning": meaning, "required": required}
    if isinstance(default, list | dict):
        return attrs.field(factory=type(default), metadata=metadata)
    return attrs.field(default=default, metadata=metadata)


@attrs.define
class Spec(Parts):
    """All that a graph file says, in the order in which it is read and written."""

    tapegraph: int = key(Version(VERSION), VERSION, "version of the format", required=True)
    title: str = key(Text(), "", "a few words")
    description: str = key(Text(), "", "what it is, for people")
    tags: list[str] = key(ListOf(Text(), "a tag"), [], "words to find it by: a list of texts")
    sources: list[str] = key(ListOf(Text(), "a source"), [], "where its figures come from: a list of texts")
    block: int = key(Whole(16, 4096), 64, "frames that are run at once")
    resampler: str = key(OneOf(RESAMPLERS), RESAMPLERS[0], "phase of the filters between nodes of different rates")
    seed: int = key(Whole(0, 2**32 - 1), 0, "number that everything random is drawn from")
    reference_dbfs: float = key(
        Number(-40.0, 0.0, "dBFS"), -18.0, "0 VU: level of a sine, one of full scale being 0 dBFS"
    )
    vars: dict[str, Value] = key(Variables(), {}, "values by name; a parameter set to $name has that value")
    nodes: dict[str, NodeSpec] = key(Nodes(), {}, "what it is made of, by name")
    links: list[str] = key(Links(), [], "what is linked to what: input -> tape -> output", required=True)
    controls: dict[str, str] = key(Controls(), {}, "what a player sees: node.parameter or $variable, by name")
    automation: dict[str, Points] = key(Automation(), {}, "[time in s, value] over time, by node.parameter")


def keys(spec: type[Parts], versioned: bool = True) -> tuple[Key, ...]:
    """Return the keys of a graph, in the order in which they are read and written.

    versioned: whether the version is required; it is not in Python and in a graph that is written inside another
    """
    table = (Key(field.name, **field.metadata) for field in attrs.fields(spec))
    return tuple(attrs.evolve(k, required=k.required and (versioned or not isinstance(k.form, Version))) for k in table)
