"""tapegraph presets: the graphs that come with tapegraph."""

from __future__ import annotations

import textwrap

import click

from tapegraph.commands._options import WrongUseError
from tapegraph.errors import did_you_mean

EXAMPLES = """\b
Examples:
  tapegraph presets
  tapegraph presets --family cassettes
  tapegraph presets --tag guitar --tag lo-fi --verbose"""


@click.command(epilog=EXAMPLES)
@click.option("--family", "families", multiple=True, metavar="NAME", help="Only this family; may be repeated.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only presets with this tag; repeated: with all.")
@click.option("--verbose", "-v", is_flag=True, help="Also print descriptions, controls, tags, sources and files.")
def command(families: tuple[str, ...], tags: tuple[str, ...], verbose: bool) -> None:
    """List the presets with their titles, by family."""
    import tapegraph
    from tapegraph import resources

    presets = resources.presets()
    graphs = {name: tapegraph.load(name) for name in presets}
    known_families = sorted({resources.family(path) for path in presets.values()})
    refuse_unknown("family", families, known_families)
    refuse_unknown("tag", tags, sorted({tag for graph in graphs.values() for tag in graph.tags}))
    width = max(map(len, presets), default=0)
    for family in families or known_families:
        chosen = {
            name: graph
            for name, graph in graphs.items()
            if resources.family(presets[name]) == family and set(tags) <= set(graph.tags)
        }
        if chosen:
            click.echo(f"{family}:")
        for name, graph in chosen.items():
            click.echo(f"  {name:{width}}  {graph.title}")
            if verbose:
                description = textwrap.wrap(graph.description, 100)
                controls = [f"controls: {', '.join(graph.controls)}"] if graph.controls else []
                labels = [f"tags: {', '.join(graph.tags)}"] if graph.tags else []
                sources = [f"source: {source}" for source in graph.sources]
                lines = [*description, *controls, *labels, *sources, f"file: {presets[name]}"]
                click.echo(textwrap.indent("\n".join(lines), "      ") + "\n")


def refuse_unknown(what: str, names: tuple[str, ...], known: list[str]) -> None:
    """Raise WrongUseError for the first name that is not known."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            raise WrongUseError(f"no preset has the {what} {name}{hint}")
