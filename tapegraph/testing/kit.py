"""All laws, and a class that tests a node on each of them in pytest."""

from __future__ import annotations

from typing import Any, ClassVar

from tapegraph.testing import audio_thread, denormals, documents, ramps, robustness, state, timing
from tapegraph.testing.law import DoesNotApply, Kind, Law, laws_in


def laws() -> list[Law]:
    """Return every law."""
    modules = (documents, state, robustness, timing, ramps, denormals, audio_thread)
    return [law for module in modules for law in laws_in(module)]


class NodeLaws:
    """Base of a test class in pytest; `node` is a class of nodes or the name of a kind."""

    node: ClassVar[Kind]

    def pytest_generate_tests(self, metafunc: Any) -> None:
        if "law" in metafunc.fixturenames:
            metafunc.parametrize("law", laws(), ids=str)

    def test_law(self, law: Law) -> None:
        import pytest

        try:
            law(self.node)
        except DoesNotApply as reason:
            pytest.skip(str(reason))
