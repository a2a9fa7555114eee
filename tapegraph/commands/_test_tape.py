"""Test tapes for `tapegraph measure`: written as a folder, and their recordings read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tapegraph.atomic import replacing_folder
from tapegraph.errors import Problem, TapegraphError, shown
from tapegraph.files.read import Reader
from tapegraph.files.write import create
from tapegraph.measure import ALL, Recording, Signals, signals
from tapegraph.measure.signals import SPEED_DBFS, Measurement
from tapegraph.measure.sounds import no_sound
from tapegraph.quantity import format_number, plural
from tapegraph.run.sound import check_sample_rate, decibels

SOUND, DESCRIPTION, TEXT = "signals.wav", "signals.json", "README.txt"

QUIET_DB = 20.0  # of a recording: with more, noise of the sound card is measured

HOW_TO = """\
A test tape for tapegraph measure: {minutes}, {rate}, {channels}; {what}.

1. Connect the output of the sound card to the input of the machine{tracks},
   and the output of the machine to the input of the sound card. Switch off all that changes levels by itself.
2. Play the beginning of {sound} and set the recording level: the steady tone of 3150 Hz, which lies
   at {tone} dBFS in the file, is 0 VU. Set the input of the sound card so that it reads {tone} dBFS there, too: then
   levels in the tables are those of the machine. The loudest signals are {above:.0f} dB above the tone: if they make
   the input of the sound card clip, lower that, by as much as you know.
3. Record all of {sound} with the machine, from before its beginning to after its end, in one go. Play it back, and
   store that as a WAV at {least} or more, in one file. A machine that plays while it records can do both at once.
4. tapegraph measure --recording YOUR.wav --signals THIS_FOLDER
{zero}
The machine may run too fast or too slow by up to 3 %; delay, polarity and an offset do not matter, nor does the sample
rate of the recording. Do not normalise, trim inside, or denoise the recording, nor store it as MP3.
"""

OF_TAPE = """\
   0 dB of tape is the level of the steady tone, {tone:g} dBFS in the tables. --reference {above:g} makes it the level
   3 dB above: for another zero, or where the tone could not be set higher than 3 dB under 0 VU.
"""


def write_signals(
    folder: str,
    measurements: Mapping[str, Measurement],
    sample_rate: float,
    channels: int,
    levels_dbfs: Sequence[float],
    overwrite: bool,
) -> str:
    """Write a test tape, its description and what to do with it into a folder. Return a sentence for the user."""
    check_sample_rate(sample_rate)
    if sample_rate != round(sample_rate):
        raise TapegraphError(f"the sample rate is {format_number(sample_rate, 'Hz')}; a WAV has a whole number of Hz")
    with replacing_folder(folder, overwrite, lambda path: path.name in (SOUND, DESCRIPTION, TEXT)) as new:
        description, sound = signals(measurements, sample_rate, channels, levels_dbfs)
        with create(new / SOUND, round(sample_rate), channels, sound.shape[1], subtype="PCM_24") as file:
            file.write(sound)
        (new / DESCRIPTION).write_text(json.dumps(description.as_data(), indent=1) + "\n", "utf-8")
        (new / TEXT).write_text(how_to(description), "utf-8")
    return f"{Path(folder, SOUND)}: {minutes(description)}; what to do with it is in {Path(folder, TEXT)}"


def how_to(description: Signals) -> str:
    return HOW_TO.format(
        minutes=minutes(description),
        rate=format_number(description.sample_rate, "Hz"),
        channels=plural(description.channels, "channel"),
        what=", ".join(description.what),
        tracks=", both tracks if it has two" if description.channels == 1 else ", a channel for each track",
        sound=SOUND,
        tone=f"{SPEED_DBFS + decibels(description.gain):.1f}",
        above=-(SPEED_DBFS + decibels(description.gain)),
        zero=OF_TAPE.format(tone=SPEED_DBFS, above=SPEED_DBFS + 3.0) if "tape" in description.what else "",
        least=format_number(Recording.least_rate(description), "Hz"),
    )


def minutes(description: Signals) -> str:
    whole = round(description.frames / description.sample_rate)
    return f"{whole // 60} min {whole % 60} s"


def description_of(file: str, folder: str | None) -> Path:
    """Return the description that a recording is read with.

    folder: of the test tape; where it is None, that of the recording
    """
    return (Path(file).parent if folder is None else Path(folder)) / DESCRIPTION


def read_recording(file: str, folder: str | None, channel: int) -> tuple[Recording, list[str]]:
    """Return the recording of a test tape, and what is wrong with it; folder: as for description_of()."""
    place = description_of(file, folder)
    try:
        description = Signals.of(json.loads(place.read_text("utf-8")))
        for name in description.what:
            if name not in ALL:
                raise TapegraphError(f"has {shown(name)}, which this tapegraph does not measure")
    except OSError as error:
        hint = "" if folder is not None else "; name the folder of the test tape with --signals"
        raise TapegraphError(Problem(f"cannot be read: {error.strerror}{hint}", str(place))) from None
    except ValueError as error:
        message = str(error) if isinstance(error, TapegraphError) else "is not JSON"
        raise TapegraphError(Problem(message, str(place))) from None
    except RecursionError:
        raise TapegraphError(Problem("is nested too deeply for a description of a test tape", str(place))) from None
    with Reader(file) as reader:
        sound = np.concatenate(list(reader.blocks()), axis=1)
        warnings = [*reader.warnings, *no_sound(file, sound)]
        rate = reader.sample_rate
    try:
        recording = Recording(sound, rate, description, channel)
    except TapegraphError as error:
        raise TapegraphError(*(Problem(problem.message, file) for problem in error.problems)) from None
    if recording.clipped:
        count = plural(recording.clipped, "sample")
        warnings.append(f"{file}: {count} at full scale: the recording is clipped; lower the input of the sound card")
    if recording.tone_dbfs < SPEED_DBFS - QUIET_DB:
        level = f"{recording.tone_dbfs:.0f} dBFS in the tables, where it is to be {SPEED_DBFS:g}"
        warnings.append(f"{file}: the steady tone is at {level}; raise the input of the sound card")
    return recording, warnings
