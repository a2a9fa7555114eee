"""Graphs drawn at random: buffers that are used again change nothing, and paths of any shape meet in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toys import Echo, Ones, Scale, Shift, Two, flat

import tapegraph
from tapegraph.document.flat import FlatGraph, FlatLink, FlatNode
from tapegraph.node.registry import find
from tapegraph.run.engine import Engine
from tapegraph.run.plan import plan
from tapegraph.run.rendering import render

BLOCKS = 40
NOISE = np.random.default_rng(1).uniform(-1, 1, (2, 64 * BLOCKS))
SEEDS = range(60 if tapegraph.COMPILED else 10)
Rng = np.random.Generator
End = tuple[str, str]


def some_node(rng: Rng) -> FlatNode:
    """Return a node that is linear, most of them with a latency or a rate of their own."""
    factor = float(rng.uniform(-0.9, 0.9))
    kinds: list[tuple[type[Any], dict[str, Any]]] = [
        (Scale, {"factor": factor}),
        (Scale, {"factor": factor}),
        (Shift, {"frames_late": float(rng.integers(0, 90))}),
        (Two, {}),
        (find("gain"), {"gain_db": -3.0}),
        (find("mix"), {"mix": 0.25}),
        (find("delay"), {"time_s": 0.025}),
        (find("dc_blocker"), {}),
    ]
    cls, params = kinds[rng.integers(len(kinds))]
    return FlatNode(cls, params, int(rng.choice([1, 1, 1, 2, 4])))


def drawn(rng: Rng) -> FlatGraph:
    """Return a graph: nodes hear up to two earlier ones in each port, some of them are modulated, some feed back."""
    nodes = {f"n{k}": some_node(rng) for k in range(rng.integers(3, 12))}
    heard: list[End] = [("input", "out")]
    links: list[FlatLink] = []
    modulations: list[FlatLink] = []
    if rng.random() < 0.3:
        nodes["ones"] = FlatNode(Ones)
        heard.append(("ones", "out"))

    def some(count: int) -> list[End]:
        return [heard[i] for i in rng.choice(len(heard), min(count, len(heard)), replace=False)]

    for name in [name for name in nodes if name != "ones"]:
        cls = nodes[name].cls
        for number, port in enumerate(cls.INPUTS):
            if number == 0 or rng.random() < 0.6:
                links += [FlatLink(*end, name, port.replace("#", "1")) for end in some(int(rng.integers(1, 3)))]
        if cls is Scale and rng.random() < 0.5:
            modulations += [FlatLink(*end, name, "factor") for end in some(1)]
        heard += [(name, port) for port in cls.OUTPUTS]
    if rng.random() < 0.5:
        nodes |= {"echo": FlatNode(Echo, {"frames_later": 1500.0}), "less": FlatNode(Scale, {"factor": 0.3})}
        back, first = heard[-1], next(link.target_node for link in links if link.target_node != "output")
        links += [
            FlatLink("input", "out", "echo", "in"),
            FlatLink("echo", "out", first, links[0].target_port),
            FlatLink(*back, "less", "in"),
            FlatLink("less", "out", "echo", "in"),
        ]
        heard.append(("echo", "out"))
    links += [FlatLink(*end, "output", "in") for end in {*some(3), heard[-1]}]
    automation: dict[End, tuple[tuple[float, float], ...]] = {}
    if nodes["n0"].cls is Scale:
        automation["n0", "factor"] = ((0.0, 0.5), (0.01, -0.5))
    resampler = str(rng.choice(["linear", "minimum"]))
    return FlatGraph(64, resampler, nodes, tuple(links), tuple(modulations), automation)


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
