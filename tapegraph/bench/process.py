"""Measures processes: how long a shell waits for them, and the memory that a long render takes."""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tapegraph import demo
from tapegraph.bench.figure import RUNS, Figure, figure, seconds
from tapegraph.errors import TapegraphError
from tapegraph.files.write import create

PRESET = "clean"
LONG_MIN = 5
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
    """Time Python with NumPy as the rival, then with tapegraph, then its help."""
    commands = {
        "import tapegraph": [sys.executable, "-c", "import tapegraph"],
        "tapegraph --help": [sys.executable, "-m", "tapegraph", "--help"],
    }
    for name, command in commands.items():
        values: list[float] = []
        numpy: list[float] = []
        for _ in range(RUNS):
            numpy.append(1e3 * seconds(functools.partial(run, [sys.executable, "-c", "import numpy"])))
            values.append(1e3 * seconds(functools.partial(run, command)))
        yield figure(name, "ms", values, {"import numpy": numpy})


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
    yield figure(f"{LONG_MIN} minutes of {PRESET}, peak", "MB", [long], {"a second of it": [short]})


def peak_mb(folder: Path, sound_s: int) -> float:
    """Return the peak memory of rendering so much sound, MB."""
    source, target = folder / f"{sound_s}.wav", folder / f"{sound_s}-taped.wav"
    second = demo.music()[:1, : demo.SAMPLE_RATE]
    with create(source, demo.SAMPLE_RATE, 1, sound_s * second.shape[1]) as file:
        for _ in range(sound_s):
            file.write(second)
    render = [sys.executable, "-m", "tapegraph", "render", str(source), str(target), "--preset", PRESET]
    return float(run([sys.executable, "-c", WEIGH, *render])) * 1024 / 1e6


def run(command: list[str]) -> str:
    """Return what a command prints. Raises TapegraphError, with the last line of its errors, where it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        message = done.stderr.strip().rpartition("\n")[2]
        raise TapegraphError(message or f"its process ended with status {done.returncode} without a message")
    return done.stdout
