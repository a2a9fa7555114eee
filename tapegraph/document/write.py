"""A graph as plain data under the keys of the file, and as its text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tapegraph.document import text
from tapegraph.document.files import FileName, is_preset_name, marked, placed
from tapegraph.document.parts import NodeSpec, Parts
from tapegraph.document.spec import keys
from tapegraph.document.text import Inline


def to_yaml(spec: Parts, folder: Path | None = None) -> str:
    """Return a graph as the text of a file in a folder; reading it there gives an equal graph.

    Without a folder, files are named by their absolute paths.
    """
    return text.dump(placed(words(spec), folder))


def words(spec: Parts) -> dict[str, Any]:
    """Return a graph as plain data, under the keys of the file and in their order; defaults are left out.

    Files are FileNames.
    """
    values = ((key, getattr(spec, key.name)) for key in keys(type(spec)))
    found = {key.name: plain(value) for key, value in values if key.required or value != key.default}
    if "vars" in found:
        found["vars"] = {name: marked(value, spec, f"${name}") for name, value in found["vars"].items()}
    if "nodes" in found:
        found["nodes"] = {name: node_words(spec, name, node) for name, node in spec.nodes.items()}
    return found


def plain(value: Any) -> Any:
    """Return a value with plain data in place of the graphs in it."""
    if isinstance(value, Parts):
        return words(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return value


def node_words(spec: Parts, name: str, node: NodeSpec) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if node.graph is None:
        found["kind"] = node.kind
    elif node.reference:
        found["graph"] = node.reference if is_preset_name(node.reference) else FileName(node.reference)
    else:
        found["graph"] = words(node.graph)
    for param, value in node.params.items():
        found[param] = marked(value, spec, f"{name}.{param}")
    if node.oversample != 1:
        found["oversample"] = node.oversample
    return found if isinstance(found.get("graph"), dict) else Inline(found)
