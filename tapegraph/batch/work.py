"""What a batch does with a clip: read, draw a machine, run it, write, and say in a line of the manifest what it did.

It gives the same file wherever, whenever and however often it is done, so a clip whose process has died is done again.
Whatever goes wrong becomes a line too: a clip fails, and the others go on.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import time
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from tapegraph.analysis.loudness import integrated
from tapegraph.augment import RandomMachine
from tapegraph.batch import places
from tapegraph.batch.clips import Clip
from tapegraph.batch.usual import Form
from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.kinds import CONTAINERS
from tapegraph.files.layouts import loudness_weights
from tapegraph.files.read import Reader
from tapegraph.files.render import is_same_file
from tapegraph.files.workers import explained
from tapegraph.files.write import create
from tapegraph.node import registry
from tapegraph.quantity import plural
from tapegraph.run.sound import Array, decibels

Line = dict[str, Any]

copies = places.Copies()  # of this process


def versions_here() -> dict[str, str]:
    """Return the versions of what makes the sound: this package, and files and packages of nodes beside it."""
    import tapegraph

    found = {"tapegraph": tapegraph.__version__}
    for path in registry.added_paths():
        found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


@attrs.frozen
class Job:
    """What is done with every clip of a batch.

    machine: what it is put through
    spec: the file that the machine was read from, or the preset
    out: folder or address that outputs go to
    epoch: the machine is drawn anew in each
    kind, subtype: of the outputs, as create() has them; otherwise as in the source
    mixed: take clips that are shorter than the latency of their machine
    form: that clips must have; otherwise any
    versions: of what makes the sound
    """

    machine: RandomMachine
    spec: str
    out: str
    epoch: int = 0
    kind: str | None = None
    subtype: str | None = None
    mixed: bool = False
    form: Form | None = None
    versions: dict[str, str] = attrs.Factory(versions_here)

    def name(self, clip: Clip) -> str:
        """Return the name of the output of a clip, in the folder of outputs."""
        extension = Path(clip.source).suffix.lower()
        return f"{clip.id}{f'.{self.kind}' if self.kind else extension if extension in CONTAINERS else '.wav'}"

    def key(self, clip: Clip, identity: list[Any]) -> str:
        """Return what stands for all that an output depends on: where it is the same, the output is.

        identity: of the source
        """
        depends = (self.machine.identity, self.epoch, clip.id, clip.start_s, clip.end_s, identity)
        chosen = (self.name(clip), self.subtype, sorted(self.versions.items()))
        return hashlib.sha256(json.dumps([*depends, *chosen]).encode()).hexdigest()[:32]


def names_of(id_: str) -> list[str]:
    """Return all names that the output of a clip may have, one for each kind of file."""
    return [f"{id_}{extension}" for extension in CONTAINERS]


def render_clip(job: Job, clip: Clip) -> Line:
    """Put a clip through its machine, and return its line; with "again" in it where it may work the next time."""
    started = time.perf_counter()
    line = begun(clip)
    try:
        line |= rendered(job, clip)
    except places.StoreError as error:
        line |= failed(clip, error) | {"again": True}
    except TapegraphError as error:
        line |= failed(clip, error)
    except Exception as error:  # of a node of the user's own, say
        line |= {"status": "failed", "error": explained(error)}
    line |= {"spec": job.spec, "machine_sha256": job.machine.identity, "seed": job.machine.seed, "epoch": job.epoch}
    line |= {"versions": job.versions, "host": platform.node(), "pid": os.getpid()}
    return line | {"seconds": round(time.perf_counter() - started, 6)}


def begun(clip: Clip) -> Line:
    """Return how the line of a clip begins."""
    source = clip.source if places.is_remote(clip.source) else os.path.abspath(clip.source)
    return {"id": clip.id, "status": "done", "source": source, "start_s": clip.start_s, "end_s": clip.end_s}


def failed(clip: Clip, error: TapegraphError) -> Line:
    """Return what a line says of a clip that failed."""
    return {"status": "failed", "error": "; ".join(without_name(problem, clip) for problem in error.problems)}


def without_name(problem: Problem, clip: Clip) -> str:
    """Return a problem without the name of the source, which stands before it anyway."""
    named = (clip.source, str(Path(clip.source)))
    return problem.message if problem.where in named else str(problem)


@attrs.frozen
class Sound:
    """A clip as it was read.

    source: as the clip names it
    samples: (channels, frames)
    reader: the file, which is closed
    """

    source: str
    samples: Array
    reader: Reader
    bitrate: float | None
    warnings: list[str]


def read(clip: Clip) -> Sound:
    """Return the sound of a clip. Raises TapegraphError for what is no sound: none at all, silence, NaN."""
    with Reader(clip.source, copies.local(clip.source)) as reader:
        rate = reader.sample_rate
        start = round(clip.start_s * rate)
        end = reader.frames if clip.end_s is None else round(clip.end_s * rate)
        samples = np.ascontiguousarray(reader.part_between(start, end))
        bitrate = reader.bitrate()
        notes = [note.removeprefix(f"{reader.path}: ") for note in reader.warnings]
    frames = samples.shape[1]
    if not frames:
        where = f"before the clip begins, at {clip.start_s:.12g} s" if start else "before its first sample"
        raise TapegraphError(Problem(f"ends {where}", clip.source))
    if not np.isfinite(samples).all():
        count = int(np.count_nonzero(~np.isfinite(samples)))
        raise TapegraphError(Problem(f"contains NaN or infinity: {plural(count, 'sample')}", clip.source))
    if not samples.any():
        raise TapegraphError(Problem("is silent: all its samples are 0", clip.source))
    if frames < end - start:
        notes.append(f"the clip ends {(end - start - frames) / rate:.3f} s early, where the file does")
    return Sound(clip.source, samples, reader, bitrate, notes)


def rendered(job: Job, clip: Clip) -> Line:
    """Write the output of a clip, and return what its line says of it."""
    identity = places.identity(clip.source)
    sound = read(clip)
    check_form(job, sound)
    rate = sound.reader.sample_rate
    draw = job.machine.draw(clip.id, job.epoch)
    found = job.machine.render(sound.samples, rate, draw)
    short = check_length(job, sound, found.latency)
    out = found.samples
    name = job.name(clip)
    with places.placing(job.out, name) as target:
        if is_same_file(clip.source, target):
            raise TapegraphError(Problem("is both the source and the output; choose another folder", clip.source))
        written = write(out, sound, target, job.subtype)
    return {
        "out": name,
        "bytes": written["bytes"],
        "sample_rate": rate,
        "channels": out.shape[0],
        "frames": out.shape[1],
        "draw": draw.as_dict(),
        "latency_s": found.latency / rate,
        "peak_dbfs": finite(decibels(float(np.max(np.abs(out))))),
        "loudness_in_lufs": loudness(sound.samples, sound),
        "loudness_out_lufs": loudness(out, sound),
        "clipped": written["clipped"],
        "warnings": [*sound.warnings, *short, *found.warnings, *written["warnings"]],
        "source_sha256": digest(sound.samples),
        "samples_sha256": digest(out),
        "key": job.key(clip, identity),
    }


def check_form(job: Job, sound: Sound) -> None:
    """Raise TapegraphError where a clip has not the form that it must have."""
    form = Form(sound.reader.sample_rate, sound.reader.channels)
    if job.form not in (None, form):
        raise TapegraphError(Problem(f"has {form}, where most clips have {job.form}; --mixed takes any", sound.source))


def check_length(job: Job, sound: Sound, latency: int) -> list[str]:
    """Return a warning of a clip that is shorter than the latency of its machine, or raise TapegraphError."""
    rate, frames = sound.reader.sample_rate, sound.samples.shape[1]
    if frames >= latency:
        return []
    note = f"is {frames / rate:.3f} s long, shorter than the latency of its machine, {latency / rate:.3f} s"
    if job.mixed:
        return [note]
    raise TapegraphError(Problem(f"{note}; --mixed takes it", sound.source))


def write(out: Array, sound: Sound, target: Path, subtype: str | None, overwrite: bool = True) -> Line:
    """Write an output, completely or not at all; return its size, clipped samples and warnings.

    A clip that no machine was drawn for keeps its samples: it is dithered only where it is to be stored otherwise.

    After a failure of power it may be shorter than its line says, by which it is found out.
    """
    channels, frames = out.shape
    reader = sound.reader
    kept = out is sound.samples and subtype in (None, reader.subtype)
    with create(
        target,
        reader.sample_rate,
        channels,
        frames,
        subtype=subtype,
        like=reader.subtype,
        dither=not kept,
        dither_seed=int(digest(out)[:8], 16),  # that of its own: no two clips have the same noise
        overwrite=overwrite,
        like_bitrate=sound.bitrate,
        layout=reader.layout if channels == reader.channels else (),
        sync=False,
    ) as writer:
        writer.write(out)
    notes = [note.removeprefix(f"{target}: ") for note in writer.warnings()]
    return {"bytes": target.stat().st_size, "clipped": writer.clipped, "warnings": notes}


def loudness(samples: Array, sound: Sound) -> float | None:
    """Return the integrated loudness of sound, LUFS; None for what is too quiet to have one."""
    layout = sound.reader.layout
    weights = loudness_weights(layout) if samples.shape[0] == len(layout) > 2 else ()
    lufs = integrated(samples, sound.reader.sample_rate, weights)
    return finite(lufs)


def finite(decibel: float) -> float | None:
    """Return a level for JSON, which has no infinity."""
    return round(decibel, 4) if math.isfinite(decibel) else None


def digest(samples: Array) -> str:
    """Return the SHA-256 of samples as 32-bit floats, little-endian, frame by frame.

    Of an output in a file of floats it is hashlib.sha256(soundfile.read(file, dtype="float32")[0].tobytes()).
    """
    return hashlib.sha256(np.ascontiguousarray(samples.T, "<f4").tobytes()).hexdigest()
