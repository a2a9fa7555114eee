"""How long a rendering is, and what its engine does with what was set and with channels."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from toys import Echo, Hiss, LateByParts, Ones, Scale, Shift, flat

from tapegraph.document.flat import FlatGraph, FlatNode
from tapegraph.errors import SoundWarning, TapegraphError
from tapegraph.node.registry import find
from tapegraph.run.engine import Engine
from tapegraph.run.plan import plan
from tapegraph.run.rendering import Rendering, render
from tapegraph.run.sound import Array
from tapegraph.run.stream import Stream

FS = 8_000
NOISE = np.random.default_rng(1).uniform(-1, 1, (2, 1000))
THROUGH = flat("input.out>output.in")
LATE = flat("input.out>a.in, a.out>output.in", a=FlatNode(Shift, {"frames_late": 77.0}))
ECHO = flat("input.out>a.in, a.out>output.in", a=Echo)


def loop(factor: float, block: int = 64) -> FlatGraph:
    """Return a graph of echoes, each 300 frames, or 2000 with longer blocks, after the last."""
    return flat(
        "input.out>echo.in, echo.out>soft.in, soft.out>echo.in, echo.out>output.in",
        block=block,
        echo=FlatNode(Echo, {"frames_later": 300.0 if block == 64 else 2000.0}),
        soft=FlatNode(Scale, {"factor": factor}),
    )


@pytest.mark.parametrize("level", [1.0, 0.1])
def test_a_loop_is_rendered_until_it_is_90_db_under_its_loudest(level: float) -> None:
    """The 15th echo, 0.5^14, is the last above 10^(-90 / 20); what follows for the 300 frames of the echo decides."""
    rendering = Rendering(loop(0.5), FS, 1)
    frames = sum(block.shape[1] for block in rendering.blocks([np.full((1, 100), level)]))
    ends = 15 * 300 + 100 + 300
    assert ends <= frames <= ends + 3 * 64
    assert not rendering.warnings()
    assert rendering.notes() == [
        f"the output goes on for {(frames - 100) / FS:.2f} s after the input: the graph feeds back, and its tail ends "
        "90 dB below the loudest sample; set a tail in seconds for another length"
    ]


def test_a_faint_loop_ends_at_minus_120_dbfs() -> None:
    """1e-5 / 2^4 is below 1e-6."""
    ends = 4 * 300 + 100 + 300
    assert ends <= len(render(loop(0.5), np.full(100, 1e-5), FS)) <= ends + 3 * 64


def test_a_loop_that_does_not_fade_is_rendered_for_a_minute_and_says_so() -> None:
    message = "the graph feeds back and does not fade: its tail was cut off after 60.00 s; set a tail in seconds for "
    with pytest.warns(SoundWarning, match=f"^{message}another length$"):
        assert len(render(loop(1.0, block=1024), np.ones(2000), FS)) == 2000 + 60 * FS
    render(loop(1.0, block=1024), np.ones(2000), FS, tail=1.0)  # a tail in seconds is what was asked for


def test_sound_between_two_echoes_of_a_long_delay_does_not_end_a_loop() -> None:
    """Clicks 2000 frames apart, with silence between them."""
    x = np.zeros(1024)
    x[0] = 1.0
    out = render(loop(0.5, block=1024), x, FS)
    np.testing.assert_allclose(out[2000:24001:2000], 0.5 ** np.arange(12))


def test_silence_within_the_input_does_not_end_a_rendering() -> None:
    x = np.zeros(14 * FS)
    x[-100:] = 1.0
    out = render(loop(0.0, block=1024), x, FS)
    np.testing.assert_array_equal(out[14 * FS + 1900 : 14 * FS + 2000], np.ones(100))


@pytest.mark.parametrize(("tail", "frames"), [(0.0, 0), (0.25, 2000), (0.00001, 1), ("auto", 300)])
def test_a_tail_is_as_long_as_asked_for_and_rounded_up(tail: float, frames: int) -> None:
    assert render(ECHO, NOISE, FS, tail=tail).shape == (2, 1000 + frames)


@pytest.mark.parametrize("times_s", [(0.1, 1.5), (1.5, 0.1)])
def test_the_tail_is_that_of_a_delay_where_automation_has_moved_it(times_s: tuple[float, float]) -> None:
    """What enters last is heard; the tail is the delay at the end, and 4 frames for its interpolation."""
    first, last = times_s
    delay = FlatNode(find("delay"), {"time_s": first})
    moves = {("d", "time_s"): ((0.0, first), (1.0, last))}
    x = np.zeros(2 * FS)
    x[-100:] = 1.0
    out = render(flat("input.out>d.in, d.out>output.in", automation=moves, d=delay), x, FS)
    assert np.sum(out) == pytest.approx(100.0, rel=1e-3)
    assert 0 <= len(out) - (2 + last) * FS < 64


def test_nothing_has_no_tail() -> None:
    assert render(ECHO, np.zeros((2, 0)), FS).shape == (2, 0)


def test_the_latency_taken_out_is_rounded_to_the_nearest_frame() -> None:
    graph = flat("input.out>a.in, a.out>output.in", resampler="minimum", a=FlatNode(LateByParts, {"frames_late": 5.0}))
    assert Rendering(graph, FS, 1).latency == 6


@pytest.mark.parametrize(("before", "after", "longer"), [(THROUGH, LATE, 77), (LATE, THROUGH, 0)])
def test_a_graph_that_came_in_meanwhile_is_heard_to_its_end(before: FlatGraph, after: FlatGraph, longer: int) -> None:
    """A longer latency makes the rendering longer by that; a shorter one leaves the length."""
    rendering = Rendering(before, FS, 2)
    pieces = []
    for piece in rendering.blocks([NOISE[:, :640], NOISE[:, 640:]]):
        pieces.append(piece)
        rendering.engine.plan = plan(after, FS, 2)
    assert np.concatenate(pieces, axis=1).shape == (2, 1000 + longer)


def test_a_long_sound_goes_through_in_pieces() -> None:
    class Watched(Engine):
        longest: ClassVar[int] = 0

        def process(self, audio: Array) -> Array:
            Watched.longest = max(Watched.longest, audio.shape[1])
            return super().process(audio)

    rendering = Rendering(THROUGH, FS, 1, engine=Watched)
    assert sum(piece.shape[1] for piece in rendering.blocks([np.zeros((1, 100_000))])) == 100_000
    assert Watched.longest == 1 << 13


def test_what_was_set_before_a_reset_is_there_at_its_first_frame() -> None:
    stream = Stream(flat("input.out>a.in, a.out>output.in", a=Scale, block=16), FS)
    stream.process(np.ones(40))
    stream.set("a", "factor", 2.0)
    stream.reset()
    np.testing.assert_array_equal(stream.process(np.ones(40))[15:], np.full(25, 2.0))


def test_of_two_values_the_one_that_was_set_last_counts() -> None:
    stream = Stream(flat("input.out>a.in, a.out>output.in", a=Scale, block=16), FS)
    stream.set("a", "factor", 2.0)
    stream.set("a", "factor", 3.0)
    assert stream.process(np.ones(64))[-1] == 3.0


def test_what_modulates_a_parameter_goes_on_when_it_is_set() -> None:
    nodes: dict[str, Any] = {"a": FlatNode(Scale, {"factor": 0.25}), "k": FlatNode(Ones)}
    stream = Stream(flat("input.out>a.in, a.out>output.in", "k.out>a.factor", **nodes), FS)
    stream.process(np.ones(256))
    stream.set("a", "factor", 0.5)
    assert stream.process(np.ones(256))[-1] == 1.5


def test_a_modulated_parameter_stays_above_its_minimum() -> None:
    nodes: dict[str, Any] = {
        "a": FlatNode(Scale, {"factor": -8.0}),
        "k": Ones,
        "down": FlatNode(Scale, {"factor": -5.0}),
    }
    graph = flat("input.out>a.in, a.out>output.in, k.out>down.in", "down.out>a.factor", **nodes)
    assert render(graph, np.ones(640), FS)[-1] == -10.0


def test_noise_is_that_of_its_seed_node_and_channel_however_the_channels_are_shared_out() -> None:
    def hiss(channels: int, first_channel: int, seed: int = 5, name: str = "hiss") -> Array:
        nodes: dict[str, Any] = {name: Hiss}
        graph = flat(f"{name}.out>output.in", seed=seed, **nodes)
        return Engine(graph, FS, channels, first_channel).process(np.zeros((channels, 640)))

    together = hiss(5, 0)
    for first, channels in ((0, 2), (2, 1), (1, 4)):
        np.testing.assert_array_equal(hiss(channels, first), together[first : first + channels])
    other = [*together, *hiss(1, 0, seed=6), *hiss(1, 0, name="hum")]
    assert len({sound.tobytes() for sound in other}) == 7


def test_a_node_is_made_for_its_own_rate_and_block() -> None:
    node = plan(flat("input.out>a.in, a.out>output.in", a=FlatNode(Scale, {}, 4)), FS, 2).nodes["a"]
    assert (node.name, node.fs, node.frames, node.channels) == ("a", 4 * FS, 256, 2)


def test_a_delay_in_a_loop_is_refused_where_the_loop_takes_longer() -> None:
    """96 frames are more than a block, but not more than a block and 100 frames."""
    graph = flat(
        "input.out>d.in, d.out>late.in, late.out>d.in, d.out>output.in",
        d=FlatNode(find("delay"), {"time_s": 0.002}),
        late=FlatNode(Shift, {"frames_late": 100.0}),
    )
    with pytest.raises(TapegraphError, match=r"^d \(delay\): time_s is 0.002 s; in a loop it must be at least 0.00341"):
        plan(graph, 48_000, 1)


def test_the_output_has_as_many_channels_as_the_input_also_where_one_is_made() -> None:
    out = render(flat("one.out>output.in", one=Ones), NOISE, FS)
    np.testing.assert_array_equal(out, np.ones((2, 1000)))


def test_signals_with_other_numbers_of_channels_do_not_meet() -> None:
    class Trio(Ones):
        KIND: ClassVar[str] = "trio"
        CHANNELS: ClassVar[int] = 3

    nodes: dict[str, Any] = {"a": Scale, "trio": Trio}
    graph = flat("input.out>a.in, trio.out>a.in, a.out>output.in", **nodes)
    message = "a receives 2 channels from input but 3 from other links; signals that meet must have one channel or "
    with pytest.raises(TapegraphError, match=f"^{message}equally many$"):
        plan(graph, FS, 2)


def test_one_channel_and_two_meet_before_they_are_resampled() -> None:
    graph = flat("one.out>a.in, input.out>a.in, a.out>output.in", one=Ones, a=FlatNode(Scale, {}, 2))
    x = np.stack([np.zeros(2000), np.sin(2 * np.pi * 100 / FS * np.arange(2000))])
    np.testing.assert_allclose(render(graph, x, FS)[:, 500:-500], 1.0 + x[:, 500:-500], atol=1e-3)


def test_a_stream_begins_anew_after_flush_and_after_a_with_block() -> None:
    with Stream(ECHO, FS, 2) as stream:  # its echoes come after flush()
        first = stream.process(NOISE)
        stream.flush()
        np.testing.assert_array_equal(stream.process(NOISE), first)
    np.testing.assert_array_equal(stream.process(NOISE), first)


def test_a_stream_takes_as_many_channels_as_it_was_opened_for() -> None:
    with pytest.raises(TapegraphError, match="^audio has 1 channel; this stream was opened for 2$"):
        Stream(THROUGH, FS, 2).process(NOISE[:1])


def test_the_output_is_not_overwritten_by_nodes_that_run_after_all_its_sources() -> None:
    """It is the buffer of its only source, which others may not reuse in the same block."""
    half = FlatNode(Scale, {"factor": 0.5})
    dead_ends = "a.out>b.in, b.out>c.in, c.out>d.in, d.out>e.in"
    graph = flat(f"input.out>a.in, a.out>output.in, {dead_ends}", a=half, b=half, c=half, d=half, e=half)
    np.testing.assert_array_equal(render(graph, NOISE, FS), 0.5 * NOISE)
