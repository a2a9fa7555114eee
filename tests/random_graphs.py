"""Graphs drawn at random: nodes with latencies, rates and ports of their own, some modulated, some that feed back."""

from __future__ import annotations

from typing import Any

import numpy as np
from toys import Echo, Ones, Scale, Shift, Two

from tapegraph.document.flat import FlatGraph, FlatLink, FlatNode
from tapegraph.node.registry import find

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
