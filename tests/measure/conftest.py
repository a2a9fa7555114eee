"""Measurements play minutes of sound, which takes interpreted nodes too long; they themselves are never compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

import tapegraph


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if tapegraph.COMPILED:
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="interpreted nodes play too slowly"))
