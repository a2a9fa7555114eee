"""What a node raises, in any of its calls, becomes an error that names the node, its kind, its file and the line."""

from __future__ import annotations

from pathlib import Path

import fake_sounddevice
import numpy as np
import pytest

import tapegraph
from tapegraph.node import registry

FS = 48_000
FILE = """from librt.vecs import vec
from tapegraph import Node, Param, Signal, TapegraphError
class Bad(Node):
    KIND = "bad"
    PARAMS = (Param("amount", 0.0, 0.0, 1.0),)
    def process(self, x, y): y[0].put(x[0].array)
"""
LINE = len(FILE.splitlines()) + 1  # of what a test adds
DIVIDED = "bad.py:{line}: n (bad) raised ZeroDivisionError: division by zero"
# What the class has beside, each in one line, and the error in a folder, with {line} for that of the code.
CASES = {
    "__init__": ("def __init__(self): super().__init__(); 1 / 0", DIVIDED),
    "set": ("def set(self, name, value): 1 / 0", DIVIDED),
    "prepare": (
        "def prepare(self): raise RuntimeError('no disk')",
        "bad.py:{line}: n (bad) raised RuntimeError: no disk",
    ),
    "prepare exits": ("def prepare(self): raise SystemExit(3)", "bad.py:{line}: n (bad) raised SystemExit: 3"),
    "update": ("def update(self): 1 / 0", DIVIDED),
    "reset": ("def reset(self): 1 / 0", DIVIDED),
    "process": ("def process(self, x, y): 1 / 0", DIVIDED),
    "process refuses": (
        "def process(self, x, y): raise TapegraphError('no more')",
        "bad.py:{line}: n (bad): no more",
    ),
    "process exits": ("def process(self, x, y): raise SystemExit(3)", "bad.py:{line}: n (bad) raised SystemExit: 3"),
    "reset exits": ("def reset(self): raise SystemExit", "bad.py:{line}: n (bad) raised SystemExit"),
    "no memory": ("def process(self, x, y): raise MemoryError", "bad.py:{line}: n (bad) raised MemoryError"),
    "wrong shape": (
        "def process(self, x, y): y[0].put(x[0].array[:, :-1])",
        "bad.py:{line}: n (bad) raised ValueError: a block of shape (1, 64) is due, not (1, 63)",
    ),
    "latency": ("def latency(self): 1 / 0", DIVIDED),
    "latency below 0": (
        "def latency(self): return -1000.0",
        "n (bad): latency() returned -1000.0; it must be a number from 0 to 2.88e+06 frames",
    ),
    "latency is text": (
        "def latency(self): return 'x'",
        "n (bad): latency() returned 'x'; it must be a number from 0 to 2.88e+06 frames",
    ),
    "tail": ("def tail(self): 1 / 0", DIVIDED),
    "tail without end": (
        "def tail(self): return float('inf')",
        "n (bad): tail() returned inf; it must be a number from 0 to 3600 s",
    ),
}


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})


def bad_graph(folder: Path, line: str) -> tapegraph.Graph:
    file = folder / "bad.py"
    file.write_text(f"{FILE}    {line}\n")
    registry.add_nodes(file)
    return tapegraph.chain(before={"kind": "gain"}, n={"kind": "bad", "amount": 0.5}, after={"kind": "gain"})


@pytest.mark.parametrize("case", CASES)
def test_what_a_call_raises_names_the_node_and_the_line(case: str, tmp_path: Path) -> None:
    line, message = CASES[case]
    graph = bad_graph(tmp_path, line)
    expected = message.format(line=LINE)
    if expected.startswith("bad.py"):
        expected = f"{tmp_path}/{expected}"
    with pytest.raises(tapegraph.TapegraphError) as caught:
        graph.render(np.ones(640), FS)
    assert str(caught.value) == expected
    with pytest.raises(tapegraph.TapegraphError) as caught:
        graph.stream(FS).process(np.ones(640))
    assert str(caught.value) == expected


@pytest.mark.parametrize("after", [{}, {"after": {"kind": "gain"}}])
@pytest.mark.parametrize(("port", "name"), [("y", "output"), ("x", "input")])
@pytest.mark.parametrize("samples", [0, 1, 63, 65])
def test_a_signal_of_the_wrong_length_names_the_node_that_left_it(
    samples: int, port: str, name: str, after: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    """Not the one that cannot read it, nor the one whose output it is; and before compiled code reads it."""
    file = tmp_path / "bad.py"
    file.write_text(f"{FILE}    def process(self, x, y): {port}[0].samples = vec[float]([0.0] * {samples})\n")
    registry.add_nodes(file)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.chain(before={"kind": "gain"}, n={"kind": "bad"}, **after).render(np.ones(640), FS)
    assert str(caught.value) == f"n (bad) left an {name} of {samples} samples; 64 are due"


def test_a_value_that_a_node_cannot_take_while_sound_runs_names_it(tmp_path: Path) -> None:
    graph = bad_graph(tmp_path, "def update(self): 1 / (self.amount - 1)")
    stream = graph.stream(FS)
    stream.process(np.ones(640))
    graph.set("n.amount", 1.0)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        stream.process(np.ones(640))
    assert str(caught.value) == f"{tmp_path}/bad.py:{LINE}: n (bad) raised ZeroDivisionError: float division by zero"


def test_played_sound_ends_with_the_same_line(tmp_path: Path, card: type[fake_sounddevice.OutputStream]) -> None:
    graph = bad_graph(tmp_path, "def process(self, x, y): 1 / 0")
    with pytest.raises(tapegraph.TapegraphError) as caught, graph.play(np.ones((1, 4800)), FS) as playing:
        playing.wait(10)
    assert str(caught.value) == f"{tmp_path}/bad.py:{LINE}: n (bad) raised ZeroDivisionError: division by zero"


def test_ctrl_c_in_a_node_remains_ctrl_c(tmp_path: Path) -> None:
    for call in ("prepare(self)", "process(self, x, y)"):
        graph = bad_graph(tmp_path, f"def {call}: raise KeyboardInterrupt")
        with pytest.raises(KeyboardInterrupt):
            graph.render(np.ones(64), FS)
