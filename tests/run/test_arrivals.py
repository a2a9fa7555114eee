"""When sound reaches each node, where paths differ in latency and rate; and how long it goes on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from toys import Count, Echo, LateByParts, Scale, Shift, Two, flat

from tapegraph.document.flat import FlatGraph, FlatLink, FlatNode
from tapegraph.engine.resample import Upsampler
from tapegraph.run.plan import plan
from tapegraph.run.rendering import render
from tapegraph.run.timing import Timing

FS = 48_000
TONE = np.sin(2 * np.pi * 1000 / FS * np.arange(6000)) * np.hanning(6000)


def timing(graph: FlatGraph) -> Timing:
    return plan(graph, FS, 1).timing


def shift(frames: int, oversample: int = 1) -> FlatNode:
    return FlatNode(Shift, {"frames_late": float(frames)}, oversample)


def echo(frames: int, oversample: int = 1) -> FlatNode:
    return FlatNode(Echo, {"frames_later": float(frames)}, oversample)


def test_the_tail_is_that_of_the_longest_path() -> None:
    """Tails of nodes in a row add up; of parallel paths the longest counts. A node counts at its own rate."""
    links = "input.out>a.in, a.out>b.in, b.out>output.in, input.out>c.in, c.out>output.in"
    assert plan(flat(links, a=echo(1500), b=echo(3000), c=echo(2400)), FS, 1).tail_s == 4500 / FS
    assert plan(flat(links, a=echo(1500), b=echo(3000), c=echo(4800)), FS, 1).tail_s == 4800 / FS
    assert plan(flat(links, a=echo(1500, 2), b=Scale, c=Scale), FS, 1).tail_s == 750 / FS


def test_a_graph_that_feeds_back_has_no_end() -> None:
    graph = flat("input.out>a.in, a.out>b.in, b.out>a.in, b.out>output.in", a=echo(300), b=Scale)
    assert plan(graph, FS, 1).tail_s == math.inf


def test_arrivals_are_whole_frames_of_the_rate_of_the_node() -> None:
    """Five frames at four times the rate are 1.25: where that rate goes on, exactly, and rounded up at the output."""
    at = timing(flat("input.out>a.in, a.out>b.in, b.out>output.in", a=shift(5, 4), b=FlatNode(Scale, {}, 4)))
    up, down = (at.crossings[link] for link in at.graph.links if at.crossings[link])
    assert up % 1 == down % 1 == 0
    assert at.arrival["b"] == up + 1.25
    assert at.arrival["output"] == up + 2 + down


@pytest.mark.parametrize("oversample", range(2, 33))
def test_rounding_does_not_make_a_whole_frame_late(oversample: int) -> None:
    links = "input.out>a.in, a.out>b.in, b.out>c.in, c.out>d.in, d.out>output.in"
    nodes: dict[str, Any] = {name: shift(1, oversample) for name in "abcd"}
    at = timing(flat(links, **nodes))
    assert at.arrival["d"] - at.arrival["a"] == pytest.approx(3 / oversample, abs=1e-9)


def test_a_crossing_between_two_high_rates_is_timed_at_the_lower_of_them() -> None:
    nodes: dict[str, Any] = {"a": FlatNode(Scale, {}, 2), "b": FlatNode(Scale, {}, 4)}
    at = timing(flat("input.out>a.in, a.out>b.in, b.out>output.in", resampler="minimum", **nodes))
    expected, elsewhere = Upsampler(2, "minimum"), Upsampler(2, "minimum")
    expected.fs, elsewhere.fs = 2.0 * FS, 1.0 * FS
    assert expected.latency() != elsewhere.latency()
    assert at.crossings[FlatLink("a", "out", "b", "in")] == expected.latency() / 2


@pytest.mark.parametrize("oversample", [2, 3, 4])
@pytest.mark.parametrize("frames", range(8))
def test_a_path_at_a_higher_rate_cancels_the_same_sound_beside_it(oversample: int, frames: int) -> None:
    """A frame at the graph's rate that is missed would leave 13 % of a tone of 1 kHz, one at 4 times the rate 3 %."""
    graph = flat(
        "input.out>a.in, a.out>output.in, input.out>minus.in, minus.out>output.in",
        a=shift(frames, oversample),
        minus=FlatNode(Scale, {"factor": -1.0}),
    )
    assert np.max(np.abs(render(graph, TONE, FS))) < 2e-3


def test_a_delay_is_rounded_to_the_nearest_frame() -> None:
    """With minimum phase arrivals lie between frames: 5.6 frames are 6, and that is the latency of the rendering."""
    graph = flat(
        "input.out>a.in, a.out>output.in, input.out>output.in",
        resampler="minimum",
        a=FlatNode(LateByParts, {"frames_late": 5.0}),
    )
    at = timing(graph)
    assert plan(graph, FS, 1).latency == at.arrival["output"] == 5.6
    assert at.delay_frames(graph.links[2], at.arrival["output"]) == 6


def test_a_generator_starts_with_the_first_of_its_listeners() -> None:
    graph = flat(
        "input.out>a.in, a.out>b.in, input.out>c.in, c.out>d.in, gen.out>b.in, gen.out>d.in, b.out>output.in, "
        "d.out>output.in",
        a=shift(5),
        b=Scale,
        c=shift(12),
        d=Scale,
        gen=Count,
    )
    assert timing(graph).arrival["gen"] == 5


def test_what_lies_between_a_generator_and_its_listener_makes_it_start_earlier() -> None:
    graph = flat(
        "input.out>a.in, a.out>output.in, gen.out>b.in, b.out>c.in, c.out>output.in",
        a=shift(500),
        b=shift(4, 4),
        c=shift(3),
        gen=Count,
    )
    at = timing(graph)
    up, down = (at.crossings[FlatLink(*ends)] for ends in (("gen", "out", "b", "in"), ("b", "out", "c", "in")))
    assert up > 0 < down
    assert at.arrival["c"] == 497
    assert at.arrival["b"] == 497 - down - 1
    assert at.arrival["gen"] == 497 - down - 1 - up


def test_what_a_loop_takes_is_counted_in_frames_of_the_node_that_closes_it() -> None:
    graph = flat(
        "input.out>echo.in, echo.out>late.in, late.out>echo.in, late.out>output.in", echo=echo(2000, 2), late=shift(40)
    )
    planned = plan(graph, FS, 1)
    up, down = (planned.timing.crossings[graph.links[k]] for k in (0, 1))
    assert planned.nodes["echo"].loop_latency == 128 + 2 * (down + 40 + up)


def test_both_outputs_of_a_node_wait_apart() -> None:
    graph = flat(
        "input.out>two.a, half.out>two.b, input.out>half.in, two.a>output.in, two.b>output.in, input.out>late.in, "
        "late.out>output.in",
        two=Two,
        half=FlatNode(Scale, {"factor": 0.5}),
        late=shift(130),
    )
    np.testing.assert_allclose(render(graph, TONE, FS), 2.5 * TONE, atol=1e-15)


def test_one_sound_waits_for_two_listeners_at_a_higher_rate_as_long_as_each_needs() -> None:
    graph = flat(
        "input.out>x.in, input.out>late.in, late.out>two.a, input.out>two.b, two.b>minus.in, minus.out>output.in, "
        "x.out>output.in",
        x=FlatNode(Scale, {}, 2),
        late=shift(50),
        two=FlatNode(Two, {}, 2),
        minus=FlatNode(Scale, {"factor": -1.0}),
    )
    assert np.max(np.abs(render(graph, TONE, FS))) < 1e-9
