"""The nodes of installed packages, listed from the file system: nothing is imported before a kind is used.

A package announces its nodes in the entry-point group "tapegraph.nodes". The entry names a package, in which each
module, also in the packages in it, contains one node and has the name of its kind; or it names a single module with any
number of nodes; or one class in a module, as module:Class. Names that begin with _ are left out.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import FileFinder, ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from site import getsitepackages, getusersitepackages

import attrs

from tapegraph.errors import TapegraphError
from tapegraph.node.announced import Entry, announced
from tapegraph.node.base import Node
from tapegraph.node.declaration import check
from tapegraph.node.node_files import classes

GROUP = "tapegraph.nodes"
OWN = "tapegraph"  # the distribution whose compiled nodes were built together with their base class


@attrs.frozen
class Installed:
    """A kind of node in an installed package. Calling it imports its module and returns the class.

    who: the package and its version, for people
    own: whether that is tapegraph itself
    """

    kind: str
    module: str
    who: str
    own: bool

    def __call__(self) -> type[Node]:
        for cls in classes(importlib.import_module(self.module)):
            if self.kind == cls.KIND:
                return check(cls, self.who, self.own)
        raise TapegraphError(f"{self.module} of {self.who} contains no node with KIND {self.kind!r}")


def entries() -> list[Entry]:
    """Return the entries of all packages that are installed.

    The current folder and that of the script are no places of installed packages, although Python searches them:
    whatever lies there would otherwise run unasked.
    """
    sites = {Path(folder).resolve() for folder in [*getsitepackages(), getusersitepackages()]}
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    here = {Path(script).resolve().parent} if script else set()
    with contextlib.suppress(FileNotFoundError):  # the current folder may have been removed
        here.add(Path.cwd())
    return announced(GROUP, [place for place in sys.path if place and Path(place).resolve() not in here - sites])


def kinds_of(entry: Entry) -> Iterator[Installed]:
    """Yield the kinds that an entry announces. Raises TapegraphError where its module does not exist."""
    spec = spec_of(entry.module)
    if spec is None:
        raise TapegraphError(f"there is no module {entry.module}")
    own = entry.package == OWN
    if spec.submodule_search_locations is not None and not entry.attr:
        for name in modules(entry.module, spec.submodule_search_locations):
            yield Installed(name.rpartition(".")[2], name, entry.who, own)
        return
    announced = dict(literal_kinds(spec))
    if entry.attr:
        announced = {name: kind for name, kind in announced.items() if name == entry.attr}
    if not announced:
        raise TapegraphError(f"{entry.value} contains no class with a KIND that is written as text")
    for kind in announced.values():
        yield Installed(kind, entry.module, entry.who, own)


def spec_of(module: str) -> ModuleSpec | None:
    """Return where a module is, without importing it or the packages that it is in."""
    top, *inner = module.split(".")
    spec = find_spec(top)
    for k in range(len(inner)):
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(".".join([top, *inner[: k + 1]]), spec.submodule_search_locations)
    return spec


def literal_kinds(spec: ModuleSpec) -> Iterator[tuple[str, str]]:
    """Yield the name and the KIND of each class in the text of a module, where KIND is a literal."""
    file = Path(spec.origin or "")
    try:
        module = ast.parse(file.with_name(file.name.partition(".")[0] + ".py").read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise TapegraphError(f"{spec.name} cannot be read: {type(error).__name__}: {error}") from None
    for cls in [statement for statement in module.body if isinstance(statement, ast.ClassDef)]:
        for statement in cls.body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id="KIND")], value=ast.Constant(value=str(kind)))
                    | ast.AnnAssign(target=ast.Name(id="KIND"), value=ast.Constant(value=str(kind)))
                ) if kind:
                    yield cls.name, kind


def modules(package: str, folders: Iterable[str]) -> Iterator[str]:
    """Yield the full names of the modules in a package and in the packages in it, none of them imported."""
    for finder, name, is_package in pkgutil.iter_modules(folders):
        if name.startswith("_"):
            continue
        if not is_package:
            yield f"{package}.{name}"
        elif isinstance(finder, FileFinder):  # other packages, such as those in archives, have no folder
            yield from modules(f"{package}.{name}", [str(Path(finder.path, name))])


def companions(folder: str) -> dict[str, str]:
    """Return the modules in a folder of all packages of nodes, such as _systems: full names by their last part."""
    found = {}
    for entry in entries():
        package = f"{entry.module}.{folder}"
        spec = spec_of(package)
        places = spec.submodule_search_locations if spec is not None else None
        for name in modules(package, places or ()):
            found[name.rpartition(".")[2]] = name
    return found
