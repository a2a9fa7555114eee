"""tapegraph measure: what a machine does to sweeps and tones."""

from __future__ import annotations

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
  tapegraph measure tc260 --json sheet.json --csv sheet.csv
  tapegraph measure my.yaml --limits limits.yaml
  tapegraph measure --signals test_tape
  tapegraph measure --recording machine.wav --signals test_tape

\b
limits.yaml, for example:
  response:
    magnitude_db: {min: -3, max: 1, frequency_hz: [50, 12500]}
  thd:
    third_percent: {max: 3, frequency_hz: 315, level_dbfs: -10}"""

FOR_GRAPHS = ("at", "strict", "settings", "allow")
FOR_SIGNALS = ("sample_rate", "channels")


@click.command(epilog=EXAMPLES)
@click.argument("graph", metavar="[GRAPH]", required=False)
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
@click.option("--signals", "folder", metavar="FOLDER", help="Write the signals as a test tape, in place of measuring.")
@click.option("--recording", metavar="FILE", help="Measure what a machine made of that test tape, in place of GRAPH.")
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
    graph: str | None,
    what: tuple[str, ...],
    sample_rate: float,
    levels: tuple[float, ...],
    channels: int,
    channel: int,
    at: str | None,
    strict: bool,
    folder: str | None,
    recording: str | None,
    settings: tuple[str, ...],
    json_file: str | None,
    csv_file: str | None,
    limits_file: str | None,
    overwrite: bool,
    allow: tuple[str, ...],
) -> None:
    """Measure GRAPH, a preset or a file of your own, with sweeps and steady tones.

    WHAT is response, harmonics, thd, imd, latency, dynamics or alias; all but alias unless some are named. Levels are
    those of a sine, full scale is 0 dBFS. The graph is held still: what varies in time, such as wow, flutter and hiss,
    is not measured, and the first line says what that is. THD+N alone is that of the graph as it is.

    Real machines are measured without GRAPH: --signals writes a test tape, to be played to the machine, and --recording
    measures the sound that came back, with the description in the folder of --signals, or beside the recording.
    """
    from tapegraph import measure
    from tapegraph.atomic import check_output
    from tapegraph.commands._options import WrongUseError, adjusted, load_argument, warn, write_or_print
    from tapegraph.commands._test_tape import read_recording, write_signals
    from tapegraph.errors import TapegraphError, did_you_mean
    from tapegraph.measure import limits, report

    real = folder is not None or recording is not None
    if real:
        what = (graph, *what) if graph is not None else what
        refuse("--signals and --recording are", FOR_GRAPHS if recording is None else FOR_GRAPHS + FOR_SIGNALS)
    elif graph is None:
        raise click.UsageError("Missing argument 'GRAPH'.")
    for name in what:
        if name not in measure.ALL:
            hint = did_you_mean(name, measure.ALL) or f"; there are {', '.join(measure.ALL)}"
            raise WrongUseError(f"no measurement is called {name}{hint}")
    if recording is None and folder is not None:
        refuse("--signals is", ("json_file", "csv_file", "limits_file"))
        names = dict.fromkeys(what or measure.SHEET)
        made = {name: measure.ALL[name] for name in names}
        click.echo(write_signals(folder, made, sample_rate, channels, levels, overwrite))
        return
    for file in (json_file, csv_file):
        if file is not None:
            check_output(file, overwrite)
    wanted = read(limits_file) if limits_file else {}
    rig: measure.Machine
    if recording is not None:
        title = recording
        rig, warnings = read_recording(recording, folder, channel)
        for warning in warnings:
            warn(warning)
        usual, levels = rig.signals.what, levels or rig.signals.levels_dbfs
        click.echo(f"{report.heading(title, rig)}, speed {rig.speed_error_percent:+.3f} %")
    else:
        assert graph is not None
        title, usual = graph, measure.SHEET
        rig = measure.Rig(
            adjusted(load_argument(graph, allow), settings),
            sample_rate,
            channels=channels,
            channel=channel,
            at=at,
            strict=strict,
        )
        click.echo(report.heading(title, rig))
    results: dict[str, Result] = {}
    for name in dict.fromkeys([*(what or wanted or usual), *wanted]):
        try:
            results[name] = measure.measured(measure.ALL[name], rig, levels)
        except measure.MissingSignalError as error:
            if name in wanted:
                raise TapegraphError(f"{name} has a limit, and cannot be measured: {error}") from None
            warn(f"{name} is left out: {error}")
            continue
        click.echo(f"\n{name}\n{report.table(results[name].summary())}")
    if not results:
        raise TapegraphError("nothing that was asked for is in the recording")
    if json_file:
        data = report.as_data(title, rig, results)
        if isinstance(rig, measure.Recording):
            data["speed_error_percent"] = rig.speed_error_percent
        write_or_print(json.dumps(data, indent=1), json_file, overwrite)
    if csv_file:
        write_or_print(report.as_csv(results), csv_file, overwrite)
    if problems := limits.exceeded(wanted, results):
        raise TapegraphError(*problems)


def refuse(subject: str, options: tuple[str, ...]) -> None:
    """Raise UsageError where one of these options, by the names of their parameters, is given."""
    from click.core import ParameterSource

    context = click.get_current_context()
    for param in context.command.params:
        if param.name in options and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{subject} without {param.opts[0]}")


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
