"""How rivals are found, in the folder `_rivals` of a package of nodes, and compiled.

What a file there holds is described in the docstring of this package.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import platform
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Protocol

import attrs

from tapegraph.errors import TapegraphError
from tapegraph.node import registry
from tapegraph.node.params import Choice, Value
from tapegraph.run.sound import Array

Run = Callable[[Array, Array], None]


class Rivals(Protocol):
    """The members are described in the docstring of this package."""

    KIND: ClassVar[str]
    CHOICE: ClassVar[str]
    SETTING: ClassVar[dict[str, Value]]
    C_SOURCES: ClassVar[dict[str, str]]
    C_OPTIONS: ClassVar[tuple[str, ...]]
    NUMBA_OPTIONS: ClassVar[tuple[str, ...]]

    def in_c(self, library: ctypes.CDLL, option: str, fs: float, setting: Mapping[str, Value]) -> Run: ...

    def in_numba(self, option: str, fs: float, setting: Mapping[str, Value]) -> Run: ...


@attrs.frozen
class Rival:
    """What a node runs against in one language.

    name: of the language, as the table shows it
    options: of the node's choice, those that it has
    start: takes an option, a sample rate, Hz, and a setting; returns what processes sound, see Rivals
    """

    name: str
    options: tuple[str, ...]
    start: Callable[[str, float, Mapping[str, Value]], Run]


def find() -> list[Rivals]:
    """Return the rivals of all installed packages of nodes, in the order of their kinds."""
    found: list[Rivals] = []
    for kind, module in sorted(registry.companions("_rivals").items()):
        classes = vars(importlib.import_module(module)).values()
        cls: type[Rivals] = next(cls for cls in classes if getattr(cls, "C_SOURCES", None) and kind == cls.KIND)
        found.append(cls())
    return found


def options(rivals: Rivals) -> tuple[str, ...]:
    """Return what the node can be set to."""
    params = registry.find(rivals.KIND).PARAMS
    return next(param.options for param in params if isinstance(param, Choice) and param.name == rivals.CHOICE)


@contextmanager
def compiled(rivals: Rivals) -> Iterator[tuple[list[Rival], list[str]]]:
    """Give the rivals that run on this machine, and a sentence for each that does not."""
    found: list[Rival] = []
    missing: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in rivals.C_SOURCES:
            try:
                found.append(in_c(rivals, name, Path(folder)))
            except TapegraphError as error:
                missing.append(f"no ratios to {name}: {error}")
        if importlib.util.find_spec("numba") is not None:
            found.append(Rival("Numba", rivals.NUMBA_OPTIONS, rivals.in_numba))
        else:
            missing.append("no ratios to Numba: it is not installed")
        yield found, missing


def in_c(rivals: Rivals, name: str, folder: Path) -> Rival:
    """Compile a C source of rivals into a folder. Raises TapegraphError where no C compiler works."""
    beside = importlib.import_module(type(rivals).__module__).__file__
    assert beside is not None
    source = Path(beside).with_name(rivals.C_SOURCES[name])
    library = folder / f"{source.stem}.so"
    compiler = os.environ.get("CC") or (sysconfig.get_config_var("CC") or "cc").split()[0]
    command = [compiler, "-O3", "-shared", "-fPIC", str(source), "-o", str(library), "-lm"]
    try:
        subprocess.run(command, check=True, capture_output=True)
        loaded = ctypes.CDLL(str(library))
    except subprocess.CalledProcessError:
        raise TapegraphError(
            f"the C compiler {compiler} does not compile {source.name} for {platform.machine()}"
        ) from None
    except OSError:
        raise TapegraphError(f"the C compiler {compiler} does not work") from None

    def start(option: str, fs: float, setting: Mapping[str, Value]) -> Run:
        return rivals.in_c(loaded, option, fs, setting)

    return Rival(name, rivals.C_OPTIONS, start)
