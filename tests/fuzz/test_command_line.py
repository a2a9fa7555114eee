"""Random command lines: never a traceback, never a hidden file left, always a status that means something.

Long, by hand: python tests/fuzz/test_command_line.py --count 2000 --seed 7
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import sys
import tempfile
import traceback
from pathlib import Path

import click
import numpy as np
import pytest
import soundfile

from tapegraph.__main__ import main
from tapegraph.commands import commands

# not those that play, train or measure for minutes, nor demo, which renders every preset
COMMANDS = ("render", "render", "render", "render", "check", "describe", "graph", "nodes", "presets", "schema")
GRAPH = "{tapegraph: 1, nodes: {a: {kind: gain, gain_db: -6}}, links: [input -> a -> output]}"
WORDS = ("", "-", "--", "-1", "0", "1", "2", "1e9", "nan", "inf", "auto", "gain", "clean", "a.gain_db=3", "a.gain_db=")
MORE_WORDS = ("x=y", "PCM_16", "FLOAT", "flac", "wav", "svg", "=", "\udce9", "é" * 200, "n" * 300, "../x.wav", "a\nb")
STATUS = {0, 1, 2, 130}


def make_files() -> None:
    """Make files of all sorts in the current folder."""
    rng = np.random.default_rng(1)
    sound = rng.uniform(-0.5, 0.5, (2000, 2))
    for name in ("a.wav", "b.flac", "c.ogg", "d.mp3", "e.aiff", "f.w64", "g.caf", "h.au"):
        soundfile.write(name, sound, 48_000)
        data = Path(name).read_bytes()
        Path("cut-" + name).write_bytes(data[: rng.integers(1, len(data))])
        damaged = bytearray(data)
        for at in rng.integers(0, len(data), 5):
            damaged[at] = rng.integers(256)
        Path("damaged-" + name).write_bytes(damaged)
        Path("twice-" + name).write_bytes(2 * data)
    Path("empty.wav").touch()
    Path("noise.wav").write_bytes(rng.bytes(3000))
    Path("noise.npz").write_bytes(rng.bytes(300))
    Path("g.yaml").write_text(GRAPH)
    Path("half.yaml").write_text(GRAPH[:60])
    Path("wrong.yaml").write_text(GRAPH.replace("gain_db", "gian_db"))
    Path("noise.yaml").write_bytes(rng.bytes(300))
    Path("node.py").write_text("from tapegraph import Node\nclass X(Node):\n    KIND = 'x'\n")
    Path("wrong.py").write_text("1 +")
    Path("folder/deep").mkdir(parents=True)
    Path("folder/deep/z.wav").write_bytes(Path("a.wav").read_bytes())
    Path("nothing").mkdir()
    if os.name != "nt":
        os.symlink("gone", "dangling.wav")
        os.symlink("loop.wav", "loop.wav")


def words(rng: random.Random) -> str:
    files = [*os.listdir(), "out.wav", "out/", "new.flac", "new.yaml", "/dev/null", "gone/x.wav", "folder/deep"]
    return rng.choice([*files, *files, *WORDS, *MORE_WORDS])


def make_arguments(rng: random.Random) -> list[str]:
    """Return a command line: options that the command has, most of their values wrong."""
    name = rng.choice(COMMANDS)
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    arguments = [name]
    if name == "render" and rng.random() < 0.8:
        arguments += rng.choice((["--graph", "g.yaml"], ["--preset", "clean"]))
    for param in command.params:
        if isinstance(param, click.Argument):
            count = rng.choice((1, 2, 2, 3)) if param.nargs < 0 else 1
            arguments += [word for _ in range(count) if (word := words(rng)) not in ("--help", "--")]
        elif rng.random() < 0.15:
            arguments.append(rng.choice(param.opts))
            if not (isinstance(param, click.Option) and param.is_flag):
                choices = param.type.choices if isinstance(param.type, click.Choice) else ()
                arguments.append(rng.choice(list(choices)) if choices and rng.random() < 0.7 else words(rng))
    if "--jobs" in arguments or "-j" in arguments:  # processes take long to start
        arguments = [a for k, a in enumerate(arguments) if not {a, arguments[k - 1]} & {"--jobs", "-j"}]
    return arguments


def try_arguments(arguments: list[str]) -> str:
    """Run the program in this process; return what is wrong with how it ended, or ""."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(arguments)
    except BaseException:
        return traceback.format_exc()
    err.seek(0)
    said = err.read()
    hidden = [str(path) for path in Path().rglob(".*")]
    if status not in STATUS:
        return f"status is {status}"
    if "Traceback" in said:
        return said
    if status != 0 and not said.strip():
        return f"status is {status}, without a word"
    return f"left {hidden}" if hidden else ""


def run(count: int, seed: int) -> list[str]:
    """Try random command lines in the current folder; return a text for each that fails."""
    rng = random.Random(seed)
    make_files()
    failures = []
    for _ in range(count):
        arguments = make_arguments(rng)
        if wrong := try_arguments(arguments):
            failures.append(f"{arguments!r}\n{wrong}")
    return failures


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_no_command_line_ends_badly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(120, 1) == []


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        found = run(options.count, options.seed)
    print(*found, f"{len(found)} of {options.count} failed", sep="\n\n")
    sys.exit(bool(found))
