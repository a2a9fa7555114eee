"""Measurements as laboratories make them: what a graph does to sweeps and tones, in numbers and as pictures.

    from tapegraph import measure

    found = measure.response(graph)             # of a graph
    rig = measure.Rig(graph, sample_rate=96_000, at="head")
    found = measure.harmonics(rig, (-10, 0))    # at another rate, from the input of a node on
    found.relative_db, found.rows(), found.plot(ax)

    description, sound = measure.signals({"thd": measure.thd})    # what it plays, for a test tape
    measure.thd(measure.Recording(recorded, 44_100, description))  # of a real machine

A graph is held still while it is measured: wow, flutter, hiss and what else varies in time are left out, and `changed`
names them. Flutter, noise and loudness are those of the graph as it is, and can be measured of sounds, too:

    found = measure.flutter_of(recording, sample_rate)
    sound = measure.Sound.read("song.wav")
    found = measure.OF_SOUND["loudness"](sound)

Two graphs are compared with null(graph, other), or with difference() of the same measurement of both.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from tapegraph.measure.alias import Alias, alias
from tapegraph.measure.attack import Attack, attack
from tapegraph.measure.crosstalk import Crosstalk, crosstalk
from tapegraph.measure.difference import difference
from tapegraph.measure.dynamics import Dynamics, dynamics
from tapegraph.measure.flutter import Flutter, flutter, flutter_of
from tapegraph.measure.harmonics import Harmonics, harmonics
from tapegraph.measure.imd import Imd, imd
from tapegraph.measure.latency import Latency, latency
from tapegraph.measure.loop import Loop, loop
from tapegraph.measure.loudness import Loudness, loudness, loudness_of
from tapegraph.measure.machine import Machine
from tapegraph.measure.noise import Noise, noise, noise_of
from tapegraph.measure.null import Null, null
from tapegraph.measure.over import Over, over
from tapegraph.measure.print_through import PrintThrough, print_through
from tapegraph.measure.recording import MissingSignalError, Recording
from tapegraph.measure.response import Response, response
from tapegraph.measure.result import Result
from tapegraph.measure.rig import Measured, Rig
from tapegraph.measure.separation import Separation, separation
from tapegraph.measure.signals import Signals, measured, signals, takes_levels
from tapegraph.measure.sounds import OF_SOUND, Sound
from tapegraph.measure.speed import Speed, speed
from tapegraph.measure.tape import Tape, tape
from tapegraph.measure.thd import Thd, thd

__all__ = [
    "ALL",
    "OF_SOUND",
    "PAIRS",
    "SHEET",
    "Alias",
    "Attack",
    "Crosstalk",
    "Dynamics",
    "Flutter",
    "Harmonics",
    "Imd",
    "Latency",
    "Loop",
    "Loudness",
    "Machine",
    "Measured",
    "MissingSignalError",
    "Noise",
    "Null",
    "Over",
    "PrintThrough",
    "Recording",
    "Response",
    "Result",
    "Rig",
    "Separation",
    "Signals",
    "Sound",
    "Speed",
    "Tape",
    "Thd",
    "alias",
    "attack",
    "crosstalk",
    "difference",
    "dynamics",
    "flutter",
    "flutter_of",
    "harmonics",
    "imd",
    "latency",
    "loop",
    "loudness",
    "loudness_of",
    "measured",
    "noise",
    "noise_of",
    "null",
    "over",
    "print_through",
    "response",
    "separation",
    "signals",
    "speed",
    "takes_levels",
    "tape",
    "thd",
]

ALL: MappingProxyType[str, Callable[..., Result]] = MappingProxyType(
    {
        "response": response,
        "harmonics": harmonics,
        "thd": thd,
        "imd": imd,
        "latency": latency,
        "dynamics": dynamics,
        "alias": alias,
        "attack": attack,
        "separation": separation,
        "crosstalk": crosstalk,
        "print": print_through,
        "loop": loop,
        "speed": speed,
        "flutter": flutter,
        "noise": noise,
        "loudness": loudness,
        "tape": tape,
    }
)
# What is measured unless something is named
SHEET = ("response", "harmonics", "thd", "imd", "latency", "dynamics", "flutter", "noise")
PAIRS: MappingProxyType[str, Callable[..., Result]] = MappingProxyType({"null": null})  # of two graphs
