"""tapegraph measure: what a machine does to sweeps, tones, silence and music, and what a recording tells of one."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
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
  tapegraph measure song.flac
  tapegraph measure test_tape.wav flutter noise --channel 2

\b
limits.yaml, for example:
  response:
    magnitude_db: {min: -3, max: 1, frequency_hz: [50, 12500]}
  thd:
    third_percent: {max: 3, frequency_hz: 315, level_dbfs: -10}"""

FOR_GRAPHS = ("sample_rate", "levels", "channels", "at", "strict", "song", "settings")  # options


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
@click.option(
    "--channel",
    type=int,
    default=1,
    metavar="NUMBER",
    help="Which channel of the output or file is measured; 1.",
)
@click.option("--at", metavar="NODE", help="Let the signals enter at the input of this node.")
@click.option("--strict", is_flag=True, help="Refuse a graph that varies in time, in place of holding it still.")
@click.option("--song", metavar="FILE", help="Measure loudness with this in place of the demo song.")
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
    song: str | None,
    settings: tuple[str, ...],
    json_file: str | None,
    csv_file: str | None,
    limits_file: str | None,
    overwrite: bool,
    allow: tuple[str, ...],
) -> None:
    """Measure GRAPH, a preset or a file of your own, with sweeps, tones, silence and music.

    WHAT is response, harmonics, thd, imd, latency, dynamics, alias, flutter, noise or loudness; all but alias and
    loudness unless some are named. Levels are those of a sine, full scale is 0 dBFS. The graph is held still: what
    varies in time, such as wow, flutter and hiss, is not measured, and the first line says what that is. THD+N,
    flutter, noise and loudness are those of the graph as it is.

    GRAPH may be a sound file, too. Then WHAT is loudness, unless named otherwise, noise of a recorded silence, or
    flutter of a recorded test tone of 3150 or 3000 Hz.
    """
    from tapegraph import measure
    from tapegraph.atomic import check_output
    from tapegraph.commands._options import WrongUseError, adjusted, load_argument, warn, write_or_print
    from tapegraph.errors import TapegraphError, did_you_mean
    from tapegraph.measure import limits, report, sounds

    of_sound = sounds.is_audio(graph)
    known: Mapping[str, Callable[..., Result]] = measure.OF_SOUND if of_sound else measure.ALL
    for name in what:
        if name not in measure.ALL:
            hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            raise WrongUseError(f"no measurement is called {name}{hint}")
        if name not in known:
            raise WrongUseError(f"{name} is measured of graphs; of a sound there are {', '.join(known)}")
    for file in (json_file, csv_file):
        if file is not None:
            check_output(file, overwrite)
    wanted = read(limits_file, known) if limits_file else {}
    named = [*what, *wanted, *(["loudness"] if song is not None else [])]
    bench: measure.Rig | measure.Sound
    if of_sound:
        refuse_options_for_graphs(graph)
        bench = measure.Sound.read(graph, channel)
        for warning in bench.warnings:
            warn(warning)
    else:
        bench = measure.Rig(
            adjusted(load_argument(graph, allow), settings),
            sample_rate,
            channels=channels,
            channel=channel,
            at=at,
            strict=strict,
        )
    options: dict[str, Any] = {"levels_dbfs": levels} if levels else {}
    if song is not None:
        options["song"] = measure.Sound.read(song).at_rate(sample_rate).audio
    click.echo(report.heading(graph, bench))
    results: dict[str, Result] = {}
    refused: dict[str, list[str]] = {}  # by what is said of them
    for name in dict.fromkeys(named or (sounds.USUAL if of_sound else measure.SHEET)):
        function = known[name]
        taken = inspect.signature(function).parameters
        try:
            result = function(bench, **{key: value for key, value in options.items() if key in taken})
        except TapegraphError as error:
            if named:
                raise
            refused.setdefault(str(error), []).append(name)  # the rest of the sheet may be measured
            continue
        results[name] = result
        click.echo(f"\n{report.title(name, result, bench)}\n{report.table(result.summary(), result.labels())}")
    for message, without in refused.items():
        click.echo(f"\n{', '.join(without)}\n{message}")
    if json_file:
        write_or_print(json.dumps(report.as_data(graph, bench, results), indent=1), json_file, overwrite)
    if csv_file:
        write_or_print(report.as_csv(results), csv_file, overwrite)
    if problems := limits.exceeded(wanted, results):
        raise TapegraphError(*problems)


def refuse_options_for_graphs(file: str) -> None:
    """Raise WrongUseError where an option is given that a sound has no use for."""
    from click.core import ParameterSource

    from tapegraph.commands._options import WrongUseError

    context = click.get_current_context()
    for param in context.command.params:
        given = context.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
        if given and param.name in FOR_GRAPHS:
            raise WrongUseError(f"{param.opts[0]} is for graphs; {file} is measured as it is")


def read(file: str, known: Iterable[str]) -> Mapping[str, Any]:
    """Return the limits in a file, which are on some of the known measurements."""
    import yaml

    from tapegraph.errors import TapegraphError
    from tapegraph.measure import limits

    try:
        found = yaml.safe_load(Path(file).read_text("utf-8"))
    except OSError as error:
        raise TapegraphError(f"{file}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise TapegraphError(f"{file}: is not YAML") from None
    return limits.check_names(found, known)
