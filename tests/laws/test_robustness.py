"""Laws of what may come in: silence, extremes of the parameters, and samples that are no sound."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import soloist
from soloist import FS, alone, music, play, started, variants

from tapegraph.node.registry import find
from tapegraph.run.rendering import Rendering, render
from tapegraph.run.stream import Stream

SILENCE = np.zeros((2, 6400))
JUNK = (np.nan, np.inf, -np.inf, 1e300, -1e300, 1e6)


def test_the_output_does_not_depend_on_how_the_input_is_cut(kind: str) -> None:
    for port in find(kind).OUTPUTS:
        graph, x = alone(kind, port=port), music()
        uncut = render(graph, x, FS)
        pieces = np.split(x, [1, 2, 65, 129, 700, 703, 1300], axis=1)
        np.testing.assert_array_equal(np.concatenate(list(Rendering(graph, FS, 2).blocks(pieces)), axis=1), uncut)


def test_the_output_is_finite_at_every_extreme_of_the_parameters(kind: str) -> None:
    x = music(frames=400)
    for params in soloist.settings(kind):
        for frequency_fits in (soloist.OVERSAMPLE, 16):
            graphs = [alone(kind, frequency_fits, port, **params) for port in find(kind).OUTPUTS]
            try:
                outputs = [render(graph, x, FS, tail=0.1) for graph in graphs]
            except ValueError as refused:  # a node may refuse what cannot work, in words
                assert "must be" in str(refused) or "oversample" in str(refused), params
                continue
            assert np.isfinite(outputs).all(), params
            assert not Stream(graphs[0], FS, 2).warnings(), params
            break


def test_silence_gives_silence(kind: str) -> None:
    for params in variants(kind):
        node = started(kind, **params)
        assert node is not None
        for output in play(node, SILENCE):
            assert output.any() == find(kind).SOURCE, params


@pytest.mark.parametrize("junk", JUNK)
def test_a_node_recovers_from_what_is_no_sound(kind: str, junk: float) -> None:
    """After silence, or else after a reset, sound is heard again; after a reset the output is that of a new node."""
    x = music()
    bad = np.random.default_rng(3).choice([junk, 0.0, 1.0], (2, 256))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of NumPy, that it computes with what is not a number
        for params in variants(kind):
            node = started(kind, **params)
            assert node is not None
            new = play(node, x)
            play(node, bad)
            play(node, SILENCE)
            after = play(node, np.tile(x, 2))
            if not np.isfinite(after).all():
                assert not abs(junk) < 1e12, params  # sound, if loud, leaves nothing that needs a reset
            elif not find(kind).SOURCE:
                assert np.max(np.abs(after)) > 1e-3, params
            node.update()
            node.reset()
            np.testing.assert_array_equal(play(node, x), new, err_msg=str(params))


@pytest.mark.filterwarnings("ignore::tapegraph.SoundWarning")
def test_a_running_graph_recovers_from_what_is_no_sound(kind: str) -> None:
    """Peaks of 1e6 and what is not a number give finite output; what comes two seconds later is heard again."""
    rng = np.random.default_rng(3)
    junk = rng.choice([np.nan, np.inf, -np.inf, 1e6, -1e6, 0.0, 1.0], (2, 640))
    for port in find(kind).OUTPUTS:
        stream = Stream(alone(kind, port=port), FS, 2)
        assert np.isfinite(stream.process(junk)).all()
        stream.process(SILENCE)
        after = [stream.process(music()) for _ in range(4)]
        assert np.isfinite(after).all()
        assert np.max(np.abs(after[-1])) < 1e3
        if not find(kind).SOURCE:  # what a source makes may be beyond hearing
            assert np.max(np.abs(after[-1])) > 1e-3
