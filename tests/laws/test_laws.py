"""Laws that hold for every node. The kinds come from the registry: a new node is covered once its file exists."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import soloist
from soloist import FS, alone, music, settings

from tapegraph.node.registry import find, kinds, source
from tapegraph.run.rendering import Rendering, render
from tapegraph.run.stream import Stream

KINDS = kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_the_output_does_not_depend_on_how_the_input_is_cut(kind: str) -> None:
    graph, x = alone(kind), music()
    whole = render(graph, x, FS)
    pieces = np.split(x, [1, 2, 65, 129, 700, 703, 1300], axis=1)
    np.testing.assert_array_equal(np.concatenate(list(Rendering(graph, FS, 2).blocks(pieces)), axis=1), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_reset_is_as_good_as_new(kind: str) -> None:
    stream, x = Stream(alone(kind), FS, 2), music()
    first = stream.process(x)
    stream.reset()
    np.testing.assert_array_equal(stream.process(x), first)


@pytest.mark.parametrize("kind", KINDS)
def test_the_output_is_finite_at_every_extreme_of_the_parameters(kind: str) -> None:
    x = music(frames=400)
    for params in settings(kind):
        for frequency_fits in (soloist.OVERSAMPLE, 16):
            graph = alone(kind, frequency_fits, **params)
            try:
                out = render(graph, x, FS)
            except ValueError as refused:  # a node may refuse what cannot work, in words
                assert "must be" in str(refused) or "oversample" in str(refused), params
                continue
            assert np.isfinite(out).all(), params
            assert not Stream(graph, FS, 2).warnings(), params
            break


@pytest.mark.parametrize("kind", KINDS)
def test_silence_gives_silence(kind: str) -> None:
    out = render(alone(kind), np.zeros((2, 1000)), FS)
    assert out.any() == find(kind).SOURCE


@pytest.mark.parametrize("kind", KINDS)
def test_a_delayed_input_gives_the_same_output_delayed_by_as_much(kind: str) -> None:
    if find(kind).SOURCE:
        pytest.skip("a source has a time of its own")
    x = music()
    later = np.concatenate([np.zeros((2, 128)), x], axis=1)
    out = render(alone(kind), x, FS, tail=0)
    np.testing.assert_array_equal(render(alone(kind), later, FS, tail=0)[:, 128:], out)


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_recovers_from_any_input(kind: str) -> None:
    """Peaks of 1e6 and what is not a number give finite output; what comes two seconds later is heard again."""
    rng = np.random.default_rng(3)
    junk = rng.choice([np.nan, np.inf, -np.inf, 1e6, -1e6, 0.0, 1.0], (2, 640))
    stream = Stream(alone(kind), FS, 2)
    assert np.isfinite(stream.process(junk)).all()
    stream.process(np.zeros((2, 4800)))
    after = [stream.process(music()) for _ in range(4)]
    assert np.isfinite(after).all()
    assert np.max(np.abs(after[-1])) < 1e3
    if not find(kind).SOURCE:  # what a source makes may be beyond hearing
        assert np.max(np.abs(after[-1])) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_says_what_its_node_does_with_an_equation_and_a_source(kind: str) -> None:
    cls = find(kind)
    text = source(cls).docstring
    assert cls.__name__ == "".join(part.capitalize() for part in kind.split("_"))
    assert cls.__module__.rpartition(".")[2] == kind
    assert re.search(r"^    .*=", text, re.MULTILINE), "an indented equation"
    assert re.search(r"^Sources?: ", text, re.MULTILINE), "a line that begins with Source:"
    assert all(param.meaning for param in cls.PARAMS), "every parameter has a meaning"


@pytest.mark.parametrize("kind", KINDS)
def test_channels_sound_alone_as_they_do_beside_others_where_a_node_says_so(kind: str) -> None:
    coupled_by = find(kind).COUPLED_BY
    if coupled_by is None:
        pytest.skip("its channels hear each other")
    assert set(coupled_by) <= {param.name for param in find(kind).PARAMS}
    x = music(5, 600)
    for params in ({}, *settings(kind)):
        params.update(dict.fromkeys(coupled_by, 0.0))
        graph = alone(kind, 16, **params)
        try:
            whole = render(graph, x, FS, tail=0)
        except ValueError:  # refused, as above
            continue
        for part in (slice(0, 2), slice(2, 3), slice(3, 5), slice(1, 4)):
            np.testing.assert_array_equal(render(graph, x[part], FS, tail=0), whole[part], err_msg=str(params))


def test_compiled_and_interpreted_nodes_sound_equal_to_the_bit() -> None:
    runs = [
        json.loads(
            subprocess.run([sys.executable, inspect.getfile(soloist), *how], capture_output=True, check=True).stdout
        )
        for how in ([], ["interpreted"])
    ]
    assert not runs[1]["compiled"]
    assert runs[0]["hashes"] == runs[1]["hashes"]
