"""tapegraph render: a file through a graph into another."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import click

from tapegraph.commands._options import graph_options, seconds, warn

if TYPE_CHECKING:
    from tapegraph.graph import Graph
    from tapegraph.stream import Tail

EXAMPLES = """\b
Examples:
  tapegraph render guitar.wav tape.wav --preset NAME
  tapegraph render mix.flac mix-tape.flac --graph my.yaml --set tape.drive=0.7
  tapegraph render drums.wav drums.mp3 --graph my.yaml --tail 2 --overwrite"""


@click.command(epilog=EXAMPLES)
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@graph_options
@click.option("--subtype", metavar="NAME", help="How to store samples: PCM_16, PCM_24, FLOAT ...; otherwise as in IN.")
@click.option("--no-dither", is_flag=True, help="Round whole numbers without the noise that hides it.")
@click.option(
    "--tail",
    metavar="SECONDS|auto",
    callback=seconds,
    default="auto",
    show_default=True,
    help="How long to go on after IN.",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it is there.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but warnings and errors.")
def command(
    graph: Graph,
    source: str,
    target: str,
    subtype: str | None,
    no_dither: bool,
    tail: Tail,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Render the audio file IN through a graph into OUT.

    The extension of OUT says which kind of file it becomes: wav, flac, aiff, caf, w64, ogg, opus or mp3. The sample
    rate stays. A file appears as OUT only when it is whole.
    """
    from tapegraph.render import render_file

    bar = click.progressbar(length=1000, label=target, file=sys.stderr)
    shown = sys.stderr.isatty() and not quiet
    with bar if shown else contextlib.nullcontext():
        report = render_file(
            graph,
            source,
            target,
            subtype=subtype,
            dither=not no_dither,
            overwrite=overwrite,
            tail=tail,
            progress=(lambda part: bar.update(int(1000 * part) - bar.pos)) if shown else None,
        )
    for warning in report.warnings:
        warn(warning)
    if not quiet:
        click.echo(report)
