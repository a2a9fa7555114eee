"""tapegraph presets: the graphs that come with tapegraph."""

from __future__ import annotations

import textwrap

import click

EXAMPLES = """\b
Examples:
  tapegraph presets
  tapegraph presets --verbose"""


@click.command(epilog=EXAMPLES)
@click.option("--verbose", "-v", is_flag=True, help="Also print descriptions, controls, sources and files.")
def command(verbose: bool) -> None:
    """List the presets with their titles."""
    import tapegraph
    from tapegraph import resources

    presets = resources.presets()
    width = max(map(len, presets), default=0)
    for name, path in presets.items():
        graph = tapegraph.load(name)
        click.echo(f"{name:{width}}  {graph.title}")
        if verbose:
            description = textwrap.wrap(graph.description, 100)
            controls = [f"controls: {', '.join(graph.controls)}"] if graph.controls else []
            sources = [f"source: {source}" for source in graph.sources]
            click.echo(textwrap.indent("\n".join([*description, *controls, *sources, f"file: {path}"]), "    ") + "\n")
