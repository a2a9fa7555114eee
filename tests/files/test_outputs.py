"""Outputs: what is replaced, what is written to, and pipes at both ends."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tapegraph.__main__ import main
from tapegraph.atomic import replacing
from tapegraph.errors import TapegraphError

GRAPH = "{tapegraph: 1, nodes: {a: {kind: gain, gain_db: -6}}, links: [input -> a -> output]}"
HALF = 10 ** (-6 / 20)
posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices have no names there")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("g.yaml").write_text(GRAPH)
    soundfile.write("in.wav", np.random.default_rng(3).uniform(-0.5, 0.5, 4800), 48_000, "FLOAT")
    return tmp_path


def render(*arguments: str) -> int:
    return main(["render", *arguments, "--graph", "g.yaml", "--quiet"])


def program(*arguments: str, sound: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tapegraph", *arguments]
    return subprocess.run(command, input=sound, capture_output=True, check=False, timeout=60)


COMMANDS = {
    "sound": ["render", "in.wav", "OUT.wav", "--graph", "g.yaml"],
    "drawing": ["graph", "g.yaml", "-o", "OUT.txt"],
    "schema": ["schema", "-o", "OUT.json"],
    "figures": ["bench", "--json", "OUT.json", "--only", "silence"],
    "weights": ["stn", "import", "in.json", "OUT.npz"],
    "training": ["stn", "train", "OUT.npz", "--quick"],
    "map": ["stn", "report", "hysteresis-2x4", "--map", "OUT.png"],
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_no_command_replaces_a_file_unasked(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    Path("in.json").write_text("{}")
    (name,) = (word.replace("OUT", "there") for word in arguments if word.startswith("OUT"))
    Path(name).write_text("precious")
    assert main([word.replace("OUT", "there") for word in arguments]) == 1
    assert capsys.readouterr().err == f"{name}: exists already; it is replaced only with --overwrite\n"
    assert Path(name).read_text() == "precious"


def test_a_drawing_never_replaces_its_graph(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("link.yaml").symlink_to("g.yaml")
    for name in ("g.yaml", "link.yaml"):
        assert main(["graph", "g.yaml", "-o", name, "--overwrite"]) == 2
        assert capsys.readouterr().err == f"{name}: is the graph itself; choose another name for the drawing\n"
    assert Path("g.yaml").read_text() == GRAPH


@posix
@pytest.mark.parametrize("arguments", [COMMANDS["sound"], COMMANDS["drawing"], COMMANDS["schema"]])
def test_a_device_and_a_pipe_are_written_to_and_stay(folder: Path, arguments: list[str]) -> None:
    assert main([os.devnull if word.startswith("OUT") else word for word in arguments]) == 0
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    (name,) = (word for word in arguments if word.startswith("OUT"))
    os.mkfifo(name)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(Path(name).read_bytes()))
    reader.start()
    assert main(arguments) == 0
    reader.join(10)
    assert stat.S_ISFIFO(os.stat(name).st_mode)
    os.rename(name, "pipe")
    assert main(arguments) == 0
    assert got == [Path(name).read_bytes()]


def test_what_a_link_points_to_is_replaced(folder: Path) -> None:
    Path("real.wav").write_text("old")
    Path("link.wav").symlink_to("real.wav")
    assert render("in.wav", "link.wav") == 1
    assert render("in.wav", "link.wav", "--overwrite") == 0
    assert Path("link.wav").is_symlink()
    assert soundfile.info("real.wav").frames >= 4800


@pytest.mark.parametrize("links", [True, False])
def test_of_several_outputs_at_once_one_gets_the_name(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:  # as on FAT
        monkeypatch.setattr(os, "link", no_link)
    path = tmp_path / "a"
    with pytest.raises(TapegraphError, match="exists already"), replacing(path, overwrite=False) as first:
        first.write_text("late")
        with replacing(path, overwrite=False) as second:
            second.write_text("early")
    assert path.read_text() == "early"
    assert os.listdir(tmp_path) == ["a"]


def test_sound_comes_and_goes_through_pipes(folder: Path) -> None:
    x = soundfile.read("in.wav")[0]
    done = program("render", "-", "-", "--graph", "g.yaml", sound=Path("in.wav").read_bytes())
    assert done.returncode == 0
    y, rate = soundfile.read(io.BytesIO(done.stdout))
    assert rate == 48_000
    np.testing.assert_allclose(y, x * HALF, atol=1e-6)
    assert done.stderr.startswith(b"standard output: 0.10 s, FLOAT, peak ")


def test_a_pipe_can_have_another_format(folder: Path) -> None:
    done = program("render", "in.wav", "-", "--graph", "g.yaml", "--format", "flac")
    assert done.returncode == 0
    assert soundfile.info(io.BytesIO(done.stdout)).format == "FLAC"


def test_a_wav_of_open_length_comes_through_a_pipe(folder: Path) -> None:
    data = bytearray(Path("in.wav").read_bytes())
    at = data.index(b"data") + 4
    data[4:8] = data[at : at + 4] = b"\xff" * 4
    done = program("render", "-", "out.wav", "--graph", "g.yaml", sound=bytes(data))
    assert done.returncode == 0
    assert done.stderr == b""
    assert soundfile.info("out.wav").frames == 4800


@posix
def test_a_named_pipe_is_read(folder: Path) -> None:
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(Path("in.wav").read_bytes()))
    writer.start()
    assert render("pipe", "out.wav", "--jobs", "2") == 0
    writer.join(10)
    assert soundfile.info("out.wav").frames == 4800


def test_nothing_in_a_pipe_is_an_error(folder: Path) -> None:
    done = program("render", "-", "out.wav", "--graph", "g.yaml")
    assert done.returncode == 1
    assert done.stderr == b"standard input: is empty: it has 0 bytes\n"


def test_a_folder_is_made_and_keeps_the_tree(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("stems/in.wav", "stems/deep/in.wav", "stems/.hidden.wav", "stems/taped/old.wav"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(Path("in.wav").read_bytes())
    Path("stems/notes.txt").write_text("no sound")
    assert render("stems", "stems/taped", "--format", "flac") == 0
    found = sorted(str(path) for path in Path("stems/taped").rglob("*.*"))
    assert found == ["stems/taped/deep/in.flac", "stems/taped/in.flac", "stems/taped/old.wav"]
    assert render("in.wav", "stems/in.wav", "new", "--overwrite") == 1
    assert capsys.readouterr().err.startswith("new/in.wav: would come from two files")
    assert render("in.wav", "made/deep/") == 0
    assert os.listdir("made/deep") == ["in.wav"]
    Path("nothing").mkdir()
    assert render("nothing", "out") == 1
    assert capsys.readouterr().err == "nothing: contains no audio files\n"


@pytest.mark.parametrize("extension", ["aifc", "au", "bwf", "wave", "oga"])
def test_what_is_read_can_be_written(folder: Path, extension: str) -> None:
    assert render("in.wav", f"out.{extension}") == 0
    assert render(f"out.{extension}", "back.wav") == 0
    x, y = soundfile.read("in.wav")[0], soundfile.read("back.wav")[0]
    assert np.std(y[:4800] - x * HALF**2) < 0.05 * np.std(x) if extension != "oga" else len(y) == 4800
    heads = {"aifc": b"FORM....AIFC", "au": b".snd", "oga": b"OggS"}
    assert Path(f"out.{extension}").read_bytes()[:4] == heads.get(extension, b"RIFF")[:4]


def test_an_option_for_one_graph_is_taken_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "in.wav", "out.wav", "--graph", "g.yaml", "--graph", "g.yaml"]) == 2
    assert "--graph is given 2 times; run the command once for each" in capsys.readouterr().err


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="names must be UTF-8 there")
def test_names_that_are_not_utf_8_are_read_written_and_printed(folder: Path) -> None:
    os.rename(b"in.wav", b"caf\xe9.wav")
    done = program("render", os.fsdecode(b"caf\xe9.wav"), os.fsdecode(b"sort\xef.wav"), "--graph", "g.yaml")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"sort\\udcef.wav: 0.10 s")
    assert os.path.exists(b"sort\xef.wav")


def test_names_are_printed_where_the_terminal_lacks_their_characters(folder: Path) -> None:
    os.rename("in.wav", "録音.wav")
    done = subprocess.run(
        [sys.executable, "-m", "tapegraph", "render", "録音.wav", "out/", "--graph", "g.yaml"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"out")
    assert b"\\u9332\\u97f3.wav: 0.10 s" in done.stdout


@pytest.mark.parametrize("length", [246, 255])
def test_names_may_be_as_long_as_the_system_takes(folder: Path, length: int) -> None:
    name = "n" * (length - 4) + ".wav"
    assert render("in.wav", name) == 0
    assert soundfile.info(name).frames == 4800


@pytest.mark.parametrize("arguments", [["in.wav", "NAME"], ["NAME", "out.wav"], ["in.wav", "in.wav", "NAME"]])
def test_names_that_are_too_long_are_refused_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    name = "n" * 260 + ".wav"
    assert render(*(name if word == "NAME" else word for word in arguments)) in (1, 2)
    err = capsys.readouterr().err
    assert "File name too long" in err or "is not a folder" in err
    assert len(err.splitlines()) == 1


@posix
def test_standard_output_that_is_full_or_closed_is_a_line_or_nothing(folder: Path) -> None:
    command = [sys.executable, "-m", "tapegraph", "nodes"]
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert done.stderr == "standard output: cannot be written: No space left on device\n"
        assert done.returncode == 1
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == b""
    assert running.returncode == 1


def test_a_warning_about_the_sound_of_one_of_many_files_names_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.full(200, 0.1)
    soundfile.write("good.wav", x, 8000, "FLOAT")
    x[100] = np.nan
    soundfile.write("bad.wav", x, 8000, "FLOAT")
    assert main(["render", "good.wav", "bad.wav", "both", "--graph", "g.yaml", "-q"]) == 0
    assert capsys.readouterr().err.startswith("warning: both/bad.wav: 1 input sample was NaN")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files on this system")
def test_a_folder_is_taken_with_linked_folders_once_and_without_pipes(tmp_path: Path) -> None:
    """A pipe would be waited for without end, and a folder may hold a link to itself."""
    for name in ("in", "more"):
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / f"{name}.wav", np.full(100, 0.1), 8000)
    os.mkfifo(tmp_path / "in" / "pipe.wav")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "more")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    assert main(["render", str(tmp_path / "in"), str(tmp_path / "out"), "--preset", "clean", "-q"]) == 0
    out = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.wav"))
    assert out == ["in.wav", "linked/more.wav"]
