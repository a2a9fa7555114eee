"""Streams and rendering: what comes out, how long it is, and that cutting the input changes nothing."""

from __future__ import annotations

import re
import tracemalloc
from typing import Any

import numpy as np
import pytest
from toys import Burst, Count, Echo, Hide, Ones, Scale, Shift, Two, flat

from tapegraph.document.flat import FlatNode
from tapegraph.engine.schedule import Modulation
from tapegraph.errors import SoundWarning, TapegraphError
from tapegraph.run.plan import plan
from tapegraph.run.rendering import Rendering, render
from tapegraph.run.stream import Stream

NOISE = np.random.default_rng(1).uniform(-1, 1, (2, 1000))


def test_rendering_takes_the_latency_out_and_keeps_the_length() -> None:
    graph = flat("input.out>a.in, a.out>output.in", a=FlatNode(Shift, {"frames_late": 77.0}))
    np.testing.assert_array_equal(render(graph, NOISE, 48000), NOISE)


def test_parallel_paths_meet_in_time() -> None:
    graph = flat(
        "input.out>a.in, a.out>b.in, b.out>output.in, input.out>output.in, a.out>output.in",
        a=FlatNode(Shift, {"frames_late": 77.0}),
        b=FlatNode(Shift, {"frames_late": 3.0}),
    )
    np.testing.assert_allclose(render(graph, NOISE, 48000), 3 * NOISE, rtol=1e-15)
    assert plan(graph, 48000, 2).latency == 80


def test_the_inputs_of_one_node_are_aligned_with_each_other() -> None:
    graph = flat(
        "input.out>late.in, late.out>two.a, input.out>two.b, two.b>minus.in, two.a>output.in, minus.out>output.in",
        late=FlatNode(Shift, {"frames_late": 130.0}),
        two=Two,
        minus=FlatNode(Scale, {"factor": -1.0}),
    )
    assert not render(graph, NOISE, 48000).any()


def test_a_generator_starts_when_its_listener_does_without_a_delay_line() -> None:
    graph = flat("input.out>a.in, a.out>output.in, c.out>output.in", a=Shift, c=Count)
    np.testing.assert_array_equal(render(graph, np.zeros(200), 48000), np.arange(5, 205))
    assert plan(graph, 48000, 1).timing.arrival["c"] == 5


def test_one_channel_goes_to_every_channel_it_is_added_to() -> None:
    graph = flat("input.out>output.in, one.out>output.in", one=Ones)
    np.testing.assert_array_equal(render(graph, NOISE, 48000), NOISE + 1)


def test_a_stream_equals_a_rendering_for_any_way_of_cutting() -> None:
    graph = flat("input.out>a.in, a.out>output.in, input.out>output.in", a=Shift, block=16)
    whole = render(graph, NOISE, 48000)
    for seed in range(3):
        cuts = np.sort(np.random.default_rng(seed).integers(0, 1000, 30))
        pieces = np.split(NOISE, cuts, axis=1)
        stream = Stream(graph, 48000, 2)
        out = [stream.process(piece) for piece in pieces]
        assert [o.shape for o in out] == [p.shape for p in pieces]
        joined = np.concatenate([*out, stream.flush()], axis=1)
        np.testing.assert_array_equal(joined[:, stream.latency :], whole)
        rendered = np.concatenate(list(Rendering(graph, 48000, 2).blocks(pieces)), axis=1)
        np.testing.assert_array_equal(rendered, whole)


def test_a_stream_is_as_good_as_new_after_reset() -> None:
    graph = flat("input.out>a.in, a.out>output.in, c.out>output.in", a=Shift, c=Count)
    stream = Stream(graph, 48000, 2)
    first = stream.process(NOISE)
    stream.reset()
    np.testing.assert_array_equal(stream.process(NOISE), first)


@pytest.mark.parametrize("frames", [300, 64, 100])
def test_a_feedback_loop_repeats_exactly_after_the_time_of_its_delay(frames: int) -> None:
    """The block, and the latency of what else is in the loop, are taken off the delay."""
    graph = flat(
        "input.out>echo.in, echo.out>soft.in, soft.out>echo.in, echo.out>output.in, input.out>output.in",
        echo=FlatNode(Echo, {"frames_later": float(frames)}),
        soft=FlatNode(Scale, {"factor": 0.5}),
    )
    impulse = np.zeros(1000)
    impulse[10] = 1
    out = render(graph, impulse, 48000)
    expected = {10: 1.0} | {10 + frames * k: 0.5 ** (k - 1) for k in range(1, 6) if 10 + frames * k < 1000}
    for at, value in expected.items():
        assert out[at] == value
    np.testing.assert_allclose(np.sum(out), 1 + 1 / (1 - 0.5), atol=1e-4)  # the tail ends at -90 dB


def test_the_latency_inside_a_loop_does_not_change_its_period() -> None:
    graph = flat(
        "input.out>echo.in, echo.out>late.in, late.out>soft.in, soft.out>echo.in, echo.out>output.in",
        echo=FlatNode(Echo, {"frames_later": 200.0}),
        late=FlatNode(Shift, {"frames_late": 40.0}),
        soft=FlatNode(Scale, {"factor": 0.5}),
    )
    impulse = np.zeros(900)
    impulse[0] = 1
    out = render(graph, impulse, 48000)
    assert np.flatnonzero(out[:900]).tolist() == [200, 400, 600, 800]


def test_a_loop_fades_out_and_the_rendering_then_ends() -> None:
    graph = flat(
        "input.out>echo.in, echo.out>soft.in, soft.out>echo.in, echo.out>output.in",
        echo=Echo,
        soft=FlatNode(Scale, {"factor": 0.5}),
    )
    out = render(graph, np.ones(100), 8000)
    sounding = 300 * np.ceil(np.log(10 ** (-90 / 20)) / np.log(0.5))
    assert 100 + sounding < len(out) < 100 + sounding + 600


def test_a_loop_without_a_delay_is_named() -> None:
    graph = flat("input.out>a.in, a.out>b.in, b.out>a.in, b.out>output.in", a=Scale, b=Scale)
    with pytest.raises(TapegraphError, match=r"^(a -> b -> a|b -> a -> b) is a loop without a delay in it$"):
        plan(graph, 48000, 1)


def test_automation_is_a_straight_line_in_the_time_of_the_input() -> None:
    """The gain follows the breakpoints to the sample, also behind a node that delays."""
    rate = 64000
    graph = flat(
        "input.out>late.in, late.out>a.in, a.out>output.in",
        automation={("a", "factor"): ((0.0, 0.0), (0.01, 1.0), (0.02, 1.0), (0.03, -1.0))},
        late=FlatNode(Shift, {"frames_late": 64.0}),
        a=Scale,
    )
    out = render(graph, np.ones(3200), rate)
    t = (np.arange(3200) + 1) / rate
    expected = np.interp(t, [0, 0.01, 0.02, 0.03], [0, 1, 1, -1])
    np.testing.assert_allclose(out, expected, atol=1e-12)


def test_a_modulator_adds_to_the_parameter_and_stays_in_its_range() -> None:
    graph = flat(
        "input.out>a.in, a.out>output.in", "c.out>a.factor", a=FlatNode(Scale, {"factor": 0.25}), c=Count, block=64
    )
    out = render(graph, np.ones(640), 48000)
    assert out[63] == 10.0  # 0.25 + 63, held at the maximum
    graph = flat(
        "input.out>a.in, a.out>output.in", "k.out>a.factor", a=FlatNode(Scale, {"factor": 0.25}), k=Ones, block=64
    )
    out = render(graph, np.ones(640), 48000)
    np.testing.assert_allclose(out[64:], 1.25)
    np.testing.assert_allclose(out[:64], 0.25 + np.arange(1, 65) / 64)


def test_a_set_parameter_moves_from_the_next_block_on() -> None:
    stream = Stream(flat("input.out>a.in, a.out>output.in", a=Scale, block=32), 48000, 1)
    before = stream.process(np.ones(64))
    stream.set("a", "factor", 0.0)
    after = np.concatenate([stream.process(np.ones(64)), stream.flush()])
    assert (before[stream.latency :] == 1).all()
    np.testing.assert_allclose(after[31:63], 1 - np.arange(1, 33) / 32)
    assert not after[63:].any()


def test_what_is_not_finite_in_the_input_is_silence_and_is_counted() -> None:
    graph = flat("input.out>output.in")
    x = np.array([1.0, np.nan, np.inf, -np.inf, 2e12, 0.5])
    message = "4 input samples were NaN, infinite or above +240 dBFS and were replaced by silence"
    with pytest.warns(SoundWarning, match=f"^{re.escape(message)}$"):
        np.testing.assert_array_equal(render(graph, x, 48000), [1, 0, 0, 0, 0, 0.5])
    stream = Stream(graph, 48000, 1)
    with pytest.warns(SoundWarning, match=f"^{re.escape(message)}$"):
        stream.process(np.concatenate([x, np.zeros(58)]))
    stream.process(x)  # warns no second time
    assert stream.warnings() == [message]


def test_a_block_that_is_not_finite_is_made_silent_and_the_nodes_start_anew() -> None:
    graph = flat("input.out>a.in, a.out>output.in", a=Burst, block=10)
    with pytest.warns(SoundWarning, match=r"^2 blocks \(10 frames\) from a were NaN"):
        out = render(graph, np.ones(70), 48000)
    np.testing.assert_array_equal(out.reshape(7, 10)[:, 0], [1, 1, 0, 1, 1, 0, 1])
    message = "1 block (10 frames) from a was NaN, infinite or above +240 dBFS; it was silenced at the output and all "
    stream = Stream(graph, 48000, 1)
    with pytest.warns(SoundWarning, match=re.escape(message)):
        stream.process(np.ones(30))
    assert stream.warnings() == [message + "nodes were reset"]


@pytest.mark.parametrize("rate", [1, 4])
def test_the_node_whose_sound_is_not_finite_is_named_though_a_later_node_hides_it(rate: int) -> None:
    nodes = {"a": FlatNode(Burst, {}, rate), "hides": FlatNode(Hide, {}, rate)}
    graph = flat("input.out>a.in, a.out>hides.in, hides.out>output.in", **nodes)  # type: ignore[arg-type]
    with pytest.warns(SoundWarning, match=r"^2 blocks \(64 frames\) from a were NaN"):
        out = render(graph, np.ones(400), 48000)
    assert np.isfinite(out).all()


def test_output_far_above_full_scale_names_the_node_that_it_comes_from() -> None:
    nodes = {name: FlatNode(Scale, {"factor": 10.0}) for name in "abcdefg"}
    links = "input.out>a.in, a.out>b.in, b.out>c.in, c.out>d.in, d.out>e.in, e.out>f.in, f.out>g.in, g.out>output.in"
    with pytest.warns(SoundWarning) as told:
        out = render(flat(links, **nodes), np.ones(64), 48000)  # type: ignore[arg-type]
    assert not out.any()
    assert [str(warning.message) for warning in told] == [
        "1 block (64 frames) of output from g was NaN, infinite or above +120 dBFS; it was silenced and all nodes were "
        "reset"
    ]


def test_a_loop_that_got_out_of_hand_behind_a_limiter_ends_and_is_named() -> None:
    """10 times louder with every round of 64 frames: after 13 rounds at most it is reset and starts again at 1."""
    graph = flat(
        "input.out>echo.in, echo.out>up.in, up.out>echo.in, echo.out>limit.in, limit.out>output.in",
        echo=FlatNode(Echo, {"frames_later": 64.0}),
        up=FlatNode(Scale, {"factor": 10.0}),
        limit=Hide,
    )
    stream = Stream(graph, 48000, 1)
    with pytest.warns(SoundWarning, match="^1 block .* from up was NaN, infinite or above \\+240 dBFS"):
        stream.process(np.ones(20 * 64))
    stream.set("up", "factor", 0.5)
    stream.process(np.ones(64 * 64))
    np.testing.assert_allclose(stream.process(np.ones(64)), 2.0, rtol=1e-9)  # 1 / (1 - 0.5)


def test_channels_that_do_not_fit_together_are_named() -> None:
    graph = flat("input.out>two.a, two.a>output.in", two=FlatNode(Two, where="g.yaml:3:5"))
    with pytest.raises(TapegraphError, match=r"^g.yaml:3:5: two \(two\) gets 6 channels; it takes 4$"):
        plan(graph, 48000, 6)


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (np.ones(4, dtype=np.int16), "audio is of type int16; it must be float32 or float64; divide integers by"),
        (
            np.ones((48000, 2)),
            "channels are 48000; there must be a whole number from 1 to 64; audio is (channels, frames): transpose it",
        ),
        (np.ones((1, 2, 3)), "audio has 3 dimensions; it must be (channels, frames) or one-dimensional"),
    ],
)
def test_audio_of_another_shape_or_type_is_refused(audio: np.ndarray, message: str) -> None:
    with pytest.raises(TapegraphError) as error:
        render(flat("input.out>output.in"), audio, 48000)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("rate", [7999, 384001, float("nan"), "48000", True])
def test_a_sample_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(TapegraphError, match="^sample_rate is"):
        render(flat("input.out>output.in"), np.ones(4), rate)


def test_the_type_and_dimensions_of_the_input_come_back() -> None:
    graph = flat("input.out>output.in")
    assert render(graph, np.ones(5, np.float32), 48000).dtype == np.float32
    assert render(graph, np.ones(5, np.float32), 48000).shape == (5,)
    assert render(graph, np.ones((1, 5)), 48000).shape == (1, 5)
    assert render(graph, np.ones((2, 0)), 48000).shape == (2, 0)


def test_buffers_are_used_again() -> None:
    """A chain of twenty nodes needs no more than three signals: what enters a node, what leaves it, and the sink."""
    names = [f"n{i}" for i in range(20)]
    links = ", ".join(f"{a}.out>{b}.{'in'}" for a, b in zip(["input", *names], [*names, "output"], strict=True))
    nodes: dict[str, Any] = dict.fromkeys(names, Scale)
    planned = plan(flat(links, **nodes), 48000, 1)
    signals = {id(s) for call in planned.calls.values() for s in (*call.x, *call.y)}
    assert len(signals) <= 3


def test_moves_are_made_only_for_what_moves() -> None:
    graph = flat("input.out>a.in, a.out>output.in", a=Scale)
    assert not any(isinstance(step, Modulation) for step in plan(graph, 48000, 1).schedule.steps)


def test_sound_that_has_passed_is_not_kept_in_memory() -> None:
    rendering = Rendering(flat("input.out>a.in, a.out>output.in", a=Scale), 48000, 2)
    block = np.zeros((2, 6400))
    rendering.engine.process(block)
    tracemalloc.start()
    for _ in range(50):
        rendering.engine.process(block)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < block.nbytes


@pytest.mark.parametrize("audio", [NOISE.astype(np.float32), NOISE, NOISE[0]])
def test_what_is_flushed_has_the_form_of_what_was_processed(audio: np.ndarray) -> None:
    graph = flat("input.out>a.in, a.out>output.in", a=FlatNode(Shift, {"frames_late": 77.0}))
    stream = Stream(graph, 48000, 1 if audio.ndim == 1 else 2)
    joined = np.concatenate([stream.process(audio), stream.flush()], axis=-1)
    assert joined.dtype == audio.dtype
    np.testing.assert_array_equal(joined[..., stream.latency :], render(graph, audio, 48000))
