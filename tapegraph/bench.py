"""Measures how fast this installation is, in figures that can be compared with another run.

A figure is the least and the median time of several runs. The solvers of the hysteresis node run against the same
equations in plain C (rival.c), compiled here and timed in turns with them, so that the ratio holds on any machine.
"""

from __future__ import annotations

import ctypes
import functools
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from tapegraph import demo, registry, resources
from tapegraph.graph import chain, load
from tapegraph.node import Choice, Node, Signal
from tapegraph.stream import Array, Rendering

RUNS = 7
FRAMES = 128  # a block of 64 at 48 kHz, 2 times oversampled
RATE = 96_000
SETTING: dict[str, Any] = {"drive": 0.5, "saturation": 0.5, "bias": 0.5}
RIVALS = {"rk2": 0, "rk4": 1, "nr4": 4, "nr8": 8}  # what rival.c calls the solvers


@attrs.frozen
class Figure:
    """One measurement.

    least, median: of several runs, in unit
    ratio: median of the time over that of the rival in the same run, where there is one
    """

    name: str
    unit: str
    least: float
    median: float
    ratio: float | None = None


def figure(name: str, unit: str, values: list[float], rival: list[float] | None = None) -> Figure:
    ratio = statistics.median(a / b for a, b in zip(values, rival, strict=True)) if rival else None
    return Figure(name, unit, min(values), statistics.median(values), ratio)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def music(channels: int) -> Array:
    """Return two seconds of the demo's music, as the hysteresis node hears it when it is oversampled."""
    x = demo.music()[:channels, : 2 * demo.SAMPLE_RATE]
    return np.asarray(np.fft.irfft(np.fft.rfft(x), 2 * x.shape[1]) * 2)


class Player:
    """A hysteresis node by itself, and music in blocks to play through it."""

    def __init__(self, x: Array, solver: str) -> None:
        self.node: Node = registry.find("hysteresis")()
        self.node.fs, self.node.channels, self.node.frames = float(RATE), len(x), FRAMES
        for name, value in SETTING.items():
            self.node.set(name, value)
        self.node.set("solver", solver)
        self.node.prepare()
        self.node.update()
        self.node.reset()
        self.y = [Signal(len(x), FRAMES)]
        self.blocks: list[list[Signal]] = []
        for start in range(0, x.shape[1] - FRAMES + 1, FRAMES):
            signal = Signal(len(x), FRAMES)
            signal.put(x[:, start : start + FRAMES])
            self.blocks.append([signal])

    def ns(self) -> float:
        """Play all blocks once; return the time of a sample and channel, ns."""
        start = time.perf_counter()
        for block in self.blocks:
            self.node.process(block, self.y)
        return (time.perf_counter() - start) / (len(self.blocks) * FRAMES * len(self.y[0].array)) * 1e9


class Tape(ctypes.Structure):
    """The struct of the same name in rival.c."""

    _fields_ = [(name, ctypes.c_double) for name in ("M_s", "a", "c", "k", "alpha", "T", "M", "H", "H_d")]


class Rival:
    """rival.c, compiled. Raises OSError or CalledProcessError where there is no C compiler."""

    def __init__(self, folder: str) -> None:
        library = Path(folder, "rival.so")
        compiler = os.environ.get("CC") or (sysconfig.get_config_var("CC") or "cc").split()[0]
        source = Path(__file__).with_name("rival.c")
        subprocess.run(
            [compiler, "-O3", "-shared", "-fPIC", str(source), "-o", str(library), "-lm"],
            check=True,
            capture_output=True,
        )
        self.magnetise = ctypes.CDLL(str(library)).magnetise
        self.magnetise.restype = None

    def play(self, x: Array, solver: str) -> tuple[Array, float]:
        """Return M for every channel of x, and the time that a sample and channel took, ns."""
        M_s = 0.5 + 1.5 * (1 - SETTING["saturation"])
        a = M_s / (0.01 + 6 * SETTING["drive"])
        double = ctypes.POINTER(ctypes.c_double)
        x = np.ascontiguousarray(x)
        y = np.empty_like(x)
        taken = 0.0
        for source, target in zip(x, y, strict=True):
            tape = Tape(M_s, a, SETTING["bias"] ** 0.5 - 0.01, 0.47875, 0.0016, 1 / RATE)
            arguments = (
                *(ctypes.byref(tape), ctypes.c_int(RIVALS[solver])),
                *(source.ctypes.data_as(double), target.ctypes.data_as(double), ctypes.c_long(x.shape[1])),
            )
            start = time.perf_counter()
            self.magnetise(*arguments)
            taken += time.perf_counter() - start
        return y, taken / x.size * 1e9


def solvers() -> Iterator[Figure]:
    """Time every solver in stereo and mono, and the rival's in turns with them."""
    choice = next(p for p in registry.find("hysteresis").PARAMS if isinstance(p, Choice) and p.name == "solver")
    stereo, mono = music(2), music(1)
    with tempfile.TemporaryDirectory() as folder:
        try:
            rival: Rival | None = Rival(folder)
        except (OSError, subprocess.CalledProcessError):
            rival = None  # no compiler here: the ratios are left out
        for solver in choice.options:
            ours: list[float] = []
            theirs: list[float] = []
            alone: list[float] = []
            players = Player(stereo, solver), Player(mono, solver)
            for _ in range(RUNS):
                ours.append(players[0].ns())
                if rival and solver in RIVALS:
                    theirs.append(rival.play(stereo, solver)[1])
                alone.append(players[1].ns())
            yield figure(f"{solver}, stereo", "ns a sample and channel", ours, theirs)
            yield figure(f"{solver}, mono", "ns a sample and channel", alone)
            if theirs:
                yield figure(f"{solver}, plain C", "ns a sample and channel", theirs)


def nodes() -> Iterator[Figure]:
    """Time every other kind of node with its defaults, in a graph of its own: ns a sample and channel at 48 kHz."""
    x = demo.music()[:, : demo.SAMPLE_RATE]
    for kind in registry.kinds():
        if kind == "hysteresis" or registry.find(kind).BREAKS_LOOPS or registry.find(kind).CHANNELS:
            continue
        rendering = chain(node={"kind": kind}).rendering(demo.SAMPLE_RATE, len(x))
        yield figure(kind, "ns a sample and channel", [processing(rendering, x) / x.size * 1e9 for _ in range(RUNS)])


def processing(rendering: Rendering, x: Array) -> float:
    return seconds(functools.partial(rendering.engine.process, x[:, : x.shape[1] // 64 * 64]))


def scheduler() -> Iterator[Figure]:
    """Time what one more gain costs in a chain, with all its own work: ns a block of 64 frames, one channel."""
    x = demo.music()[:1, : demo.SAMPLE_RATE]
    blocks = x.shape[1] // 64
    short, long = (
        chain(**{f"gain{k}": {"kind": "gain"} for k in range(n)}).rendering(demo.SAMPLE_RATE, 1) for n in (1, 41)
    )
    values = [(processing(long, x) - processing(short, x)) / (40 * blocks) * 1e9 for _ in range(RUNS)]
    yield figure("one more node", "ns a block", values)


def presets() -> Iterator[Figure]:
    """Time the presets on the demo's music in stereo: ms for a second of sound, so that 1000 is real time."""
    x = demo.music()
    for name in resources.presets():
        render = functools.partial(load(name).render, x, demo.SAMPLE_RATE)
        values = [seconds(render) * 1e3 * demo.SAMPLE_RATE / x.shape[1] for _ in range(3)]
        yield figure(name, "ms a second of sound", values)


def starting() -> Iterator[Figure]:
    """Time what a shell waits for: Python with NumPy as the rival, then with tapegraph, then its help."""
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
        yield figure(name, "ms, against import numpy", values, numpy)


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


SECTIONS: dict[str, Callable[[], Iterator[Figure]]] = {
    "solvers": solvers,
    "nodes": nodes,
    "scheduler": scheduler,
    "presets": presets,
    "starting": starting,
}
