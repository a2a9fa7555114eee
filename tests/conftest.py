"""What all tests share: a sound card that is not there, and a look at the extensions before anything is tested.

Extensions that are older than their sources are refused: they would hide every later edit.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import fake_sounddevice
import pytest


def pytest_sessionstart(session: pytest.Session) -> None:
    stale = []
    for package in ("tapegraph", "tapegraph_nodes"):
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            pytest.exit(f"{package} is not installed; run pip install -e '.[dev]'", returncode=1)
        for folder in map(Path, spec.submodule_search_locations):
            for extension in [*folder.rglob("*.so"), *folder.rglob("*.pyd")]:
                source = extension.with_name(extension.name.partition(".")[0] + ".py")
                if source.exists() and source.stat().st_mtime > extension.stat().st_mtime:
                    stale.append(source.name)
    if stale:
        pytest.exit(f"older than their source: {', '.join(stale)}; run python -P tapegraph/_build.py", returncode=1)


def pytest_report_header() -> str:
    import tapegraph

    return f"tapegraph {tapegraph.__version__}, {'compiled' if tapegraph.COMPILED else 'interpreted'}"


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> type[fake_sounddevice.OutputStream]:
    """Have sounddevice list and open cards that ask for sound and drop it."""
    monkeypatch.setitem(sys.modules, "sounddevice", fake_sounddevice)
    return fake_sounddevice.OutputStream
