"""A clip of a batch once more: from the line of its manifest to the same samples.

line = manifest.read("out/manifest.jsonl")["ann/yes"]
samples, sample_rate = replayed(line)
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tapegraph.augment import Draw
from tapegraph.batch import manifest, work
from tapegraph.batch.clips import Clip, seconds
from tapegraph.batch.machines import open_machine
from tapegraph.batch.work import Line, Sound
from tapegraph.errors import Problem, TapegraphError, did_you_mean, shown
from tapegraph.run.sound import Array

FIELDS: dict[str, type] = {  # of a line, that a clip is made again of
    **dict.fromkeys(("spec", "machine_sha256", "source", "source_sha256", "samples_sha256"), str),
    **dict.fromkeys(("draw", "versions"), dict),
}


def replayed(line: Line, allow: Iterable[str] = ()) -> tuple[Array, int]:
    """Return the samples (channels, frames) of a line, and their sample rate.

    allow: as for open_machine()

    Raises TapegraphError where the source, the machine or what they become is not what it was.
    """
    out, sound = again(line, allow)
    return out, sound.reader.sample_rate


def replay(
    path: str,
    id_: str,
    target: str,
    *,
    subtype: str | None = None,
    overwrite: bool = False,
    allow: Iterable[str] = (),
) -> None:
    """Write the clip of a manifest to a file.

    path: of the manifest; subtype: how to store samples, otherwise as in the source
    """
    lines = manifest.read(path)
    if id_ not in lines:
        raise TapegraphError(Problem(f"has no clip called {id_}{did_you_mean(id_, lines)}", path))
    out, sound = again(lines[id_], allow)
    work.write(out, sound, Path(target), subtype, overwrite)


def again(line: Line, allow: Iterable[str]) -> tuple[Array, Sound]:
    name = line["id"]
    if line.get("status") != "done":
        raise TapegraphError(f"{name} has failed: {line.get('error', 'its line does not say why')}")
    for field, kind in FIELDS.items():
        if not isinstance(line.get(field), kind):
            found = shown(line[field]) if field in line else "missing"
            raise TapegraphError(f"{name} cannot be made again: {field} in its line is {found}, which no batch writes")
    machine = open_machine(line["spec"], allow)
    if machine.identity != line["machine_sha256"]:
        raise TapegraphError(Problem(f"has changed since it made {name}", line["spec"]))
    sound = work.read(Clip(name, line["source"], seconds(line, "start_s") or 0.0, seconds(line, "end_s")))
    if work.digest(sound.samples) != line["source_sha256"]:
        raise TapegraphError(Problem(f"has changed since {name} was made of it", line["source"]))
    out = machine.render(sound.samples, sound.reader.sample_rate, Draw.from_dict(line["draw"])).samples
    if work.digest(out) != line["samples_sha256"]:
        made, here = line["versions"], work.versions_here()
        why = f"; it was made by {made}, and this is {here}" if made != here else ""
        raise TapegraphError(f"{name} does not become what its line says{why}")
    return out, sound
