"""The sample rate and the channels that most clips of a batch have; a loader may not expect others.

Which these are depends on the ids and the files of all clips, never on their order, on shards or on what was done
before. Of a large collection only some are looked at, those whose ids have the least SHA-256; of an object store only
the pieces of a file that its header is read from.
"""

from __future__ import annotations

import contextlib
import heapq
import os
from collections import Counter
from collections.abc import Iterable

import attrs

from tapegraph.batch import places
from tapegraph.batch.clips import Clip
from tapegraph.errors import TapegraphError
from tapegraph.files.libsndfile import soundfile
from tapegraph.files.read import Reader
from tapegraph.quantity import plural

LOOKED_AT = 50  # clips at most


@attrs.frozen
class Form:
    """What all clips of a collection have in common: a sample rate, Hz, and a number of channels."""

    sample_rate: int
    channels: int

    def __str__(self) -> str:
        return f"{self.sample_rate} Hz and {plural(self.channels, 'channel')}"


def usual_form(clips: Iterable[Clip]) -> Form | None:
    """Return the form of more than half of the clips; None where none of them can be read.

    Raises TapegraphError where no form is that of most.
    """
    some = heapq.nsmallest(LOOKED_AT, clips, key=lambda clip: clip.number)
    known = {source: form_of(source) for source in dict.fromkeys(clip.source for clip in some)}
    found = Counter(form for clip in some if (form := known[clip.source]))
    if not found:
        return None
    (usual, count), *others = found.most_common()
    if 2 * count > found.total():
        return usual
    first = {form: source for source, form in reversed(known.items())}
    told = f"{first[usual]} has {usual}, {first[others[0][0]]} has {others[0][0]}"
    raise TapegraphError(f"no sample rate and number of channels is that of most clips: {told}; --mixed takes any")


def form_of(source: str) -> Form | None:
    """Return the form of a file; None for what cannot be read, or only once."""
    with contextlib.suppress(TapegraphError):
        if places.is_remote(source):
            with places.opened(source) as file, soundfile().SoundFile(file) as header:
                return Form(header.samplerate, header.channels)
        if os.path.isfile(source):
            with Reader(source) as reader:
                return Form(reader.sample_rate, reader.channels)
    return None
