"""Every kind of node there is: those of installed packages, of files and folders, and classes registered in Python."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeVar

import attrs

from tapegraph.errors import Problem, TapegraphError, did_you_mean
from tapegraph.node.base import Node
from tapegraph.node.declaration import check
from tapegraph.node.failure import describe
from tapegraph.node.installed import companions, entries, kinds_of
from tapegraph.node.node_files import classes, load_file, node_files

__all__ = ["add_nodes", "companions", "find", "kinds", "origin", "register", "source", "warnings"]

NodeClass = TypeVar("NodeClass", bound=type[Node])
UNREACHABLE = "which another process cannot import; write the class to a file and call tapegraph.add_nodes(file)"


@attrs.frozen
class Registered:
    """A class that was registered in Python, by its module and its name there: how another process finds it."""

    kind: str
    module: str
    name: str

    def import_class(self) -> type[Node]:
        """Return the class. Raises TapegraphError where this process cannot import it."""
        try:
            main = sys.modules.get("__mp_main__") if self.module == "__main__" else None
            found: object = main or importlib.import_module(self.module)
            for part in self.name.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError):
            found = None
        if isinstance(found, type) and issubclass(found, Node):
            return found
        place = "a notebook, a function or an interactive session" if self.module == "__main__" else self.module
        raise TapegraphError(f"the kind {self.kind} is the class {self.name} in {place}, {UNREACHABLE}")


Addition = tuple[str, Path] | Registered  # what another process needs for a kind: the kind and its file, or a class


@attrs.frozen
class Origin:
    """Where a kind comes from.

    who: the package, file or module, for people
    load: imports it and returns its class
    addition: how another process gets it; None where it is installed
    """

    who: str
    load: Callable[[], type[Node]] = attrs.field(eq=False)
    addition: Addition | None = None


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

    def add(self, kind: str, origin: Origin) -> None:
        claims = self.kinds.setdefault(kind, [])
        if origin not in claims:
            claims.append(origin)

    def replace(self, who: str, new: dict[str, Origin]) -> None:
        """Let a file or a module provide these kinds, and no longer those that it did before.

        Raises TapegraphError, and changes nothing, where something else provides one of them.
        """
        for kind in new:
            for other in self.kinds.get(kind, []):
                if other.who != who:
                    raise TapegraphError(f"the kind {kind} comes from {other.who} and from {who}; remove one")
        for kind, claims in list(self.kinds.items()):
            rest = [claim for claim in claims if claim.who != who]
            if len(rest) < len(claims):
                _found.pop(kind, None)
                if rest:
                    self.kinds[kind] = rest
                else:
                    del self.kinds[kind]
        for kind, origin in new.items():
            self.add(kind, origin)


_index: Index | None = None
_found: dict[str, type[Node]] = {}


def index() -> Index:
    """Return the kinds of all installed packages, files and registered classes; packages are looked up once."""
    global _index  # noqa: PLW0603  the registry is the one thing that a process has one of
    if _index is None:
        _index = Index()
        for entry in entries():
            try:
                for one in list(kinds_of(entry)):
                    _index.add(one.kind, Origin(one.who, one))
            except Exception as error:  # a third-party package may fail in any way; the others still work
                text = str(error) if isinstance(error, TapegraphError) else describe(error)
                _index.warnings.append(f"{entry.who} is left out: {text}")
    return _index


def kinds() -> list[str]:
    """Return the names of all kinds of nodes, sorted."""
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
    except (TapegraphError, KeyboardInterrupt):
        raise
    except BaseException as error:  # SystemExit too: a module of nodes must not end the program
        message = f"the kind {kind} of {claims[0].who} cannot be loaded: {describe(error)}"
        raise TapegraphError(message) from error
    _found[kind] = cls
    return cls


def origin(kind: str) -> str:
    """Return where a kind comes from: a package with its version, a file or a module."""
    return " and ".join(claim.who for claim in index().kinds[kind])


def register(cls: NodeClass) -> NodeClass:
    """Make a class a kind of node, for this program; return it, so that it can be used as a decorator.

        @tapegraph.register
        class Half(tapegraph.Node): ...

    A class of the same kind and module, from an earlier run of a notebook's cell, is replaced.
    Raises TapegraphError where the class cannot be a node, or something else provides a node of this kind.
    """
    if not (isinstance(cls, type) and issubclass(cls, Node)):
        raise TapegraphError(f"{cls!r} is not a node; a node is a subclass of tapegraph.Node with a KIND")
    module = "__main__" if cls.__module__ == "__mp_main__" else cls.__module__
    place = f"the class {cls.__qualname__} in {module}"
    check(cls, place, False)
    claim = Origin(place, partial(check, cls, place, False), Registered(cls.KIND, module, cls.__qualname__))
    former = [c for c in index().kinds.get(cls.KIND, []) if isinstance(c.addition, Registered)]
    for other in former:
        if isinstance(other.addition, Registered) and other.addition.module == module:
            index().replace(other.who, {})
    index().replace(place, {cls.KIND: claim})
    return cls


def add_nodes(path: str | Path) -> list[str]:
    """Add the nodes of a .py file, or of every one in a folder and in the folders in it; return their kinds.

    Every subclass of Node in a file counts. A file that was edited since it was added replaces what it provided before.
    Raises TapegraphError that names the file, where something is wrong; nothing is changed then.
    """
    path = Path(path)
    if not path.exists():
        raise TapegraphError(f"{path}: there is no such file or folder of nodes")
    found = [(file.resolve(), nodes_of(file)) for file in node_files(path)]
    claimed: dict[str, str] = {}
    for file, nodes in found:
        for kind in nodes:
            if kind in claimed:
                raise TapegraphError(f"the kind {kind} comes from {claimed[kind]} and from {file}; remove one")
            claimed[kind] = str(file)
    if not claimed:
        raise TapegraphError(f"{path}: contains no node; a node is a subclass of tapegraph.Node with a KIND")
    for file, nodes in found:
        index().replace(str(file), nodes)
    return list(claimed)


def nodes_of(file: Path) -> dict[str, Origin]:
    """Return the kinds that a file provides."""
    nodes: dict[str, Origin] = {}
    absolute = file.resolve()
    for cls in classes(load_file(file)):
        check(cls, str(file), False)
        if cls.KIND in nodes:
            raise TapegraphError(Problem(f"defines the kind {cls.KIND} twice; remove one", str(file)))
        nodes[cls.KIND] = Origin(str(absolute), partial(check, cls, str(file), False), (cls.KIND, absolute))
    return nodes


def additions(wanted: Iterable[str] | None = None) -> list[Addition]:
    """Return what another process needs in order to know these kinds, or all; installed packages it knows itself."""
    known = index().kinds
    claims = (claim for kind in (known if wanted is None else wanted) for claim in known.get(kind, []))
    return [claim.addition for claim in claims if claim.addition is not None]


def add_again(added: Iterable[Addition]) -> None:
    """Add kinds that another process knows. One that cannot be had raises its error where it is used."""
    for addition in added:
        kind = addition.kind if isinstance(addition, Registered) else addition[0]
        if kind in index().kinds:
            continue
        try:
            if isinstance(addition, Registered):
                register(addition.import_class())
            else:
                add_nodes(addition[1])
        except TapegraphError as error:
            index().add(kind, Origin(str(addition), partial(refuse, error)))


def added_paths() -> list[Path]:
    """Return the files of nodes that were added, so that another process can add the same."""
    return sorted({addition[1] for addition in additions() if not isinstance(addition, Registered)})


def add_paths(paths: Iterable[Path]) -> None:
    for path in paths:
        add_nodes(path)


def refuse(error: TapegraphError) -> type[Node]:
    raise error


def source_file(module: str) -> Path | None:
    """Return the .py file of a module, None where it has none.

    That of a compiled one is found by its package: it may state a wrong place.
    """
    package, _, name = module.rpartition(".")
    folders = getattr(sys.modules.get(package), "__path__", [])
    beside = next((file for folder in folders if (file := Path(folder, f"{name}.py")).is_file()), None)
    if beside is not None:
        return beside
    try:
        path = Path(inspect.getfile(sys.modules[module]))
    except (KeyError, TypeError):  # a notebook, or a module that was removed
        return None
    return path.with_name(path.name.partition(".")[0] + ".py")


def source(cls: type[Node]) -> Source:
    """Return the text behind a node: the docstring of its class, or else of its file.

    Compiled classes carry no docstrings; they are read from the .py beside them.
    """
    path = source_file(cls.__module__)
    if path is None:
        return Source(Path(cls.__module__), inspect.cleandoc(vars(cls).get("__doc__") or ""))
    try:
        module = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return Source(path, "")
    for statement in module.body:
        if isinstance(statement, ast.ClassDef) and statement.name == cls.__name__ and ast.get_docstring(statement):
            return Source(path, ast.get_docstring(statement) or "")
    return Source(path, ast.get_docstring(module) or "")
