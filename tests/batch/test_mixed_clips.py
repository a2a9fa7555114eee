"""Clips whose sample rate or channels are not those of most fail, however a batch is done; --mixed takes any."""

from __future__ import annotations

import importlib.util
import io
import os
from pathlib import Path
from typing import Any

import pytest
from collection import NAMES, RATE, add, outputs

from tapegraph.__main__ import main
from tapegraph.batch import manifest, places
from tapegraph.batch.clips import Clip, find_clips
from tapegraph.batch.usual import LOOKED_AT, Form, form_of, usual_form

MOST = f"where most clips have {RATE} Hz and 1 channel; --mixed takes any"
UNLIKE = {
    "ann/o": f"has {RATE} Hz and 2 channels, {MOST}",  # in the middle
    "aaa": f"has 44100 Hz and 1 channel, {MOST}",  # first of all
    "zzz": f"has 8000 Hz and 1 channel, {MOST}",
}


@pytest.fixture
def mixed(corpus: Path) -> Path:
    add("corpus/ann/o.wav", 7, channels=2)
    add("corpus/aaa.wav", 8, rate=44_100)
    add("corpus/zzz.wav", 9, rate=8_000)
    return corpus


def batch(*arguments: str) -> int:
    return main(["batch", "machines.yaml", *arguments])


def errors(*names: str) -> dict[str, str]:
    """Return what manifests say of clips that failed."""
    found = [line for name in names for line in manifest.read(name).values()]
    return {line["id"]: line["error"] for line in found if line["status"] == "failed"}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_clip_that_is_unlike_most_fails_and_the_others_go_on(mixed: Path, capsys: Any, jobs: str) -> None:
    assert batch("corpus", "out", "--jobs", jobs) == 1
    assert errors("out/manifest.jsonl") == UNLIKE
    assert sorted(outputs("out")) == [f"{name}.wav" for name in NAMES]
    err = capsys.readouterr().err.splitlines()
    told = {f"{name}: {Path(f'corpus/{name}.wav').absolute()}: {why}" for name, why in UNLIKE.items()}
    assert set(err[:-1]) == told
    assert err[-1].startswith("3 failed: ")


def test_what_most_have_is_the_same_for_every_shard(mixed: Path) -> None:
    for shard in range(1, 6):
        batch("corpus", "out", "--shard", f"{shard}/5")
    parts = [f"out/manifest-{shard}-of-5.jsonl" for shard in range(1, 6)]
    assert min(len(manifest.read(part)) for part in parts) < 3  # where most of a shard say nothing
    assert errors(*parts) == UNLIKE
    assert sorted(outputs("out")) == [f"{name}.wav" for name in NAMES]


def test_resuming_tells_it_again_and_mixed_does_what_is_missing(mixed: Path, capsys: Any) -> None:
    assert batch("corpus", "out") == 1
    before = {name: Path(f"out/{name}.wav").stat().st_mtime_ns for name in NAMES}
    assert batch("corpus", "out", "--resume") == 1
    assert errors("out/manifest.jsonl") == UNLIKE
    capsys.readouterr()
    assert batch("corpus", "out", "--resume", "--mixed") == 0
    assert capsys.readouterr().err == "6 of 9 clips are done already\n"
    assert before == {name: Path(f"out/{name}.wav").stat().st_mtime_ns for name in NAMES}
    assert batch("corpus", "whole", "--mixed") == 0
    assert outputs("out") == outputs("whole")
    assert len(outputs("out")) == 9
    assert batch("corpus", "out", "--resume") == 0  # what is done is done


def test_clips_among_which_there_are_no_most_are_not_begun(corpus: Path, capsys: Any) -> None:
    add("a.wav", 1)
    add("b.wav", 2, rate=48_000, channels=2)
    assert batch("a.wav", "b.wav", "out") == 1
    err = capsys.readouterr().err
    assert err.startswith("no sample rate and number of channels is that of most clips: ")
    assert err.endswith("; --mixed takes any\n")
    assert f"a.wav has {RATE} Hz and 1 channel" in err
    assert "b.wav has 48000 Hz and 2 channels" in err
    assert not Path("out").exists()
    assert batch("a.wav", "b.wav", "out", "--mixed") == 0


def test_what_most_have_depends_on_no_order_and_on_nothing_that_cannot_be_read(mixed: Path) -> None:
    clips = find_clips(["corpus"], "out")
    assert usual_form(clips) == usual_form(clips[::-1]) == usual_form(clips[4:] + clips[:4]) == Form(RATE, 1)
    gone = [Clip(f"gone{k}", "gone.wav") for k in range(20)]
    assert usual_form(clips + gone) == Form(RATE, 1)
    assert usual_form(gone) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_not_read_beforehand(corpus: Path) -> None:
    os.mkfifo("pipe.wav")
    assert form_of("pipe.wav") is None


def test_a_file_is_looked_at_once_and_no_more_than_some_are(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def looked_at(source: str) -> Form:
        seen.append(source)
        return Form(RATE, 1 if source < "~" else 2)

    monkeypatch.setattr("tapegraph.batch.usual.form_of", looked_at)
    assert usual_form([Clip(f"{k}", f"{k // 2}.wav") for k in range(10)]) == Form(RATE, 1)
    assert sorted(seen) == [f"{k}.wav" for k in range(5)]
    seen.clear()
    unlike = [Clip(f"~{k}", f"~{k}.wav") for k in range(LOOKED_AT)]
    assert usual_form([*unlike, *(Clip(f"{k}", f"{k}.wav") for k in range(500))]) == Form(RATE, 1)
    assert len(seen) == LOOKED_AT


@pytest.mark.skipif(not importlib.util.find_spec("fsspec"), reason="needs tapegraph[remote]")
def test_of_a_file_in_a_store_the_header_is_enough(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    add("long.wav", 1, frames=100_000, channels=2)
    fsspec.filesystem("memory").pipe_file("/clips/long.wav", Path("long.wav").read_bytes())
    assert form_of("memory://clips/long.wav") == Form(RATE, 2)
    assert form_of("memory://clips/gone.wav") is None
    pieces: list[int] = []

    class Counting(io.BytesIO):
        def readinto(self, buffer: Any) -> int:
            pieces.append(len(buffer))
            return super().readinto(buffer)

    monkeypatch.setattr(places, "opened", lambda path: Counting(Path("long.wav").read_bytes()))
    assert form_of("memory://clips/long.wav") == Form(RATE, 2)
    assert 0 < sum(pieces) < 10_000
