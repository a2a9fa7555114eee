"""The last seconds of what came in, kept so that two graphs can be compared with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tapegraph.analysis.loudness import SHORT_TERM_S
from tapegraph.run.sound import Array


class RecentInput:
    """The last of a sound that goes by: written by the audio thread, which it never makes wait, and read by another.

    It holds a second more than it returns, so that what is read is not overwritten meanwhile.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self.kept = round(SHORT_TERM_S * sample_rate)
        self.size = self.kept + round(sample_rate)
        self.sound: npt.NDArray[np.float32] = np.zeros((channels, self.size), np.float32)
        self.written = 0  # frames since the beginning

    def write(self, sound: Array) -> None:
        """Take (channels, frames), fewer than it holds."""
        n = sound.shape[1]
        start = self.written % self.size
        first = min(n, self.size - start)
        self.sound[:, start : start + first] = sound[:, :first]
        self.sound[:, : n - first] = sound[:, first:]
        self.written += n

    def read(self) -> Array:
        """Return what has been written last, the oldest frame first: SHORT_TERM_S of it, or as much as there was."""
        end = self.written
        n = min(end, self.kept)
        return self.sound[:, np.arange(end - n, end) % self.size].astype(np.float64)
