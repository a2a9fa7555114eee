"""tapegraph bench: how fast this installation is."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tapegraph.commands._options import allow_option, nodes_option, overwrite_option, warn

if TYPE_CHECKING:
    from tapegraph.bench.figure import Figure
    from tapegraph.bench.machine import Load
    from tapegraph.run.profile import Profile

EXAMPLES = """\b
Examples:
  tapegraph bench
  tapegraph bench --only solvers --seconds 8
  tapegraph bench --only presets --all
  tapegraph bench --only clips
  tapegraph bench --profile cassette
  tapegraph bench --profile my.yaml
  tapegraph bench --json before.json
  tapegraph bench --compare before.json"""
COLUMNS = ("least", "median", "unit", "times real time", "ratio", "over the earlier run")
STEP_COLUMNS = ("kind", "oversampling", "ns a frame", "share", "times real time")


@click.command(epilog=EXAMPLES)
@click.option("--only", "chosen", multiple=True, metavar="SECTION", help="Measure only this section; may be repeated.")
@click.option("--profile", "profiled", metavar="GRAPH", help="Show what each step of a preset or a graph file takes.")
@click.option(
    "--seconds",
    "sound_s",
    type=click.FloatRange(0.1, 3600.0),
    help="How much sound each solver plays in a run; 2, or 0.5 where nothing is compiled.",
)
@click.option("--all", "every", is_flag=True, help='Every preset, not only those tagged "showcase".')
@click.option("--json", "target", metavar="FILE", help="Write the figures to a file as well.")
@overwrite_option
@click.option("--compare", "before", metavar="FILE", help="Compare every figure with that of an earlier run.")
@allow_option
@nodes_option
def command(
    chosen: tuple[str, ...],
    profiled: str | None,
    sound_s: float | None,
    every: bool,
    target: str | None,
    before: str | None,
    overwrite: bool,
    allow: tuple[str, ...],
) -> None:
    """Measure solvers against C and Numba, nodes, scheduler, presets, silence, clips, start and memory, on one core.

    SECTION is solvers, nodes, scheduler, presets, silence, clips, starting or memory. Figures are CPU times, on Windows
    times: the least, in short parts, and the median of several runs. A ratio is that of the least times of the work and
    of the rival named, which takes turns with it. Solvers run at 96 kHz, as for 48 kHz with 2x oversampling, without
    resamplers; nodes at 48 kHz with their defaults. The earlier run is compared by least times.

    With --profile alone no section is measured: each step of GRAPH is, and resamplers and sums are steps too. A frame
    is one of the graph's rate, with all channels.
    """
    import tapegraph
    from tapegraph import bench
    from tapegraph.atomic import check_output
    from tapegraph.bench.machine import Load, processor
    from tapegraph.commands._options import WrongUseError, load_argument, write_or_print
    from tapegraph.errors import did_you_mean

    sections = bench.sections(sound_s or (2.0 if tapegraph.COMPILED else 0.5), every)
    for name in chosen:
        if name not in sections:
            hint = did_you_mean(name, sections) or f"; there are {', '.join(sections)}"
            raise WrongUseError(f"no section is called {name}{hint}")
    graph = load_argument(profiled, allow) if profiled else None
    if target is not None:
        check_output(target, overwrite)
    earlier = read(before) if before else {}
    load = Load()
    say(load)
    found: list[Figure] = []
    if chosen or graph is None:
        echo_head(f"on {processor()}", COLUMNS)
    for name in chosen or (() if graph else sections):
        for figure in sections[name]():
            if isinstance(figure, str):
                warn(figure)
                continue
            found.append(figure)
            click.echo(row(figure, earlier.get(figure.name)))
    profile = bench.profile(graph) if graph else None
    if profile is not None:
        echo_head(f"{profiled} on {processor()}", STEP_COLUMNS)
        for cells in step_rows(profile):
            click.echo(line(cells))
    say(load)
    if target:
        write_or_print(json.dumps(as_data(found, profile, load), indent=1), target, overwrite)


def say(load: Load) -> None:
    if sentence := load.sentence():
        click.echo(sentence)


def echo_head(first: str, columns: tuple[str, ...]) -> None:
    """Begin a table, whose first column names the processor."""
    click.echo("\n" + line((first, *columns)))
    click.echo("|---" * (1 + len(columns)) + "|")


def row(figure: Figure, was: float | None) -> str:
    """Return the line of a figure in the table. was: its least time in an earlier run"""
    times = "" if figure.real_time is None else f"{figure.real_time:.4g}"
    ratios = ", ".join(f"{ratio:.2f} of {rival}" for rival, ratio in figure.ratios.items())
    change = f"{figure.least / was:.2f}" if was else ""
    return line((figure.name, f"{figure.least:.4g}", f"{figure.median:.4g}", figure.unit, times, ratios, change))


def step_rows(profile: Profile) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a profile: its steps, the rest, and the whole."""
    for cost in [*profile.steps, profile.rest]:
        times = f"{1e9 / (profile.sample_rate * cost.frame_ns):.4g}" if cost.frame_ns else ""
        ns, share = f"{cost.frame_ns:.4g}", f"{100.0 * cost.share:.1f} %"
        yield cost.name, cost.kind, str(cost.oversample), ns, share, times
    yield "all", "", "", f"{profile.frame_ns:.4g}", "100.0 %", f"{profile.real_time:.4g}"


def line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def as_data(found: list[Figure], profile: Profile | None, load: Load) -> dict[str, object]:
    """Return everything for a file; the processor stands beside each figure, too."""
    import attrs

    from tapegraph.bench.machine import processor

    where = {"processor": processor()}
    data: dict[str, object] = {
        "machine": machine(),
        "load": {"average": load.average(), "others": load.others()},
        "figures": {figure.name: attrs.asdict(figure) | where for figure in found},
    }
    return data if profile is None else data | {"profile": attrs.asdict(profile) | where}


def machine() -> dict[str, str]:
    """Return what the figures depend on apart from the code."""
    import tapegraph
    from tapegraph.bench.machine import processor

    return {
        "tapegraph": f"{tapegraph.__version__}, {'compiled' if tapegraph.COMPILED else 'interpreted'}",
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor(),
    }


def read(file: str) -> dict[str, float]:
    """Return the least time of every figure in a file that --json wrote; say so where it is of another processor."""
    from tapegraph.bench.machine import processor
    from tapegraph.errors import TapegraphError

    try:
        data = json.loads(Path(file).read_text("utf-8"))
        found = {name: float(figure["least"]) for name, figure in data["figures"].items()}
        if (other := data["machine"]["processor"]) != processor():
            warn(f"{file}: measured on {other}, not on {processor()}")
        return found
    except OSError as error:
        raise TapegraphError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TapegraphError(f"{file}: is not a file of figures; tapegraph bench --json FILE writes one") from None
