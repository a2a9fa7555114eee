"""tapegraph stn: train state transition networks, and measure them."""

from __future__ import annotations

import os
from pathlib import Path

import click

TOPOLOGIES = {"1x8": (8,), "2x4": (4, 4), "2x8": (8, 8), "3x4": (4, 4, 4), "2x12": (12, 12)}
EXAMPLES = """\b
Examples:
  tapegraph stn train
  tapegraph stn train my-2x4.npz --seed 2
  tapegraph stn report"""
TRAIN_EXAMPLES = """\b
Examples:
  tapegraph stn train my-2x4.npz
  tapegraph stn train my-bank.npz --grid 11x21 --seed 3
  tapegraph stn train my-filter.npz --system ms20_filter --topology 1x8 --steps 400 --hold 0
  tapegraph render IN OUT --preset NAME --set tape.solver=stn --set tape.model=my-2x4.npz"""
REPORT_EXAMPLES = """\b
Examples:
  tapegraph stn report
  tapegraph stn report hysteresis-2x4 my-2x4.npz --map map.png"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Train networks that replace a solver, and measure them."""


def shape(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Return the sizes of an option like 11x21."""
    try:
        sizes = tuple(int(size) for size in value.split("x")) if value else ()
    except ValueError:
        sizes = (0,)
    if any(size < 2 for size in sizes):
        raise click.BadParameter(f"{value} is not a grid; write sizes of 2 or more, as in 11x21")
    return sizes


@command.command(epilog=TRAIN_EXAMPLES)
@click.argument("output", required=False, type=click.Path(dir_okay=False, path_type=Path), metavar="[OUTPUT]")
@click.option("--system", default="hysteresis", show_default=True, metavar="NAME", help="System to learn.")
@click.option(
    "--topology", type=click.Choice(list(TOPOLOGIES)), default="2x4", show_default=True, help="Hidden layers x neurons."
)
@click.option("--grid", callback=shape, metavar="AxB", help="Train a bank with so many networks along each axis.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of all random numbers.")
@click.option("--cores", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes; default: all cores.")
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Steps of the optimiser; small networks profit from more.",
)
@click.option(
    "--hold",
    type=click.FloatRange(0.0),
    default=0.03,
    show_default=True,
    help="Penalty for moving away from the initial weights; larger is smoother, 0 fits the data closest.",
)
@click.option("--quick", is_flag=True, help="Use a tenth of the data, for a first trial.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
def train(
    output: Path | None,
    system: str,
    topology: str,
    grid: tuple[int, ...],
    seed: int,
    cores: int,
    steps: int,
    hold: float,
    quick: bool,
    overwrite: bool,
) -> None:
    """Train one network for all settings, or a bank of them, and write OUTPUT (.npz).

    Without OUTPUT the file is named after its contents: hysteresis-2x4.npz, hysteresis-bank-2x4.npz.
    An interrupted training resumes when the same command is given again. The same seed gives the same
    weights on the same machine.
    """
    from tapegraph.node.weights import read
    from tapegraph.stn.train import Training, TrainingPlan
    from tapegraph.stn.train import grid as axes_of

    output = output or Path(f"{system}-{'bank-' if grid else ''}{topology}.npz")
    check_output(output, overwrite)
    plan = TrainingPlan(system, TOPOLOGIES[topology], axes_of(system, grid) if grid else {}, seed, quick, steps, hold)
    training = Training(plan, output, cores, overwrite)
    with click.progressbar(training, label=f"{len(training)} networks", length=len(training)) as bar:
        for _ in bar:
            pass
    for line in training.retried:
        click.echo(f"{line}; others were trained instead")
    found = read(output).made["closed_loop_db"]
    click.echo(f"{output}: error in closed loop: median {found['median']} dB, worst {found['worst']} dB")


@command.command(epilog=REPORT_EXAMPLES)
@click.argument("models", nargs=-1, metavar="[MODEL...]")
@click.option("--system", default="hysteresis", show_default=True, metavar="NAME", help="System that they learned.")
@click.option("--map", "picture", metavar="FILE", help="Draw the errors over the settings (.png, .svg, .pdf).")
@click.option("--overwrite", is_flag=True, help="Replace an existing map.")
def report(models: tuple[str, ...], system: str, picture: str | None, overwrite: bool) -> None:
    """Measure models, bundled ones or files, against the solver: error in closed loop on music, and speed."""
    from tapegraph import atomic
    from tapegraph.node import weights
    from tapegraph.stn import report as reporting
    from tapegraph.stn.system import find

    it = find(system)
    if picture:
        check_suffix(picture)
        atomic.check_output(picture, overwrite)
        reporting.require_matplotlib()
    measured = []
    for model in models or weights.bundled(system):
        with click.progressbar(
            reporting.measure(it, model), label=model, length=len(list(reporting.settings(it))) + 1
        ) as bar:
            measured += [result for result in bar if result]
    click.echo(reporting.table(measured))
    if picture:
        with atomic.replacing(picture, overwrite) as temporary:
            reporting.draw(measured, it, str(temporary))
        click.echo(f"map in {picture}")


@command.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
def import_bank(source: Path, output: Path, overwrite: bool) -> None:
    """Turn a bank in RTNeural's JSON into OUTPUT (.npz): SOURCE is a folder of hyst_width_*.json, or one such file.

    The hysteresis node then runs it: --set tape.solver=stn --set tape.model=OUTPUT.
    """
    from tapegraph.stn.rtneural import read_bank

    check_output(output, overwrite)
    read_bank(source).save(output, overwrite)
    click.echo(f"{output}: {source} as weights for the hysteresis node")


def check_suffix(picture: str) -> None:
    if Path(picture).suffix.lower() not in (".png", ".svg", ".pdf"):
        raise click.UsageError(f"{picture}: the name of a map must end in .png, .svg or .pdf")


def check_output(output: Path, overwrite: bool) -> None:
    """Raise TapegraphError where weights could not be written, before they are computed."""
    from tapegraph import atomic
    from tapegraph.errors import TapegraphError
    from tapegraph.node.weights import SUFFIX

    if output.suffix != SUFFIX:
        raise TapegraphError(f"{output}: the name of a weights file must end in {SUFFIX}")
    atomic.check_output(output, overwrite)
