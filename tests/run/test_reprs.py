"""What Python shows of graphs, streams and renderings."""

from __future__ import annotations

from toys import Shift, flat

import tapegraph
from tapegraph.document.flat import FlatNode
from tapegraph.run.rendering import Rendering
from tapegraph.run.stream import Stream


def test_a_graph_says_in_two_short_lines_what_it_is() -> None:
    assert repr(tapegraph.Graph(links=["input -> output"])) == "Graph, 0 nodes"
    first, second = repr(tapegraph.load("cassette")).splitlines()
    assert first.startswith("Graph 'Compact cassette, type I', 11 nodes: record, record_eq, tape, ")
    assert second.startswith("  controls: Input, Drive, ")
    many = tapegraph.chain(**{f"node{k}": {"kind": "gain"} for k in range(99)})
    many.title = "long\n" * 50
    assert len(repr(many)) <= 120
    assert "\n" not in repr(many)


def test_a_stream_and_a_rendering_say_what_they_run() -> None:
    graph = flat("input.out>a.in, a.out>output.in", a=FlatNode(Shift, {"frames_late": 77.0}))
    what = "48000 Hz, channels 2 in, 2 out, blocks of 64 frames"
    assert repr(Stream(graph, 48_000, 2)) == f"Stream: {what}, latency 140 frames (2.92 ms)"  # 77 and 63 for cutting
    assert repr(Rendering(graph, 48_000, 2)) == f"Rendering: {what}, latency 77 frames (1.60 ms)"
