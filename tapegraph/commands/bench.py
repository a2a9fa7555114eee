"""tapegraph bench: how fast this installation is."""

from __future__ import annotations

import json
from pathlib import Path

import click

EXAMPLES = """\b
Examples:
  tapegraph bench
  tapegraph bench --only solvers
  tapegraph bench --json before.json
  tapegraph bench --compare before.json"""


@click.command(epilog=EXAMPLES)
@click.option("--only", "sections", multiple=True, metavar="SECTION", help="Measure only this; may be repeated.")
@click.option("--json", "target", metavar="FILE", help="Write the figures to a file as well.")
@click.option("--compare", "before", metavar="FILE", help="Put every figure beside that of an earlier run.")
def command(sections: tuple[str, ...], target: str | None, before: str | None) -> None:
    """Measure the solvers against plain C, then nodes, scheduler, presets and start, in turns on one core.

    The time is the least of several runs, and the ratio the median of the pairs. SECTION is solvers, nodes,
    scheduler, presets or starting.
    """
    import attrs

    from tapegraph import bench
    from tapegraph.commands._options import WrongUseError, put
    from tapegraph.errors import did_you_mean

    for section in sections:
        if section not in bench.SECTIONS:
            hint = did_you_mean(section, bench.SECTIONS) or f"; there are {', '.join(bench.SECTIONS)}"
            raise WrongUseError(f"no section is called {section}{hint}")
    earlier = read(before) if before else {}
    found: dict[str, dict[str, object]] = {}
    click.echo("| measured | time | unit | over the rival | over the earlier run |")
    click.echo("|---|---|---|---|---|")
    for section in sections or bench.SECTIONS:
        for figure in bench.SECTIONS[section]():
            found[figure.name] = attrs.asdict(figure)
            ratio = f"{figure.ratio:.2f}" if figure.ratio else ""
            was = earlier.get(figure.name)
            change = f"{figure.least / was:.2f}" if was else ""
            click.echo(f"| {figure.name} | {figure.least:.4g} | {figure.unit} | {ratio} | {change} |")
    if target:
        put(json.dumps(found, indent=1), target)


def read(file: str) -> dict[str, float]:
    """Return the least time of every figure in a file that --json wrote."""
    from tapegraph.errors import TapegraphError

    try:
        figures = json.loads(Path(file).read_text("utf-8"))
        return {name: float(figure["least"]) for name, figure in figures.items()}
    except OSError as error:
        raise TapegraphError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TapegraphError(f"{file}: is no file of figures; tapegraph bench --json FILE writes them") from None
