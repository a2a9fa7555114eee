"""Batches on clusters: workers that die cost nothing but time, and what a worker needs reaches it."""

from __future__ import annotations

import importlib.util
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collection import NAMES, add, outputs

import tapegraph
from tapegraph.__main__ import main
from tapegraph.batch import manifest
from tapegraph.batch.clips import find_clips
from tapegraph.batch.cluster import Parcel, on_cluster, render_clips
from tapegraph.batch.machines import open_machine
from tapegraph.batch.run import Batch
from tapegraph.batch.work import Job
from tapegraph.errors import TapegraphError
from tapegraph.node import registry

needs_dask = pytest.mark.skipif(not importlib.util.find_spec("distributed"), reason="needs tapegraph[cluster]")
NODE = '''\
import os, time
from tapegraph import Node

class Halves(Node):
    """Half as loud, and slow."""
    KIND = "halves"
    def process(self, x, y):
        time.sleep(0.003)
        y[0].put(0.5 * x[0].array)
'''
GRAPH = """\
tapegraph: 1
nodes: {mine: {kind: halves}, level: {kind: gain}}
links: [input -> mine -> level -> output]
"""


@pytest.fixture
def mine(corpus: Path) -> Path:
    """Random machines with a node of the user's own."""
    Path("mine.py").write_text(NODE)
    Path("level.yaml").write_text(GRAPH)
    return corpus


@needs_dask
@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_a_worker_that_is_killed_costs_nothing_but_time(mine: Path) -> None:
    for seed in range(30):
        add(f"corpus/more/{seed}.wav", seed)
    assert main(["batch", "machines.yaml", "corpus", "serial", "--nodes", "mine.py"]) == 0
    job = Job(open_machine("machines.yaml"), "machines.yaml", "out")
    batch = Batch(job, find_clips(["corpus"], "out"))
    killed, found = 0, []
    for line in batch.run(on_cluster("local", 2)):
        found.append(line)
        if len(found) == 10:
            killed = line["pid"]
            os.kill(killed, signal.SIGKILL)
    assert {line["status"] for line in found} == {"done"}
    pids = [line["pid"] for line in found]
    assert killed not in pids[-10:]
    assert len(set(pids)) >= 2
    assert os.getpid() not in pids
    assert sorted(line["id"] for line in found) == sorted(clip.id for clip in batch.clips)
    assert len(Path("out/manifest.jsonl").read_text().splitlines()) == 36
    assert outputs("out") == outputs("serial")
    assert not list(Path("out").rglob(".*"))
    alone = manifest.read("serial/manifest.jsonl")
    assert all(line["samples_sha256"] == alone[line["id"]]["samples_sha256"] for line in found)


@pytest.fixture
def scheduler() -> Iterator[Any]:
    """A scheduler whose workers are threads of this process."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, host="127.0.0.1", protocol="tcp://"
    ) as cluster:
        yield cluster.scheduler


@needs_dask
def test_a_scheduler_is_reached_by_its_address_and_told_to_be_patient(mine: Path, scheduler: Any) -> None:
    assert scheduler.allowed_failures < 10
    arguments = ["machines.yaml", "corpus", "out", "--nodes", "mine.py", "--scheduler", scheduler.address]
    assert main(["batch", *arguments]) == 0
    assert scheduler.allowed_failures == 10
    assert sorted(outputs("out")) == [f"{name}.wav" for name in NAMES]


@needs_dask
def test_a_scheduler_that_is_not_there_is_a_line(corpus: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tapegraph.batch.cluster.CONNECT", "0.2s")
    assert main(["batch", "machines.yaml", "corpus", "out", "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert capsys.readouterr().err.startswith("tcp://127.0.0.1:9: the scheduler cannot be reached: ")


def test_without_dask_a_scheduler_names_what_is_missing(
    corpus: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["batch", "machines.yaml", "corpus", "out", "--scheduler", "local"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("--scheduler needs a package that is not installed (")
    assert err.endswith("); pip install 'tapegraph[cluster]'\n")


def test_files_of_nodes_reach_a_worker_that_cannot_see_them(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.add_nodes("mine.py")
    clips = find_clips(["corpus/ann"], "out")
    content = Path("mine.py").read_bytes()
    job = pickle.dumps(Job(open_machine("machines.yaml"), "machines.yaml", "out"))
    Path("mine.py").unlink()
    for k, factor in enumerate((b"0.5", b"0.25")):  # edited between two batches
        if k == 0:
            monkeypatch.setattr(registry, "_index", None)  # another process
            monkeypatch.setattr(registry, "_found", {})
        parcel = Parcel(job, {"mine.py": content.replace(b"0.5", factor)}, tapegraph.__version__)
        found = render_clips(parcel, clips)
        assert [line["status"] for line in found] == ["done"] * 3
        line = next(line for line in found if line["draw"]["should_apply"])
        change = line["loudness_out_lufs"] - line["loudness_in_lufs"]
        gain_db = line["draw"]["values"]["level.gain_db"]
        assert change == pytest.approx(gain_db - 6.0206 * (k + 1), abs=1e-3)


def test_a_worker_of_another_version_is_refused(corpus: Path) -> None:
    parcel = Parcel(pickle.dumps(None), {}, "0.0.1")
    with pytest.raises(TapegraphError, match=r"^a worker has tapegraph [\d.]+; it must be 0.0.1, as here$"):
        render_clips(parcel, [])
