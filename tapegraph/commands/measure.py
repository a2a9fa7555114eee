"""tapegraph measure: what a machine does to sweeps, tones, silence and music, and what a recording tells of one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._measuring import (
    check_files,
    check_names,
    read_limits,
    refuse,
    sound_warnings,
    turned,
    warn_of_levels,
)
from tapegraph.commands._options import allow_option, nodes_option, overwrite_option, set_option

if TYPE_CHECKING:
    from tapegraph.measure import Result
    from tapegraph.measure.datasheet import DataSheet

EXAMPLES = """\b
Examples:
  tapegraph measure tc260
  tapegraph measure my.yaml response harmonics --level -10 --rate 96000
  tapegraph measure cassette thd --at tape --set Drive=0.8
  tapegraph measure tc260 loop --at tape
  tapegraph measure multitrack crosstalk --channels 8
  tapegraph measure tc260 --json sheet.json --csv sheet.csv
  tapegraph measure cassette tape --reference -15 --over Bias
  tapegraph measure my.yaml --limits limits.yaml
  tapegraph measure song.flac
  tapegraph measure test_tape.wav flutter noise --channel 2
  tapegraph measure tc260 --plot sheet.pdf
  tapegraph measure tc260 --set Drive=0.8 --against tc260 --plot both.html
  tapegraph measure --signals test_tape
  tapegraph measure --signals test_tape response tape
  tapegraph measure --recording machine.wav --signals test_tape

\b
limits.yaml, for example:
  response:
    magnitude_db: {min: -3, max: 1, frequency_hz: [50, 12500]}
  thd:
    third_percent: {max: 3, frequency_hz: 315, level_dbfs: -10}"""

# Options by the names of their parameters
FOR_GRAPHS = ("at", "strict", "song", "settings", "against", "over")
FOR_SIGNALS = ("sample_rate", "channels")
FOR_RESULTS = ("json_file", "csv_file", "sheet_file", "limits_file")


class Decibels(click.FloatRange):
    """A number in a range, which one that is no number (nan) is not in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        level = float(super().convert(value, param, ctx))
        if math.isnan(level):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return level


@click.command(epilog=EXAMPLES)
@click.argument("graph", metavar="[GRAPH]", required=False)
@click.argument("what", nargs=-1, metavar="[WHAT...]")
@click.option("--rate", "sample_rate", type=float, default=48_000.0, metavar="HZ", help="Sample rate; 48000.")
@click.option(
    "--level",
    "levels",
    type=Decibels(-120.0, 40.0),
    multiple=True,
    metavar="DBFS",
    help="Measure at this level in place of the usual ones; may be repeated.",
)
@click.option(
    "--reference",
    type=Decibels(-60.0, 20.0),
    metavar="DBFS",
    help="The level at the output that is 0 dB for tape; 0 VU of the graph, -18 of a recording.",
)
@click.option(
    "--over",
    metavar="TARGET[=NUMBER,...]",
    help="Measure tape over a parameter, a $variable or a control, such as Bias.",
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
@click.option("--signals", "folder", metavar="FOLDER", help="Write the signals as a test tape, in place of measuring.")
@click.option("--recording", metavar="FILE", help="Measure what a machine made of that test tape, in place of GRAPH.")
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
    graph: str | None,
    what: tuple[str, ...],
    sample_rate: float,
    levels: tuple[float, ...],
    reference: float | None,
    over: str | None,
    channels: int,
    channel: int,
    at: str | None,
    strict: bool,
    song: str | None,
    folder: str | None,
    recording: str | None,
    settings: tuple[str, ...],
    json_file: str | None,
    csv_file: str | None,
    sheet_file: str | None,
    against: str | None,
    limits_file: str | None,
    overwrite: bool,
    allow: tuple[str, ...],
) -> None:
    """Measure GRAPH, a preset or a file of your own, with sweeps, tones, silence and music.

    WHAT is response, harmonics, thd, imd, latency, dynamics, flutter or noise, which are the sheet that is measured
    unless some are named; or alias, tape, attack, loudness, separation, crosstalk, print (print-through), loop (of
    hysteresis, at the node of --at) or speed. Levels are those of a sine, full scale is 0 dBFS. The graph is held
    still: what varies in time, such as wow, flutter and hiss, is not measured, and the first line says what that is.
    THD+N, flutter, loudness, print, speed, and noise, also that of tape, are those of the graph as it is.

    With --against, WHAT may be null, too: how much of music is left once what OTHER makes of it is subtracted. --set
    changes GRAPH alone, so that a graph can be measured against itself.

    GRAPH may be a sound file, too. Then WHAT is loudness, unless named otherwise, noise of a recorded silence, or
    flutter of a recorded test tone of 3150 or 3000 Hz.

    Real machines are measured without GRAPH: --signals writes a test tape, to be played to the machine, and --recording
    measures the sound that came back, with the description in the folder of --signals, or beside the recording.
    """
    from tapegraph import measure
    from tapegraph.atomic import check_output
    from tapegraph.commands._options import WrongUseError, adjusted, load_argument, warn, write_or_print
    from tapegraph.commands._test_tape import description_of, read_recording, write_signals
    from tapegraph.errors import TapegraphError
    from tapegraph.measure import limits, sounds
    from tapegraph.measure.datasheet import DataSheet, Subject
    from tapegraph.measure.sheet.files import check_sheet, write_sheet

    click.get_current_context().with_resource(sound_warnings())
    if folder is not None or recording is not None:
        what = (graph, *what) if graph is not None else what
    elif graph is None:
        raise click.UsageError("Missing argument 'GRAPH'.")
    if recording is None and folder is not None:
        refuse((*FOR_GRAPHS, "reference", *FOR_RESULTS), "--signals is without {}")
        measurements = on_tape(what)
        if levels:
            warn_of_levels(what)
        click.echo(write_signals(folder, measurements, sample_rate, channels, levels, overwrite))
        return
    of_sound = recording is None and sounds.is_audio(str(graph))
    check_names(what, of_sound, against is not None)
    wanted: Mapping[str, Any] = {}
    if limits_file is not None:
        wanted = read_limits(limits_file, measure.OF_SOUND if of_sound else measure.ALL | measure.PAIRS)
    check_names(wanted, of_sound, against is not None)
    outputs = [file for file in (json_file, csv_file, sheet_file) if file is not None]
    inputs = [file for file in (graph, song, against, limits_file, recording) if file is not None]
    if recording is not None:
        inputs.append(str(description_of(recording, folder)))
    check_files(outputs, inputs)
    for file in outputs:
        check_output(file, overwrite)
    if sheet_file is not None:
        check_sheet(sheet_file)

    named = [*what, *wanted, *(["loudness"] if song is not None else [])]
    if over is not None and "tape" not in named:
        if named:
            raise WrongUseError(f"--over is for tape, which is not among {', '.join(named)}")
        named = ["tape"]

    def subject(name: str, changes: tuple[str, ...] = ()) -> Subject:
        some = adjusted(load_argument(name, allow), changes)
        rig = measure.Rig(some, sample_rate, channels=channels, channel=channel, at=at, strict=strict)
        return Subject(name, rig, title=some.title or name, description=some.description, changes=changes)

    taped: tuple[float, ...] = ()  # levels on the test tape
    if recording is not None:
        refuse((*FOR_GRAPHS, *FOR_SIGNALS), "--recording is without {}")
        machine, wrong = read_recording(recording, folder, channel)
        usual, taped = list(machine.signals.what), machine.signals.levels_dbfs
        sheet = DataSheet(Subject(recording, machine, title=recording))
    elif of_sound:
        refuse((*FOR_GRAPHS, *FOR_SIGNALS, "levels", "reference"), f"{{}} is for graphs; {graph} is measured as it is")
        sound = measure.Sound.read(str(graph), channel)
        usual, wrong = list(sounds.USUAL), list(sound.warnings)
        sheet = DataSheet(Subject(str(graph), sound, title=str(graph)))
    else:
        sheet = DataSheet(subject(str(graph), settings), subject(against) if against is not None else None)
        usual, wrong = [*measure.SHEET, *(measure.PAIRS if against is not None else ())], []
        if "loop" in named and at is None:
            wrong.append("loop is that of the whole graph, and filters open it, too; --at NODE measures one node")
    if over is not None:
        sheet.instead["tape"] = turned(over)
    given = {"levels_dbfs": levels or taped or None, "reference_dbfs": reference}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if song is not None:
        heard = measure.Sound.read(song)
        wrong += heard.warnings
        options["song"] = heard.at_rate(sample_rate).audio
    for sentence in wrong:
        warn(sentence)
    if levels:
        warn_of_levels(what)
    click.echo(sheet.heading())
    if named:
        for name in dict.fromkeys(named):
            click.echo(f"\n{sheet.measure(name, options)}")
    else:
        measure_usual(sheet, usual, options)
    if json_file is not None:
        write_or_print(json.dumps(sheet.as_data(), indent=1), json_file, overwrite)
    if csv_file is not None:
        write_or_print(sheet.as_csv(), csv_file, overwrite)
    if sheet_file is not None:
        write_sheet(sheet_file, sheet, overwrite)
    if problems := limits.exceeded(wanted, sheet.results()):
        raise TapegraphError(*problems)


def on_tape(what: tuple[str, ...]) -> dict[str, Callable[..., Result]]:
    """Return the measurements whose signals go onto a test tape."""
    from tapegraph import measure
    from tapegraph.commands._options import WrongUseError

    check_names(what, of_sound=False, of_two=True)
    for name in what:
        if name in measure.PAIRS:
            raise WrongUseError(f"{name} compares two graphs, which a test tape cannot")
    usual = [name for name in measure.SHEET if name != "latency"]  # which nobody knows of a recording
    return {name: measure.ALL[name] for name in what or usual}


def measure_usual(sheet: DataSheet, names: Iterable[str], options: Mapping[str, Any]) -> None:
    """Print tables; of what cannot be measured, why. Raises TapegraphError where that is all."""
    from tapegraph.commands._options import warn
    from tapegraph.errors import TapegraphError

    for table in sheet.measure_what_can_be(names, options):
        click.echo(f"\n{table}")
    for sentence in sheet.left_out:
        warn(sentence)
    if not sheet.results():
        raise TapegraphError("nothing was measured")
