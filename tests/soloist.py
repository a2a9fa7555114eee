"""A registry with an outsider's nodes; and, run as a script, a hash of the sound of each installed kind.

With "interpreted" as argument the compiled modules are passed over and the same sound is made from the sources.
"""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported where it is needed: the script decides first which modules are found
    from tapegraph.node import Node
    from tapegraph.node.registry import Index

OUTSIDER = Path(__file__).parent / "outsider" / "filters"


def with_outsider() -> tuple[Index, dict[str, type[Node]]]:
    """Return the index and the classes of a registry with the outsider's nodes; leave the real one as it is."""
    from tapegraph.node import registry

    real = registry._index, registry._found
    registry._index, registry._found = None, {}
    try:
        registry.add_nodes(OUTSIDER)
        return registry.index(), registry._found
    finally:
        registry._index, registry._found = real


def hashes() -> dict[str, str]:
    from tapegraph.node.registry import kinds
    from tapegraph.run.rendering import render
    from tapegraph.testing.single import FS, alone, music

    return {kind: hashlib.sha256(render(alone(kind), music(), FS).tobytes()).hexdigest() for kind in kinds()}


class SourcesOnly(importlib.abc.MetaPathFinder):
    """Finds our modules as sources, where compiled ones would come first."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not name.startswith("tapegraph"):
            return None
        loader = (importlib.machinery.SourceFileLoader, [".py"])
        finders = (importlib.machinery.FileFinder(folder, loader) for folder in path or sys.path)
        return next((spec for finder in finders if (spec := finder.find_spec(name)) and spec.loader), None)


if __name__ == "__main__":
    if "interpreted" in sys.argv:
        sys.meta_path.insert(0, SourcesOnly())
    import tapegraph

    print(json.dumps({"compiled": tapegraph.COMPILED, "hashes": hashes()}))
