"""The command line: what it prints, where it prints it, and the status it exits with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from toys import SLOW

import tapegraph
from tapegraph import resources
from tapegraph.__main__ import main
from tapegraph.commands import commands
from tapegraph.node import registry

TOYS = str(Path(__file__).with_name("toys.py"))
LOUDER = """\
tapegraph: 1
title: Twice as loud
description: Doubles the sound.
tags: [loud, showcase]
sources: [the number two]
nodes:
  level: {kind: gain, gain_db: 6}
links: [input -> level -> output]
controls: {Level: level.gain_db}
"""
WRONG = """\
tapegraph: 1
nodes:
  level: {kind: gian, gain_db: 6}
links: [input -> level -> output, level -> nowhere]
"""
WINDING = """\
tapegraph: 1
title: Up & down
resampler: linear
nodes:
  low: {kind: gain}
  fast: {kind: gain, oversample: 4}
  late: {kind: shift, frames_late: 24}
  echo: {kind: echo, frames_later: 600}
  again: {kind: gain, gain_db: -6}
  one: {kind: ones}
  two: {kind: two}
links:
  - input -> low -> fast -> late -> echo -> output
  - echo -> again -> echo
  - one -> low.gain_db
  - input -> two.b
  - two -> output
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a sound and two graphs; the only preset is louder."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("in.wav", np.random.default_rng(2).uniform(-0.4, 0.4, (6000, 2)), 48_000, "PCM_16")
    Path("wrong.yaml").write_text(WRONG)
    Path("winding.yaml").write_text(WINDING)
    Path("presets/levels").mkdir(parents=True)
    Path("presets/levels/louder.yaml").write_text(LOUDER)
    monkeypatch.setattr(resources, "presets", lambda: {"louder": tmp_path / "presets/levels/louder.yaml"})
    return tmp_path


def test_the_program_alone_says_what_to_do_next() -> None:
    done = subprocess.run([sys.executable, "-m", "tapegraph"], capture_output=True, text=True, check=True)
    assert "tapegraph demo" in done.stdout
    assert "tapegraph render guitar.wav tape.wav --preset NAME" in done.stdout


def test_the_version_says_whether_sound_is_compiled(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    built = "compiled" if tapegraph.COMPILED else "interpreted"
    assert capsys.readouterr().out == f"tapegraph {tapegraph.__version__} ({built})\n"


@pytest.mark.parametrize("name", commands.list_commands(None))  # type: ignore[arg-type]
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    help_text = capsys.readouterr().out
    assert f"\n    tapegraph {name}" in help_text.partition("Example")[2]


def test_render_changes_the_sound_and_says_how_fast(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "in.wav", "out.wav", "--preset", "louder", "--set", "Level=-6", "--no-dither"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("out.wav: 0.12 s, PCM_16, peak -14.0 dBFS, in ")  # 20 log10 0.4 = -8.0, less 6
    assert out.endswith("times real time)\n")
    x, y = soundfile.read("in.wav")[0], soundfile.read("out.wav")[0]
    np.testing.assert_allclose(y, x * 10 ** (-6 / 20), atol=2.0**-16)


def test_quiet_says_nothing_but_warnings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--preset", "louder", "--set", "level.gain_db=20", "--quiet", "--subtype", "PCM_24"]
    assert main(["render", "in.wav", "out.flac", *settings]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("warning: out.flac: ")
    assert "were clipped, by up to 12.0 dB" in err  # 20 log10 4
    assert soundfile.info("out.flac").subtype == "PCM_24"


def test_a_bit_rate_is_for_lossy_files_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = []
    for bitrate in ("64", "192"):
        settings = ["--preset", "louder", "--set", "Level=-6", "--quiet", "--overwrite", "--bitrate", bitrate]
        assert main(["render", "in.wav", "out.mp3", *settings]) == 0
        sizes.append(Path("out.mp3").stat().st_size)
    assert sizes[1] == pytest.approx(3 * sizes[0], rel=0.05)
    assert main(["render", "in.wav", "out.wav", *settings]) == 1
    assert capsys.readouterr().err == "out.wav: bitrate is 192 kb/s; only ogg, opus and mp3 take one\n"


def test_a_file_that_is_there_is_replaced_only_when_told_to(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out.wav").write_text("precious")
    assert main(["render", "in.wav", "out.wav", "--preset", "louder"]) == 1
    assert capsys.readouterr().err == "out.wav: exists already; it is replaced only with --overwrite\n"
    assert Path("out.wav").read_text() == "precious"
    assert main(["render", "in.wav", "out.wav", "--preset", "louder", "--overwrite"]) == 0
    assert soundfile.info("out.wav").frames == 6000


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_several_files_go_into_a_folder_and_one_that_fails_does_not_stop_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str], jobs: str
) -> None:
    Path("out").mkdir()
    shutil.copy("in.wav", "again.wav")
    arguments = ["render", "in.wav", "gone.wav", "again.wav", "out", "--preset", "louder", "--jobs", jobs]
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert [line.partition(":")[0] for line in out.splitlines()] == ["out/in.wav", "out/again.wav"]
    assert err.startswith("gone.wav: there is no such file")
    assert main(["render", "in.wav", "alone.wav", "--preset", "louder"]) == 0
    assert Path("out/in.wav").read_bytes() == Path("out/again.wav").read_bytes() == Path("alone.wav").read_bytes()


def test_files_of_one_name_do_not_become_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b", "out"):
        Path(name).mkdir()
    assert main(["render", "a/in.wav", "b/in.wav", "out", "--preset", "louder"]) == 1
    assert capsys.readouterr().err == "out/in.wav: would come from two files; render them into different folders\n"


def test_a_tail_can_be_asked_for_in_seconds(folder: Path) -> None:
    assert main(["render", "in.wav", "out.wav", "--preset", "louder", "--tail", "0.5"]) == 0
    assert soundfile.info("out.wav").frames == 6000 + 24_000


def test_a_missing_file_is_said_also_where_the_new_one_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out.wav").write_text("precious")
    assert main(["render", "no.wav", "out.wav", "--preset", "louder", "--overwrite"]) == 1
    assert capsys.readouterr().err.startswith("no.wav: there is no such file")
    assert Path("out.wav").read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["rendr"], 2, "no command is called rendr; did you mean render?"),
        (["render", "in.wav", "--preset", "louder"], 2, "the output is missing; write IN OUT"),
        (
            ["render", "in.wav", "a.wav", "no.wav", "--preset", "louder"],
            2,
            "no.wav is not a folder; several files need a folder as OUT",
        ),
        (["render", "in.wav", "o.wav"], 2, "give either --preset NAME or --graph FILE; presets: louder"),
        (["render", "in.wav", "o.wav", "--preset", "a", "--graph", "b"], 2, "give either --preset NAME or"),
        (["render", "in.wav", "o.wav", "--preset", "louder", "--set", "level"], 2, "--set level has no value"),
        (["render", "in.wav", "o.wav", "--preset", "louder", "--tail", "long"], 2, "long is neither a number of"),
        (["render", "in.wav", "o.wav", "--preset", "loud"], 2, "no preset is called loud; did you mean louder?"),
        (["render", "in.wav", "o.wav", "--preset", "quiet"], 2, "no preset is called quiet; there are louder"),
        (["render", "no.wav", "o.wav", "--preset", "louder"], 1, "no.wav: there is no such file"),
        (["render", "in.wav", "in.wav", "--preset", "louder", "--overwrite"], 1, "in.wav: is both the source and"),
        (["render", "in.wav", "o.wav", "--graph", "no.yaml"], 1, "no.yaml: cannot be read: No such file or directory"),
        (["render", "in.wav", "o.wav", "--graph", "wrong.yaml"], 1, "wrong.yaml:3:"),
        (["render", "in.wav", "o.wav", "--preset", "louder", "--tail", "-1"], 2, "tail is -1.0; it must be 0 to 3600"),
        (["render", "in.wav", "o.wav", "--preset", "louder", "--nodes", "no.py"], 1, "no.py: there is no such file"),
        (["describe", "gian"], 2, "no node kind and no preset is called gian; did you mean gain?"),
        (["graph", "loud"], 2, "no preset is called loud; did you mean louder?"),
        (["graph", "louder", "--rate", "100"], 1, "sample_rate is 100 Hz; it must be 8000 to 384000 Hz"),
        (["schema", "-o", "gone/s.json"], 1, "gone/s.json: cannot be written: No such file or directory"),
        (["demo", "in.wav"], 1, "in.wav: is not a folder that can be written to: File exists"),
    ],
)
def test_mistakes_are_said_in_a_line_with_a_status_and_nothing_is_left(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, said: str
) -> None:
    before = sorted(os.listdir())
    assert main(arguments) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == (2 if "wrong.yaml" in arguments else 1)
    assert sorted(os.listdir()) == before


def test_all_wrong_settings_are_said_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--set", "level.gian_db=1", "--set", "Level=100", "--set", "levle.gain_db=2"]
    assert main(["render", "in.wav", "o.wav", "--preset", "louder", *settings]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "did you mean gain_db?" in lines[0]
    assert "100 dB; it must be -96 to 48 dB" in lines[1]


def test_check_prints_every_problem_of_every_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "presets/levels/louder.yaml", "wrong.yaml", "gone.yaml"]) == 1
    out, err = capsys.readouterr()
    assert out == "presets/levels/louder.yaml: ok, 1 node, latency 0.00 ms at 48000 Hz\n"
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["wrong.yaml:3:17", "wrong.yaml:4:44", "gone.yaml"]


def test_nodes_lists_kinds_with_what_they_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nodes", "--nodes", TOYS]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == registry.kinds()
    assert "Delays by a number of frames and states it as its latency." in "".join(lines)


def test_describe_prints_equation_ports_and_parameters(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "gain"]) == 0
    text = capsys.readouterr().out
    assert "y[i] = a[i] x[i]" in text
    assert "inputs   in\noutputs  out\n" in text
    assert text.endswith("parameter  default  allowed       meaning\ngain_db    0 dB     -96 to 48 dB  level change\n")


def test_describe_explains_the_controls_of_a_preset(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "louder"]) == 0
    assert capsys.readouterr().out.replace("preset\n(", "preset (") == (
        f"louder, a preset ({folder}/presets/levels/louder.yaml)\n\nTwice as loud\n\nDoubles the sound.\n\n"
        "control  value  allowed       meaning\nLevel    6 dB   -96 to 48 dB  level change (level.gain_db)\n\n"
        "links\n  input -> level -> output\n\n"
        "tapegraph measure louder prints its data sheet, tapegraph graph louder draws it.\n"
    )


def test_describe_takes_a_graph_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("my.yaml").write_text(LOUDER)
    assert main(["describe", "my.yaml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["my.yaml, a graph", "", "Twice as loud"]
    assert "Level    6 dB   -96 to 48 dB  level change (level.gain_db)" in lines
    assert lines[-1].startswith("tapegraph measure my.yaml ")


def test_describe_fits_100_columns(capsys: pytest.CaptureFixture[str]) -> None:
    for name in [*registry.kinds(), *resources.presets()]:
        assert main(["describe", name]) == 0
        for line in capsys.readouterr().out.splitlines():
            assert len(line) <= 100 or " " not in line.strip(), name  # a path is not broken


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("twice", "; see louder"),
        ("eaten", "; see chew"),
        ("zzz", "; tapegraph nodes and tapegraph presets list them"),
    ],
)
def test_describe_finds_what_speaks_of_a_word(
    folder: Path, word: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["describe", word]) == 2
    assert f"no node kind and no preset is called {word}{named}" in capsys.readouterr().err


def test_presets_are_listed_with_titles_and_in_full(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets"]) == 0
    assert capsys.readouterr().out == "levels:\n  louder  Twice as loud\n"
    assert main(["presets", "--verbose"]) == 0
    text = capsys.readouterr().out
    file = f"file: {folder}/presets/levels/louder.yaml"
    for said in ("Doubles the sound.", "controls: Level", "tags: loud, showcase", "source: the number two", file):
        assert said in text


def test_presets_are_filtered_by_family_and_tag(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--family", "levels"], ["--tag", "loud"], ["--tag", "loud", "--tag", "showcase"]):
        assert main(["presets", *words]) == 0
        assert capsys.readouterr().out == "levels:\n  louder  Twice as loud\n"
    assert main(["presets", "--family", "level"]) == 2
    assert "no preset has the family level; did you mean levels?" in capsys.readouterr().err
    assert main(["presets", "--tag", "vocals"]) == 2
    assert "no preset has the tag vocals; there are loud, showcase" in capsys.readouterr().err


def test_demo_writes_music_and_the_showcase(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "heard"]) == 0
    assert sorted(os.listdir("heard")) == ["louder.wav", "music.wav"]
    music, rate = soundfile.read("heard/music.wav")
    assert (rate, music.shape) == (48_000, (384_000, 2))
    assert np.max(np.abs(music)) == pytest.approx(10 ** (-6 / 20), abs=1e-6)
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "heard/music.wav",
        "heard/louder.wav",
    ]
    assert main(["demo", "heard"]) == 1
    assert main(["demo", "heard", "--overwrite", "--preset", "louder"]) == 0


def test_demo_plays_presets_outside_the_showcase_only_when_asked_to(folder: Path) -> None:
    Path("presets/levels/louder.yaml").write_text(LOUDER.replace(", showcase", ""))
    assert main(["demo", "heard"]) == 0
    assert os.listdir("heard") == ["music.wav"]
    assert main(["demo", "heard", "--all", "--overwrite"]) == 0
    assert sorted(os.listdir("heard")) == ["louder.wav", "music.wav"]


def test_schema_is_json_and_knows_added_nodes(folder: Path) -> None:
    assert main(["schema", "-o", "schema.json", "--nodes", TOYS]) == 0
    assert {"gain", "shift"} <= json.loads(Path("schema.json").read_text())["definitions"].keys()


def test_a_drawing_in_text_shows_order_rates_latencies_and_loops(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", "winding.yaml", "--nodes", TOYS]) == 0
    title, subtitle, _, *lines = capsys.readouterr().out.splitlines()
    assert title == "Up & down"
    up, down = resampler_frames("winding.yaml")
    assert f"latency {24 + up + down:g} frames" in subtitle
    assert subtitle.endswith("feeds back")
    text = "\n".join(["", *lines, ""])
    for said in (
        "\nfast (gain), 4x, 192000 Hz\n",
        f"\n  -> fast  4x up, {up:g} frames\n",
        f"\n  -> late  4x down, {down:g} frames\n",
        "\nlate (shift), latency 24 frames\n",
        "\nagain (gain)\n  -> echo  a block late\n",
        "\n  -> low  moves gain_db\n",
        "\n  -> two  to b\n",
    ):
        assert said in text


def resampler_frames(file: str) -> tuple[float, float]:
    """Return the latencies of the way up and of the way down, as the planner states them."""
    from tapegraph.run.plan import plan

    crossings = plan(tapegraph.load(Path(file)).flat(), 48_000, 2).timing.crossings
    late = {link.target_node: frames for link, frames in crossings.items()}
    return late["fast"], late["late"]


def test_a_mermaid_drawing_names_every_node_and_link(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "winding.yaml", "--nodes", TOYS, "--format", "mermaid"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "flowchart LR"
    boxes = [line for line in lines if line.endswith(('"]', "])"))]
    assert len(boxes) == 9
    assert len(lines) - 1 - len(boxes) == 10  # arrows
    assert sum("-.->" in line for line in lines) == 2  # the loop and the modulation


def test_an_svg_drawing_is_well_formed_and_its_boxes_lie_apart_and_inside(folder: Path) -> None:
    assert main(["graph", "winding.yaml", "--nodes", TOYS, "-o", "g.png"]) == 2
    assert main(["graph", "winding.yaml", "--nodes", TOYS, "-o", "g.svg"]) == 0
    root = ElementTree.parse("g.svg").getroot()
    left, top, width, height = (float(word) for word in root.attrib["viewBox"].split())
    rects = [
        [float(r.attrib[key]) for key in ("x", "y", "width", "height")]
        for r in root.findall("{*}rect")
        if r.get("class") in ("box", "end")
    ]
    assert len(rects) == 9
    for x, y, w, h in rects:
        assert left <= x
        assert x + w <= left + width
        assert top <= y
        assert y + h <= top + height
    for i, (x, y, w, h) in enumerate(rects):
        for other_x, other_y, other_w, other_h in rects[:i]:
            assert x + w < other_x or other_x + other_w < x or y + h < other_y or other_y + other_h < y
    assert len([path for path in root.findall("{*}path") if path.get("class")]) == 10
    assert {"Up & down", "gain", "0 dB", "arrives a block late"} <= {text.text for text in root.findall(".//{*}text")}


INTERRUPTED = """
import os, signal, sys
sys.argv = ["tapegraph", "presets"]
class Finder:
    def find_spec(name, *more):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
from tapegraph.__main__ import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal there")
@pytest.mark.parametrize(
    ("module", "status"),
    [
        ("typing", -signal.SIGINT),
        ("tapegraph.api", -signal.SIGINT),
        ("numpy", -signal.SIGINT),
        ("click", -signal.SIGINT),
        ("tapegraph.commands.presets", 128 + signal.SIGINT),
    ],
)
def test_ctrl_c_during_the_imports_prints_no_traceback(module: str, status: int) -> None:
    code = INTERRUPTED.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == status


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal there")
def test_an_interrupted_rendering_exits_with_130_and_leaves_nothing(folder: Path) -> None:
    Path("slow.py").write_text(SLOW)
    Path("slow.yaml").write_text("{tapegraph: 1, nodes: {a: {kind: slow}}, links: [input -> a -> output]}")
    before = sorted(os.listdir())
    program = [sys.executable, "-B", "-m", "tapegraph", "render", "in.wav", "o.wav"]
    running = subprocess.Popen(
        [*program, "--graph", "slow.yaml", "--nodes", "slow.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "running\n"
    time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert err.strip() == "interrupted; no incomplete files were kept"
    assert running.returncode == 130
    assert sorted(os.listdir()) == before


def test_seed_sets_what_random_nodes_draw(folder: Path) -> None:
    Path("hiss.yaml").write_text(
        "tapegraph: 1\nnodes: {hiss: {kind: noise}}\nlinks: [input -> output, hiss -> output]\n"
    )
    for seed in ("3", "3", "4"):
        name = f"out{len(os.listdir())}.wav"
        assert main(["render", "in.wav", name, "--graph", "hiss.yaml", "--seed", seed]) == 0
    first, again, other = (
        Path(name).read_bytes() for name in sorted(Path().glob("out*.wav"), key=lambda p: p.stat().st_mtime_ns)
    )
    assert first == again != other
    assert main(["render", "in.wav", "x.wav", "--graph", "hiss.yaml", "--seed", "-1"]) == 2


def test_a_folder_is_not_rendered_into_a_link_to_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("songs").mkdir()
    os.rename("in.wav", "songs/in.wav")
    os.symlink("loop.wav", "loop.wav")
    assert main(["render", "songs", "loop.wav", "--preset", "louder"]) == 1
    assert capsys.readouterr().err == "loop.wav: cannot be made: File exists\n"
