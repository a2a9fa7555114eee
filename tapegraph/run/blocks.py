"""Cuts sound that comes in pieces of any size into whole blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tapegraph.run.sound import Array, Audio

CHUNK_FRAMES = 1 << 13  # as much as goes through the scheduler in one call: it stays in the cache


class BlockCutter:
    """Cuts pieces of sound into whole blocks, and keeps what is left of one until the next piece comes.

    Whole blocks inside a piece are views of it; less than a block is copied for each piece.

    chunk: frames that are returned at a time at most, a multiple of block
    left_over: how many frames of the last piece are kept, less than a block
    """

    def __init__(self, channels: int, block: int, chunk_frames: int) -> None:
        self.block = block
        self.chunk = max(1, chunk_frames // block) * block
        self.kept: Array = np.zeros((channels, block))
        self.left_over = 0

    def cut(self, piece: Audio) -> Iterator[Audio]:
        """Yield whole blocks as (channels, k * block), to be read before the next one is asked for."""
        frames = piece.shape[1]
        start = min(-self.left_over % self.block, frames)
        if self.left_over:
            self.kept[:, self.left_over : self.left_over + start] = piece[:, :start]
            self.left_over += start
            if self.left_over < self.block:
                return
            yield self.kept
        end = start + (frames - start) // self.block * self.block
        for at in range(start, end, self.chunk):
            yield piece[:, at : min(at + self.chunk, end)]
        self.left_over = frames - end
        if self.left_over:
            self.kept[:, : self.left_over] = piece[:, end:]

    def last(self) -> Array:
        """Return what is kept as one block that ends in silence, or no frames where nothing is kept."""
        if not self.left_over:
            return self.kept[:, :0]
        self.kept[:, self.left_over :] = 0.0
        self.left_over = 0
        return self.kept
