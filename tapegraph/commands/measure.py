"""tapegraph measure: what a machine does to sweeps and tones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tapegraph.commands._options import allow_option, nodes_option, overwrite_option, set_option

EXAMPLES = """\b
Examples:
  tapegraph measure tc260
  tapegraph measure my.yaml response harmonics --level -10 --rate 96000
  tapegraph measure cassette thd --at tape --set Drive=0.8
  tapegraph measure tc260 --json sheet.json --csv sheet.csv
  tapegraph measure my.yaml --limits limits.yaml
  tapegraph measure tc260 --plot sheet.pdf
  tapegraph measure tc260 --set Drive=0.8 --against tc260 --plot both.html

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
@click.option("--plot", "sheet_file", metavar="FILE", help="Draw a data sheet: .svg, .png, .pdf or .html.")
@click.option("--against", metavar="OTHER", help="Measure this preset or file too, and how it differs from GRAPH.")
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
    sheet_file: str | None,
    against: str | None,
    limits_file: str | None,
    overwrite: bool,
    allow: tuple[str, ...],
) -> None:
    """Measure GRAPH, a preset or a file of your own, with sweeps and steady tones.

    WHAT is response, harmonics, thd, imd, latency, dynamics or alias; all but alias unless some are named. Levels are
    those of a sine, full scale is 0 dBFS. The graph is held still: what varies in time, such as wow, flutter and hiss,
    is not measured, and the first line says what that is. THD+N alone is that of the graph as it is.

    With --against, WHAT may be null, too: how much of music is left once what OTHER makes of it is subtracted. --set
    changes GRAPH alone, so that a graph can be measured against itself.
    """
    from tapegraph import measure
    from tapegraph.atomic import check_output
    from tapegraph.commands._options import adjusted, load_argument, write_or_print
    from tapegraph.errors import TapegraphError
    from tapegraph.measure import limits
    from tapegraph.measure.datasheet import DataSheet, Subject
    from tapegraph.measure.sheet.files import check_sheet, write_sheet

    wanted = read(limits_file) if limits_file else {}
    names = [*(what or wanted or (*measure.SHEET, *(measure.PAIRS if against else ()))), *wanted]
    for name in names:
        check_name(name, against)
    for file in filter(None, (json_file, csv_file, sheet_file)):
        check_output(file, overwrite)
    if sheet_file:
        check_sheet(sheet_file)

    def subject(name: str, changes: tuple[str, ...] = ()) -> Subject:
        some = adjusted(load_argument(name, allow), changes)
        rig = measure.Rig(some, sample_rate, channels=channels, channel=channel, at=at, strict=strict)
        return Subject(name, rig, title=", ".join([some.title or name, *changes]), description=some.description)

    sheet = DataSheet(subject(graph, settings), subject(against) if against else None)
    click.echo(sheet.heading())
    for name in dict.fromkeys(names):
        click.echo(f"\n{name}\n{sheet.measure(name, levels)}")
    if json_file:
        write_or_print(json.dumps(sheet.as_data(), indent=1), json_file, overwrite)
    if csv_file:
        write_or_print(sheet.as_csv(), csv_file, overwrite)
    if sheet_file:
        write_sheet(sheet_file, sheet, overwrite)
    if problems := limits.exceeded(wanted, sheet.results()):
        raise TapegraphError(*problems)


def check_name(name: str, against: str | None) -> None:
    """Refuse what nobody measures, and what takes two graphs where there is one."""
    from tapegraph import measure
    from tapegraph.commands._options import WrongUseError
    from tapegraph.errors import did_you_mean

    known = (*measure.ALL, *measure.PAIRS)
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise WrongUseError(f"no measurement is called {name}{hint}")
    if name in measure.PAIRS and against is None:
        raise WrongUseError(f"{name} compares two graphs; name the other one with --against")


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
    if isinstance(found, dict) and None in found:
        found["null"] = found.pop(None)  # as YAML reads the word
    return limits.check_names(found, measure.ALL | measure.PAIRS)
