"""Object stores: clips are found, read and written there as in folders, and outputs appear there whole."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collection import NAMES, outputs

from tapegraph.__main__ import main
from tapegraph.batch import manifest, places

needs_fsspec = pytest.mark.skipif(not importlib.util.find_spec("fsspec"), reason="needs tapegraph[remote]")
needs_s3 = pytest.mark.skipif(
    not (importlib.util.find_spec("s3fs") and importlib.util.find_spec("moto")), reason="needs s3fs and moto"
)


@pytest.fixture
def memory() -> Iterator[Any]:
    """A store in memory."""
    import fsspec

    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    yield store
    store.store.clear()


def fill(store: Any, root: str) -> None:
    for name in NAMES:
        store.pipe_file(f"{root}/raw/{name}.wav", Path(f"corpus/{name}.wav").read_bytes())


def check(store: Any, root: str, address: str, *options: str) -> None:
    """Run a batch from a store into it, and look at what is there then; the same outputs as in folders."""
    fill(store, root)
    assert main(["batch", "machines.yaml", "corpus", "out"]) == 0
    assert main(["batch", "machines.yaml", f"{address}/raw/", f"{address}/taped", *options]) == 0
    names = {name.removeprefix(f"{root}/taped/").lstrip("/") for name in store.find(f"{root}/taped")}
    assert names == {*(f"{name}.wav" for name in NAMES), "manifest.jsonl"}
    assert {f"{name}.wav": store.cat_file(f"{root}/taped/{name}.wav") for name in NAMES} == outputs("out")
    here, there = (manifest.read(f"{place}/manifest.jsonl") for place in ("out", f"{address}/taped"))
    assert {name: line["samples_sha256"] for name, line in here.items()} == {
        name: line["samples_sha256"] for name, line in there.items()
    }
    assert {line["source"] for line in there.values()} == {f"{address}/raw/{name}.wav" for name in NAMES}


@needs_fsspec
def test_a_store_takes_the_place_of_folders(corpus: Path, memory: Any, capsys: Any) -> None:
    check(memory, "/bucket", "memory://bucket")
    capsys.readouterr()
    memory.rm_file("/bucket/taped/ann/no.wav")
    memory.pipe_file("/bucket/raw/bob/on.wav", Path("corpus/bob/no.wav").read_bytes() + b"\0")
    assert main(["batch", "machines.yaml", "memory://bucket/raw/", "memory://bucket/taped", "--resume"]) == 0
    assert capsys.readouterr().err == "4 of 6 clips are done already; 2 more have changed and are made anew\n"
    assert len(manifest.read("memory://bucket/taped/manifest.jsonl")) == 6
    assert main(["batch", "--replay", "memory://bucket/taped/manifest.jsonl", "ann/yes", "again.wav"]) == 0
    assert Path("again.wav").read_bytes() == memory.cat_file("/bucket/taped/ann/yes.wav")
    arguments = ["memory://bucket/raw/", "memory://bucket/taped", "--overwrite", "--format", "flac"]
    assert main(["batch", "machines.yaml", *arguments]) == 0
    assert sorted(memory.find("/bucket/taped/ann")) == [f"/bucket/taped/{name}.flac" for name in NAMES[:3]]


@needs_fsspec
def test_patterns_and_lists_in_a_store(corpus: Path, memory: Any) -> None:
    fill(memory, "/bucket")
    memory.pipe_file(
        "/bucket/raw/list.csv", b"path,start,end\nann/no.wav,0.01,0.02\nmemory://bucket/raw/bob/on.wav,,\n"
    )
    assert main(["batch", "machines.yaml", "memory://bucket/raw/*/yes.wav", "memory://bucket/raw/list.csv", "out"]) == 0
    found = manifest.read("out/manifest.jsonl")
    assert list(found) == ["ann/yes", "bob/yes", "ann/no-0.01-0.02", "on"]
    assert found["ann/no-0.01-0.02"]["frames"] == 160


@needs_fsspec
def test_a_store_that_fails_is_tried_again(corpus: Path, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(memory, "/bucket")
    failures = iter([OSError("lost"), ConnectionError("lost"), None, OSError("lost")])
    whole = type(memory).get_file

    def get_file(self: Any, *given: Any, **options: Any) -> None:
        if error := next(failures, None):
            raise error
        whole(self, *given, **options)

    monkeypatch.setattr(type(memory), "get_file", get_file)
    assert main(["batch", "machines.yaml", "memory://bucket/raw/", "out"]) == 0
    assert len(outputs("out")) == 6
    failures = iter([OSError("lost")])
    assert main(["batch", "machines.yaml", "memory://bucket/raw/", "again", "--retries", "0"]) == 1
    errors = [line["error"] for line in manifest.read("again/manifest.jsonl").values() if line["status"] == "failed"]
    assert errors == ["cannot be reached: lost"]
    assert main(["batch", "machines.yaml", "memory://bucket/gone.wav", "gone"]) == 1
    assert manifest.read("gone/manifest.jsonl")["gone"]["error"] == "there is no such file"


@needs_fsspec
def test_nothing_is_left_of_copies(corpus: Path, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(corpus / "temporary"))
    fill(memory, "/bucket")
    assert main(["batch", "machines.yaml", "memory://bucket/raw/", "memory://bucket/out"]) == 0
    assert os.listdir("temporary") == []


@needs_fsspec
def test_the_last_copy_serves_the_next_clip(corpus: Path, memory: Any) -> None:
    fill(memory, "/bucket")
    copies = places.Copies()
    first = copies.local("memory://bucket/raw/ann/no.wav")
    first.write_bytes(b"kept")
    assert copies.local("memory://bucket/raw/ann/no.wav").read_bytes() == b"kept"
    other = copies.local("memory://bucket/raw/bob/no.wav")
    assert other.exists()
    assert not first.exists()
    copies.discard()
    assert not other.exists()


def test_without_fsspec_an_address_names_what_is_missing(
    corpus: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    assert main(["batch", "machines.yaml", "s3://bucket/raw/", "out"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("s3://bucket/raw/: needs more packages (")
    assert err.endswith("); pip install 'tapegraph[remote]'\n")


@needs_s3
def test_s3_takes_the_place_of_folders(corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    import fsspec

    program = "from moto.server import ThreadedMotoServer as S; s = S('127.0.0.1', 0, verbose=False); "
    program += "s.start(); print(*s.get_host_and_port(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        _, port = server.stdout.readline().split()
        for name, value in (
            ("ENDPOINT_URL", f"http://127.0.0.1:{port}"),
            ("ACCESS_KEY_ID", "a"),
            ("SECRET_ACCESS_KEY", "b"),
        ):
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        store = fsspec.filesystem("s3")
        store.mkdir("bucket")
        check(store, "bucket", "s3://bucket", "--jobs", "2")
        capsys.readouterr()
        store.pipe_file("bucket/raw/bob/on.wav", store.cat_file("bucket/raw/bob/no.wav"))
        assert main(["batch", "machines.yaml", "s3://bucket/raw/", "s3://bucket/taped", "--resume"]) == 0
        assert capsys.readouterr().err == "5 of 6 clips are done already; 1 more have changed and are made anew\n"
        server.kill()
