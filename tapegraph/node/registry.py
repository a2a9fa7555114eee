"""Every kind of node there is: built-in ones, those of installed packages, and files or folders added by path.

A package announces its nodes in the entry-point group "tapegraph.nodes". The entry names a package, in which each
module, also in the packages in it, contains one node and has the name of its kind; or it names a single module with any
number of nodes. Names that begin with _ are left out. Only the __init__ of a package is imported until one of its nodes
is used.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import math
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

import attrs

from tapegraph.errors import TapegraphError, did_you_mean
from tapegraph.node.base import Node
from tapegraph.node.params import Choice, Model, Param, Switch

GROUP = "tapegraph.nodes"
OWN = "tapegraph"  # the distribution whose compiled nodes were built together with their base class
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
NAME_RULE = "names consist of letters, digits, _ and -, and begin with a letter or _"
CURVES: dict[str, Callable[[float], bool]] = {  # and which minimum of the range each can have
    "linear": lambda minimum: True,
    "log": lambda minimum: minimum > 0.0,
    "dB": lambda minimum: minimum == 0.0,
}
RESERVED = {"kind", "graph", "oversample"}  # keys of a node in a graph file beside its parameters


@attrs.frozen
class Origin:
    """Where a kind comes from.

    who: the package or file, for people
    load: imports it and returns its class
    """

    who: str
    load: Callable[[], type[Node]] = attrs.field(eq=False)


@attrs.frozen
class Source:
    """The text behind a node: its file and what it says of itself there."""

    path: Path
    docstring: str

    @property
    def summary(self) -> str:
        return self.docstring.strip().partition("\n")[0]


@attrs.define
class Index:
    """All kinds by name, each with everything that provides it, and warnings of packages that could not be read."""

    kinds: dict[str, list[Origin]] = attrs.field(factory=dict)
    warnings: list[str] = attrs.field(factory=list)
    paths: list[Path] = attrs.field(factory=list)

    def add(self, kind: str, origin: Origin) -> None:
        claims = self.kinds.setdefault(kind, [])
        if origin not in claims:
            claims.append(origin)


_index: Index | None = None
_found: dict[str, type[Node]] = {}


def index() -> Index:
    """Return the kinds of all installed packages and added paths; looked up once."""
    global _index  # noqa: PLW0603  the registry is the one thing that a process has one of
    if _index is None:
        _index = Index()
        for entry in sorted(entry_points(group=GROUP), key=lambda e: (e.name, e.value)):
            try:
                for kind, origin in installed(entry):
                    _index.add(kind, origin)
            except Exception as error:  # a third-party package may fail in any way; the others still work
                _index.warnings.append(f"{who(entry)} is left out: {type(error).__name__}: {error}")
    return _index


def kinds() -> list[str]:
    """Return the names of all kinds, sorted."""
    return sorted(index().kinds)


def warnings() -> list[str]:
    """Return a sentence for each package of nodes that could not be read."""
    return list(index().warnings)


def find(kind: str) -> type[Node]:
    """Return the class of a kind. Raises TapegraphError where there is none, or more than one, or it cannot be used."""
    if kind in _found:
        return _found[kind]
    claims = index().kinds.get(kind, [])
    if not claims:
        raise TapegraphError(f"no node kind is called {kind}{did_you_mean(kind, kinds())}")
    if len(claims) > 1:
        raise TapegraphError(f"the kind {kind} comes from {' and from '.join(c.who for c in claims)}; remove one")
    try:
        cls = claims[0].load()
    except TapegraphError:
        raise
    except Exception as error:
        message = f"the kind {kind} of {claims[0].who} cannot be loaded: {type(error).__name__}: {error}"
        raise TapegraphError(message) from error
    _found[kind] = cls
    return cls


def origin(kind: str) -> str:
    """Return where a kind comes from: a package with its version, or a file."""
    return " and ".join(claim.who for claim in index().kinds[kind])


def add_path(path: str | Path) -> list[str]:
    """Add the nodes of a file, or of every .py file in a folder and in the folders in it; return their kinds.

    Every subclass of Node in a file counts. Raises TapegraphError that names the file, where something is wrong.
    """
    path = Path(path)
    if not path.exists():
        raise TapegraphError(f"{path}: there is no such file or folder of nodes")
    files = node_files(path) if path.is_dir() else [path]
    added = []
    for file in files:
        module = load_file(file)
        for cls in classes(module):
            index().add(cls.KIND, Origin(str(file.resolve()), partial(check, cls, str(file), False)))
            added.append(cls.KIND)
            find(cls.KIND)
    if path.resolve() not in index().paths:
        index().paths.append(path.resolve())
    if not added:
        raise TapegraphError(f"{path}: contains no node; a node is a subclass of tapegraph.Node with a KIND")
    return added


def node_files(folder: Path) -> list[Path]:
    """Return the Python files below a folder, without those that begin with _ or a dot or are in such a folder."""
    within = (path for path in folder.rglob("*.py") if path.is_file())
    return sorted(path for path in within if all(part[0] not in "_." for part in path.relative_to(folder).parts))


def added_paths() -> list[Path]:
    """Return what add_path() was called with, so that another process can add the same nodes."""
    return list(index().paths)


def add_paths(paths: list[Path]) -> None:
    for path in paths:
        add_path(path)


def load_file(file: Path) -> ModuleType:
    """Import a file of nodes under a name of its own; the same file twice is the same module."""
    name = f"tapegraph_file_{file.stem}_{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or file.suffix != ".py":
        raise TapegraphError(f"{file}: a file of nodes must be Python and end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        line = error.lineno if isinstance(error, SyntaxError) else last_line(error, file)
        place = f"{file}:{line}" if line else str(file)
        raise TapegraphError(f"{place}: {type(error).__name__}: {getattr(error, 'msg', error)}") from error
    return module


def last_line(error: BaseException, file: Path) -> int | None:
    """Return the line of a file in which an exception was raised, or None."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def installed(entry: EntryPoint) -> Iterator[tuple[str, Origin]]:
    """Yield the kinds that an entry point announces."""
    own = entry.dist is not None and entry.dist.name == OWN
    module = importlib.import_module(entry.module)
    if entry.attr:
        cls: type[Node] = entry.load()
        yield cls.KIND, Origin(who(entry), partial(check, cls, who(entry), own))
    elif hasattr(module, "__path__"):
        for name in modules(entry.module, module.__path__):
            kind = name.rpartition(".")[2]
            yield kind, Origin(who(entry), partial(only, name, kind, entry, own))
    else:
        for cls in classes(module):
            yield cls.KIND, Origin(who(entry), partial(check, cls, who(entry), own))


def modules(package: str, folders: Iterable[str]) -> Iterator[str]:
    """Yield the full names of the modules in a package and in the packages in it, none of them imported."""
    for finder, name, is_package in pkgutil.iter_modules(folders):
        if name.startswith("_"):
            continue
        if is_package:
            yield from modules(f"{package}.{name}", [str(Path(finder.path, name))])  # type: ignore[union-attr]
        else:
            yield f"{package}.{name}"


def companions(folder: str) -> dict[str, str]:
    """Return the modules in a folder of all packages of nodes, such as _systems: full names by their last part."""
    found = {}
    for entry in entry_points(group=GROUP):
        try:
            package = importlib.import_module(f"{entry.module}.{folder}")
        except ModuleNotFoundError:
            continue  # a package of nodes without such a folder
        for name in modules(package.__name__, package.__path__):
            found[name.rpartition(".")[2]] = name
    return found


def only(module: str, kind: str, entry: EntryPoint, own: bool) -> type[Node]:
    """Return the node of a kind from the module of that name."""
    for cls in classes(importlib.import_module(module)):
        if kind == cls.KIND:
            return check(cls, who(entry), own)
    raise TapegraphError(f"{module} of {who(entry)} contains no node with KIND {kind!r}")


def who(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def classes(module: ModuleType) -> list[type[Node]]:
    """Return the nodes that a module defines itself, in the order of its text."""
    own = (value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__)
    return [cls for cls in own if issubclass(cls, Node) and cls.KIND]


def check(cls: type[Node], who: str, own: bool) -> type[Node]:
    """Return a class if it can be used as a node; who: where it comes from. Raises TapegraphError where it cannot."""
    kind = cls.KIND
    if not own and "__mypyc_attrs__" in cls.__dict__:
        # Its methods would be called through a method table of another layout, with any result.
        raise TapegraphError(
            f"{who}: {kind} was compiled separately from tapegraph, which cannot work; "
            "declare it @mypyc_attr(native_class=False) and compile its loops as functions"
        )
    if not isinstance(kind, str) or not NAME.fullmatch(kind):
        raise TapegraphError(f"{who}: KIND is {kind!r}; {NAME_RULE}")
    names = []
    for param in cls.PARAMS:
        if not isinstance(param, Param | Choice | Switch | Model):
            raise TapegraphError(f"{who}: PARAMS of {kind} has {param!r}; it takes Param, Choice, Switch and Model")
        if isinstance(param, Param) and (wrong := wrong_range(param)):
            raise TapegraphError(f"{who}: {kind}.{param.name} {wrong}")
        try:
            param.check(param.default)
        except ValueError as error:
            raise TapegraphError(f"{who}: the default of {kind}.{param.name} {error}") from None
        names.append(param.name)
    for name in names:
        if names.count(name) > 1 or name in RESERVED or name in cls.INPUTS:
            raise TapegraphError(f"{who}: {kind} has a parameter called {name}; that name is reserved or used twice")
    if not cls.OUTPUTS:
        raise TapegraphError(f"{who}: {kind} has no output")
    return cls


def wrong_range(param: Param) -> str | None:
    """Return what is wrong with the range of a parameter, or None."""
    low, high = param.minimum, param.maximum
    if not -math.inf < low < high < math.inf:
        return f"has the range {low:g} to {high:g}; it must be finite and increase"
    if param.whole and not (float(low).is_integer() and float(high).is_integer()):
        return f"takes whole numbers and has the range {low:g} to {high:g}; its ends must be whole numbers too"
    if param.curve not in CURVES:
        return f"has the curve {param.curve!r}; it must be one of {', '.join(CURVES)}"
    if not CURVES[param.curve](low):
        return f"has the curve {param.curve} and a minimum of {low:g}; log needs one above 0, dB one of 0"
    return None


def source_file(module: str) -> Path:
    """Return the .py file of a module. That of a compiled one is found by its package: it may state a wrong place."""
    package, _, name = module.rpartition(".")
    folders = getattr(sys.modules.get(package), "__path__", [])
    beside = (Path(folder, f"{name}.py") for folder in folders)
    path = next((file for file in beside if file.is_file()), Path(inspect.getfile(sys.modules[module])))
    return path.with_name(path.name.partition(".")[0] + ".py")


def source(cls: type[Node]) -> Source:
    """Return the text behind a node: the docstring of its class, or else of its file.

    Compiled classes carry no docstrings; they are read from the .py beside them.
    """
    path = source_file(cls.__module__)
    try:
        module = ast.parse(path.read_text("utf-8"))
    except OSError:
        return Source(path, "")
    for statement in module.body:
        if isinstance(statement, ast.ClassDef) and statement.name == cls.__name__ and ast.get_docstring(statement):
            return Source(path, ast.get_docstring(statement) or "")
    return Source(path, ast.get_docstring(module) or "")
