"""Graphs drawn at random: buffers that are used again change nothing, and paths of any shape meet in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from random_graphs import drawn
from toys import Scale, Shift, flat

import tapegraph
from tapegraph.document.flat import FlatNode
from tapegraph.run.engine import Engine
from tapegraph.run.plan import plan
from tapegraph.run.rendering import render

BLOCKS = 40
NOISE = np.random.default_rng(1).uniform(-1, 1, (2, 64 * BLOCKS))
SEEDS = range(60 if tapegraph.COMPILED else 10)


@pytest.mark.parametrize("seed", SEEDS)
def test_buffers_that_are_used_again_change_nothing(seed: int) -> None:
    graph = drawn(np.random.default_rng(seed))
    outputs = []
    for reuse in (True, False):
        schedule = plan(graph, 48_000.0, 2, reuse_buffers=reuse).schedule
        outputs.append(np.frombuffer(memoryview(schedule.process(list(NOISE), BLOCKS))))
        assert not schedule.silenced
    assert outputs[0].any()
    np.testing.assert_array_equal(outputs[0], outputs[1])


def test_a_node_that_is_heard_early_and_late_keeps_its_buffer() -> None:
    """a is heard by b at once and, three nodes later, by d."""
    half: dict[str, Any] = {"factor": 0.5}
    graph = flat(
        "input.out>a.in, a.out>b.in, b.out>c.in, c.out>d.in, a.out>d.in, d.out>output.in",
        a=Scale,
        b=FlatNode(Scale, half),
        c=FlatNode(Scale, half),
        d=Scale,
    )
    np.testing.assert_array_equal(render(graph, NOISE, 48_000), NOISE * 1.25)


@pytest.mark.parametrize("seed", SEEDS)
def test_paths_meet_in_time_whatever_the_shape_of_the_graph(seed: int) -> None:
    """Of nodes that scale or shift, the output is the input times the sum over all paths of the product of factors."""
    rng = np.random.default_rng(seed)
    gain, late = {"input": 1.0}, {"input": 0}
    nodes: dict[str, Any] = {}
    links: list[str] = []
    for k in range(rng.integers(3, 12)):
        name, shift = f"n{k}", int(rng.choice([0, 0, 3, 64, 77]))
        factor = float(rng.integers(-2, 3)) / 2.0
        sources = rng.choice(list(gain), min(int(rng.integers(1, 4)), len(gain)), replace=False).tolist()
        links += [f"{source}.out>{name}.in" for source in sources]
        nodes[name] = FlatNode(Shift, {"frames_late": float(shift)}) if shift else FlatNode(Scale, {"factor": factor})
        gain[name] = sum(gain[source] for source in sources) * (1.0 if shift else factor)
        late[name] = max(late[source] for source in sources) + shift
    ends = rng.choice(list(gain), 2, replace=False).tolist()
    graph = flat(", ".join([*links, *(f"{end}.out>output.in" for end in ends)]), **nodes)
    assert Engine(graph, 48_000.0, 2).plan.latency == max(late[end] for end in ends)
    expected = NOISE * sum(gain[end] for end in ends)
    np.testing.assert_allclose(render(graph, NOISE, 48_000, tail=0), expected, atol=1e-9)
