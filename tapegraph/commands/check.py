"""tapegraph check: every problem of files of graphs and of random machines."""

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
    """Check files of graphs and of random machines, and print every problem, with line and column."""
    from tapegraph.augment.recipe import is_recipe

    problems: list[Problem] = []
    for file in files:
        try:
            found = random_machine(Path(file), allow) if is_recipe(Path(file)) else graph(Path(file), allow)
        except TapegraphError as error:
            problems += error.problems
        else:
            click.echo(f"{printable(file)}: ok, {found}")
    if problems:
        raise TapegraphError(*problems)


def graph(path: Path, allow: tuple[str, ...]) -> str:
    """Return what is known of a graph. Raises TapegraphError with every problem."""
    import tapegraph

    graph = tapegraph.load(path, allow)
    rendering = graph.rendering(SAMPLE_RATE, 2)
    for remark in graph.remarks():
        warn(str(remark))
    latency = rendering.engine.plan.latency / SAMPLE_RATE * 1000
    nodes = "1 node" if len(graph.nodes) == 1 else f"{len(graph.nodes)} nodes"
    return f"{nodes}, latency {latency:.2f} ms at {SAMPLE_RATE} Hz"


def random_machine(path: Path, allow: tuple[str, ...]) -> str:
    """Return what a random machine draws for each of its graphs. Raises TapegraphError with every problem."""
    from tapegraph.augment import RandomMachine

    machine = RandomMachine(path, allow=allow)
    drawn = [f"{printable(name)} ({', '.join(targets) or 'nothing'})" for name, targets in machine.targets().items()]
    return f"draws for {', '.join(drawn)}"
