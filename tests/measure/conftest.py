"""What the tests of measurements share: toy nodes as kinds, for the time of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

import tapegraph
from tapegraph.node import registry


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let graphs name the nodes in tests/toys.py."""
    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})
    tapegraph.add_nodes(str(Path(__file__).parent.parent / "toys.py"))
