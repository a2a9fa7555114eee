"""tapegraph test: nodes tested on every law that holds for all nodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tapegraph.commands._options import WrongUseError, nodes_option
from tapegraph.errors import TapegraphError, did_you_mean

if TYPE_CHECKING:
    from tapegraph.testing import Law

EXAMPLES = """\b
Examples:
  tapegraph test tremolo.py
  tapegraph test gain"""


@click.command(epilog=EXAMPLES)
@click.argument("nodes_or_kinds", nargs=-1, required=True, metavar="FILE|KIND...")
@nodes_option
def command(nodes_or_kinds: tuple[str, ...]) -> None:
    """Test nodes, by their files or kinds, on the laws that hold for every node, and print a line for each law.

    A law tells what was found where it is broken. `tapegraph.testing` has the same laws for pytest.
    """
    from tapegraph.node import registry
    from tapegraph.testing import laws

    broken = 0
    for kind in [kind for name in nodes_or_kinds for kind in kinds_of(name)]:
        click.echo(f"{kind}, {registry.origin(kind)}")
        broken += sum(not keeps(kind, law) for law in laws())
    if broken:
        raise TapegraphError("1 law is broken" if broken == 1 else f"{broken} laws are broken")


def kinds_of(name: str) -> list[str]:
    """Return the kinds in a file or folder of nodes, or the kind of that name."""
    from tapegraph.node import registry

    if name in registry.kinds():
        registry.find(name)
        return [name]
    if Path(name).exists() or name.endswith(".py"):
        return registry.add_nodes(name)
    raise WrongUseError(f"no node kind or file is called {name}{did_you_mean(name, registry.kinds())}")


def keeps(kind: str, law: Law) -> bool:
    """Test a node on a law, print the result, and return whether the law is kept."""
    from tapegraph.node.failure import failure
    from tapegraph.node.registry import find
    from tapegraph.testing import DoesNotApply, LawBroken

    result, found = "pass", ""
    try:
        law(kind)
    except DoesNotApply as reason:
        result, found = "skip", str(reason)
    except LawBroken as broken:
        result, found = "FAIL", str(broken)
    except Exception as error:
        result, found = "FAIL", str(failure(error, "", find(kind)))
    click.echo(f"  {result}  {law.name}{f': {found}' if found else ''}")
    return result != "FAIL"
