"""Everything in the README that can be run is run: graphs, programs, commands."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tapegraph_nodes

import tapegraph
from tapegraph import demo, resources
from tapegraph.files.write import create

README = Path(__file__).parent.parent / "README.md"
PAGES = [README, README.parent / ".github" / "CONTRIBUTING.md"]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the README speaks of: those it shows, and a song."""
    folder = tmp_path_factory.mktemp("readme")
    for language, text in BLOCKS:
        if named := re.match(r"# (\w+\.(?:yaml|py))\n", text):
            assert language in ("yaml", "python")
            (folder / named[1]).write_text(text)
    song = np.ascontiguousarray(demo.music()[:, :24_000])
    with create(folder / "song.wav", demo.SAMPLE_RATE, *song.shape) as file:
        file.write(song)
    return folder


COMMANDS = [text.splitlines() for language, text in BLOCKS if language == "sh"]


@pytest.mark.parametrize("lines", COMMANDS, ids=[lines[0] for lines in COMMANDS])
def test_commands_in_the_readme_run_in_their_order(lines: list[str], folder: Path) -> None:
    if not tapegraph.COMPILED and any({"report", "measure"} & set(shlex.split(line)) for line in lines):
        pytest.skip("to measure networks and graphs takes minutes without compiled code")
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "tapegraph"
        if "--plot" in arguments and importlib.util.find_spec("matplotlib") is None:
            continue  # as where tapegraph is installed without extras
        if arguments[0] == "compare":
            arguments.append("--no-sheets")  # which would take half a minute
        done = subprocess.run(
            [sys.executable, "-m", "tapegraph", *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert "warning" not in done.stderr, line


@pytest.mark.parametrize("text", [t for language, t in BLOCKS if language == "python" and not t.startswith("# ")])
def test_a_program_in_the_readme_runs(text: str, folder: Path) -> None:
    if "tapegraph.measure" in text and not tapegraph.COMPILED:
        pytest.skip("to measure graphs takes minutes without compiled code")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", text], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_shows_errors_as_they_are(folder: Path) -> None:
    text = (folder / "my_machine.yaml").read_text()
    text = text.replace("kind: hysteresis", "kind: hysteresys").replace("$speed_ips, gap", "75, gap")
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.Graph.from_yaml(text, "my_machine.yaml")
    shown = next(t for language, t in BLOCKS if language == "text" and t.startswith("my_machine.yaml"))
    assert str(caught.value) == shown.strip()


def place(path: str) -> Path:
    """Where a path of the checkout is, also where the tests run beside an installed wheel."""
    folder, _, rest = path.partition("/")
    if folder == "nodes":
        return Path(tapegraph_nodes.__path__[0]).parent / rest
    if folder in ("presets", "weights"):
        return resources.folder(folder) / rest
    return (Path(tapegraph.__path__[0]) if folder == "tapegraph" else README.parent / folder) / rest


def test_every_path_in_the_picture_of_the_tree_exists() -> None:
    picture = next(t for language, t in BLOCKS if language == "text" and t.startswith("tapegraph/\n"))
    parents: dict[int, str] = {}
    for line in picture.splitlines():
        indent = len(line) - len(line.lstrip())
        names = re.split(r"\s{2,}", line.strip())[0].split()
        parents[indent] = names[0]
        for name in names:
            assert place((parents[0] if indent else "") + name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    text = page.read_text("utf-8")
    links = re.findall(r"""(?:\]\(|src=")([\w./-]+)""", text)
    assert links
    for link in links:
        assert place(os.path.relpath(page.parent / link, README.parent).replace(os.sep, "/")).exists(), link
