"""Several threads at once on one graph: what they set, read, copy and run, and what waits while nothing runs."""

from __future__ import annotations

import contextlib
import copy
import itertools
import pickle
import random
import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tapegraph
from tapegraph.live.deck import Deck
from tapegraph.run.engine import Engine
from tapegraph.run.pending import FEW, Pending

RATE = 48_000
ROUNDS = 300


@pytest.fixture(autouse=True)
def quick_turns() -> Iterator[None]:
    """Have threads take turns as often as possible, so that a race shows soon."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def at_once(*works: Callable[[], None]) -> None:
    """Run functions in threads of their own, started together; raise the first error of any."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(works))

    def guarded(work: Callable[[], None]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def many_tapes(n: int = 40) -> tapegraph.Graph:
    """A chain of tapes of which the first takes a variable and the others nothing: set() adds parameters to them."""
    nodes: dict[str, dict[str, object]] = {f"t{k}": {"kind": "hysteresis"} for k in range(n)}
    nodes["t0"]["drive"] = "$amount"
    return tapegraph.Graph(
        vars={"amount": 0.5},
        nodes=nodes,
        links=[" -> ".join(["input", *nodes, "output"])],
        controls={"Drive": "t1.drive"},
    )


def test_new_parameters_are_set_beside_variables_values_copies_and_new_streams() -> None:
    graph = many_tapes()
    names = ("drive", "saturation", "bias")

    def parameters() -> None:
        for k in range(1, 40):
            for name in names:
                graph.set(f"t{k}.{name}", 0.25)

    def variables() -> None:
        for k in range(ROUNDS):
            graph.set("$amount", k / ROUNDS)

    def readers() -> None:
        for _ in range(ROUNDS // 10):
            graph.values(["t1.drive", "$amount", "Drive", "t39.bias"])
            graph.to_yaml()
            graph.copy().flat()

    at_once(parameters, variables, readers)
    assert {graph.get(f"t{k}.{name}") for k in range(1, 40) for name in names} == {0.25}
    assert graph.get("$amount") == (ROUNDS - 1) / ROUNDS


def test_a_parameter_that_is_added_while_those_of_a_variable_are_looked_up_is_no_error() -> None:
    graph = many_tapes(2)

    class Interrupted(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            graph.set("t0.saturation", 0.75)  # as another thread may do at any moment
            return str(self) == str(other)

    graph.nodes["t0"].params["drive"] = Interrupted("$amount")
    graph.set("$amount", 0.25)
    assert (graph.get("t0.drive"), graph.get("t0.saturation")) == (0.25, 0.75)


def test_the_value_that_a_graph_keeps_is_the_one_that_runs() -> None:
    graph = tapegraph.chain(gain={})
    other = threading.Thread(target=lambda: graph.set("gain.gain_db", -12.0))

    class Slow(Engine):
        def set(self, node: str, param: str, value: object) -> None:
            super().set(node, param, value)  # type: ignore[arg-type]
            if value == -6.0 and not other.ident:
                other.start()
                other.join(0.1)

    engines = [Slow(graph.flat(), RATE, 1) for _ in range(3)]
    for engine in engines:
        graph.attach(engine)
    graph.set("gain.gain_db", -6.0)
    other.join()
    assert graph.get("gain.gain_db") == -12.0
    for engine in engines:
        engine.apply()
        assert engine.plan.nodes["gain"].gain_db == -12.0  # type: ignore[attr-defined]


def test_what_runs_on_a_graph_comes_and_goes_from_several_threads_and_none_is_lost() -> None:
    graph = tapegraph.chain(gain={})
    engines = [[Engine(graph.flat(), RATE, 1) for _ in range(20)] for _ in range(4)]

    def attach(mine: list[Engine]) -> Callable[[], None]:
        def work() -> None:
            for engine in mine:
                graph.attach(engine)
                graph.detach(engine)
                graph.attach(engine)

        return work

    at_once(*map(attach, engines))
    graph.set("gain.gain_db", -6.0)
    for engine in itertools.chain(*engines):
        engine.apply()
        assert engine.plan.nodes["gain"].gain_db == -6.0  # type: ignore[attr-defined]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), max_size=60), st.integers(1, 20))
def test_what_is_left_of_pending_changes_gives_what_all_would_have_given(
    changes: list[tuple[str, int]], limit: int
) -> None:
    pending: Pending[tuple[str, int]] = Pending(lambda change: change[0])
    pending.limit = limit
    for change in changes:
        pending.add(change)
    taken = list(pending.take())
    assert dict(taken) == dict(changes)
    assert not pending
    last = {name: n for n, (name, _) in enumerate(changes)}
    order = [name for name, _ in reversed(taken)]
    assert list(dict.fromkeys(order)) == sorted(last, key=lambda name: -last[name])


def test_changes_of_a_stream_that_nobody_runs_do_not_grow_and_the_last_ones_are_applied() -> None:
    graph = tapegraph.chain(gain={}, hysteresis={})
    stream = graph.stream(RATE)
    for k in range(20 * FEW):
        graph.set("gain.gain_db", -float(k % 50))
        graph.set("hysteresis.drive", k % 7 / 7)
    assert len(stream.engine.pending.changes) <= FEW
    stream.process(np.zeros(64))
    nodes = stream.engine.plan.nodes
    assert nodes["gain"].gain_db == graph.get("gain.gain_db")  # type: ignore[attr-defined]
    assert nodes["hysteresis"].drive == graph.get("hysteresis.drive")  # type: ignore[attr-defined]


def test_a_graph_that_was_requested_stays_between_what_was_set_before_and_after_it() -> None:
    first, second = tapegraph.chain(gain={}), tapegraph.chain(gain={"gain_db": -40})
    deck = Deck(first.flat(), RATE, 1)
    for k in range(FEW):
        deck.set("gain", "gain_db", -float(k % 9))
    deck.change(second.flat())
    for k in range(FEW):
        deck.set("gain", "gain_db", -20.0 - k % 9)
    deck.change(second.flat())
    assert len(deck.requested.changes) <= FEW
    deck.apply()
    assert [event[2] for _, event in deck.events if isinstance(event, tuple)][-1] == -20.0 - (FEW - 1) % 9
    assert deck.changes() == 2
    assert deck.plan.nodes["gain"].gain_db == -20.0 - (FEW - 1) % 9  # type: ignore[attr-defined]
    assert deck.incoming is not None
    assert deck.incoming.plan.nodes["gain"].gain_db == -40.0  # type: ignore[attr-defined]


def test_changes_are_taken_in_order_while_other_threads_add_more_than_are_kept() -> None:
    pending: Pending[tuple[int, int]] = Pending(lambda change: change[0])
    taken: list[tuple[int, int]] = []
    adding = [True, True]

    def add(thread: int) -> Callable[[], None]:
        def work() -> None:
            for k in range(8 * FEW):
                pending.add((thread, k))
            adding[thread] = False

        return work

    def take() -> None:
        draw = random.Random(3)
        while any(adding):
            if draw.random() < 0.01:
                taken.extend(pending.take())

    at_once(add(0), add(1), take)
    taken.extend(pending.take())
    for thread in (0, 1):
        order = [k for number, k in taken if number == thread]
        assert order == sorted(set(order))
        assert order[-1] == 8 * FEW - 1


def test_sound_is_processed_while_other_threads_set_parameters_and_change_graphs() -> None:
    graph = tapegraph.chain(gain={}, hysteresis={})
    other = tapegraph.chain(gain={"gain_db": -6}, hysteresis={}, more={"kind": "gain"})
    deck = Deck(graph.flat(), RATE, 2)
    graph.attach(deck)
    ended = threading.Event()
    x = np.random.default_rng(7).uniform(-0.5, 0.5, (2, 256))

    def run() -> None:
        while not ended.is_set():
            assert np.isfinite(deck.process(x)).all()

    def turn() -> None:
        for k in range(4 * ROUNDS):
            graph.set("gain.gain_db", -float(k % 40))
            graph.set("hysteresis.drive", k % 11 / 11)

    def exchange() -> None:
        with contextlib.ExitStack() as at_end:
            at_end.callback(ended.set)
            for _ in range(10):
                deck.change(other.flat())
            turn()

    at_once(run, turn, exchange)
    deck.process(x)
    assert deck.plan.nodes["gain"].gain_db == graph.get("gain.gain_db")  # type: ignore[attr-defined]


def test_a_node_of_a_graph_is_copied_and_pickled() -> None:
    graph = tapegraph.chain(tape={"kind": "hysteresis", "drive": 0.25})
    view = graph["tape"]
    same, own, sent = copy.copy(view), copy.deepcopy(view), pickle.loads(pickle.dumps(view))
    view.drive = 0.75
    assert (same.drive, own.drive, sent.drive) == (0.75, 0.25, 0.25)
    sent.drive = 1.0
    assert (view.drive, own.drive, repr(sent)[:26]) == (0.75, 0.25, "hysteresis(solver='exponen")


def test_a_node_without_a_graph_has_no_attributes_rather_than_endless_ones() -> None:
    kind = type(tapegraph.chain(gain={})["gain"])
    with pytest.raises(AttributeError, match="^NodeView has no attribute _graph$"):
        kind.__new__(kind).gain_db  # noqa: B018


def test_without_a_recording_no_list_of_changes_grows(card: object) -> None:
    graph = tapegraph.chain(gain={})
    with graph.live() as running:
        graph.set("gain.gain_db", -6.0)
        while running.deck.requested:
            running.wait(0.01)
        assert not running.deck.events
