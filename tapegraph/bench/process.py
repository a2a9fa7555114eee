"""Measures processes: the CPU time that they take to start and to render, and the memory of a long render."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from tapegraph import demo
from tapegraph.bench.figure import Figure, figure
from tapegraph.bench.turns import RUNS, children_s, in_turns
from tapegraph.errors import TapegraphError
from tapegraph.files.write import create

PRESET = "clean"
LONG_MIN = 3
# Runs a command, prints the most memory it took, kB, and ends as it did; macOS counts in bytes. A process between us
# and the command, because Linux counts what its parent took as a command's own.
WEIGH = """\
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak / 1024 if sys.platform == "darwin" else peak)
sys.exit(status)
"""


def starting() -> Iterator[Figure]:
    """Time Python with tapegraph, and its help, with Python and NumPy as the rival."""
    commands = {
        "import numpy": [sys.executable, "-c", "import numpy"],
        "import tapegraph": [sys.executable, "-c", "import tapegraph"],
        "tapegraph --help": [sys.executable, "-m", "tapegraph", "--help"],
    }
    works = {name: [partial(run, command)] for name, command in commands.items()}
    ms = {name: 1e3 * times for name, times in in_turns(works, RUNS, children_s).items()}
    rival = {"import numpy": ms.pop("import numpy")}
    for name, times in ms.items():
        yield figure(name, "ms", times, rival)


def memory() -> Iterator[Figure | str]:
    """Measure the memory of a render of some minutes in mono, and of one of a second."""
    if sys.platform == "win32":
        yield "no memory of a render: Windows does not report the peak of a process"
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            long = peak_mb(Path(folder), 60 * LONG_MIN)
            short = peak_mb(Path(folder), 1)
    except TapegraphError as error:
        yield f"no memory of a render: {error}"
        return
    yield figure(
        f"{LONG_MIN} minutes of {PRESET}, peak", "MB", np.array([[long]]), {"a second of it": np.array([[short]])}
    )


def peak_mb(folder: Path, sound_s: int) -> float:
    """Return the peak memory of rendering so much sound, MB."""
    return float(run([sys.executable, "-c", WEIGH, *rendering(folder, 1, sound_s, PRESET)])) * 1024 / 1e6


def rendering(folder: Path, channels: int, sound_s: int, preset: str) -> list[str]:
    """Return the command that renders so much sound, from a file that is written into a folder, to another."""
    source, target = folder / f"{sound_s}.wav", folder / f"{sound_s}-taped.wav"
    second = demo.music()[:channels, : demo.SAMPLE_RATE]
    with create(source, demo.SAMPLE_RATE, channels, sound_s * second.shape[1]) as file:
        for _ in range(sound_s):
            file.write(second)
    tapegraph = [sys.executable, "-m", "tapegraph"]
    return [*tapegraph, "render", str(source), str(target), "--preset", preset, "--overwrite"]


def run(command: list[str]) -> str:
    """Return what a command prints. Raises TapegraphError, with the last line of its errors, where it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        message = done.stderr.strip().rpartition("\n")[2]
        raise TapegraphError(message or f"its process ended with status {done.returncode} without a message")
    return done.stdout
