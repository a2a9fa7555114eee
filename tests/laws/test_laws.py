"""Every law, on every kind of node: those installed, and an outsider's."""

from __future__ import annotations

import pytest

from tapegraph.testing import DoesNotApply, Law, laws


@pytest.mark.parametrize("law", laws(), ids=str)
def test_every_node_keeps_the_law(law: Law, kind: str) -> None:
    try:
        law(kind)
    except DoesNotApply as reason:
        pytest.skip(str(reason))
