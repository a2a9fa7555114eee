"""A song through several machines, all as loud as the song, so that what differs is the sound and not the level.

A part of the song is cut out, and what each machine makes of it gets the one gain at which it has the integrated
loudness of that part (ITU-R BS.1770-5, gated; files/level.py). Where a peak then lies beyond full scale, all versions
and the original are turned down alike, until it is at -0.1 dBFS: they stay equally loud, and nothing is clipped. What
rings on after the end is cut off, so that all are equally long and the page can loop them.

The folder appears once it is complete:

    index.html         the page, which works from the disk: it fetches nothing
    page/00.js ...     the sound of the page, because a page from the disk may load scripts and no other files
    00-original.flac   the same sound, for listening elsewhere; then a file for each machine
    01-NAME.svg ...    the data sheet of each machine, where they are wanted
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import attrs
import numpy as np

from tapegraph.analysis.loudness import Meter
from tapegraph.atomic import replacing_folder
from tapegraph.comparing.page import PAGE, SOUND_FOLDER, write_page, write_sound
from tapegraph.comparing.sheets import draw_sheet
from tapegraph.comparing.spectrum import Spectrum, difference_db
from tapegraph.comparing.versions import Comparison, Version
from tapegraph.document.model import GraphModel
from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.level import weights
from tapegraph.files.read import Reader
from tapegraph.files.render import Report, render_file
from tapegraph.files.workers import WorkerDiedError, explained, run_in_parallel
from tapegraph.files.write import Writer, create
from tapegraph.quantity import plural
from tapegraph.run.sound import Array, decibels

SECONDS = 30.0
HIGHEST = 10.0 ** (-0.1 / 20.0)  # of a peak, where all are turned down
MOST_CHANNELS = 8  # of a FLAC file
HEAVY_BYTES = 1.5e9
MOST_MACHINES = 99  # the names of the files have two figures
ORIGINAL = "original"
OURS = re.compile(r"\d\d-[a-z0-9_-]+\.(flac|wav|svg)")

Kind = Literal["flac", "wav"]
Done = Callable[[int], None]


@attrs.frozen
class Task:
    """A rendering: what a process of its own is told.

    sheet: where the data sheet goes; None for none
    """

    name: str
    graph: GraphModel
    source: Path
    target: Path
    sheet: Path | None = None


def compare(
    song: str | Path,
    machines: Mapping[str, GraphModel],
    folder: str | Path,
    *,
    start_s: float = 0.0,
    seconds: float = SECONDS,
    kind: Kind = "flac",
    sheets: bool = False,
    overwrite: bool = False,
    jobs: int = 1,
    done: Done | None = None,
) -> Comparison:
    """Write a part of a song, and what each machine makes of it, into a folder with a page that plays them.

    machines: graphs by the names that the page shows
    start_s, seconds: the part of the song; less where the song ends before
    kind: of the sound files, which store samples as the song does, or as near as can be
    sheets: whether each machine is measured, and its data sheet drawn; that takes some seconds, and Matplotlib
    overwrite: whether an earlier comparison may be replaced; a folder with other files in it never is
    jobs: machines that are rendered at once
    done: called after each machine with how many are finished
    Raises TapegraphError, without leaving anything, where the song cannot be read, a machine fails or the disk is full.
    """
    if not 1 <= len(machines) <= MOST_MACHINES:
        raise TapegraphError(f"{plural(len(machines), 'machine')} to compare; there must be 1 to {MOST_MACHINES}")
    with replacing_folder(folder, overwrite, is_ours) as new:
        (new / SOUND_FOLDER).mkdir()
        with tempfile.TemporaryDirectory(dir=new) as work, Reader(song) as reader:
            paths = [Path(work, f"{index:02}.wav") for index in range(1 + len(machines))]
            original = cut_out(reader, paths[0], start_s, seconds)
            tasks = [
                Task(name, graph, paths[0], path, new / sheet_name(name, index) if sheets else None)
                for index, ((name, graph), path) in enumerate(zip(machines.items(), paths[1:], strict=True), 1)
            ]
            played = [original, *rendered(tasks, jobs, done)]
            trim = common_gain(played)
            comparison = Comparison(
                Path(folder, PAGE),
                "standard input" if str(song) == "-" else Path(song).name,
                start_s,
                original.seconds,
                reader.sample_rate,
                tuple(stored(played, machines, new, kind, reader.subtype, trim)),
                decibels(trim),
                (*reader.warnings, *heavy(played)),
            )
        write_page(new / PAGE, comparison)
    return comparison


def is_ours(path: Path) -> bool:
    """Tell whether an entry of a folder is one that a comparison writes."""
    if path.is_dir():
        return path.name == SOUND_FOLDER and all(re.fullmatch(r"\d\d\.js", inside.name) for inside in path.iterdir())
    return path.name == PAGE or bool(OURS.fullmatch(path.name))


def file_name(name: str) -> str:
    """Return a name that is safe in files and addresses: letters without accents, digits, _ and -, not too long."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower())[:60].strip("-") or "machine"


def sheet_name(name: str, index: int) -> str:
    return f"{index:02}-{file_name(name)}.svg"


def cut_out(reader: Reader, target: Path, start_s: float, seconds: float) -> Report:
    """Write a part of a file as floats."""
    if reader.channels > MOST_CHANNELS:
        raise TapegraphError(
            Problem(f"has {plural(reader.channels, 'channel')}; a page plays at most {MOST_CHANNELS}", str(reader.path))
        )
    skip, rest = round(start_s * reader.sample_rate), round(seconds * reader.sample_rate)
    if skip >= reader.frames or rest < 1:
        length_s = reader.frames / reader.sample_rate
        raise TapegraphError(
            Problem(f"is {length_s:.2f} s long; {seconds:g} s from {start_s:g} s on are no sound", str(reader.path))
        )
    with create(target, reader.sample_rate, reader.channels, rest, subtype="FLOAT", layout=reader.layout) as writer:
        for block in reader.blocks():
            part = block[:, skip : skip + rest]
            skip -= min(skip, block.shape[1])
            rest -= part.shape[1]
            if part.shape[1]:
                writer.write(part)
            if not rest:
                break
    if not writer.frames:
        raise TapegraphError(Problem(f"has no sound that can be read from {start_s:g} s on", str(reader.path)))
    length_s = writer.frames / reader.sample_rate
    return Report(
        target, reader.sample_rate, reader.channels, "FLOAT", length_s, math.inf, decibels(writer.peak), 0, ()
    )


def rendered(tasks: list[Task], jobs: int, done: Done | None) -> list[Report]:
    """Render what each machine makes of the song. Raises TapegraphError with the problems of all."""
    reports: dict[int, Report] = {}
    problems: list[Problem] = []
    for count, (index, outcome) in enumerate(outcomes(tasks, jobs), 1):
        if isinstance(outcome, WorkerDiedError):
            problems += [Problem(problem.message, tasks[index].name) for problem in outcome.problems]
        elif isinstance(outcome, TapegraphError):
            problems += outcome.problems
        else:
            reports[index] = outcome
        if done:
            done(count)
    if problems:
        raise TapegraphError(*problems)
    return [reports[index] for index in range(len(tasks))]


def outcomes(tasks: list[Task], jobs: int) -> Iterator[tuple[int, Report | TapegraphError]]:
    if jobs > 1 and len(tasks) > 1:
        return run_in_parallel(attempt, tasks, jobs)
    return enumerate(map(attempt, tasks))


def attempt(task: Task) -> Report | TapegraphError:
    """Render one; return any error, also one of a node of the user's own, as one that names the machine."""
    try:
        report = render_file(task.graph, task.source, task.target, subtype="FLOAT", tail=0.0, match="loudness")
        if task.sheet is not None:
            draw_sheet(task.sheet, task.name, task.graph, report.sample_rate)
        return report
    except TapegraphError as error:
        return TapegraphError(*(Problem(f"cannot play the song: {problem}", task.name) for problem in error.problems))
    except Exception as error:
        return TapegraphError(Problem(explained(error), task.name))


def heavy(played: list[Report]) -> list[str]:
    """Return a sentence where the page needs more memory than some computers have: it holds all sound decoded."""
    in_bytes = sum(4 * report.channels * report.seconds * report.sample_rate for report in played)
    if in_bytes < HEAVY_BYTES:
        return []
    return [f"the page needs {in_bytes / 1e9:.1f} GB of memory; fewer machines or less of the song need less"]


def common_gain(played: list[Report]) -> float:
    """Return the gain, at most 1, at which none of several sounds is clipped."""
    highest = 10.0 ** (max(report.peak_dbfs for report in played) / 20.0)
    return HIGHEST / highest if highest > 1.0 else 1.0


def stored(
    played: list[Report], machines: Mapping[str, GraphModel], folder: Path, kind: Kind, like: str, gain: float
) -> Iterator[Version]:
    """Store the original and what the machines made of it in the folder, and as the page needs them.

    played: with floats as samples, the original first; like: how samples are stored otherwise; gain: of all of them
    """
    channels = max(report.channels for report in played)
    as_it_is = Version(ORIGINAL, "The song as it is", "", f"00-{ORIGINAL}.{kind}")
    named = [as_it_is, *(of_machine(*machine, index, kind) for index, machine in enumerate(machines.items(), 1))]
    original: Spectrum | None = None
    for index, (version, report) in enumerate(zip(named, played, strict=True)):
        path = folder / version.file
        with Reader(report.target) as reader:
            meter = Meter(reader.sample_rate, reader.channels, weights(reader, reader.channels, channels))
            spectrum = Spectrum(reader.sample_rate)
            with store(path, reader, like, dither=index > 0 or gain < 1.0) as writer:
                for block in reader.blocks():
                    sound: Array = gain * block
                    meter.add(sound)
                    spectrum.add(sound)
                    writer.write(sound)
        flac = path if kind == "flac" else report.target.with_suffix(".flac")
        if flac != path:
            copy(path, flac)
        write_sound(folder / SOUND_FOLDER / f"{index:02}.js", index, flac)
        original = original or spectrum
        yield attrs.evolve(
            version,
            gain_db=gain_db(report),
            loudness_lufs=meter.integrated(),
            peak_dbfs=decibels(writer.peak),
            bands_db=difference_db(spectrum, original),
            sheet=version.sheet if (folder / version.sheet).is_file() else "",
            warnings=tuple(f"{version.name}: {warning}" for warning in report.warnings),
        )


def of_machine(name: str, graph: GraphModel, index: int, kind: Kind) -> Version:
    sound = f"{index:02}-{file_name(name)}.{kind}"
    return Version(name, graph.title, graph.description, sound, sheet=sheet_name(name, index))


def store(path: Path, reader: Reader, like: str, dither: bool) -> AbstractContextManager[Writer]:
    """Give a Writer of a file for the sound of another, with samples like those of a third."""
    return create(
        path, reader.sample_rate, reader.channels, reader.frames, like=like, dither=dither, layout=reader.layout
    )


def copy(source: Path, target: Path) -> None:
    """Write the samples of a file into one of another kind."""
    with Reader(source) as reader, store(target, reader, reader.subtype, dither=False) as writer:
        for block in reader.blocks():
            writer.write(np.clip(block, -1.0, 1.0))


def gain_db(report: Report) -> float | None:
    """Return the gain that a rendering was matched by; 0 of the original, None where it could not be."""
    if report.level is None:
        return 0.0
    return decibels(report.level.gain) if math.isfinite(report.level.lufs) else None
