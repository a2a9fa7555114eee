"""tapegraph compare: a song through several machines, at equal loudness, on a page for the browser."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tapegraph.commands._options import allow_option, load_argument, nodes_option, overwrite_option, warn

if TYPE_CHECKING:
    from tapegraph.api import Graph
    from tapegraph.comparing.compare import Kind

EXAMPLES = """\b
Examples:
  tapegraph compare song.wav
  tapegraph compare song.wav cassette tc260 my_machine.yaml
  tapegraph compare song.flac --family cassettes --from 62 --seconds 20 --jobs 2
  tapegraph compare song.wav mastering hot_master -o masters --format wav --overwrite"""

JOBS = "Machines to render in parallel."


@click.command(epilog=EXAMPLES)
@click.argument("song", metavar="SONG")
@click.argument("machines", nargs=-1, metavar="[PRESET|GRAPH]...")
@click.option("--family", "families", multiple=True, metavar="NAME", help="Every preset of a family; may be repeated.")
@click.option("--output", "-o", metavar="FOLDER", help="Where to; otherwise SONG-compare, beside SONG.")
@click.option("--from", "start_s", default=0.0, type=click.FloatRange(0), metavar="SECONDS", help="Where to begin.")
@click.option(
    "--seconds",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, 600, min_open=True),
    metavar="SECONDS",
    help="How much of the song.",
)
@click.option(
    "--format",
    "kind",
    default="flac",
    show_default=True,
    type=click.Choice(["flac", "wav"]),
    help="Kind of the sound files.",
)
@click.option(
    "--no-sheets", is_flag=True, help="Do not measure the machines; their data sheets take some seconds each."
)
@click.option("--jobs", "-j", default=1, type=click.IntRange(1), metavar="N", help=JOBS)
@click.option("--quiet", "-q", is_flag=True, help="Print only warnings and errors.")
@overwrite_option
@allow_option
@nodes_option
def command(
    song: str,
    machines: tuple[str, ...],
    families: tuple[str, ...],
    output: str | None,
    start_s: float,
    seconds: float,
    kind: Kind,
    no_sheets: bool,
    jobs: int,
    quiet: bool,
    overwrite: bool,
    allow: tuple[str, ...],
) -> None:
    """Play the first 30 s of SONG through presets and graphs of your own, each as loud as SONG, and write a page.

    Without any named, it takes the presets tagged "showcase". FOLDER gets a sound file for each and index.html, which
    opens in a browser from the disk: it switches between them at the same position without a gap, or blind, with
    their names hidden until you have rated them. It shows the data sheet of each, as tapegraph measure draws it.
    """
    from tapegraph.comparing.compare import compare

    sheets = not no_sheets
    if sheets and importlib.util.find_spec("matplotlib") is None:
        warn('data sheets are left out; they are drawn by Matplotlib: pip install "tapegraph[plot]"')
        sheets = False
    graphs = chosen_machines(machines, families, allow)
    shown = sys.stderr.isatty() and not quiet
    clear = "\r\033[K" if shown else ""

    def show_progress(done: int) -> None:
        click.echo(f"{clear}{done} of {len(graphs)} machines", nl=False, err=True)

    try:
        comparison = compare(
            song,
            graphs,
            folder_beside(song) if output is None else Path(output),
            start_s=start_s,
            seconds=seconds,
            kind=kind,
            sheets=sheets,
            overwrite=overwrite,
            jobs=jobs,
            done=show_progress if shown else None,
        )
    finally:
        click.echo(clear, nl=False, err=True)
    for warning in (*comparison.warnings, *(w for version in comparison.versions for w in version.warnings)):
        warn(warning)
    if quiet:
        return
    for version in comparison.versions:
        click.echo(f"{comparison.page.with_name(version.file)}: {version}")
    if comparison.trim_db < 0.0:
        click.echo(f"all of them turned down by {-comparison.trim_db:.1f} dB, so that no peak is clipped")
    click.echo(f"{comparison.page}: {comparison.seconds:.2f} s from {start_s:g} s on; open it in a browser")


def chosen_machines(names: tuple[str, ...], families: tuple[str, ...], allow: tuple[str, ...]) -> dict[str, Graph]:
    """Return the graphs that are named, then those of the families; where there are none, the showcase."""
    from tapegraph import resources
    from tapegraph.commands.presets import refuse_unknown

    presets = resources.presets()
    refuse_unknown("family", families, sorted({resources.family(path) for path in presets.values()}))
    of_families = [name for name, path in presets.items() if resources.family(path) in families]
    if wanted := list(dict.fromkeys((*names, *of_families))):
        stems = [Path(name).stem for name in wanted]
        labels = [stem if stems.count(stem) == 1 else name for name, stem in zip(wanted, stems, strict=True)]
        return {label: load_argument(name, allow) for label, name in zip(labels, wanted, strict=True)}
    everything = {name: load_argument(name) for name in presets}
    return {name: graph for name, graph in everything.items() if resources.SHOWCASE in graph.tags}


def folder_beside(song: str) -> Path:
    """Return SONG-compare: beside the song, or here where it comes through a pipe."""
    path = Path("song" if song == "-" else song)
    return path.with_name(f"{path.stem}-compare")
