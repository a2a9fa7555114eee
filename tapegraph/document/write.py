"""A graph as plain data in the words of the file, and as its text."""

from __future__ import annotations

from typing import Any

import attrs

from tapegraph.document import text
from tapegraph.document.spec import VERSION, NodeSpec, Spec
from tapegraph.document.text import Inline


def to_yaml(spec: Spec) -> str:
    """Return a graph as the text of a file; reading it gives an equal graph."""
    return text.dump(words(spec))


def words(spec: Spec) -> dict[str, Any]:
    """Return a graph as plain data, in the words and order of the file, without what is as by default."""
    blank = Spec()
    said = {field.name: getattr(spec, field.name) for field in attrs.fields(Spec)}
    changed = {name: value for name, value in said.items() if value != getattr(blank, name)}
    if "nodes" in changed:
        changed["nodes"] = {name: node_words(node) for name, node in spec.nodes.items()}
    return {"tapegraph": VERSION, **changed}


def node_words(node: NodeSpec) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if node.graph is None:
        found["kind"] = node.kind
    else:
        found["graph"] = node.reference or words(node.graph)
    found.update(node.params)
    if node.oversample != 1:
        found["oversample"] = node.oversample
    return found if isinstance(found.get("graph"), dict) else Inline(found)
