"""tapegraph check: every problem of graph files."""

from __future__ import annotations

from pathlib import Path

import click

from tapegraph.commands._options import allow_option, nodes_option, warn
from tapegraph.errors import Problem, TapegraphError, printable

EXAMPLES = """\b
Examples:
  tapegraph check my.yaml
  tapegraph check *.yaml --nodes my_nodes/"""
SAMPLE_RATE = 48_000


@click.command(epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@allow_option
@nodes_option
def command(files: tuple[str, ...], allow: tuple[str, ...]) -> None:
    """Check graph files and print every problem, with line and column."""
    import tapegraph

    problems: list[Problem] = []
    for file in files:
        try:
            graph = tapegraph.load(Path(file), allow)
            rendering = graph.rendering(SAMPLE_RATE, 2)
        except TapegraphError as error:
            problems += error.problems
        else:
            for remark in graph.remarks():
                warn(str(remark))
            latency = rendering.engine.plan.latency / SAMPLE_RATE * 1000
            nodes = "1 node" if len(graph.nodes) == 1 else f"{len(graph.nodes)} nodes"
            click.echo(f"{printable(file)}: ok, {nodes}, latency {latency:.2f} ms at {SAMPLE_RATE} Hz")
    if problems:
        raise TapegraphError(*problems)
