"""A lock-free ring buffer between two threads, one that writes and one that reads.

Each thread changes only its own count and reads the other's, so that neither waits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.float32]


class Ring:
    """Holds up to `size` frames of (frames, channels), as sound cards take them."""

    def __init__(self, size: int, channels: int) -> None:
        self.size = size
        self.frames: Frames = np.zeros((size, channels), np.float32)
        self.written = 0  # frames since the beginning
        self.taken = 0

    @property
    def filled(self) -> int:
        return self.written - self.taken

    @property
    def space(self) -> int:
        return self.size - self.filled

    def write(self, block: npt.NDArray[np.floating]) -> int:
        """Append (frames, channels), one channel to all; return how many frames there was space for."""
        n = min(len(block), self.space)
        start = self.written % self.size
        first = min(n, self.size - start)
        self.frames[start : start + first] = block[:first]
        self.frames[: n - first] = block[first:n]
        self.written += n  # only now can the reader see them
        return n

    def read(self, block: Frames) -> int:
        """Move the oldest frames to the start of block; return how many there were."""
        n = min(len(block), self.filled)
        start = self.taken % self.size
        first = min(n, self.size - start)
        block[:first] = self.frames[start : start + first]
        block[first:n] = self.frames[: n - first]
        self.taken += n
        return n
