"""Names the node, and the line of its code, in which an exception was raised."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator

from tapegraph.errors import Problem, TapegraphError
from tapegraph.node.base import Node


def describe(error: BaseException) -> str:
    """Return the type and the message of an exception, also of one whose message cannot be made."""
    try:
        text = str(getattr(error, "msg", None) or error)
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def raised_at(error: BaseException, file: str) -> str:
    """Return "file:line" of the last line in a file that an exception has passed through, "" where there is none."""
    try:
        frames = traceback.extract_tb(error.__traceback__)
    except Exception:
        return ""
    lines = [frame.lineno for frame in frames if frame.filename == file]
    return f"{file}:{lines[-1]}" if lines else ""


def failure(error: BaseException, name: str, cls: type[Node]) -> TapegraphError:
    """Return an error that says which node raised an exception, and where in the file of its class."""
    who = f"{name} ({cls.KIND})" if name else cls.KIND
    where = raised_at(error, code_file(cls))
    if isinstance(error, TapegraphError):
        return TapegraphError(*(Problem(f"{who}: {p.message}", p.where or where) for p in error.problems))
    return TapegraphError(Problem(f"{who} raised {describe(error)}", where))


def code_file(cls: type[Node]) -> str:
    """Return the name of the file in which the code of a class was written, as tracebacks state it; "" if unknown."""
    for call in vars(cls).values():
        code = getattr(call, "__code__", None)
        if code is not None:
            return str(code.co_filename)
    return ""


@contextlib.contextmanager
def named(name: str, cls: type[Node]) -> Iterator[None]:
    """Turn an exception that a node raises into a TapegraphError that names it. Ctrl-C remains what it is."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a node must not end the program
        raise failure(error, name, cls) from error
