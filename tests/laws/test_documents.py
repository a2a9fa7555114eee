"""Laws of the file of a node, and that compiled and interpreted nodes are the same."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys

import soloist

from tapegraph.node.registry import find, source


def test_a_file_says_what_its_node_does_with_an_equation_and_a_source(kind: str) -> None:
    cls = find(kind)
    text = source(cls).docstring
    assert cls.__name__ == "".join(part.capitalize() for part in kind.split("_"))
    assert source(cls).path.stem == kind
    assert re.search(r"^    .*=", text, re.MULTILINE), "an indented equation"
    assert re.search(r"^Sources?: ", text, re.MULTILINE), "a line that begins with Source:"
    assert all(param.meaning for param in cls.PARAMS), "every parameter has a meaning"


def test_compiled_and_interpreted_nodes_sound_equal_to_the_bit() -> None:
    runs = [
        json.loads(
            subprocess.run([sys.executable, inspect.getfile(soloist), *how], capture_output=True, check=True).stdout
        )
        for how in ([], ["interpreted"])
    ]
    assert not runs[1]["compiled"]
    assert runs[0]["hashes"] == runs[1]["hashes"]
