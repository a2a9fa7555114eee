"""Batches: the same files however they are made, a line for each clip, and what is done again and what is not."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from collection import LEVEL, MACHINES, NAMES, RATE, add, outputs

import tapegraph
from tapegraph.__main__ import main
from tapegraph.batch import manifest
from tapegraph.batch.clips import Clip, find_clips
from tapegraph.batch.machines import open_machine
from tapegraph.batch.replay import replayed
from tapegraph.batch.run import Batch, Shard
from tapegraph.batch.work import Job
from tapegraph.commands.batch import Screen

Lines = dict[str, dict[str, Any]]
Capture = pytest.CaptureFixture[str]


def batch(*arguments: str) -> int:
    return main(["batch", "machines.yaml", *arguments])


def lines(out: str = "out", name: str = "manifest.jsonl") -> Lines:
    """Return the lines of a manifest, of which there is one for each clip."""
    text = Path(out, name).read_text("utf-8").splitlines()
    found = {line["id"]: line for line in map(json.loads, text)}
    assert len(found) == len(text)
    return found


def test_an_output_is_its_clip_through_the_machine_that_its_line_states(corpus: Path) -> None:
    assert batch("corpus", "out") == 0
    gains = {}
    for name, line in lines().items():
        x, _ = soundfile.read(f"corpus/{name}.wav")
        y, rate = soundfile.read(f"out/{line['out']}", dtype="float32")
        gains[name] = line["draw"]["values"]["level.gain_db"] if line["draw"]["should_apply"] else 0.0
        assert np.allclose(y, x * 10 ** (gains[name] / 20), rtol=1e-6)
        assert (line["sample_rate"], line["channels"], line["frames"]) == (rate, 1, len(x)) == (RATE, 1, 800)
        assert line["bytes"] == Path("out", line["out"]).stat().st_size
        assert line["peak_dbfs"] == pytest.approx(20 * np.log10(np.max(np.abs(y))), abs=1e-3)
        assert line["loudness_out_lufs"] - line["loudness_in_lufs"] == pytest.approx(gains[name], abs=1e-3)
    assert list(gains) == NAMES
    assert len(set(gains.values())) > 3
    assert all(-20.0 <= gain <= 0.0 for gain in gains.values())


def test_files_are_the_same_alone_with_others_and_in_shards(corpus: Path) -> None:
    assert batch("corpus", "out") == 0
    assert batch("corpus", "two", "--jobs", "2") == 0
    assert outputs("out") == outputs("two")
    assert len(outputs("out")) == 6
    for shard in ("1/3", "2/3", "3/3"):
        assert batch("corpus", "parts", "--shard", shard) == 0
    assert outputs("parts") == outputs("out")
    shares = [lines("parts", f"manifest-{shard}-of-3.jsonl").keys() for shard in (1, 2, 3)]
    assert sorted(name for share in shares for name in share) == NAMES
    assert max(map(len, shares)) < 6


def test_a_shard_depends_on_the_id_alone_and_shards_are_of_equal_size() -> None:
    counts = np.zeros(4)
    for k in range(4000):
        found = [n for n in range(1, 5) if Shard(n, 4).has(Clip(f"clip{k}", "a.wav"))]
        assert len(found) == 1
        counts[found[0] - 1] += 1
    assert np.all(np.abs(counts - 1000) < 5 * np.sqrt(4000 * 0.25 * 0.75))
    # SHA-256 of "abc", FIPS 180-2, B.1: it ends in ...15ad
    assert Shard(1 + 0xBA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD % 7, 7).has(Clip("abc", ""))


def test_another_epoch_draws_other_machines(corpus: Path) -> None:
    assert batch("corpus", "out") == 0
    assert batch("corpus", "next", "--epoch", "1") == 0
    first, second = lines("out"), lines("next")
    assert all(first[name]["draw"] != second[name]["draw"] for name in NAMES if first[name]["draw"]["should_apply"])
    assert {line["epoch"] for line in second.values()} == {1}


def test_a_graph_is_a_machine_without_chance(corpus: Path) -> None:
    Path("quiet.yaml").write_text(Path("level.yaml").read_text().replace("kind: gain", "kind: gain, gain_db: -6"))
    assert main(["batch", "quiet.yaml", "corpus/ann/no.wav", "out"]) == 0
    assert main(["render", "corpus/ann/no.wav", "alone.wav", "--graph", "quiet.yaml", "--tail", "0"]) == 0
    assert Path("out/no.wav").read_bytes() == Path("alone.wav").read_bytes()
    assert main(["batch", "clean", "corpus/ann/no.wav", "preset"]) == 0
    assert main(["batch", "claen", "corpus/ann/no.wav", "none"]) == 1


def test_parts_of_a_file_are_cut_where_the_list_says(corpus: Path) -> None:
    Path("list.csv").write_text("path,start,end,id\ncorpus/ann/no.wav,0.01,0.03,a\ncorpus/ann/no.wav,0.04,1,b\n")
    assert main(["batch", "level.yaml", "list.csv", "out"]) == 0
    x, _ = soundfile.read("corpus/ann/no.wav", dtype="float32")
    assert np.array_equal(soundfile.read("out/a.wav", dtype="float32")[0], x[160:480])
    assert np.array_equal(soundfile.read("out/b.wav", dtype="float32")[0], x[640:])
    assert lines()["b"]["warnings"] == ["the clip ends 0.950 s early, where the file does"]


@pytest.mark.parametrize("kind", ["flac", "mp3", "ogg"])
def test_a_part_is_the_same_in_kinds_that_seek_and_in_those_that_do_not(corpus: Path, kind: str) -> None:
    add("long.wav", 1, 48_000)
    x, _ = soundfile.read("long.wav")
    soundfile.write(f"long.{kind}", x, RATE)
    Path("list.csv").write_text(f"path,start,end,id\nlong.{kind},1.5,2.5,a\nlong.{kind},,,all\n")
    assert main(["batch", "level.yaml", "list.csv", "out", "--format", "wav", "--subtype", "FLOAT"]) == 0
    assert np.array_equal(soundfile.read("out/a.wav")[0], soundfile.read("out/all.wav")[0][24_000:40_000])


@pytest.mark.parametrize("kind", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_clip_that_no_machine_is_drawn_for_keeps_its_samples(corpus: Path, kind: str) -> None:
    x = np.random.default_rng(1).uniform(-0.5, 0.5, 800)
    soundfile.write("as_it_is.wav", x, RATE, kind)
    Path("none.yaml").write_text("{tapegraph-random: 1, p: 0, graphs: [tc260]}")
    assert main(["batch", "none.yaml", "as_it_is.wav", "out"]) == 0
    assert main(["batch", "none.yaml", "as_it_is.wav", "named", "--subtype", kind]) == 0
    for out in ("out", "named"):
        found = soundfile.read(f"{out}/as_it_is.wav")[0]
        assert np.array_equal(found, soundfile.read("as_it_is.wav")[0])
    assert main(["batch", "none.yaml", "as_it_is.wav", "fewer", "--subtype", "PCM_U8"]) == 0
    error = (soundfile.read("fewer/as_it_is.wav")[0] - soundfile.read("as_it_is.wav")[0]) * 2**7
    assert np.max(np.abs(error)) > 0.75  # only dither goes beyond half a step
    assert main(["batch", "--replay", "out/manifest.jsonl", "as_it_is", "again.wav"]) == 0
    assert Path("again.wav").read_bytes() == Path("out/as_it_is.wav").read_bytes()


def test_an_empty_manifest_is_nothing_to_keep(corpus: Path) -> None:
    Path("out").mkdir()
    Path("out/manifest.jsonl").touch()  # left by a batch whose scheduler could not be reached
    assert batch("corpus", "out") == 0
    assert list(lines()) == NAMES


def test_a_subtype_that_the_outputs_cannot_have_is_one_mistake(corpus: Path, capsys: Capture) -> None:
    soundfile.write("corpus/ann/other.flac", np.full(800, 0.1), RATE)
    assert batch("corpus", "out", "--subtype", "FLOAT") == 1
    told = f"{Path('ann/other.flac')}: subtype is FLOAT; flac takes one of PCM_S8, PCM_16, PCM_24\n"
    assert capsys.readouterr().err == told
    assert not Path("out").exists()
    assert batch("corpus", "out", "--subtype", "FLOAT", "--format", "wav") == 0


def test_a_batch_is_not_begun_where_it_would_replace_something(corpus: Path, capsys: Capture) -> None:
    assert batch("corpus/ann", "out") == 0
    assert batch("corpus/ann", "out") == 1
    there = Path("out/manifest.jsonl")
    assert f"{there}: exists already; --resume goes on, --overwrite does all again" in capsys.readouterr().err
    there.unlink()
    assert batch("corpus/ann", "out") == 1
    assert f"{Path('out/no.wav')}: exists already; it is replaced only with --overwrite" in capsys.readouterr().err
    assert batch("corpus/ann", "out", "--overwrite") == 0
    assert batch("corpus/ann", "out", "--overwrite", "--resume") == 2
    assert batch("corpus/ann", "") == 2  # as of a variable that is not set: not the folder that one is in


def made(out: str = "out") -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in Path(out).rglob("*.wav")}


def test_resuming_does_what_is_missing_and_keeps_the_rest(corpus: Path, capsys: Capture) -> None:
    assert batch("corpus", "whole") == 0
    assert batch("corpus/", "out") == 0
    before = made()
    text = Path("out/manifest.jsonl").read_bytes().splitlines(keepends=True)
    Path("out/manifest.jsonl").write_bytes(b"".join([*text[3:5], text[0], text[1][:200]]))  # killed within a line
    Path("out/ann/no.wav").write_bytes(b"cut")  # as a power failure leaves it
    capsys.readouterr()
    assert batch("corpus", "out", "--resume", "--jobs", "2") == 0
    err = capsys.readouterr().err
    assert err.splitlines() == ["2 of 6 clips are done already; 1 more have changed and are made anew"]
    assert lines().keys() == lines("whole").keys()
    assert outputs("out") == outputs("whole")
    kept = {path for path, at in made().items() if before[path] == at}
    assert kept == {str(Path(f"out/{json.loads(line)['out']}")) for line in text[3:5]}
    assert batch("corpus", "out", "--resume") == 0
    assert "6 of 6 clips are done already" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["source", "machine", "graph", "subtype", "epoch", "version", "nodes"])
def test_resuming_does_again_what_has_changed(corpus: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    assert batch("corpus", "out") == 0
    before, options = made(), []
    if what == "source":
        add("corpus/bob/no.wav", 99)
    elif what == "machine":
        Path("machines.yaml").write_text(MACHINES.replace("[-20, 0]", "[-19, 0]"))
    elif what == "graph":
        Path("level.yaml").write_text(Path("level.yaml").read_text().replace("kind: gain", "kind: gain, oversample: 2"))
    elif what == "subtype":
        options = ["--subtype", "PCM_16"]
    elif what == "epoch":
        options = ["--epoch", "1"]
    elif what == "version":
        monkeypatch.setattr(tapegraph, "__version__", "0.0.0")
    else:
        Path("mine.py").write_text(SLOW)
        options = ["--nodes", "mine.py"]
    assert batch("corpus", "out", "--resume", *options) == 0
    changed = {path for path, at in made().items() if before[path] != at}
    assert changed == ({str(Path("out/bob/no.wav"))} if what == "source" else before.keys())
    assert len(lines()) == 6


def test_more_clips_can_join_a_batch(corpus: Path) -> None:
    assert batch("corpus", "out") == 0
    add("corpus/ann/maybe.wav", 9)
    before = made()
    assert batch("corpus", "out", "--resume") == 0
    assert before.items() < made().items()
    assert len(lines()) == 7


def test_a_damaged_manifest_is_not_trusted(corpus: Path, capsys: Capture) -> None:
    assert batch("corpus", "out") == 0
    path = Path("out/manifest.jsonl")
    path.write_bytes(b"{}\n" + path.read_bytes())
    assert batch("corpus", "out", "--resume") == 1
    assert f"{path}:1: not a line of a manifest; without this file a batch begins anew\n" in capsys.readouterr().err


def test_a_line_becomes_the_same_samples_again(corpus: Path, capsys: Capture) -> None:
    assert batch("corpus", "out") == 0
    for name, line in manifest.read("out/manifest.jsonl").items():
        samples, rate = replayed(line)
        assert rate == RATE
        assert np.array_equal(samples[0].astype("f4"), soundfile.read(f"out/{name}.wav", dtype="float32")[0])
    capsys.readouterr()
    assert main(["batch", "--replay", "out/manifest.jsonl", "bob/yes", "again.wav"]) == 0
    assert Path("again.wav").read_bytes() == Path("out/bob/yes.wav").read_bytes()
    assert main(["batch", "--replay", "out/manifest.jsonl", "bob/yse", "other.wav"]) == 1
    path = Path("out/manifest.jsonl")
    assert capsys.readouterr().err == f"{path}: has no clip called bob/yse; did you mean bob/yes?\n"


@pytest.mark.parametrize("what", ["source", "machine", "sound"])
def test_a_line_that_would_become_something_else_is_refused(corpus: Path, capsys: Capture, what: str) -> None:
    assert batch("corpus", "out") == 0
    capsys.readouterr()
    if what == "source":
        add("corpus/ann/no.wav", 99)
        expected = f"{Path('corpus/ann/no.wav').absolute()}: has changed since ann/no was made of it"
    elif what == "machine":
        Path("machines.yaml").write_text(MACHINES.replace("-20", "-21"))
        expected = f"{Path('machines.yaml').absolute()}: has changed since it made ann/no"
    else:
        path = Path("out/manifest.jsonl")
        path.write_text(path.read_text().replace('"samples_sha256": "', '"samples_sha256": "0'))
        expected = "ann/no does not become what its line says"
    assert main(["batch", "--replay", "out/manifest.jsonl", "ann/no", "again.wav"]) == 1
    assert capsys.readouterr().err == f"{expected}\n"
    assert not Path("again.wav").exists()


@pytest.mark.parametrize(
    ("edited", "message"),
    [
        ({"spec": None}, "cannot be made again: spec in its line is None, which no batch writes"),
        ({"draw": 3}, "cannot be made again: draw in its line is 3, which no batch writes"),
        ({"start_s": float("nan")}, "start_s is nan; it must be a number of seconds from 0"),
        ({"end_s": -1}, "end_s is -1; it must be a number of seconds from 0"),
        ({"status": "gone"}, "has failed: its line does not say why"),
    ],
)
def test_a_line_that_somebody_edited_is_refused(
    corpus: Path, capsys: Capture, edited: dict[str, Any], message: str
) -> None:
    assert batch("corpus/ann/no.wav", "out") == 0
    line = manifest.read("out/manifest.jsonl")["no"] | edited
    Path("edited.jsonl").write_text(json.dumps(line) + "\n")
    capsys.readouterr()
    assert main(["batch", "--replay", "edited.jsonl", "no", "again.wav"]) == 1
    assert capsys.readouterr().err.removeprefix("no ") == f"{message}\n"


SLOW = '''\
import time
from tapegraph import Node

class Slow(Node):
    """Takes its time."""
    KIND = "slow"
    def process(self, x, y):
        time.sleep(0.02)
        y[0].put(x[0].array)
'''


def started(*arguments: str) -> subprocess.Popen[str]:
    """Return the program at work on clips that take a quarter of a second each; one of them is done."""
    Path("slow.py").write_text(SLOW)
    Path("slow.yaml").write_text("{tapegraph: 1, nodes: {a: {kind: slow}}, links: [input -> a -> output]}")
    program = [sys.executable, "-m", "tapegraph", "batch", "slow.yaml", "corpus", "out", "--nodes", "slow.py"]
    process = subprocess.Popen(
        [*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    end = time.monotonic() + 30
    while not outputs("out"):
        assert time.monotonic() < end
        time.sleep(0.01)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals that end a process")
@pytest.mark.parametrize(("number", "group"), [("SIGINT", True), ("SIGTERM", False), ("SIGKILL", True)])
def test_a_batch_goes_on_after_any_end(corpus: Path, number: str, group: bool) -> None:
    process = started("--jobs", "2")
    (os.killpg if group else os.kill)(process.pid, getattr(signal, number))
    _, err = process.communicate(timeout=20)
    done = len(manifest.read("out/manifest.jsonl"))
    assert done < 6
    if number != "SIGKILL":
        assert process.returncode == 128 + getattr(signal, number)
        assert err.splitlines()[0] == f"{done} of 6 clips are done; the same command with --resume goes on"
        assert not list(Path("out").rglob(".*"))
    assert main(["batch", "slow.yaml", "corpus", "out", "--nodes", "slow.py", "--resume"]) == 0
    assert lines().keys() == set(NAMES)
    assert main(["batch", "slow.yaml", "corpus", "whole", "--nodes", "slow.py"]) == 0
    assert outputs("out") == outputs("whole")


KILLER = '''\
import os, pathlib, signal
from tapegraph import Node

class Killer(Node):
    """Ends its process, as often as the file says."""
    KIND = "killer"
    def process(self, x, y):
        left = pathlib.Path("left.txt")
        if len(left.read_text()):
            left.write_text(left.read_text()[1:])
            os.kill(os.getpid(), signal.SIGKILL)
        y[0].put(x[0].array)
'''


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals that end a process")
@pytest.mark.parametrize("retries", ["2", "0"])
def test_a_clip_whose_process_dies_is_tried_again(corpus: Path, capsys: Capture, retries: str) -> None:
    Path("killer.py").write_text(KILLER)
    Path("killer.yaml").write_text("{tapegraph: 1, nodes: {a: {kind: killer}}, links: [input -> a -> output]}")
    Path("left.txt").write_text("x")
    options = ["--nodes", "killer.py", "--jobs", "2", "--retries", retries]
    assert main(["batch", "killer.yaml", "corpus", "out", *options]) == (0 if retries == "2" else 1)
    done = [name for name, line in lines().items() if line["status"] == "done"]
    assert len(done) == (6 if retries == "2" else 5)
    assert sorted(outputs("out")) == sorted(f"{name}.wav" for name in done)
    assert len(lines()) == 6


def test_what_killed_processes_have_left_is_removed_at_the_next_resume(corpus: Path) -> None:
    assert batch("corpus", "out") == 0
    old, new = Path("out/ann/.tapegraph-1-old.wav"), Path("out/ann/.tapegraph-1-new.wav")
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    assert batch("corpus", "out", "--resume") == 0
    assert new.exists()
    assert not old.exists()


@pytest.mark.parametrize("value", ["0/2", "3/2", "1", "a/b", "1/0"])
def test_a_shard_that_is_none_is_refused(corpus: Path, capsys: Capture, value: str) -> None:
    assert batch("corpus", "out", "--shard", value) == 2
    assert f"{value} is not I/N with I from 1 to N" in capsys.readouterr().err


def test_the_page_on_batches_names_every_field_of_a_line(corpus: Path) -> None:
    page = (Path(tapegraph.__path__[0]) / "docs" / "batch.md").read_text("utf-8")
    named = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)))
    Path("corpus/empty.wav").touch()
    assert batch("corpus", "out") == 1
    found = {field for line in lines().values() for field in line}
    assert set(named) == found
    assert len(named) == len(found)


def test_progress_says_how_fast_it_is_and_how_long_it_takes(
    corpus: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    job = Job(open_machine("machines.yaml"), "machines.yaml", "out")
    screen = Screen(Batch(job, find_clips(["corpus"], "out")), quiet=False)
    screen.live = True
    now[0] = 0.5
    done = {"status": "done", "sample_rate": RATE, "channels": 1, "warnings": []}
    screen.show({"id": "ann/no", **done})
    screen.show({"id": "ann/on", "status": "failed", "source": "on.wav", "error": "is empty"})
    err = capsys.readouterr().err  # where click leaves out the escapes that clear the line
    assert err.startswith("\r1 of 6 clips, 2.0 a second, 2 s left")
    assert err.endswith("\rann/on: on.wav: is empty\n\r2 of 6 clips, 1 failed, 4.0 a second, 1 s left")


def test_no_two_clips_have_the_same_dither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dither of an output is drawn from what it holds; with that of one generator, errors correlate by 2/3."""
    monkeypatch.chdir(tmp_path)
    Path("level.yaml").write_text(LEVEL)
    Path("one.yaml").write_text("tapegraph-random: 1\ngraphs: [level.yaml]\ndraw: {level.gain_db: -1}\n")
    for name, seed in (("a", 1), ("b", 2)):
        add(f"in/{name}.wav", seed, frames=8000)
    assert main(["batch", "one.yaml", "in/", "out/", "--subtype", "PCM_16"]) == 0
    errors = []
    for name in ("a", "b"):
        x, _ = soundfile.read(f"in/{name}.wav")
        y, _ = soundfile.read(f"out/{name}.wav")
        errors.append(y - x * 10.0 ** (-1 / 20))
    assert max(np.max(np.abs(error)) for error in errors) < 2.1 / 2**15
    assert abs(np.corrcoef(errors)[0, 1]) < 0.06
