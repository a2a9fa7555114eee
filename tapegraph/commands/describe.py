"""tapegraph describe: what a kind of node does, its ports and its parameters."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tapegraph.commands._options import WrongUseError, nodes_option
from tapegraph.errors import did_you_mean
from tapegraph.node import Node
from tapegraph.node.params import AnyParam, Param
from tapegraph.quantity import format_number

EXAMPLES = """\b
Examples:
  tapegraph describe gain
  tapegraph describe my_node --nodes my_node.py"""


@click.command(epilog=EXAMPLES)
@click.argument("kind")
@nodes_option
def command(kind: str) -> None:
    """Describe a kind of node: what it does, its ports and its parameters."""
    from tapegraph.node import registry

    if kind not in registry.kinds():
        raise WrongUseError(f"no node kind is called {kind}{did_you_mean(kind, registry.kinds())}")
    cls = registry.find(kind)
    source = registry.source(cls)
    click.echo("\n".join([f"{kind}, {registry.origin(kind)} ({source.path})", "", source.docstring, "", *ports(cls)]))
    rows = [("parameter", "default", "allowed", "meaning"), *map(row, cls.PARAMS)]
    widths = [max(len(cell[column]) for cell in rows) for column in range(3)]
    for name, default, allowed, meaning in rows if cls.PARAMS else []:
        click.echo(f"{name:{widths[0]}}  {default:{widths[1]}}  {allowed:{widths[2]}}  {meaning}".rstrip())


def ports(cls: type[Node]) -> Iterator[str]:
    yield f"inputs   {', '.join(cls.INPUTS) or 'none'}"
    yield f"outputs  {', '.join(cls.OUTPUTS)}"
    if cls.MAX_CHANNELS:
        yield f"channels at most {cls.MAX_CHANNELS}"
    if cls.BREAKS_LOOPS:
        yield "may close a feedback loop"
    yield ""


def row(param: AnyParam) -> tuple[str, str, str, str]:
    """Return name, default, what is allowed, and meaning."""
    default = format_number(param.default, param.unit) if isinstance(param, Param) else str(param.default).lower()
    curve = f" ({param.curve})" if isinstance(param, Param) and param.curve != "linear" else ""
    return param.name, default, f"{param.allowed}{curve}", param.meaning
