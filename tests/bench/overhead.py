"""What the scheduler itself costs: chains of gains of different lengths, blocks of 64 frames, one channel.

    python tests/bench/overhead.py

The slope over the number of nodes is the cost of one node and block, the gain's own work included; the rest is what a
block costs without any node.
"""

from __future__ import annotations

import time

import numpy as np

import tapegraph

BLOCKS = 20_000
LENGTHS = (1, 10, 20, 40)
RUNS = 7


def seconds(nodes: int) -> float:
    """Return the least time of several runs for BLOCKS blocks through a chain of nodes."""
    graph = tapegraph.chain(**{f"gain{k}": {"kind": "gain"} for k in range(nodes)})
    rendering = graph.rendering(48_000, 1)
    audio = np.random.default_rng(0).uniform(-1, 1, (1, BLOCKS * graph.block))
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        rendering.engine.process(audio)
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    slope, rest = np.polyfit(LENGTHS, [seconds(nodes) / BLOCKS * 1e9 for nodes in LENGTHS], 1)
    print(f"{slope:.0f} ns a node and block, {rest:.0f} ns a block")
