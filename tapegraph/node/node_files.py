"""Files of nodes: found in folders, and run as modules; a file that was edited is run again."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from tapegraph.errors import Problem, TapegraphError
from tapegraph.node.base import Node
from tapegraph.node.failure import describe, raised_at

CONTENT = "__tapegraph_content__"  # attribute of a module: hash of the text that it was made from


def node_files(path: Path) -> list[Path]:
    """Return the file itself, or the Python files below a folder.

    Those that begin with _ or a dot, or are in such a folder, are left out.
    """
    if not path.is_dir():
        return [path]
    within = (file for file in path.rglob("*.py") if file.is_file())
    return sorted(file for file in within if all(part[0] not in "_." for part in file.relative_to(path).parts))


def load_file(file: Path) -> ModuleType:
    """Run a file of nodes as a module under a name of its own; if its text is unchanged, return the module as it was.

    Raises TapegraphError, with file and line, where that fails; a module that was made before remains.
    """
    name = f"tapegraph_file_{file.stem}_{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or file.suffix != ".py":
        raise TapegraphError(f"{file}: a file of nodes must be Python and end in .py")
    try:
        text = file.read_bytes()
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be read: {error.strerror}", str(file))) from None
    content = hashlib.sha256(text).hexdigest()
    before = sys.modules.get(name)
    if before is not None and getattr(before, CONTENT, "") == content:
        return before
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        # Not by its loader: cached bytecode is told from a new text by whole seconds and sizes only.
        exec(compile(text, str(file), "exec"), vars(module))
    except BaseException as error:  # SystemExit too: a file of nodes must not end the program
        sys.modules.pop(name, None)
        if before is not None:
            sys.modules[name] = before
        if isinstance(error, KeyboardInterrupt):
            raise
        line = f"{file}:{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise TapegraphError(Problem(describe(error), line or raised_at(error, str(file)) or str(file))) from error
    setattr(module, CONTENT, content)
    sys.modules[name] = module  # also where the file has removed it
    return module


def classes(module: ModuleType) -> list[type[Node]]:
    """Return the nodes that a module defines itself, in the order of its text."""
    own = (value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__)
    return [cls for cls in own if issubclass(cls, Node) and cls.KIND]
