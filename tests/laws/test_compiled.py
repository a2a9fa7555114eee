"""Compiled and interpreted nodes are the same."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys

import pytest
import soloist

import tapegraph


@pytest.mark.skipif(not tapegraph.COMPILED, reason="there is nothing compiled to compare with")
def test_compiled_and_interpreted_nodes_sound_equal_to_the_bit() -> None:
    runs = [
        json.loads(
            subprocess.run([sys.executable, inspect.getfile(soloist), *how], capture_output=True, check=True).stdout
        )
        for how in ([], ["interpreted"])
    ]
    assert not runs[1]["compiled"]
    assert runs[0]["hashes"] == runs[1]["hashes"]
