"""What an earlier batch has made: it stays, but for what has become a file of another format."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from collection import NAMES, add

from tapegraph.__main__ import main
from tapegraph.batch import manifest, places
from tapegraph.batch.clips import find_clips
from tapegraph.batch.engines import here
from tapegraph.batch.machines import open_machine
from tapegraph.batch.run import Batch
from tapegraph.batch.work import Job

MANIFEST = "out/manifest.jsonl"


def batch(*arguments: str) -> int:
    return main(["batch", "machines.yaml", *arguments])


def made(folder: str = "out") -> list[str]:
    """Return the names of all outputs."""
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*.[fw]*"))


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(MANIFEST).read_text().splitlines()]


@pytest.mark.parametrize("option", ["--overwrite", "--resume"])
def test_a_clip_that_gets_another_format_leaves_none_in_the_earlier_one(corpus: Path, capsys: Any, option: str) -> None:
    assert batch("corpus", "out") == 0
    Path("out/ann/mine.wav").write_bytes(b"mine")
    Path("out/ann/no.wav").write_bytes(b"edited by somebody")
    capsys.readouterr()
    assert batch("corpus", "out", option, "--format", "flac") == 0
    assert made() == sorted([*(f"{name}.flac" for name in NAMES), "ann/mine.wav", "ann/no.wav"])
    assert "5 outputs of before, of another format, deleted\n" in capsys.readouterr().err
    assert [line["out"] for line in lines()] == [f"{name}.flac" for name in NAMES]


def test_an_earlier_output_stays_until_there_is_a_new_one(corpus: Path) -> None:
    assert batch("corpus", "out") == 0
    Path("corpus/ann/no.wav").write_bytes(b"damaged")
    assert batch("corpus", "out", "--overwrite", "--format", "flac") == 1
    assert made() == sorted(["ann/no.wav", *(f"{name}.flac" for name in NAMES[1:])])


def test_whatever_ends_a_batch_its_manifest_says_what_there_is(corpus: Path) -> None:
    assert batch("corpus", "out") == 0
    job = Job(open_machine("machines.yaml"), "machines.yaml", "out", kind="flac")
    doing = Batch(job, find_clips(["corpus"], "out"), overwrite=True).run(here)
    next(doing)
    next(doing)
    shutil.copytree("out", "killed")  # as a kill -9 leaves it
    doing.close()
    expected = sorted([*(f"{name}.flac" for name in NAMES[:2]), *(f"{name}.wav" for name in NAMES[2:])])
    assert made() == made("killed") == expected
    assert sorted(line["out"] for line in manifest.read("killed/manifest.jsonl").values()) == expected
    assert [line["out"] for line in lines()] == [f"{name}.wav" for name in NAMES[2:]] + [
        f"{name}.flac" for name in NAMES[:2]
    ]
    assert batch("corpus", "killed", "--resume", "--format", "flac") == 0
    assert made("killed") == [f"{name}.flac" for name in NAMES]


def test_doing_some_clips_again_keeps_what_is_said_of_the_others(corpus: Path) -> None:
    assert batch("corpus", "out") == 0
    before = lines()
    assert main(["batch", "level.yaml", "corpus/*/no.wav", "out", "--overwrite"]) == 0
    after = lines()
    assert after[:4] == [line for line in before if not line["id"].endswith("/no")]
    assert [line["id"] for line in after[4:]] == ["ann/no", "bob/no"]
    assert all(line["machine_sha256"] != before[0]["machine_sha256"] for line in after[4:])


def test_overwriting_does_again_what_has_not_changed(corpus: Path) -> None:
    assert batch("corpus/ann", "out") == 0
    os.utime("out/no.wav", (0, 0))
    assert batch("corpus/ann", "out", "--overwrite") == 0
    assert Path("out/no.wav").stat().st_mtime > 0
    assert len(lines()) == 3


def test_a_source_is_not_deleted_that_was_an_output(corpus: Path) -> None:
    assert batch("corpus/ann", "out") == 0
    assert batch("out/no.wav", "out", "--overwrite", "--format", "flac") == 0
    assert made() == ["no.flac", "no.wav", "on.wav", "yes.wav"]


def test_an_earlier_output_is_not_deleted_that_another_clip_is_made_of(corpus: Path) -> None:
    assert batch("corpus/ann", "out") == 0
    Path("turned.csv").write_text("path,id\nout/no.wav,on\nout/on.wav,no\n")
    assert batch("turned.csv", "out", "--overwrite", "--format", "flac") == 0
    assert made() == ["no.flac", "no.wav", "on.flac", "on.wav", "yes.wav"]


def test_nothing_is_deleted_outside_whatever_a_manifest_says(corpus: Path) -> None:
    assert batch("corpus/ann/no.wav", "out") == 0
    shutil.copy("out/no.wav", "mine.wav")
    Path(MANIFEST).write_text(json.dumps(lines()[0] | {"out": "../mine.wav"}) + "\n")
    assert batch("corpus/ann/no.wav", "out", "--overwrite", "--format", "flac") == 0
    assert Path("mine.wav").exists()


@pytest.mark.parametrize(
    "edited",
    [
        {"out": "mine.wav"},
        {"out": "no\0.wav"},
        {"out": ["no.wav"]},
        {"bytes": None},
        {"key": None},
        {"status": ["done"], "out": None},
    ],
)
def test_a_line_that_somebody_edited_deletes_nothing_of_theirs(corpus: Path, edited: dict[str, Any]) -> None:
    assert batch("corpus/ann/no.wav", "out") == 0
    shutil.copy("out/no.wav", "out/mine.wav")
    line = {name: value for name, value in (lines()[0] | edited).items() if value is not None}
    Path(MANIFEST).write_text(json.dumps(line) + "\n")
    assert batch("corpus/ann/no.wav", "out", "--resume", "--format", "flac") == 0
    assert {"mine.wav", "no.flac"} <= set(made())


def test_what_cannot_be_deleted_is_told(corpus: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add("ann.wav", 1)
    assert batch("ann.wav", "out") == 0
    monkeypatch.setattr("os.unlink", lambda path: Path("corpus").read_bytes())  # an OSError
    assert batch("ann.wav", "out", "--overwrite", "--format", "flac") == 0
    told = f"the output of before is still there: {Path('out/ann.wav')}: cannot be deleted: Is a directory"
    assert lines()[0]["warnings"] == [told]
    assert f"warning: ann: {told}\n" in capsys.readouterr().err


def test_names_that_differ_in_capitals_only_are_refused_where_they_are_one_file(
    corpus: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("Yes.wav", 1)
    add("more/yes.wav", 2)
    add("more/YES.aiff", 3)
    there = [path.name for path in Path().iterdir()]
    monkeypatch.setattr(places, "ignores_case", lambda folder: True)
    assert batch("Yes.wav", "more", "out") == 1
    assert capsys.readouterr().err == (
        f"Yes.wav and {Path('more/yes.wav')} would be one file in out, where capitals make no difference; "
        "give one of them another name, or a list with ids\n"
    )
    assert [path.name for path in Path().iterdir()] == there
    assert batch("Yes.wav", "more/YES.aiff", "out") == 0
    monkeypatch.setattr(places, "ignores_case", lambda folder: False)
    assert batch("Yes.wav", "more", "other") == 0


def test_whether_capitals_make_a_difference_is_tried_where_outputs_will_be(corpus: Path) -> None:
    before = sorted(path.name for path in Path().rglob("*"))
    assert places.ignores_case("out/there") == Path("LEVEL.yaml").exists()
    assert sorted(path.name for path in Path().rglob("*")) == before
    assert not places.ignores_case("memory://bucket")
