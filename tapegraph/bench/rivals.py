"""What the solvers of the hysteresis node run against: the same equations in plain C and in Numba, compiled here.

A rival takes one channel at a time and knows the constants of the equation; both are asked by compete().
"""

from __future__ import annotations

import abc
import ctypes
import math
import os
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from tapegraph.node import registry
from tapegraph.node.params import Model
from tapegraph.node.weights import load as load_weights
from tapegraph.run.sound import Array

# What rival.c and loops.py call the solvers; from 4 on the iterations of Newton.
METHODS = {"stn": -1, "rk2": 0, "rk4": 1, "v1": 1, "midpoint_h": 2, "exponential_h": 3, "nr4": 4, "nr8": 8}


@attrs.frozen(eq=False)
class Constants:
    """What the equation is given, in the letters of the hysteresis node; T is the time of a sample, s."""

    M_s: float
    a: float
    c: float
    k: float
    alpha: float
    T: float
    weights: Array


def constants(solver: str, rate: float, drive: float, saturation: float, bias: float) -> Constants:
    """Return the constants that the node has with its default model at a setting."""
    alpha, M_s = 0.0016, 0.5 + 1.5 * (1 - saturation)
    if solver == "v1":
        return Constants(5 * M_s, 5 * M_s / (0.01 + 40 * drive), 0.17, 2.7, alpha, 1 / rate, np.zeros(0))
    model = next(param for param in registry.find("hysteresis").PARAMS if isinstance(param, Model))
    trained = load_weights(model.default, model.system, model.features, model.axes)
    weights = np.ascontiguousarray(trained.at({"drive": drive, "saturation": saturation, "bias": bias}))
    return Constants(M_s, M_s / (0.01 + 6 * drive), math.sqrt(bias) - 0.01, 0.47875, alpha, 1 / rate, weights)


class Rival(abc.ABC):
    """Solvers that magnetise one channel.

    NAME: as the table calls it; SOLVERS: those that it has
    """

    NAME = ""
    SOLVERS: tuple[str, ...] = ()

    @abc.abstractmethod
    def magnetise(self, constants: Constants, method: int, x: Array, y: Array) -> None:
        """Magnetise one channel of x, from silence, into y."""

    def play(self, constants: Constants, solver: str, x: Array) -> tuple[Array, float]:
        """Return M for one channel x, and the time that a sample took, ns."""
        y = np.empty_like(x)
        start = time.perf_counter()
        self.magnetise(constants, METHODS[solver], x, y)
        return y, (time.perf_counter() - start) / len(x) * 1e9


class Tape(ctypes.Structure):
    """The struct of the same name in rival.c."""

    _fields_ = [
        *((name, ctypes.c_double) for name in ("M_s", "a", "c", "k", "alpha", "T")),
        ("weights", ctypes.POINTER(ctypes.c_double)),
        *((name, ctypes.c_double) for name in ("M", "H", "H_p", "H_d", "L")),
    ]


class PlainC(Rival):
    """rival.c. Raises OSError or CalledProcessError where no C compiler works."""

    NAME = "plain C"
    SOLVERS = tuple(METHODS)

    def __init__(self, folder: str) -> None:
        library = Path(folder, "rival.so")
        source = Path(__file__).with_name("rival.c")
        subprocess.run(
            [compiler(), "-O3", "-shared", "-fPIC", str(source), "-o", str(library), "-lm"],
            check=True,
            capture_output=True,
        )
        self.function = ctypes.CDLL(str(library)).magnetise
        self.function.restype = None

    def magnetise(self, constants: Constants, method: int, x: Array, y: Array) -> None:
        *numbers, weights = attrs.astuple(constants)
        tape = Tape(*numbers, pointer(weights))
        self.function(ctypes.byref(tape), ctypes.c_int(method), pointer(x), pointer(y), ctypes.c_long(len(x)))


class Numba(Rival):
    """loops.py, compiled by Numba. Raises ImportError where that is not installed."""

    NAME = "numba"
    SOLVERS = tuple(solver for solver in METHODS if solver != "stn")

    def __init__(self) -> None:
        from tapegraph.bench.loops import magnetise

        self.function: Callable[..., None] = magnetise

    def magnetise(self, constants: Constants, method: int, x: Array, y: Array) -> None:
        *numbers, _ = attrs.astuple(constants)
        self.function(*numbers, method, x, y)


def compiler() -> str:
    return os.environ.get("CC") or (sysconfig.get_config_var("CC") or "cc").split()[0]


def pointer(x: Array) -> Any:
    return x.ctypes.data_as(ctypes.POINTER(ctypes.c_double))


@contextmanager
def compete() -> Iterator[tuple[list[Rival], list[str]]]:
    """Give the rivals that this machine has, compiled, and a sentence for each that it has not."""
    rivals: list[Rival] = []
    missing: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            rivals.append(PlainC(folder))
        except (OSError, subprocess.CalledProcessError):
            missing.append(f"no ratios to plain C: there is no C compiler here ({compiler()} does not work)")
        try:
            rivals.append(Numba())
        except ImportError:
            missing.append("no ratios to numba: it is not installed")
        yield rivals, missing
