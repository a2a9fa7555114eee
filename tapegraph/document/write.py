"""A graph as plain data under the keys of the file, and as its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tapegraph.document import text
from tapegraph.document.parts import NodeSpec, Parts
from tapegraph.document.spec import keys
from tapegraph.document.text import Inline


def to_yaml(spec: Parts) -> str:
    """Return a graph as the text of a file; reading it gives an equal graph."""
    return text.dump(words(spec))


def words(spec: Parts) -> dict[str, Any]:
    """Return a graph as plain data, under the keys of the file and in their order; defaults are left out."""
    values = ((key, getattr(spec, key.name)) for key in keys(type(spec)))
    return {key.name: plain(value) for key, value in values if key.required or value != key.default}


def plain(value: Any) -> Any:
    """Return a value with plain data in place of the graphs and nodes in it."""
    if isinstance(value, Parts):
        return words(value)
    if isinstance(value, NodeSpec):
        return node_words(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return value


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
