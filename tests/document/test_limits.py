"""Graph files of the worst kinds up to the limits: loaded or refused within a moment and within little memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import tapegraph
from tapegraph.errors import TapegraphError
from tapegraph.run import memory

SECONDS = 10.0  # of processor time; a slow machine takes under 3
MEGABYTES = 300.0  # more than the program takes by itself
MEASURE = """
import resource, sys, time
import tapegraph
tapegraph.load("tc260")
start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    tapegraph.load(sys.argv[1] + ".yaml").remarks()
    print("loaded")
except tapegraph.TapegraphError as error:
    print("refused", len(error.problems))
print(time.process_time() - start, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def nodes(node: str, count: int) -> str:
    return "nodes: {" + ", ".join(f"a{k}: {node.format(k)}" for k in range(count)) + "}\n"


def chain(names: Iterable[str]) -> str:
    return f"links: [input -> {' -> '.join(names)} -> output]\n"


def a(count: int) -> list[str]:
    return [f"a{k}" for k in range(count)]


PASS = "{{graph: {{links: [input -> output]}}}}"
GAIN = "{{kind: gain}}"
WORST = {
    "gains in a chain": nodes(GAIN, 6500) + chain(a(6500)),
    "gains side by side": nodes(GAIN, 4000) + "links: [" + ", ".join(f"input -> {n} -> output" for n in a(4000)) + "]",
    "sub-graphs in a chain": nodes(PASS, 3000) + chain(a(3000)),
    "sub-graphs linked backwards": nodes(PASS, 2500)
    + f"links: [a2499 -> output, {', '.join(f'a{k} -> a{k + 1}' for k in reversed(range(2499)))}, input -> a0]",
    "a loop": nodes(GAIN, 4500) + chain([*a(4500), "a0"]),
    "names that there are not": nodes(GAIN, 4000) + chain(f"b{k}" for k in range(4000)),
    "values that are no numbers": nodes("{{kind: gain, gain_db: x}}", 4500) + chain(a(4500)),
    "kinds that there are not": nodes("{{kind: gian{}}}", 6000) + chain(a(6000)),
    "models that there are not": nodes("{{kind: hysteresis, model: m{}}}", 4000) + chain(a(4000)),
    "keys that there are not": "".join(f"k{k}: 1\n" for k in range(19_000)),
    "items": f"title: [{'a,' * 39_000}]",
    "breakpoints": "nodes: {g: {kind: gain}}\nlinks: [input -> g -> output]\nautomation: {g.gain_db: ["
    + ",".join(f"[{k},1]" for k in range(9900))
    + "]}",
    "controls of controls": "nodes: {g: {kind: gain}}\nlinks: [input -> g -> output]\ncontrols: {C0: g.gain_db, "
    + ", ".join(f"C{k}: C{k - 1}" for k in range(1, 250))
    + "}\nautomation: {C249: [[0, 1]]}",
    "commas": f"title: [{'a,' * 400_000}]",
    "2 MB": f"title: {'x' * 2_000_000}",
}


@pytest.mark.skipif(sys.platform == "win32", reason="the module resource is of POSIX")
def test_the_worst_files_are_answered_within_a_moment_and_little_memory(tmp_path: Path) -> None:
    for number, (name, graph) in enumerate(WORST.items()):
        path = tmp_path / f"{number}"
        path.with_suffix(".yaml").write_text(f"tapegraph: 1\n{graph}")
        done = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        _, figures = done.stdout.splitlines()
        seconds, megabytes = map(float, figures.split())
        assert (seconds < SECONDS, megabytes < MEGABYTES) == (True, True), f"{name}: {done.stdout}"


def test_sub_graphs_of_sub_graphs_are_counted_before_they_are_built(tmp_path: Path) -> None:
    """Five files of ten nodes, each of which is the next file, are 10^5 nodes."""
    for level in range(5):
        node = f"{{{{graph: l{level + 1}.yaml}}}}" if level < 4 else GAIN
        (tmp_path / f"l{level}.yaml").write_text(f"tapegraph: 1\n{nodes(node, 10)}{chain(a(10))}")
    with pytest.raises(TapegraphError) as error:
        tapegraph.load(tmp_path / "l0.yaml")
    assert str(error.value).startswith(f"{tmp_path / 'l0.yaml'}:2:")
    assert str(error.value).endswith("with those of sub-graphs there are more than 10000 nodes, the most of a graph")
    assert len(tapegraph.load(tmp_path / "l2.yaml").flat().nodes) == 1000


def nested(levels: int) -> str:
    inner = "{links: [input -> output]}"
    for _ in range(levels - 1):
        inner = f"{{nodes: {{s: {{graph: {inner}}}}}, links: [input -> s -> output]}}"
    return f"tapegraph: 1\nnodes: {{s: {{graph: {inner}}}}}\nlinks: [input -> s -> output]\n"


def test_sub_graphs_are_nested_16_deep_at_most() -> None:
    tapegraph.Graph.from_yaml(nested(16))
    for levels in (17, 30):
        with pytest.raises(TapegraphError, match="more than 16 sub-graphs are within each other$"):
            tapegraph.Graph.from_yaml(nested(levels))


def test_rates_multiplied_through_sub_graphs_end_at_64_times() -> None:
    def graph(outer: int, inner: int) -> tapegraph.Graph:
        node = {"graph": {"nodes": {"g": {"kind": "gain", "oversample": inner}}, "links": ["input -> g -> output"]}}
        return tapegraph.Graph(nodes={"s": {**node, "oversample": outer}}, links=["input -> s -> output"])

    assert graph(8, 8)
    with pytest.raises(TapegraphError) as error:
        graph(8, 16)
    assert error.value.problems[0].message == (
        "s/g runs at 128 times the rate, with the sub-graphs around it; the most is 64"
    )


@pytest.mark.parametrize("number", [0, 65, 100_000_000, 10**400, "01", "²"])
def test_numbered_ports_and_parameters_go_from_1_to_64(number: object) -> None:
    assert tapegraph.Graph(nodes={"m": {"kind": "mix", "weight64": 1}}, links=["input -> m.in64", "m -> output"])
    with pytest.raises(TapegraphError, match=r"m \(mix\) has no input or parameter called in"):
        tapegraph.Graph(nodes={"m": {"kind": "mix"}}, links=[f"input -> m.in{number}", "m -> output"])
    with pytest.raises(TapegraphError, match=r"m \(mix\) has no parameter weight"):
        tapegraph.Graph(nodes={"m": {"kind": "mix", f"weight{number}": 1}}, links=["input -> m -> output"])


def test_a_plan_that_takes_too_much_memory_is_refused_before_it_is_allocated() -> None:
    """A delay of 10 s at 48 kHz and 64 times takes 246 MB a channel: nine of them are over 2147 MB."""
    kinds = {f"d{k}": {"kind": "delay", "oversample": 64} for k in range(9)}
    graph = tapegraph.Graph(nodes=kinds, links=["input -> " + " -> ".join(kinds) + " -> output"])
    with pytest.raises(
        TapegraphError, match="^the graph takes at least 2212 MB of memory .* the most is 2147 MB: lower"
    ):
        graph.render(np.zeros(64), 48_000)
    assert memory.MOST_BYTES == 2**31


def test_a_program_may_make_any_graph_up_to_10000_nodes() -> None:
    gains = {f"g{k}": {"kind": "gain"} for k in range(10_000)}
    links = ["input -> " + " -> ".join(gains) + " -> output"]
    assert len(tapegraph.Graph(nodes=gains, links=links).flat().nodes) == 10_000
    with pytest.raises(TapegraphError, match="nodes has 10001 entries; it may have at most 10000$"):
        tapegraph.Graph(nodes={**gains, "more": {"kind": "gain"}}, links=links)
