"""The parts of live sound that need no card: the ring, the exchange of graphs, qualities, the watched file."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import tapegraph
from tapegraph.live.deck import FADE_S, WARM_UP_S, Deck
from tapegraph.live.quality import lowered
from tapegraph.live.recorder import Recorder
from tapegraph.live.ring import Ring
from tapegraph.ui.watch import Watch

RATE = 48_000
RAMP = [(0.0, 0.0), (1.0, -20.0)]


@given(st.integers(1, 20), st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=30))
def test_what_goes_into_the_ring_comes_out_in_order(size: int, turns: list[tuple[int, int]]) -> None:
    ring = Ring(size, 2)
    given_, taken = 0, 0
    for wanted_in, wanted_out in turns:
        numbers = np.arange(given_, given_ + wanted_in, dtype=np.float32)
        n = ring.write(np.stack([numbers, -numbers], axis=1))
        assert n == min(wanted_in, size - (given_ - taken))
        given_ += n
        out = np.full((wanted_out, 2), np.nan, np.float32)
        m = ring.read(out)
        assert m == min(wanted_out, given_ - taken)
        np.testing.assert_array_equal(out[:m, 0], np.arange(taken, taken + m))
        np.testing.assert_array_equal(out[:m, 1], -out[:m, 0])
        taken += m


def through(deck: Deck, x: np.ndarray, frames: int = 256) -> np.ndarray:
    return np.concatenate([deck.process(block) for block in np.split(x, x.shape[1] // frames, axis=1)], axis=1)


def test_a_graph_comes_in_by_a_cross_fade_and_then_sounds_as_if_it_had_always_played() -> None:
    old, new = (tapegraph.chain(gain={"gain_db": db}) for db in (0.0, -6.0))
    deck = Deck(old.flat(), RATE, 1)
    x = np.ones((1, 24 * 256))
    deck.change(new.flat())
    y = through(deck, x)[0]
    start, end = round(WARM_UP_S * RATE), round((WARM_UP_S + FADE_S) * RATE)
    assert (y[: start + 1] == 1.0).all()
    middle = (start + end) // 2
    assert y[middle] == pytest.approx((1.0 + 10 ** (-6 / 20)) / 2, abs=1e-12)
    np.testing.assert_allclose(y[end:], 10 ** (-6 / 20), rtol=1e-14)
    slope = np.pi / 2 * (1 - 10 ** (-6 / 20)) / (end - start)  # the steepest that sin^2 can be
    assert np.max(np.abs(np.diff(y))) <= slope
    assert deck.incoming is None


def test_of_two_graphs_in_quick_succession_the_second_stays() -> None:
    graphs = [tapegraph.chain(gain={"gain_db": db}) for db in (0.0, -6.0, -12.0)]
    deck = Deck(graphs[0].flat(), RATE, 1)
    deck.change(graphs[1].flat())
    y = [through(deck, np.ones((1, 10 * 256)))]
    deck.change(graphs[2].flat())
    y.append(through(deck, np.ones((1, 60 * 256))))
    whole = np.concatenate(y, axis=1)[0]
    assert whole[-1] == pytest.approx(10 ** (-12 / 20), rel=1e-12)
    assert np.max(np.abs(np.diff(whole))) < 1e-3


def test_a_move_during_the_cross_fade_reaches_both_graphs() -> None:
    old, new = tapegraph.chain(a={"kind": "gain"}, b={"kind": "gain"}), tapegraph.chain(a={"kind": "gain"})
    deck = Deck(old.flat(), RATE, 1)
    deck.change(new.flat())
    deck.set("a", "gain_db", -6.0)
    deck.set("b", "gain_db", 0.0)  # which the new graph has not
    y = through(deck, np.ones((1, 40 * 256)))[0]
    np.testing.assert_allclose(y[256:], 10 ** (-6 / 20), rtol=1e-12)


def test_a_graph_of_other_blocks_or_channels_is_refused_while_sound_runs() -> None:
    deck = Deck(tapegraph.chain(gain={}).flat(), RATE, 1)
    other = tapegraph.Graph(nodes={"a": {"kind": "gain"}}, links=["input -> a -> output"], block=128)
    with pytest.raises(tapegraph.TapegraphError, match="^block is 128; while sound runs it must stay 64$"):
        deck.change(other.flat())


def settings(graph: tapegraph.Graph, quality: str) -> dict[str, tuple[object, int]]:
    flat = lowered(graph.flat(), quality)  # type: ignore[arg-type]
    return {name: (node.params.get("solver"), node.oversample) for name, node in flat.nodes.items()}


def test_a_lower_quality_takes_quicker_solvers_and_less_oversampling() -> None:
    graph = tapegraph.chain(
        exact={"kind": "hysteresis", "solver": "nr8", "oversample": 8},
        old={"kind": "hysteresis", "solver": "v1", "oversample": 2},
        level={"kind": "gain"},
    )
    before = graph.to_yaml()
    assert settings(graph, "draft") == {"exact": ("rk2", 1), "old": ("v1", 1), "level": (None, 1)}
    assert settings(graph, "live") == {"exact": ("rk4", 2), "old": ("v1", 2), "level": (None, 1)}
    assert lowered(graph.flat(), "render") == graph.flat()
    assert graph.to_yaml() == before


def test_a_bias_oscillator_and_the_tape_it_feeds_keep_their_rate() -> None:
    graph = tapegraph.load("explicit_bias")
    graph.set("tape.solver", "rk4")
    at = settings(graph, "draft")
    assert at["bias"][1] == at["tape"][1] == 16
    assert at["tape"][0] == "rk2"


def test_a_saved_file_is_noticed_once_also_when_another_takes_its_place(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("1")
    watch = Watch(file)
    assert not watch.changed()
    file.write_text("12")
    assert [watch.changed(), watch.changed(), watch.changed()] == [
        False,
        True,
        False,
    ]  # it may be half written at first
    (tmp_path / "b.yaml").write_text("34")
    os.replace(tmp_path / "b.yaml", file)
    assert [watch.changed(), watch.changed(), watch.changed()] == [False, True, False]
    file.unlink()
    assert not watch.changed()


def test_files_of_nodes_are_watched_with_the_graph_and_new_ones_are_noticed(tmp_path: Path) -> None:
    graph, folder = tmp_path / "a.yaml", tmp_path / "nodes"
    folder.mkdir()
    for file in (graph, folder / "half.py", tmp_path / "one.py"):
        file.write_text("1")
    watch = Watch(graph, (folder, tmp_path / "one.py"))
    assert not watch.changed()
    for file in (folder / "half.py", folder / "new.py", tmp_path / "one.py", graph):
        file.write_text("123")
        assert [watch.changed(), watch.changed(), watch.changed()] == [False, True, False], file
    (folder / "_draft.py").write_text("1")
    assert [watch.changed(), watch.changed()] == [False, False]


def test_a_recording_that_is_full_keeps_what_it_has_and_counts_the_rest(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "take.wav", RATE, 2)
    recorder.most_frames = 100
    sound = np.random.default_rng(0).uniform(-1, 1, (160, 2)).astype(np.float32)
    recorder.take(sound[:60])
    recorder.take(sound[60:])
    recorder.close()
    assert (recorder.lost, recorder.full) == (0, 60)
    np.testing.assert_array_equal(soundfile.read(tmp_path / "take.wav", dtype="float32")[0], sound[:100])


def test_a_disk_that_is_too_slow_loses_frames_and_counts_them(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "take.wav", 8000, 1)
    recorder.ending.set()
    recorder.thread.join()  # nobody writes any more
    recorder.take(np.zeros((recorder.ring.size + 7, 1), np.float32))
    assert recorder.lost == 7
    recorder.close()


def test_automation_goes_on_where_the_graph_is_exchanged_and_warnings_are_kept() -> None:
    graph = tapegraph.Graph(
        nodes={"gain": {"kind": "gain"}}, links=["input -> gain -> output"], automation={"gain.gain_db": RAMP}
    )
    deck = Deck(graph.flat(), RATE, 1)
    x = np.ones((1, RATE))
    x[0, 100] = x[0, 24_100] = np.nan  # the second one is heard by both graphs
    first = deck.process(x[:, :24_000])
    deck.change(graph.flat())
    second = deck.process(x[:, 24_000:])
    whole = graph.render(np.nan_to_num(x), RATE)
    # A gain that moves follows its target by 5 ms. The new graph starts without that lag and takes it on while it fades
    # in, by a quarter in each block; automation that began anew would be wrong by 0.1 and more.
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, atol=1e-5)
    assert deck.warnings() == ["2 input samples were NaN, infinite or above +240 dBFS and were replaced by silence"]


def test_a_graph_that_has_been_faded_out_is_not_freed_in_the_audio_thread() -> None:
    deck = Deck(tapegraph.chain(gain={}).flat(), RATE, 1)
    first = weakref.ref(deck.plan)
    deck.change(tapegraph.chain(gain={}).flat())
    deck.process(np.zeros((1, RATE // 4 * 4)))
    assert first() is not None
    deck.change(tapegraph.chain(gain={}).flat())
    gc.collect()
    assert first() is None
