"""tapegraph nodes: all kinds of nodes."""

from __future__ import annotations

import click

from tapegraph.commands._options import nodes_option
from tapegraph.errors import TapegraphError

EXAMPLES = """\b
Examples:
  tapegraph nodes
  tapegraph nodes --nodes my_nodes/"""


@click.command(epilog=EXAMPLES)
@nodes_option
def command() -> None:
    """List the kinds of nodes with a summary of each. `tapegraph describe KIND` says more."""
    from tapegraph.node import registry

    kinds = registry.kinds()
    width = max(map(len, kinds), default=0)
    for kind in kinds:
        try:
            summary = registry.source(registry.find(kind)).summary
        except TapegraphError as error:
            summary = f"(cannot be used: {error})"
        click.echo(f"{kind:{width}}  {summary}")
