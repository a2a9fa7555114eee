"""tapegraph bench: how fast this installation is."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tapegraph.commands._options import overwrite_option

if TYPE_CHECKING:
    from tapegraph.bench.figure import Figure

EXAMPLES = """\b
Examples:
  tapegraph bench
  tapegraph bench --only solvers --seconds 5
  tapegraph bench --only presets --all
  tapegraph bench --json before.json
  tapegraph bench --compare before.json"""
COLUMNS = ("measured", "least", "median", "unit", "times real time", "ratio", "over the earlier run")


@click.command(epilog=EXAMPLES)
@click.option("--only", "chosen", multiple=True, metavar="SECTION", help="Measure only this section; may be repeated.")
@click.option(
    "--seconds",
    "sound_s",
    type=click.FloatRange(0.1, 3600.0),
    help="How much sound each solver plays in a run; 30, or 1 where nothing is compiled.",
)
@click.option("--all", "every", is_flag=True, help='Every preset, not only those tagged "showcase".')
@click.option("--json", "target", metavar="FILE", help="Write the figures to a file as well.")
@overwrite_option
@click.option("--compare", "before", metavar="FILE", help="Compare every figure with that of an earlier run.")
def command(
    chosen: tuple[str, ...], sound_s: float | None, every: bool, target: str | None, before: str | None, overwrite: bool
) -> None:
    """Measure solvers against plain C and Numba, nodes, scheduler, presets, silence, start and memory, on one core.

    SECTION is solvers, nodes, scheduler, presets, silence, starting or memory. Times are the least and the median of
    several runs. A ratio is the time over that of the rival named, which runs in turns with it: the median of the
    pairs. Solvers run at 96 kHz, as for 48 kHz with 2x oversampling, without resamplers; nodes at 48 kHz with their
    defaults. The earlier run is compared by least times.
    """
    import tapegraph
    from tapegraph import bench
    from tapegraph.atomic import check_output
    from tapegraph.commands._options import WrongUseError, warn, write_or_print
    from tapegraph.errors import did_you_mean

    sections = bench.sections(sound_s or (30.0 if tapegraph.COMPILED else 1.0), every)
    for name in chosen:
        if name not in sections:
            hint = did_you_mean(name, sections) or f"; there are {', '.join(sections)}"
            raise WrongUseError(f"no section is called {name}{hint}")
    if target is not None:
        check_output(target, overwrite)
    earlier = read(before) if before else {}
    found: list[Figure] = []
    click.echo(line(COLUMNS))
    click.echo("|---" * len(COLUMNS) + "|")
    for name in chosen or sections:
        for figure in sections[name]():
            if isinstance(figure, str):
                warn(figure)
                continue
            found.append(figure)
            click.echo(row(figure, earlier.get(figure.name)))
    if target:
        write_or_print(json.dumps({"machine": machine(), "figures": figures(found)}, indent=1), target, overwrite)


def row(figure: Figure, was: float | None) -> str:
    """Return the line of a figure in the table. was: its least time in an earlier run"""
    times = "" if figure.real_time is None else f"{figure.real_time:.4g}"
    ratios = ", ".join(f"{ratio:.2f} of {rival}" for rival, ratio in figure.ratios.items())
    change = f"{figure.least / was:.2f}" if was else ""
    return line((figure.name, f"{figure.least:.4g}", f"{figure.median:.4g}", figure.unit, times, ratios, change))


def line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def figures(found: list[Figure]) -> dict[str, dict[str, object]]:
    import attrs

    return {figure.name: attrs.asdict(figure) for figure in found}


def machine() -> dict[str, str]:
    """Return what the figures depend on apart from the code."""
    import tapegraph

    return {
        "tapegraph": f"{tapegraph.__version__}, {'compiled' if tapegraph.COMPILED else 'interpreted'}",
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
    }


def read(file: str) -> dict[str, float]:
    """Return the least time of every figure in a file that --json wrote."""
    from tapegraph.errors import TapegraphError

    try:
        found = json.loads(Path(file).read_text("utf-8"))["figures"]
        return {name: float(figure["least"]) for name, figure in found.items()}
    except OSError as error:
        raise TapegraphError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TapegraphError(f"{file}: is not a file of figures; tapegraph bench --json FILE writes one") from None
