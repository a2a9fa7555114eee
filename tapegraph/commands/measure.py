"""tapegraph measure: what a machine does to sweeps and tones."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._options import allow_option, nodes_option, overwrite_option, set_option

if TYPE_CHECKING:
    from tapegraph.measure import Result

EXAMPLES = """\b
Examples:
  tapegraph measure tc260
  tapegraph measure my.yaml response harmonics --level -10 --rate 96000
  tapegraph measure cassette thd --at tape --set Drive=0.8
  tapegraph measure tc260 loop --at tape
  tapegraph measure multitrack crosstalk --channels 8
  tapegraph measure tc260 --json sheet.json --csv sheet.csv
  tapegraph measure my.yaml --limits limits.yaml

\b
limits.yaml, for example:
  response:
    magnitude_db: {min: -3, max: 1, frequency_hz: [50, 12500]}
  thd:
    third_percent: {max: 3, frequency_hz: 315, level_dbfs: -10}"""


@click.command(epilog=EXAMPLES)
@click.argument("graph", metavar="GRAPH")
@click.argument("what", nargs=-1, metavar="[WHAT...]")
@click.option("--rate", "sample_rate", type=float, default=48_000.0, metavar="HZ", help="Sample rate; 48000.")
@click.option(
    "--level",
    "levels",
    type=click.FloatRange(-120.0, 40.0),
    multiple=True,
    metavar="DBFS",
    help="Measure at this level in place of the usual ones; may be repeated.",
)
@click.option("--channels", type=int, default=1, metavar="NUMBER", help="How many channels get the signals; 1.")
@click.option("--channel", type=int, default=1, metavar="NUMBER", help="Which output channel is measured; 1.")
@click.option("--at", metavar="NODE", help="Let the signals enter at the input of this node.")
@click.option("--strict", is_flag=True, help="Refuse a graph that varies in time, in place of holding it still.")
@set_option
@click.option("--json", "json_file", metavar="FILE", help="Write all values to a file, in JSON.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write all values to a file, a row for each place measured.")
@click.option(
    "--limits", "limits_file", metavar="FILE", help="Fail, with status 1, where a limit of this file is exceeded."
)
@overwrite_option
@allow_option
@nodes_option
def command(
    graph: str,
    what: tuple[str, ...],
    sample_rate: float,
    levels: tuple[float, ...],
    channels: int,
    channel: int,
    at: str | None,
    strict: bool,
    settings: tuple[str, ...],
    json_file: str | None,
    csv_file: str | None,
    limits_file: str | None,
    overwrite: bool,
    allow: tuple[str, ...],
) -> None:
    """Measure GRAPH, a preset or a file of your own, with sweeps and steady tones.

    WHAT is response, harmonics, thd, imd, latency or dynamics, which are all measured unless some are named; or alias,
    attack, separation, crosstalk, print (print-through), loop (of hysteresis, at the node of --at) or speed. Levels are
    those of a sine, full scale is 0 dBFS. The graph is held still: what varies in time, such as wow, flutter and hiss,
    is not measured, and the first line says what that is. THD+N alone is that of the graph as it is.
    """
    from tapegraph import measure
    from tapegraph.atomic import check_output
    from tapegraph.commands._options import WrongUseError, adjusted, load_argument, write_or_print
    from tapegraph.errors import TapegraphError, did_you_mean
    from tapegraph.measure import limits, report

    for name in what:
        if name not in measure.ALL:
            hint = did_you_mean(name, measure.ALL) or f"; there are {', '.join(measure.ALL)}"
            raise WrongUseError(f"no measurement is called {name}{hint}")
    for file in (json_file, csv_file):
        if file is not None:
            check_output(file, overwrite)
    wanted = read(limits_file) if limits_file else {}
    names = [*(what or wanted or measure.SHEET), *wanted]
    rig = measure.Rig(
        adjusted(load_argument(graph, allow), settings),
        sample_rate,
        channels=channels,
        channel=channel,
        at=at,
        strict=strict,
    )
    click.echo(report.heading(graph, rig))
    results: dict[str, Result] = {}
    for name in dict.fromkeys(names):
        function = measure.ALL[name]
        takes_levels = "levels_dbfs" in inspect.signature(function).parameters
        chosen: dict[str, Any] = {"levels_dbfs": levels} if levels and takes_levels else {}
        results[name] = function(rig, **chosen)
        click.echo(f"\n{name}\n{report.table(results[name].summary(), results[name].labels())}")
    if json_file:
        write_or_print(json.dumps(report.as_data(graph, rig, results), indent=1), json_file, overwrite)
    if csv_file:
        write_or_print(report.as_csv(results), csv_file, overwrite)
    if problems := limits.exceeded(wanted, results):
        raise TapegraphError(*problems)


def read(file: str) -> Mapping[str, Any]:
    """Return the limits in a file."""
    import yaml

    from tapegraph import measure
    from tapegraph.errors import TapegraphError
    from tapegraph.measure import limits

    try:
        found = yaml.safe_load(Path(file).read_text("utf-8"))
    except OSError as error:
        raise TapegraphError(f"{file}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise TapegraphError(f"{file}: is not YAML") from None
    return limits.check_names(found, measure.ALL)
