"""Files as loud as those they were made from: what is rendered is measured before it is written, at one gain.

    gain = L of the source - L of what was rendered, in dB,    L the integrated loudness of ITU-R BS.1770-5

The tail is not measured, because the source has none; it is at that gain too. What is rendered waits in a temporary
file without a name, 8 bytes a sample: memory stays small, and nothing is left behind whatever ends the program.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path

import attrs
import numpy as np

from tapegraph.analysis.loudness import Meter
from tapegraph.analysis.matching import gain_between, weights_beside
from tapegraph.atomic import is_stream
from tapegraph.files.layouts import loudness_weights
from tapegraph.files.read import PIECE_FRAMES, Reader
from tapegraph.run.sound import Array, decibels


@attrs.define
class Level:
    """What the loudness of a file was matched to; known once all its sound has been taken.

    lufs: loudness of the source, and so of the file; minus infinity where one of them is too quiet to be matched
    gain: of the file; 1 where it is not matched
    """

    lufs: float = -math.inf
    gain: float = 1.0

    def __str__(self) -> str:
        if math.isinf(self.lufs):
            return "too quiet to match its loudness"
        gain_db = round(decibels(self.gain), 1) + 0.0  # no -0
        return f"matched to {self.lufs:.1f} LUFS: {gain_db:+.1f} dB"

    def matched(
        self, blocks: Iterable[Array], channels: int, reader: Reader, target: Path
    ) -> Generator[Array, None, None]:
        """Yield blocks (channels, frames), all at the gain at which they are as loud as a file.

        reader: names the file, which is read by another
        target: in whose folder blocks wait, or in that for temporary files where it is a pipe
        """
        source = Meter(reader.sample_rate, reader.channels, weights(reader, reader.channels, channels))
        with Reader(reader.path, reader.local) as again:
            for block in again.blocks():
                source.add(block)
        found = Meter(reader.sample_rate, channels, weights(reader, channels, reader.channels))
        with tempfile.TemporaryFile(dir=None if is_stream(target) else target.parent) as waiting:
            for block in blocks:
                found.add(block[:, : source.frames - found.frames])
                waiting.write(np.ascontiguousarray(block.T).data)
            wanted_lufs, found_lufs = source.integrated(), found.integrated()
            self.gain = gain_between(wanted_lufs, found_lufs)
            self.lufs = wanted_lufs if math.isfinite(found_lufs) else found_lufs
            waiting.seek(0)
            while data := waiting.read(PIECE_FRAMES * channels * 8):
                yield self.gain * np.frombuffer(data).reshape(-1, channels).T


def weights(reader: Reader, channels: int, others: int) -> tuple[float, ...]:
    """Return the weights of sound that comes from a file, or goes into it, beside that of so many other channels."""
    known = channels > 2 and channels == len(reader.layout)
    return loudness_weights(reader.layout) if known else weights_beside(channels, others)
