"""A song beside what machines make of it: equally loud, complete or not there, and safe to open."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from toys import SLOW

import tapegraph
from tapegraph import demo, resources
from tapegraph.__main__ import main
from tapegraph.analysis.loudness import integrated
from tapegraph.comparing.compare import compare
from tapegraph.comparing.spectrum import CENTRES_HZ, Spectrum, difference_db
from tapegraph.errors import TapegraphError

RATE = demo.SAMPLE_RATE
MUSIC = demo.music()[:, : 3 * RATE]
QUIET = tapegraph.chain(level={"kind": "gain", "gain_db": -20})
THIN = tapegraph.chain(low_cut={"kind": "dc_blocker", "cutoff_hz": 200})
ECHO = tapegraph.chain(late={"kind": "delay", "time_s": 0.5})
MACHINES = {"quiet": QUIET, "thin": THIN}
HOSTILE = "</script><script>alert(1)</script> & \"'<!--"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "song.wav", MUSIC.T, RATE, "PCM_16")
    return tmp_path / "song.wav"


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def digest(folder: Path) -> str:
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in names(folder))).hexdigest()


class Scripts(html.parser.HTMLParser):
    """What a browser finds in a page: its title, and the content of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tag = self.title = ""
        self.scripts: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tag = tag
        self.scripts += [""] if tag == "script" else []
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        self.tag = ""

    def handle_data(self, data: str) -> None:
        if self.tag == "script":
            self.scripts[-1] += data
        elif self.tag == "title":
            self.title += data


def facts(folder: Path) -> Any:
    return json.loads(Scripts((folder / "index.html").read_text("utf-8")).scripts[0])


def test_every_version_is_as_long_and_as_loud_as_the_song(song: Path, tmp_path: Path) -> None:
    compare(song, {**MACHINES, "echo": ECHO}, tmp_path / "out", start_s=0.5, seconds=2.0)
    part = MUSIC[:, RATE // 2 : RATE * 5 // 2]
    files = sorted((tmp_path / "out").glob("*.flac"))
    assert [file.name for file in files] == ["00-original.flac", "01-quiet.flac", "02-thin.flac", "03-echo.flac"]
    for file in files:
        sound, rate = soundfile.read(file, always_2d=True)
        assert (rate, sound.shape) == (RATE, (2 * RATE, 2))
        assert integrated(sound.T, RATE) == pytest.approx(integrated(part, RATE), abs=0.02)
    original, _ = soundfile.read(files[0], dtype="int16")
    np.testing.assert_array_equal(original, soundfile.read(song, dtype="int16", start=RATE // 2, stop=RATE * 5 // 2)[0])


def test_the_page_names_the_gain_the_loudness_and_the_peak_of_each(song: Path, tmp_path: Path) -> None:
    compare(song, MACHINES, tmp_path / "out")
    original, quiet, thin = facts(tmp_path / "out")["versions"]
    assert (original["gain_db"], quiet["gain_db"]) == (0.0, 20.0)
    assert thin["gain_db"] > 0.5
    assert original["peak_dbfs"] == quiet["peak_dbfs"] == round(20 * np.log10(np.max(np.abs(MUSIC))), 1)
    loudness = round(integrated(MUSIC, RATE), 1)
    assert [version["loudness_lufs"] for version in (original, quiet, thin)] == [loudness] * 3


def test_all_are_turned_down_alike_where_one_would_be_clipped(tmp_path: Path) -> None:
    """A click in a rumble: what takes the rumble away is turned up to be as loud, and the click with it."""
    rng = np.random.default_rng(1)
    rumble = np.sin(2 * np.pi * 60 * np.arange(2 * RATE) / RATE) + 0.01 * rng.standard_normal(2 * RATE)
    rumble[RATE : RATE + 20] = 2.5
    soundfile.write(tmp_path / "song.wav", 0.39 * rumble, RATE, "PCM_24")
    comparison = compare(tmp_path / "song.wav", {"thin": THIN}, tmp_path / "out", kind="wav")
    sounds = [soundfile.read(path)[0] for path in sorted((tmp_path / "out").glob("*.wav"))]
    assert comparison.trim_db < -3.0
    assert max(np.max(np.abs(sound)) for sound in sounds) == pytest.approx(10 ** (-0.1 / 20), abs=1e-5)
    np.testing.assert_allclose(sounds[0], 10 ** (comparison.trim_db / 20) * 0.39 * rumble, atol=1e-6)
    loudness = [integrated(sound[np.newaxis], RATE) for sound in sounds]
    assert loudness[0] == pytest.approx(loudness[1], abs=0.02)


def test_a_mono_song_is_as_loud_from_two_loudspeakers_as_a_stereo_machine(tmp_path: Path) -> None:
    wide = tapegraph.Graph(
        nodes={"a": {"kind": "gain"}, "b": {"kind": "mid_side"}}, links=["input -> a -> output"]
    )  # stereo stays what the machine is given: mono
    soundfile.write(tmp_path / "mono.wav", MUSIC[0], RATE)
    compare(tmp_path / "mono.wav", {"wide": wide, "quiet": QUIET}, tmp_path / "out")
    assert {version["gain_db"] for version in facts(tmp_path / "out")["versions"]} == {0.0, 20.0}


def test_silence_is_compared_without_a_gain(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros((RATE, 2)), RATE)
    compare(tmp_path / "silence.wav", {"quiet": QUIET}, tmp_path / "out")
    _, quiet = facts(tmp_path / "out")["versions"]
    assert (quiet["gain_db"], quiet["loudness_lufs"], quiet["peak_dbfs"]) == (None, None, None)
    assert set(quiet["bands_db"]) == {None}


def test_the_sound_of_the_page_is_that_of_the_files(song: Path, tmp_path: Path) -> None:
    for kind in ("flac", "wav"):
        folder = tmp_path / kind
        compare(song, MACHINES, folder, kind=kind)
        for index, name in enumerate(("original", "quiet", "thin")):
            text = (folder / "page" / f"{index:02}.js").read_text("ascii")
            before, coded, after = text.split('"')
            assert (before, after) == (f"soundCame({index}, ", ");\n")
            (tmp_path / "page.flac").write_bytes(base64.b64decode(coded))
            played, _ = soundfile.read(tmp_path / "page.flac", dtype="int32")
            np.testing.assert_array_equal(
                played, soundfile.read(folder / f"{index:02}-{name}.{kind}", dtype="int32")[0]
            )


def test_the_same_comparison_is_equal_to_the_byte_whatever_the_folder_and_the_jobs(song: Path, tmp_path: Path) -> None:
    compare(song, MACHINES, tmp_path / "one")
    compare(song, MACHINES, tmp_path / "two", jobs=2)
    assert names(tmp_path / "one") == names(tmp_path / "two")
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_nothing_in_a_title_or_a_name_can_leave_its_place_in_the_page(tmp_path: Path) -> None:
    graph = tapegraph.Graph(
        title=HOSTILE, description=HOSTILE, nodes={"a": {"kind": "gain"}}, links=["input -> a -> output"]
    )
    song = tmp_path / "a <b> & \"c\" 'd' {{comparison}}.wav"
    soundfile.write(song, MUSIC.T, RATE)
    compare(song, {HOSTILE: graph, "../../é": QUIET}, tmp_path / "out")
    page = Scripts((tmp_path / "out" / "index.html").read_text("utf-8"))
    assert len(page.scripts) == 2
    assert page.title == f"{song.name}, compared"
    found = json.loads(page.scripts[0])
    assert found["song"] == song.name
    machine = found["versions"][1]
    assert (machine["name"], machine["title"], machine["description"]) == (HOSTILE,) * 3
    assert [version["file"] for version in found["versions"][1:]] == [
        "01-script-script-alert-1-script.flac",
        "02-machine.flac",
    ]


def test_the_page_names_no_address_but_those_beside_it(song: Path, tmp_path: Path) -> None:
    compare(song, MACHINES, tmp_path / "out")
    text = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "//" not in "".join(Scripts(text).addresses)
    assert "http" not in text
    assert "fetch(" not in text


def test_a_page_that_needs_much_memory_is_warned_of(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert compare(song, MACHINES, tmp_path / "one").warnings == ()
    monkeypatch.setattr("tapegraph.comparing.compare.HEAVY_BYTES", 3e6)  # 3 versions, 3 s, stereo, 4 bytes: 3.5 MB
    (warning,) = compare(song, MACHINES, tmp_path / "two").warnings
    assert warning == "the page needs 0.0 GB of memory; fewer machines or less of the song need less"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_comparison_that_is_ended_leaves_nothing(jobs: str, song: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(
            "{tapegraph: 1, nodes: {slow: {kind: slow}}, links: [input -> slow -> output]}"
        )
    before = names(tmp_path)
    arguments = ["compare", "song.wav", "a.yaml", "b.yaml", "--nodes", "slow.py", "--jobs", jobs]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "tapegraph", *arguments], cwd=tmp_path, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout
        assert process.stdout.read(7) == b"running"
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
    assert names(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_machine_has_a_data_sheet_where_that_is_wanted(song: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    comparison = compare(song, {"quiet": QUIET}, tmp_path / "out", seconds=0.5, sheets=True)
    assert [version.sheet for version in comparison.versions] == ["", "01-quiet.svg"]
    assert [version["sheet"] for version in facts(tmp_path / "out")["versions"]] == ["", "01-quiet.svg"]
    drawn = (tmp_path / "out" / "01-quiet.svg").read_text("utf-8")
    assert "<svg" in drawn
    assert "48000 Hz" in drawn.replace("<!--", "").replace("-->", "")
    compare(song, {"quiet": QUIET}, tmp_path / "out", seconds=0.5, overwrite=True)  # a sheet is one of its files
    assert "01-quiet.svg" not in names(tmp_path / "out")


def test_a_failing_machine_is_named_and_nothing_is_left(song: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    broken = tapegraph.chain(fast={"kind": "gain"})
    object.__setattr__(broken, "flat", lambda: 1 / 0)
    with pytest.raises(TapegraphError, match="^broken: cannot be rendered: ZeroDivisionError"):
        compare(song, {"quiet": QUIET, "broken": broken}, tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["gone.wav"], 1, "gone.wav: there is no such file"),
        (["song.wav", "casette"], 2, "no preset is called casette; did you mean cassette?"),
        (["song.wav", "--family", "casettes"], 2, "no preset has the family casettes; did you mean cassettes?"),
        (["song.wav", "clean", "--from", "9"], 1, "song.wav: is 3.00 s long; 30 s from 9 s on are no sound"),
        (["song.wav", "clean", "-o", "song.wav"], 1, "song.wav: exists and is not a folder"),
        (["song.wav", "clean", "-o", "full"], 1, "full: exists already; it is replaced only with --overwrite"),
        (["song.wav", "clean", "-o", "full", "--overwrite"], 1, "full: contains mine.txt, which is kept; choose"),
        (["song.wav", "clean", "-o", "no/where"], 1, "no/where: cannot be written: No such file or directory"),
        (["many.wav", "clean"], 1, "many.wav: has 9 channels; a page plays at most 8"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence_and_nothing_changes(
    arguments: list[str],
    status: int,
    said: str,
    song: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(song.parent)
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    soundfile.write("many.wav", np.zeros((100, 9)), RATE)
    before = names(song.parent)
    assert main(["compare", "--no-sheets", *arguments]) == status
    assert said in capsys.readouterr().err
    assert names(song.parent) == before


def test_an_earlier_comparison_is_replaced_only_when_that_is_wanted(
    song: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(song.parent)
    arguments = ["compare", "song.wav", "clean", "--seconds", "0.5", "--no-sheets"]
    assert main([*arguments, "mastering"]) == 0
    first = digest(Path("song-compare"))
    assert main(arguments) == 1
    assert digest(Path("song-compare")) == first
    assert main([*arguments, "--overwrite", "--format", "wav"]) == 0
    assert names(Path("song-compare")) == ["00-original.wav", "01-clean.wav", "index.html", "page/00.js", "page/01.js"]
    assert sorted(os.listdir()) == ["song-compare", "song.wav"]
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "song-compare/index.html: 0.50 s from 0 s on; open it in a browser".replace("/", os.sep)


def test_an_earlier_comparison_stays_where_the_new_one_cannot_get_its_name(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(song, {"quiet": QUIET}, tmp_path / "out")
    before = digest(tmp_path / "out")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if target == tmp_path / "out" and (path / "02-thin.flac").exists():
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(TapegraphError, match="out: cannot be written: Input/output error"):
        compare(song, MACHINES, tmp_path / "out", overwrite=True)
    assert digest(tmp_path / "out") == before
    assert sorted(os.listdir(tmp_path)) == ["out", "song.wav"]


def test_a_family_and_a_graph_of_ones_own_are_compared_in_the_order_they_are_named(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(song.parent)
    QUIET.save("my machine.yaml")
    arguments = [
        "compare",
        "song.wav",
        "my machine.yaml",
        "mastering",
        "--family",
        "mastering",
        "--seconds",
        "0.1",
        "--no-sheets",
    ]
    assert main([*arguments, "-q"]) == 0
    found = [version["name"] for version in facts(Path("song-compare"))["versions"]]
    assert found[:3] == ["original", "my machine", "mastering"]
    family = [name for name, path in resources.presets().items() if resources.family(path) == "mastering"]
    assert sorted(found[2:]) == sorted(family)


def test_a_shelf_of_6_db_shows_in_the_bands_that_it_raises() -> None:
    noise = np.random.default_rng(2).standard_normal((2, 4 * RATE))
    spectrum = np.fft.rfft(noise)
    spectrum[:, np.fft.rfftfreq(noise.shape[1], 1 / RATE) > 2000 * 2 ** (1 / 6)] *= 10 ** (6 / 20)
    spectra = []
    for sound in (np.fft.irfft(spectrum), noise):
        spectra.append(Spectrum(RATE))
        for piece in np.array_split(sound, 7, axis=1):
            spectra[-1].add(piece)
    wanted = [6.0 if centre > 2100 else 0.0 for centre in CENTRES_HZ]
    found = difference_db(*spectra)
    for centre, one, other in zip(CENTRES_HZ, found, wanted, strict=True):
        assert one == pytest.approx(other, abs=0.1), centre


def test_bands_add_up_to_the_power_of_a_tone_and_hold_it_alone() -> None:
    spectrum = Spectrum(RATE)
    spectrum.add(np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)[np.newaxis])
    bands = spectrum.bands()
    assert int(np.argmax(bands)) == CENTRES_HZ.index(1000.0)
    assert bands[CENTRES_HZ.index(1000.0)] == pytest.approx(float(np.sum(spectrum.power)), rel=1e-4)
