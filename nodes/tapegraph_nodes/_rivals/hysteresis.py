"""The solvers of the hysteresis node in C, plain (hysteresis.c) and for speed (hysteresis_sse2.c), and in Numba."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph.node import Model, Value
from tapegraph_nodes._kernels.magnetics.constants import ALPHA, article_constants, constants
from tapegraph_nodes.tape.hysteresis import Hysteresis

Array = npt.NDArray[np.float64]
Run = Callable[[Array, Array], None]

# What the rivals call the solvers; from 4 on the iterations of Newton.
METHODS = {"stn": -1, "rk2": 0, "rk4": 1, "v1": 1, "midpoint_h": 2, "exponential_h": 3, "nr4": 4, "nr8": 8}


class HysteresisRivals:
    KIND: ClassVar[str] = "hysteresis"
    CHOICE: ClassVar[str] = "solver"
    SETTING: ClassVar[dict[str, Value]] = {"drive": 0.5, "saturation": 0.5, "bias": 0.5}
    C_SOURCES: ClassVar[dict[str, str]] = {"plain C": "hysteresis.c", "C with SSE2": "hysteresis_sse2.c"}
    C_OPTIONS: ClassVar[tuple[str, ...]] = tuple(METHODS)
    NUMBA_OPTIONS: ClassVar[tuple[str, ...]] = tuple(solver for solver in METHODS if solver != "stn")

    def in_c(self, library: ctypes.CDLL, option: str, fs: float, setting: Mapping[str, Value]) -> Run:
        known = equation(option, fs, setting)
        numbers = [ctypes.c_double(number) for number in attrs.astuple(known)[:-1]]
        library.magnetise.restype = None

        def run(x: Array, y: Array) -> None:
            size = map(ctypes.c_long, x.shape)
            library.magnetise(*numbers, pointer(known.weights), METHODS[option], pointer(x), pointer(y), *size)

        return run

    def in_numba(self, option: str, fs: float, setting: Mapping[str, Value]) -> Run:
        from tapegraph_nodes._rivals._hysteresis_loops import magnetise

        function: Callable[..., None] = magnetise
        method, *numbers = METHODS[option], *attrs.astuple(equation(option, fs, setting))[:-1]

        def run(x: Array, y: Array) -> None:
            for channel, out in zip(x, y, strict=True):
                function(*numbers, method, channel, out)

        return run


@attrs.frozen(eq=False)
class Equation:
    """The constants of the equation, in the letters of the hysteresis node; T is the time of a sample, s."""

    M_s: float
    a: float
    c: float
    k: float
    alpha: float
    T: float
    weights: Array


def equation(solver: str, fs: float, setting: Mapping[str, Any]) -> Equation:
    """Return the constants of the node, with its default model, at a setting of drive, saturation and bias."""
    if solver == "v1":
        M_s, per_a, c, k = article_constants(setting["drive"], setting["saturation"])
        return Equation(M_s, 1.0 / per_a, c, k, ALPHA, 1.0 / fs, np.zeros(0))
    M_s, per_a, c, k = constants(setting["drive"], setting["saturation"], setting["bias"])
    model = next(param for param in Hysteresis.PARAMS if isinstance(param, Model))
    weights = np.ascontiguousarray(model.resolve(model.default).at(setting))
    return Equation(M_s, 1.0 / per_a, c, k, ALPHA, 1.0 / fs, weights)


def pointer(x: Array) -> Any:
    return x.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
