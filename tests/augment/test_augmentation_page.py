"""Everything on the page about augmentation that can be run is run, where the library that it is about is installed."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tapegraph
from tapegraph import demo
from tapegraph.files.write import create

PAGE = Path(tapegraph.__path__[0]) / "docs" / "augmentation.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
PROGRAMS = [text for language, text in BLOCKS if language == "python"]
COMMANDS = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
COMMON = {"tapegraph", "numpy", "io", "functools", "dataclasses", "soundfile"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the page speaks of: a random machine, and a clip of 8000 frames in stereo."""
    for language, text in BLOCKS:
        if language == "yaml" and (named := re.match(r"# (\w+\.yaml)\n", text)):
            (tmp_path / named[1]).write_text(text)
    clip = np.ascontiguousarray(demo.music()[:, :8000])
    with create(tmp_path / "clip.wav", 16_000, *clip.shape) as file:
        file.write(clip)
    return tmp_path


def run(folder: Path, *command: str) -> None:
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_on_the_page_runs(line: str, folder: Path) -> None:
    run(folder, "-m", *shlex.split(line))


def needs(program: str) -> list[str]:
    """The packages that a program imports."""
    return re.findall(r"^(?:import|from) (\w+)", program, re.MULTILINE)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: next(iter({*needs(program)} - COMMON), "tapegraph"))
def test_a_program_on_the_page_runs(program: str, folder: Path) -> None:
    for package in needs(program):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"an example for users of {package}, which is not installed here")
    (folder / "program.py").write_text(program)
    run(folder, "program.py")


def test_every_link_of_the_page_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([\w./]+)\)", PAGE.read_text("utf-8"))
    assert links
    assert all((PAGE.parent / link).exists() for link in links)
