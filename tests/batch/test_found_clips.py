"""Clips: what they are called, and what is said of lists that are not as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from collection import add

from tapegraph.batch.clips import Clip, find_clips
from tapegraph.errors import TapegraphError


def ids(*given: str) -> list[str]:
    return [clip.id for clip in find_clips(given, "out")]


def problems(*given: str) -> list[str]:
    with pytest.raises(TapegraphError) as error:
        find_clips(given, "out")
    return str(error.value).splitlines()


def test_a_clip_is_called_by_its_path_in_what_was_given(corpus: Path) -> None:
    assert ids("corpus/") == ["ann/no", "ann/on", "ann/yes", "bob/no", "bob/on", "bob/yes"]
    assert ids("corpus/ann") == ["no", "on", "yes"]
    assert ids("corpus/ann/yes.wav") == ["yes"]
    assert ids("corpus/*/yes.wav") == ["ann/yes", "bob/yes"]
    assert ids("corpus/**/o?.wav") == ["ann/on", "bob/on"]
    assert ids(str(corpus / "corpus" / "ann")) == ["no", "on", "yes"]
    assert find_clips(["corpus/*/yes.wav"], "out")[1].source == str(Path("corpus/bob/yes.wav"))


def test_a_name_with_brackets_is_a_file_where_there_is_one(corpus: Path) -> None:
    add("take[1].wav", 1)
    assert ids("take[1].wav") == ["take[1]"]


def test_outputs_inside_the_collection_are_no_clips(corpus: Path) -> None:
    add("corpus/taped/ann/no.wav", 1)
    assert "taped/ann/no" not in [clip.id for clip in find_clips(["corpus"], "corpus/taped")]
    with pytest.raises(TapegraphError, match=r"^corpus: is both IN and OUT; choose another folder$"):
        find_clips(["corpus"], "corpus/")


def test_two_clips_with_one_name_are_both_named(corpus: Path) -> None:
    ann, bob = Path("corpus/ann/no.wav"), Path("corpus/bob/no.wav")
    assert problems(str(ann), str(bob)) == [
        f"{ann} and {bob} are both called no; give the folder that they are in, or a list with ids"
    ]
    Path("list.csv").write_text("path,start,end,id\ncorpus/ann/no.wav,0,0.5,a\ncorpus/ann/no.wav,0.5,,a\n")
    assert problems("list.csv") == [
        "corpus/ann/no.wav from 0 to 0.5 s and corpus/ann/no.wav from 0.5 s are both called a; "
        "give the folder that they are in, or a list with ids"
    ]


def test_what_is_named_and_is_not_there_is_told_before_a_batch_begins(corpus: Path) -> None:
    assert problems("corpsu/") == ["corpsu/: there is no such file; did you mean corpus?"]
    assert problems("corpus/ann/quarrels.flac") == ["corpus/ann/quarrels.flac: there is no such file"]
    assert problems("corpus/ann/no.wav", "corpus/ann/no.wav") == ["corpus/ann/no.wav: is given twice"]


@pytest.mark.parametrize(("column", "meant"), [("start_s", "start"), ("End", "end"), (" id", "id")])
def test_a_column_that_is_nearly_one_of_a_list_is_not_passed_over(corpus: Path, column: str, meant: str) -> None:
    Path("list.csv").write_text(f"path,{column}\ncorpus/ann/no.wav,0.02\n")
    assert problems("list.csv") == [f"list.csv:2: '{column}' is no column of a list; write {meant}"]
    Path("list.csv").write_text(f"path,{column},{meant}\ncorpus/ann/no.wav,of another program,0.03\n")
    assert len(ids("list.csv")) == 1


def test_a_list_gives_parts_of_files_relative_to_itself(corpus: Path) -> None:
    Path("corpus/list.csv").write_text(
        "id,path,start,end,text\n"
        ",ann/no.wav,,,no\n"
        ",ann/yes.wav,0.01,0.02500012,yes\n"
        "mine,ann/yes.wav,0.02,,\n"
        f",{corpus}/corpus/bob/no.wav,,,\n"
        ",../corpus/bob/on.wav,,0.04,\n"
    )
    ann, bob = Path("corpus/ann"), Path("corpus/bob")
    expected = [
        Clip("ann/no", str(ann / "no.wav")),
        Clip("ann/yes-0.01-0.02500012", str(ann / "yes.wav"), 0.01, 0.02500012),
        Clip("mine", str(ann / "yes.wav"), 0.02),
        Clip("no", str(corpus / bob / "no.wav")),
        Clip("on-0-0.04", str(Path("corpus/../corpus/bob/on.wav")), 0.0, 0.04),
    ]
    assert find_clips(["corpus/list.csv"], "out") == expected
    Path("corpus/list.jsonl").write_text('{"path": "ann/no.wav", "start": 0.5, "text": "no"}\n\n{"path":"bob/no.wav"}')
    assert ids("corpus/list.jsonl") == ["ann/no-0.5", "bob/no"]


def test_mistakes_in_a_list_are_all_named_by_their_lines(corpus: Path) -> None:
    Path("list.csv").write_text(
        "path,start,end,id\na.wav,-1,,\na.wav,2,1,\n,0,1,\na.wav,one,,\na.wav,,,../a\na.wav,nan,,\na.wav,0,0,\nb.wav,,,/b\n"
    )
    assert problems("list.csv") == [
        "list.csv:2: start is '-1'; it must be a number of seconds from 0",
        "list.csv:3: end is 1 s; it must be after the start at 2 s",
        "list.csv:4: path is ''; it must be that of an audio file",
        "list.csv:5: start is 'one'; it must be a number of seconds from 0",
        "list.csv:6: id is '../a'; it must be a relative path without '..', for it names the output",
        "list.csv:7: start is 'nan'; it must be a number of seconds from 0",
        "list.csv:8: end is 0 s; it must be after the start at 0 s",
        "list.csv:9: id is '/b'; it must be a relative path without '..', for it names the output",
    ]
    Path("list.jsonl").write_text('{"path": \n[1]\n{"path": "a.wav", "start": true}\n')
    assert problems("list.jsonl") == [
        "list.jsonl:1: not JSON: Expecting value: line 1 column 10 (char 9)",
        "list.jsonl:2: a line must be an object: {...}",
        "list.jsonl:3: start is True; it must be a number of seconds from 0",
    ]
    Path("list.jsonl").write_text('{"path": "a\\u0000.wav"}\n{"path": "a.wav", "id": "\\ud800"}\n')
    assert problems("list.jsonl") == [
        r"list.jsonl:1: path is 'a\x00.wav'; no file can have such a name",
        r"list.jsonl:2: id is '\ud800'; no file can have such a name",
    ]
    Path("other.csv").write_text("file,start\na.wav,0\n")
    assert problems("other.csv") == ["other.csv: the first line has no column path; it has 'file, start'"]


def test_what_contains_no_clip_is_said(corpus: Path) -> None:
    Path("bare").mkdir()
    Path("bare.csv").write_text("path\n")
    assert problems("bare") == ["bare: contains no audio files"]
    assert problems("corpus/*.flac") == ["corpus/*.flac: matches no audio file"]
    assert problems("bare.csv") == ["bare.csv: contains no clips"]
    assert problems("none.csv") == ["none.csv: cannot be read: No such file or directory"]
