"""tapegraph render: a file through a graph into another."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._options import graph_options, seconds, warn
from tapegraph.errors import Problem, TapegraphError

if TYPE_CHECKING:
    from tapegraph.api import Graph
    from tapegraph.files.render import Report
    from tapegraph.run.sound import Tail

EXAMPLES = """\b
Examples:
  tapegraph render guitar.wav tape.wav --preset NAME
  tapegraph render mix.flac mix-tape.flac --graph my.yaml --set tape.drive=0.7
  tapegraph render drums.wav drums.mp3 --graph my.yaml --tail 2 --overwrite
  tapegraph render mix.wav mix.mp3 --preset NAME --bitrate 320
  tapegraph render stems/*.wav taped/ --preset NAME --jobs 4"""

BITRATE = "Bit rate of ogg, opus and mp3, kb/s; otherwise that of IN where it has one, or the encoder's default."
JOBS = "Files to render in parallel, or pairs of channels of a single file."


@click.command(epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="IN... OUT")
@graph_options
@click.option("--subtype", metavar="NAME", help="Sample format: PCM_16, PCM_24, FLOAT ...; otherwise as in IN.")
@click.option("--bitrate", type=click.FloatRange(0, min_open=True), metavar="KBPS", help=BITRATE)
@click.option("--no-dither", is_flag=True, help="Do not dither integer formats.")
@click.option(
    "--tail",
    default="auto",
    show_default=True,
    metavar="SECONDS|auto",
    callback=seconds,
    help="How long to keep rendering after the input ends; auto: as long as the nodes say, and where the graph feeds "
    "back until the output is 90 dB below its loudest, at most 60 s.",
)
@click.option("--jobs", "-j", default=1, type=click.IntRange(1), metavar="N", help=JOBS)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@click.option("--quiet", "-q", is_flag=True, help="Print only warnings and errors.")
def command(
    graph: Graph,
    files: tuple[str, ...],
    subtype: str | None,
    bitrate: float | None,
    no_dither: bool,
    tail: Tail,
    jobs: int,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Render the audio file IN through a graph into OUT; or several files into the folder OUT.

    The extension of OUT selects the kind of file: wav, flac, aiff, caf, w64, ogg, opus or mp3. The sample rate is kept.
    OUT appears only once it is complete.
    """
    *sources, target = files
    if not sources:
        raise click.UsageError("the output is missing; write IN OUT")
    options = {"subtype": subtype, "bitrate": bitrate, "dither": not no_dither, "overwrite": overwrite, "tail": tail}
    if Path(target).is_dir():
        into_folder(graph, sources, target, jobs, options, quiet)
    elif len(sources) == 1:
        into_file(graph, sources[0], target, {"jobs": jobs, **options}, quiet)
    else:
        raise click.UsageError(f"{target} is not a folder; several files need an existing folder as OUT")


def into_file(graph: Graph, source: str, target: str, options: dict[str, Any], quiet: bool) -> None:
    from tapegraph.files.render import render_file

    bar = click.progressbar(length=1000, label=target, file=sys.stderr)
    shown = sys.stderr.isatty() and not quiet
    with bar if shown else contextlib.nullcontext():
        progress = (lambda fraction: bar.update(int(1000 * fraction) - bar.pos)) if shown else None
        report = render_file(graph, source, target, progress=progress, **options)
    print_report(report, quiet)


def into_folder(graph: Graph, sources: list[str], folder: str, jobs: int, options: dict[str, Any], quiet: bool) -> None:
    from tapegraph.files.batch import render_files

    problems: list[Problem] = []
    for outcome in render_files(graph, sources, folder, jobs, **options):
        if isinstance(outcome, TapegraphError):
            problems += outcome.problems
        else:
            print_report(outcome, quiet)
    if problems:
        raise TapegraphError(*problems)


def print_report(report: Report, quiet: bool) -> None:
    for warning in report.warnings:
        warn(warning)
    if not quiet:
        click.echo(report)
