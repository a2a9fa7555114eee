"""A/B, bypass and undo, without a user interface and without a sound card."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
import pytest

import tapegraph
from tapegraph.document.model import GraphModel
from tapegraph.errors import TapegraphError
from tapegraph.live.session import Session
from tapegraph.live.slots import Slots


class FakeSession:
    """Takes over graphs as a session does, and refuses blocks of another size."""

    def __init__(self, graph: GraphModel) -> None:
        self.graph, self.gain = graph, 1.0
        self.lock = threading.Lock()

    def change(self, graph: GraphModel, gain: float = 1.0) -> None:
        if graph.block != self.graph.block:
            raise TapegraphError(f"block is {graph.block}")
        self.graph, self.gain = graph, gain

    @contextmanager
    def playing(self) -> Iterator[GraphModel]:
        with self.lock:
            yield self.graph

    def matching(self, graph: GraphModel) -> float:
        return min(1.0, self.gain * float(10 ** ((level_db(self.graph) - level_db(graph)) / 20)))


def level_db(graph: GraphModel) -> float:
    return cast(float, graph.get("level.gain_db")) if graph.nodes else 0.0


def machine(gain_db: float = 0.0, block: int = 64) -> tapegraph.Graph:
    nodes = {"level": {"kind": "gain", "gain_db": gain_db}}
    return tapegraph.Graph(title="A machine", nodes=nodes, links=["input -> level -> output"], block=block)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession(machine())


@pytest.fixture
def slots(session: FakeSession) -> Slots:
    return Slots(cast(Session, session))


def test_undo_takes_back_one_change_at_a_time_and_stops_at_the_first(slots: Slots) -> None:
    slots.set("level.gain_db", -3.0)
    slots.set("level.gain_db", -6.0)
    values = []
    for _ in range(3):
        slots.undo()
        values.append(slots.graph.get("level.gain_db"))
    assert values == [-3.0, 0.0, 0.0]


def test_a_value_that_is_refused_leaves_nothing_to_undo(slots: Slots) -> None:
    with pytest.raises(TapegraphError, match=r"^level\.gain_db is 1000 dB"):
        slots.set("level.gain_db", 1000.0)
    assert not slots.changes


def test_what_was_changed_in_another_graph_is_not_undone(slots: Slots, session: FakeSession) -> None:
    slots.set("level.gain_db", -3.0)
    first = slots.graph
    slots.load(machine(-9.0))
    slots.undo()
    assert (slots.graph.get("level.gain_db"), first.get("level.gain_db")) == (-9.0, -3.0)


def test_the_bypass_plays_the_input_and_keeps_graph_gain_and_undo(slots: Slots, session: FakeSession) -> None:
    graph = session.graph
    session.gain = 0.5
    slots.toggle_bypass()
    assert slots.bypassed
    x = np.random.default_rng(2).uniform(-1, 1, (2, 200))
    np.testing.assert_array_equal(tapegraph.Graph.from_yaml(session.graph.to_yaml()).render(x, 48_000), x)
    assert session.gain == 1.0
    assert slots.graph is graph
    slots.set("level.gain_db", -6.0)  # as while it plays
    slots.undo()
    assert graph.get("level.gain_db") == 0.0
    slots.toggle_bypass()
    assert session.graph is graph
    assert session.gain == 0.5
    assert not slots.bypassed


def test_compare_goes_to_and_fro_between_the_two_slots(slots: Slots, session: FakeSession) -> None:
    first = session.graph
    slots.set("level.gain_db", -6.0)
    assert slots.gain_for(slots.other) == pytest.approx(10 ** (-6 / 20))  # the copy still has 0 dB
    slots.compare(0.5)
    assert (slots.selected, session.gain, slots.graph.get("level.gain_db")) == ("B", 0.5, 0.0)
    slots.compare()
    assert (slots.selected, session.gain) == ("A", 1.0)
    assert slots.graph is first


def bypass(slots: Slots) -> float:
    slots.toggle_bypass(slots.gain_for(slots.behind_bypass()))
    return slots.session.gain


def test_the_louder_of_bypass_and_graph_is_turned_down(session: FakeSession, slots: Slots) -> None:
    slots.load(machine(-6.0))
    assert bypass(slots) == pytest.approx(10 ** (-6 / 20))  # the input, 6 dB louder
    assert bypass(slots) == pytest.approx(1.0)
    slots.load(machine(6.0))
    assert bypass(slots) == 1.0  # it is quieter as it is
    assert bypass(slots) == pytest.approx(10 ** (-6 / 20))
    assert bypass(slots) == pytest.approx(1.0)


def test_a_graph_comes_back_from_the_bypass_no_louder_than_it_was(session: FakeSession, slots: Slots) -> None:
    session.gain = 0.5
    slots.toggle_bypass()
    slots.toggle_bypass(1.0)  # as after silence, when nothing can be measured
    assert session.gain == 0.5


def test_each_graph_after_another_is_no_louder_than_what_was_heard(session: FakeSession, slots: Slots) -> None:
    heard_db = [0.0]
    for gain_db in (4.0, -3.0, 2.0, 0.0, 6.0):
        graph = machine(gain_db)
        slots.load(graph, slots.gain_for(graph))
        heard_db.append(gain_db + 20 * np.log10(session.gain))
    np.testing.assert_allclose(heard_db, [0.0, 0.0, -3.0, -3.0, -3.0, -3.0], atol=1e-9)


def test_without_matching_everything_plays_at_its_own_level(session: FakeSession, slots: Slots) -> None:
    slots.load(machine(6.0), slots.gain_for(machine(6.0)))
    louder = session.graph
    assert session.gain < 0.51
    slots.toggle_matching()
    assert not slots.matched
    assert (session.graph, session.gain) == (louder, 1.0)
    assert slots.gain_for(machine(20.0)) == 1.0
    assert bypass(slots) == bypass(slots) == 1.0
    slots.toggle_matching()
    assert slots.gain_for(machine(20.0)) < 0.21


def test_what_comes_back_from_the_bypass_is_not_turned_down_where_matching_has_ended_meanwhile(slots: Slots) -> None:
    slots.load(machine(6.0), 0.5)
    slots.toggle_bypass()
    slots.toggle_matching()
    assert slots.bypassed
    assert bypass(slots) == 1.0


def test_a_graph_that_cannot_follow_changes_nothing(slots: Slots, session: FakeSession) -> None:
    graph = session.graph
    with pytest.raises(TapegraphError, match="^block is 128$"):
        slots.load(machine(block=128))
    slots.other = machine(block=128)
    with pytest.raises(TapegraphError, match="^block is 128$"):
        slots.compare()
    assert slots.graph is graph
    assert slots.selected == "A"


def test_a_graph_that_is_loaded_ends_the_bypass(slots: Slots) -> None:
    slots.toggle_bypass()
    new = machine(-9.0)
    slots.load(new)
    assert not slots.bypassed
    assert slots.graph is new


def test_what_is_lent_is_the_selected_graph_also_while_it_is_bypassed(slots: Slots, session: FakeSession) -> None:
    graph = session.graph
    slots.toggle_bypass()
    with slots.lend() as lent:
        assert lent is graph
        assert session.lock.locked()
    assert not session.lock.locked()


def test_a_graph_is_saved_under_a_free_name(slots: Slots, tmp_path: Path) -> None:
    paths = [slots.save(tmp_path), slots.save(tmp_path)]
    assert [path.name for path in paths] == ["a_machine_1.yaml", "a_machine_2.yaml"]
    assert tapegraph.load(paths[0]) == slots.graph
