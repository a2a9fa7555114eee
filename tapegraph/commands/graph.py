"""tapegraph graph: a drawing of a graph."""

from __future__ import annotations

from pathlib import Path

import click

from tapegraph.commands._options import (
    WrongUseError,
    allow_option,
    load_argument,
    nodes_option,
    overwrite_option,
    write_or_print,
)

EXAMPLES = """\b
Examples:
  tapegraph graph my.yaml
  tapegraph graph my.yaml -o my.svg
  tapegraph graph NAME --format mermaid"""
FORMATS = ("text", "mermaid", "svg")
ENDINGS = {"": "text", ".txt": "text", ".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}


@click.command(epilog=EXAMPLES)
@click.argument("graph", metavar="FILE|PRESET")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Kind of drawing; otherwise as FILE ends, or text.")
@click.option("--rate", default=48_000, show_default=True, metavar="HZ", help="Sample rate to plan for.")
@click.option("--channels", default=2, show_default=True, metavar="N", help="Channels to plan for.")
@click.option("--output", "-o", metavar="FILE", help="Write to a file instead of printing.")
@overwrite_option
@allow_option
@nodes_option
def command(
    graph: str, form: str | None, rate: int, channels: int, output: str | None, overwrite: bool, allow: tuple[str, ...]
) -> None:
    """Draw a graph: nodes with what is set in them, links, sub-graphs, rates, resamplers and latencies."""
    from tapegraph.drawing.sketch import sketch
    from tapegraph.drawing.svg import svg
    from tapegraph.drawing.text import mermaid, text
    from tapegraph.files.render import is_same_file

    if output is not None and is_same_file(graph, output):
        raise WrongUseError(f"{output}: is the graph itself; choose another name for the drawing")
    if form is None:
        ending = Path(output or "").suffix.lower()
        if ending not in ENDINGS:
            known = ", ".join(filter(None, ENDINGS))
            raise WrongUseError(f"{output}: has the extension {ending}; it must be one of {known}, or give --format")
        form = ENDINGS[ending]
    draw = {"text": text, "mermaid": mermaid, "svg": svg}[form]
    write_or_print(draw(sketch(load_argument(graph, allow), rate, channels)), output, overwrite)
