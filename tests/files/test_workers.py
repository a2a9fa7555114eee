"""Rendering in parallel: it ends with its parent, whatever ends that, and one bad file does not stop the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

NODES = '''\
import os, signal, time
from tapegraph import Node, Param

class Slow(Node):
    """Takes as long as the sound."""
    KIND = "slow"
    def process(self, x, y):
        os.write(1, b"running" + bytes([10]))
        time.sleep(0.05)

class Fails(Node):
    """Fails in one way or another where the input begins with a number."""
    KIND = "fails"
    def process(self, x, y):
        if abs(x[0].array[0, 0] - 0.5) < 0.01:
            raise ArithmeticError("planted")
        if abs(x[0].array[0, 0] - 0.25) < 0.01:
            os.kill(os.getpid(), signal.SIGKILL)
        y[0].put(x[0].array)
'''
GRAPH = "{tapegraph: 1, nodes: {a: {kind: KIND}}, links: [input -> a -> output]}"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and processes differ there")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("my.py").write_text(NODES)
    for kind in ("slow", "fails"):
        Path(f"{kind}.yaml").write_text(GRAPH.replace("KIND", kind))
    Path("out").mkdir()
    for name in "abcd":
        soundfile.write(f"{name}.wav", np.full(48_000, 0.1), 48_000)
    return tmp_path


def started(kind: str, *arguments: str) -> subprocess.Popen[str]:
    """Return the program, rendering into the folder out; in a session of its own, as in a terminal of its own."""
    program = [sys.executable, "-B", "-m", "tapegraph", "render", "--graph", f"{kind}.yaml", "--nodes", "my.py"]
    return subprocess.Popen(
        [*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
@pytest.mark.parametrize("to", ["parent", "group"])
def test_no_process_and_no_file_outlives_a_signal(folder: Path, jobs: str, number: str, to: str) -> None:
    if number == "SIGKILL" and (jobs == "1" or to == "group"):
        pytest.skip("nothing can be deleted then")
    program = started("slow", "a.wav", "b.wav", "c.wav", "out", "--jobs", jobs)
    assert program.stdout is not None
    for _ in range(3):
        assert program.stdout.readline() == "running\n"
    (os.killpg if to == "group" else os.kill)(program.pid, getattr(signal, number))
    out, err = program.communicate(timeout=20)  # until no process holds the other end of the pipe
    # By its own clock, which stands still where the machine is busy: a file has 750 blocks, each of which takes 50 ms.
    assert out.count("running") < 60 * int(jobs)
    assert os.listdir("out") == []
    assert program.returncode == (-signal.SIGKILL if number == "SIGKILL" else 128 + getattr(signal, number))
    assert err.strip() == ("interrupted; no incomplete files were kept" if number == "SIGINT" else "")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_error_of_a_node_is_a_line_and_the_other_files_are_rendered(folder: Path, jobs: str) -> None:
    soundfile.write("b.wav", np.full(4800, 0.5), 48_000)
    program = started("fails", "a.wav", "b.wav", "c.wav", "d.wav", "out", "--jobs", jobs)
    _, err = program.communicate(timeout=60)
    assert program.returncode == 1
    assert err.startswith("b.wav: cannot be rendered: ")
    assert err.endswith("my.py:16: a (fails) raised ArithmeticError: planted\n")
    assert len(err.splitlines()) == 1
    assert sorted(os.listdir("out")) == ["a.wav", "c.wav", "d.wav"]


def test_a_process_that_is_killed_costs_one_file(folder: Path) -> None:
    soundfile.write("a.wav", np.full(4800, 0.25), 48_000)
    program = started("fails", "a.wav", "b.wav", "c.wav", "d.wav", "out", "--jobs", "2")
    _, err = program.communicate(timeout=60)
    assert program.returncode == 1
    assert err == "a.wav: a rendering process was killed; fewer jobs need less memory\n"
    assert sorted(os.listdir("out")) == ["b.wav", "c.wav", "d.wav"]


def test_an_error_of_a_node_is_explained_where_channels_are_shared_out(folder: Path) -> None:
    Path("my.py").write_text(NODES.replace('KIND = "fails"', 'KIND = "fails"\n    COUPLED_BY = ()'))
    soundfile.write("six.wav", np.full((4800, 6), 0.5), 48_000)
    program = started("fails", "six.wav", "out", "--jobs", "2")
    _, err = program.communicate(timeout=60)
    assert program.returncode == 1
    assert err.startswith("six.wav: cannot be rendered: ")
    assert err.endswith("my.py:17: a (fails) raised ArithmeticError: planted\n")
    assert os.listdir("out") == []


def test_a_script_without_a_guard_is_told_so(folder: Path) -> None:
    Path("script.py").write_text(
        "import tapegraph\nfrom tapegraph.files.many import render_files\n"
        "graph = tapegraph.load('clean')\nprint(*render_files(graph, ['a.wav', 'b.wav'], 'out', 2))\n"
    )
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "tapegraph.errors.TapegraphError: a rendering process could not be started; a script that renders in parallel"
    )


def test_a_worker_whose_parent_was_killed_ends_without_a_word() -> None:
    script = (
        "import multiprocessing, time; from tapegraph.files import workers\n"
        "workers.receive_tasks = lambda *given: time.sleep(60)  # it has not seen yet that the parent has ended\n"
        "here, there = multiprocessing.Pipe(); here.close(); workers.serve(there, [], print)"
    )
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stderr) == (0, "")
