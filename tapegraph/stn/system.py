"""The type of a system, and how systems are found: in the folder `_systems` of a package of nodes."""

from __future__ import annotations

import importlib
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from tapegraph.errors import TapegraphError, did_you_mean
from tapegraph.node import registry
from tapegraph.node.params import Param, Value

Array = npt.NDArray[np.float64]
Setting = dict[str, Array]


class System(Protocol):
    """The members are described in the docstring of this package."""

    NAME: ClassVar[str]
    FEATURES: ClassVar[str]
    PARAMS: ClassVar[tuple[Param, ...]]
    AXES: ClassVar[tuple[str, ...]]
    STATES: ClassVar[int]
    LEARNED: ClassVar[int]
    INPUTS: ClassVar[int]
    OUTPUTS: ClassVar[int]
    PEAK: ClassVar[float]
    NODE: ClassVar[str]
    SOLVED: ClassVar[dict[str, Value]]
    PREDICTED: ClassVar[dict[str, Value]]
    REPORTED: ClassVar[dict[str, tuple[float, ...]]]

    def step(self, state: Array, x: Array, fs: Array, setting: Setting) -> Array: ...

    def transition(self, state: Array, x: Array, fs: Array, setting: Setting) -> tuple[Array, Array, Array, Array]: ...


def find(name: str) -> System:
    """Return a system by name. Raises TapegraphError when there is none."""
    known = registry.companions("_systems")
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(sorted(known))}"
        raise TapegraphError(f"no system is called {name}{hint}")
    module = importlib.import_module(known[name])
    system: type[System] = next(cls for cls in vars(module).values() if getattr(cls, "NAME", None) == name)
    return system()
