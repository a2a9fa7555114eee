"""tapegraph new-plugin: a package of nodes to begin with."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from tapegraph.commands._options import WrongUseError

EXAMPLES = """\b
Examples:
  tapegraph new-plugin acme-effects
  tapegraph new-plugin acme-effects ~/src/effects"""
NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z][a-z0-9]*)*")


@click.command("new-plugin", epilog=EXAMPLES)
@click.argument("name")
@click.argument("folder", required=False)
def command(name: str, folder: str | None) -> None:
    """Write a package of nodes that can be installed: a node in NumPy, one with a compiled loop, and tests of both.

    FOLDER is otherwise called NAME. Files that exist are never written over.
    """
    from tapegraph.commands._plugin import files
    from tapegraph.errors import Problem, TapegraphError

    if not NAME.fullmatch(name):
        raise WrongUseError(f"{name} cannot be the name of a package; it must be lowercase words joined by - or _")
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in {"tapegraph", *sys.stdlib_module_names} or find_spec(module):
        raise WrongUseError(f"{name} is the name of something else in Python; choose another")
    root = Path(folder if folder is not None else name)
    texts = {root / path: text for path, text in files(name).items()}
    there = [path for path in texts if path.exists()]
    if there:
        raise TapegraphError(*(Problem("exists already; choose another folder", str(path)) for path in there))
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be written: {error.strerror}", str(error.filename))) from None
    click.echo(f"{root}: {len(texts)} files; try: cd {root} && pip install '.[test]' && pytest")
