"""Clips that cannot be done: a line each, on stderr and in the manifest, and the others go on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from collection import NAMES, RATE, add, outputs

import tapegraph
from tapegraph.__main__ import main
from tapegraph.batch import manifest
from tapegraph.files.write import Writer

Capture = pytest.CaptureFixture[str]


def batch(*arguments: str) -> int:
    return main(["batch", "machines.yaml", *arguments])


def lines(out: str = "out") -> dict[str, Any]:
    return manifest.read(f"{out}/manifest.jsonl")


BAD = {
    "empty": "contains no sound: it has 0 frames",
    "nothing": "is empty: it has 0 bytes",
    "silent": "is silent: all its samples are 0",
    "nan": "contains NaN or infinity: 2 samples",
    "text": "is not an audio file of a supported kind, or is damaged (Format not recognised)",
    "gone": "there is no such file; did you mean one.wav?",
    "late": "ends before the clip begins, at 5 s",
    "rate": "has 44100 Hz and 1 channel, where most clips have 16000 Hz and 1 channel; --mixed takes any",
    "stereo": "has 16000 Hz and 2 channels, where most clips have 16000 Hz and 1 channel; --mixed takes any",
}


def make_bad() -> None:
    """Write a list of all that can be wrong with a clip, with good ones among them."""
    for seed, name in enumerate(("one", "two", "late")):
        add(f"{name}.wav", seed)
    soundfile.write("empty.wav", np.zeros(0), RATE)
    soundfile.write("silent.wav", np.zeros(800), RATE)
    soundfile.write("nan.wav", np.r_[np.ones(9), np.nan, np.inf] / 2, RATE, "FLOAT")
    Path("nothing.wav").touch()
    Path("text.wav").write_text("not a sound")
    add("rate.wav", 4, rate=44_100)
    add("stereo.wav", 5, channels=2)
    add("short.wav", 6, frames=1)
    rows = [f"{name}.wav,,{name}" for name in ("one", "empty", "nothing", "silent", "nan", "rate", "gone", "stereo")]
    rows += ["text.wav,,text", "late.wav,5,late", "short.wav,,short", "two.wav,,two"]
    Path("list.csv").write_text("\n".join(["path,start,id", *rows, ""]))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bad_clip_is_a_line_and_the_others_go_on(corpus: Path, capsys: Capture, jobs: str) -> None:
    make_bad()
    assert batch("list.csv", "out", "--jobs", jobs) == 1
    found = lines()
    assert {name: line["error"] for name, line in found.items() if line["status"] == "failed"} == BAD
    assert sorted(outputs("out")) == ["one.wav", "short.wav", "two.wav"]
    assert not list(Path("out").glob(".*"))
    err = capsys.readouterr().err.splitlines()
    for name, text in BAD.items():
        assert f"{name}: {Path(f'{name}.wav').absolute()}: {text}" in err
    assert err[-1].startswith("9 failed: ")
    assert set(err[-1].removeprefix("9 failed: ").split(", ")) == BAD.keys()
    assert len(err) == 9 + 1
    before = {name: Path("out", name).stat().st_mtime_ns for name in outputs("out")}
    assert batch("list.csv", "out", "--resume") == 1  # what has failed is tried again
    first, *told, _ = capsys.readouterr().err.splitlines()
    assert first == "3 of 12 clips are done already"
    assert sorted(told) == sorted(err[:-1])
    assert {name: line["error"] for name, line in lines().items() if line["status"] == "failed"} == BAD
    assert before == {name: Path("out", name).stat().st_mtime_ns for name in outputs("out")}


def test_a_clip_that_is_shorter_than_the_latency_of_its_machine_fails_unless_it_is_meant(corpus: Path) -> None:
    Path("late.yaml").write_text("{tapegraph: 1, nodes: {late: {kind: wow}}, links: [input -> late -> output]}")
    graph = tapegraph.load(Path("late.yaml"))
    latency = graph.rendering(RATE, 1).latency
    add("short.wav", 1, frames=latency - 1)
    add("long.wav", 2, frames=latency)
    assert main(["batch", "late.yaml", "corpus/ann/no.wav", "short.wav", "long.wav", "out"]) == 1
    found = lines()
    has_s, needs_s = (latency - 1) / RATE, latency / RATE
    why = f"is {has_s:.3f} s long, shorter than the latency of its machine, {needs_s:.3f} s"
    told = {"no": None, "short": f"{why}; --mixed takes it", "long": None}
    assert {name: line.get("error") for name, line in found.items()} == told
    assert sorted(outputs("out")) == ["long.wav", "no.wav"]
    assert found["no"]["latency_s"] == needs_s
    assert main(["batch", "late.yaml", "short.wav", "long.wav", "out", "--resume", "--mixed"]) == 0
    assert {name: line["warnings"] for name, line in lines().items()} == {"no": [], "long": [], "short": [why]}
    assert main(["batch", "--replay", "out/manifest.jsonl", "short", "again.wav"]) == 0
    x, _ = soundfile.read("short.wav")
    graph.seed = lines()["short"]["draw"]["seed"]
    assert np.array_equal(soundfile.read("again.wav")[0], graph.render(x, RATE, tail=0.0).astype("f4"))


def test_an_output_never_replaces_a_source(corpus: Path) -> None:
    assert batch("corpus/ann/no.wav", "corpus/bob/on.wav", "corpus/ann", "--overwrite") == 1
    found = lines("corpus/ann")
    assert found["no"]["error"] == "is both the source and the output; choose another folder"
    assert found["on"]["status"] == "done"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files, which stands for a disk")
def test_a_full_disk_is_a_line_and_the_others_go_on(corpus: Path) -> None:
    add("corpus/ann/long.wav", 3, 48_000)
    code = (
        "import resource, sys; from tapegraph.__main__ import main; resource.setrlimit(resource.RLIMIT_FSIZE, "
        "(50_000, 50_000)); sys.exit(main(['batch', 'machines.yaml', 'corpus', 'out']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert sorted(outputs("out")) == [f"{name}.wav" for name in NAMES]
    why = f"{Path('out/ann/long.wav')}: could not be finished: File too large; nothing of it was kept"
    assert lines()["ann/long"]["error"] == why
    assert done.stderr.splitlines() == [
        f"ann/long: {Path('corpus/ann/long.wav').absolute()}: {why}",
        "1 failed: ann/long",
    ]


def test_an_encoder_that_fails_leaves_nothing(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writer, "write", lambda self, block: 1 / 0)
    assert batch("corpus/ann", "out") == 1
    assert not outputs("out")
    assert os.listdir("out") == ["manifest.jsonl"]
    assert all("ZeroDivisionError" in line["error"] for line in lines().values())
