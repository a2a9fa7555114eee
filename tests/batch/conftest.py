"""A collection of short clips, and a random machine for them, in the working folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from collection import LEVEL, MACHINES, NAMES, add

from tapegraph.node import registry


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six clips in two folders, and machines.yaml, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_index", None)  # what a test adds is for itself alone
    monkeypatch.setattr(registry, "_found", {})
    Path("machines.yaml").write_text(MACHINES)
    Path("level.yaml").write_text(LEVEL)
    for number, name in enumerate(NAMES):
        add(f"corpus/{name}.wav", number)
    return tmp_path
