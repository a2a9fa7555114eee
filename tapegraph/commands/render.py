"""tapegraph render: a file through a graph into another."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._options import graph_options, seconds, warn
from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.folders import audio_files
from tapegraph.files.kinds import CONTAINERS

if TYPE_CHECKING:
    from tapegraph.analysis.matching import Match
    from tapegraph.api import Graph
    from tapegraph.files.render import Report
    from tapegraph.run.sound import Tail

EXAMPLES = """\b
Examples:
  tapegraph render guitar.wav tape.wav --preset NAME
  tapegraph render mix.flac mix-tape.flac --graph my.yaml --set tape.drive=0.7
  tapegraph render drums.wav drums.mp3 --graph my.yaml --tail 2 --overwrite
  tapegraph render mix.wav mix.mp3 --preset NAME --bitrate 320
  tapegraph render stems/*.wav taped/ --preset NAME --jobs 4
  tapegraph render album/ taped/ --preset NAME --format flac --match loudness
  ffmpeg -i film.mp4 -f wav - | tapegraph render - tape.wav --preset NAME"""

BITRATE = "Bit rate of ogg, opus and mp3, kb/s; otherwise that of IN where it has one, or the encoder's default."
KINDS = [extension[1:] for extension in CONTAINERS]
FORMAT = "Kind of file, wav or flac say, of the files in the folder OUT, or of a pipe; otherwise as in IN, or wav."
MATCH = "Turn OUT up or down, all of it by one gain, until it is as loud as IN (ITU-R BS.1770, gated)."
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
@click.option("--format", "kind", type=click.Choice(KINDS), metavar="KIND", help=FORMAT)
@click.option("--match", type=click.Choice(["loudness"]), help=MATCH)
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
    kind: str | None,
    match: Match | None,
    jobs: int,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Render the audio file IN through a graph into OUT; or several files, or folders of them, into the folder OUT.

    The extension of OUT selects the kind of file: wav, flac, aiff, caf, w64, ogg, opus or mp3. The sample rate is kept.
    OUT appears only once it is complete. A folder OUT is made, and keeps the folders inside a folder IN. "-" is
    standard input or output; a pipe is read to its end before rendering begins.
    """
    from tapegraph.files.render import is_same_file

    *sources, target = files
    if not sources:
        raise click.UsageError("the output is missing; write IN OUT")
    options = {
        "subtype": subtype,
        "bitrate": bitrate,
        "dither": not no_dither,
        "overwrite": overwrite,
        "tail": tail,
        "kind": kind,
        "match": match,
    }
    extension = Path(target).suffix.lower()
    to_folder = len(sources) > 1 or Path(target).is_dir() or target.endswith(("/", os.sep))
    if not to_folder and not Path(sources[0]).is_dir():
        if kind and extension in CONTAINERS and extension != f".{kind}":
            raise click.UsageError(f"--format is {kind}, but {target} has the extension {extension}")
        into_file(graph, sources[0], target, {"jobs": jobs, **options}, quiet)
        return
    if len(sources) > 1 and not Path(target).is_dir() and extension in CONTAINERS:
        raise click.UsageError(f"{target} is not a folder; several files need a folder as OUT")
    if any(is_same_file(source, target) for source in sources):
        raise click.UsageError(f"{target} is both IN and OUT; choose another folder")
    into_folder(graph, pairs(sources, Path(target), kind), jobs, options, quiet)


def into_file(graph: Graph, source: str, target: str, options: dict[str, Any], quiet: bool) -> None:
    from tapegraph.atomic import is_stream
    from tapegraph.files.render import render_file

    shown = sys.stderr.isatty() and not quiet
    with click.progressbar(length=1000, label=target, file=sys.stderr) if shown else contextlib.nullcontext() as bar:
        progress = (lambda fraction: bar.update(int(1000 * fraction) - bar.pos)) if bar is not None else None
        report = render_file(graph, source, target, progress=progress, **options)
    print_report(report, quiet, err=is_stream(Path(target)))


def into_folder(graph: Graph, files: list[tuple[Path, Path]], jobs: int, options: dict[str, Any], quiet: bool) -> None:
    from tapegraph.files.many import render_pairs

    problems: list[Problem] = []
    shown = sys.stderr.isatty() and not quiet
    clear = "\r\033[K" if shown else ""
    started = time.monotonic()

    def show_progress(done: int, outcome: object) -> None:
        minutes = (time.monotonic() - started) / 60
        left = minutes / done * (len(files) - done)
        line = f"{done} of {len(files)} files, {done / minutes:.1f} a minute, {left:.1f} minutes left"
        click.echo(clear + line[: shutil.get_terminal_size().columns - 1], nl=False, err=True)

    for outcome in render_pairs(graph, files, jobs, show_progress if shown else None, **options):
        click.echo(clear, nl=False, err=True)
        if isinstance(outcome, TapegraphError):
            problems += outcome.problems
        else:
            print_report(outcome, quiet, of_many=True)
    click.echo(clear, nl=False, err=True)
    if problems:
        raise TapegraphError(*problems)


def pairs(sources: list[str], folder: Path, kind: str | None) -> list[tuple[Path, Path]]:
    """Return each audio file with its target in a folder, whose folders are made.

    What is inside a folder keeps its place in it. Raises TapegraphError where there is nothing to render, or a folder
    cannot be read or made.
    """
    found: list[tuple[Path, Path]] = []
    for source in map(Path, sources):
        inside = audio_files(source, folder) if source.is_dir() else [Path(source.name)]
        root = source if source.is_dir() else source.parent
        if not inside:
            raise TapegraphError(Problem("contains no audio files", str(source)))
        for path in inside:
            target = folder / path
            found.append((root / path, target.with_suffix(f".{kind}") if kind else target))
    for parent in sorted({target.parent for _, target in found}):
        try:
            parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TapegraphError(Problem(f"cannot be made: {error.strerror}", str(parent))) from None
    return found


def print_report(report: Report, quiet: bool, err: bool = False, of_many: bool = False) -> None:
    """Print what came of a rendering; of_many: a warning about the sound names the file, as one about a file does."""
    for warning in report.warnings:
        named = not of_many or report.target.stem in warning
        warn(warning if named else f"{report.target}: {warning}")
    if not quiet:
        click.echo(report, err=err)
