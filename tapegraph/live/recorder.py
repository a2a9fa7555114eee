"""Records the output: a ring that the audio thread fills, and a thread that empties it into a file."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.files.kinds import WAV_BYTES, find_container
from tapegraph.files.write import create
from tapegraph.live.claim import claim, release
from tapegraph.live.ring import Frames, Ring

BUFFER_S = 4.0  # how long the disk may be busy
POLL_S = 0.05


class Recorder:
    """A file that grows while sound runs and appears under its name when that ends.

    lost: frames for which the ring had no space, because the disk was busy for too long
    full: frames for which the file had no space
    cut: why the recording ended early, such as a full disk; "" if it did not
    """

    def __init__(self, path: str | Path, sample_rate: int, channels: int, overwrite: bool = False) -> None:
        self.path = Path(path)
        self.ring = Ring(round(BUFFER_S * sample_rate), channels)
        self.lost = 0
        self.full = 0
        self.cut = ""
        most_bytes = min(WAV_BYTES, find_container(self.path).max_bytes)
        self.most_frames = int(most_bytes) // (4 * channels)  # hours; few programs read longer files
        self.claimed = not overwrite and claim(self.path)
        may_replace = overwrite or self.claimed
        self.file = create(
            path, sample_rate, channels, self.most_frames, like="FLOAT", dither=False, overwrite=may_replace
        )
        try:
            self.writer = self.file.__enter__()  # here, so that a wrong name is reported before the sound starts
        except BaseException:
            self.release()
            raise
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.work, name="tapegraph recorder", daemon=True)
        self.thread.start()

    def take(self, output: Frames) -> None:
        """Keep (frames, channels). For the audio thread: it only copies."""
        if not self.cut:
            self.lost += len(output) - self.ring.write(output)

    def work(self) -> None:
        try:
            block: Frames = np.zeros((self.ring.size, self.ring.frames.shape[1]), np.float32)
            while not self.ending.wait(POLL_S) or self.ring.filled:
                frames = self.ring.read(block)
                n = min(frames, self.most_frames - self.writer.frames)
                self.full += frames - n
                self.writer.write(block[:n].T.astype(np.float64))
        except TapegraphError:
            self.cut = self.writer.disk_error() or "it could not be written"

    def release(self) -> None:
        if self.claimed:
            release(self.path)

    def close(self) -> None:
        """Write the rest and give the file its name, unless it is empty.

        Raises TapegraphError where the file cannot be kept.
        """
        try:
            self.finish()
        finally:
            self.release()

    def finish(self) -> None:
        self.ending.set()
        self.thread.join()
        error = None
        if self.cut:
            try:
                self.writer.cut_off()
            except TapegraphError as nothing_left:
                error = nothing_left
        if error is None and self.writer.frames:
            self.file.__exit__(None, None, None)
            return
        unwanted = error or TapegraphError("nothing was played")
        self.file.__exit__(TapegraphError, unwanted, None)
        if error is not None:
            raise error
