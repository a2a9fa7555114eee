"""Laws of what may come in: silence, extremes of the parameters, and samples that are not sound."""

from __future__ import annotations

import warnings

import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.run.rendering import Rendering, render
from tapegraph.run.sound import Array
from tapegraph.run.stream import Stream
from tapegraph.testing.law import Kind, node_class, require, require_equal
from tapegraph.testing.single import FS, alone, music, play, settings, times_the_rate, variants
from tapegraph.testing.state import ready

JUNK = (np.nan, np.inf, -np.inf, 1e300, -1e300, 1e6)


def silence() -> Array:
    return np.zeros((2, 6400))


def the_output_does_not_depend_on_how_the_input_is_cut(kind: Kind) -> None:
    for port in node_class(kind).OUTPUTS:
        graph, x = alone(kind, times_the_rate(kind), port), music()
        uncut = render(graph, x, FS)
        pieces = np.split(x, [1, 2, 65, 129, 700, 703, 1300], axis=1)
        cut = np.concatenate(list(Rendering(graph, FS, 2).blocks(pieces)), axis=1)
        require(cut.shape == uncut.shape, f"the output {port} is {cut.shape[1]} frames long, not {uncut.shape[1]}")
        require_equal(cut, uncut, f"the output {port} differs where the input comes in pieces")


def the_output_is_finite_at_every_extreme_of_the_parameters(kind: Kind) -> None:
    x = music(frames=400)
    for params in settings(kind):
        for frequency_fits in (times_the_rate(kind), 16):
            graphs = [alone(kind, frequency_fits, port, **params) for port in node_class(kind).OUTPUTS]
            try:
                outputs = [render(graph, x, FS, tail=0.1) for graph in graphs]
            except TapegraphError as refused:  # a node may refuse what cannot work, in words
                in_words = "must be" in str(refused) or "oversample" in str(refused)
                require(in_words, f"it does not say what is allowed: {refused}", params)
                continue
            require(np.isfinite(outputs).all(), "the output is not finite", params)
            stream = Stream(graphs[0], FS, 2)
            stream.process(x)
            require(not stream.warnings(), "; ".join(stream.warnings()), params)
            break


def silence_gives_silence(kind: Kind) -> None:
    source = node_class(kind).SOURCE
    for params in variants(kind):
        for port, output in zip(node_class(kind).OUTPUTS, play(ready(kind, **params), silence()), strict=True):
            found = f"the output {port} is silent; SOURCE says it is not" if source else f"the output {port} sounds"
            require(bool(output.any()) == source, f"{found}, with silence at the input", params)


def a_node_recovers_from_what_is_not_sound(kind: Kind, junk: tuple[float, ...] = JUNK) -> None:
    """After silence, or else after a reset, sound comes out again; after a reset the output is that of a new node."""
    x = music()
    for value in junk:
        bad = np.random.default_rng(3).choice([value, 0.0, 1.0], (2, 256))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of NumPy, that it computes with what is not a number
            for params in variants(kind):
                node = ready(kind, **params)
                new = play(node, x)
                play(node, bad)
                play(node, silence())
                after = play(node, np.tile(x, 2))
                if not np.isfinite(after).all():  # sound, if loud, leaves nothing that needs a reset
                    require(not abs(value) < 1e12, f"samples of {value:g} make it not finite for good", params)
                elif not node_class(kind).SOURCE:
                    require(np.max(np.abs(after)) > 1e-3, f"after samples of {value:g} it remains silent", params)
                node.update()
                node.reset()
                what = f"after samples of {value:g} and a reset the output is not that of a new node"
                require_equal(play(node, x), new, what, params)


def a_running_graph_recovers_from_what_is_not_sound(kind: Kind) -> None:
    """Peaks of 1e6 and what is not a number give finite output; what comes two seconds later comes out again."""
    rng = np.random.default_rng(3)
    junk = rng.choice([np.nan, np.inf, -np.inf, 1e6, -1e6, 0.0, 1.0], (2, 640))
    for port in node_class(kind).OUTPUTS:
        stream = Stream(alone(kind, times_the_rate(kind), port), FS, 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is something to recover from
            require(np.isfinite(stream.process(junk)).all(), f"the output {port} is not finite")
            stream.process(silence())
            after = [stream.process(music()) for _ in range(4)]
        require(np.isfinite(after).all(), f"the output {port} is not finite after the junk has ended")
        peak = float(np.max(np.abs(after[-1])))
        require(peak < 1e3, f"the output {port} still peaks at {peak:.3g} after the junk has ended")
        if not node_class(kind).SOURCE:  # what a source makes may be beyond hearing
            require(peak > 1e-3, f"the output {port} remains silent after the junk has ended")
