"""The last seconds of the input, with which two graphs can be compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tapegraph.analysis.matching import SHORT_TERM_S
from tapegraph.run.sound import Array, Audio


class RecentInput:
    """The end of the input so far: written by the audio thread without waiting, and read by another thread.

    It holds a second more than it returns, so that what is read is not overwritten meanwhile.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self.kept = round(SHORT_TERM_S * sample_rate)
        self.size = self.kept + round(sample_rate)
        self.sound: npt.NDArray[np.float32] = np.zeros((channels, self.size), np.float32)
        self.written = 0  # frames since the beginning

    def write(self, sound: Audio) -> None:
        """Append (channels, frames), fewer than it holds."""
        n = sound.shape[1]
        start = self.written % self.size
        first = min(n, self.size - start)
        self.sound[:, start : start + first] = sound[:, :first]
        self.sound[:, : n - first] = sound[:, first:]
        self.written += n

    def read(self) -> Array:
        """Return the last SHORT_TERM_S of the input, or all of a shorter one: (channels, frames), oldest first."""
        end = self.written
        n = min(end, self.kept)
        return self.sound[:, np.arange(end - n, end) % self.size].astype(np.float64)
