"""A few seconds of the fuzzers, with fixed seeds; each runs for as long as you like from the command line."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from fuzz import graphs, weights
from tapegraph.document.schema import schema
from tapegraph.node import registry


def test_what_must_hold_of_any_graph_holds_of_graphs_drawn_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_index", None)  # without nodes that other tests have added
    monkeypatch.setattr(registry, "_found", {})
    outcomes, failures = graphs.run(100, 1, jsonschema.Draft7Validator(schema()))
    assert not failures, "\n".join(failures)
    assert min(outcomes["loaded"], outcomes["refused"]) > 10  # both sides are tried


def test_what_must_hold_of_any_file_of_weights_holds_of_changed_ones(tmp_path: Path) -> None:
    outcomes, failures = weights.run(300, 1, tmp_path)
    assert not failures, "\n".join(failures)
    assert min(outcomes["loaded"], outcomes["refused"]) > 10
