"""What is kept of a session: a recording of the output, and beside it the parameter changes as a graph."""

from __future__ import annotations

from pathlib import Path

from tapegraph.document.model import GraphModel
from tapegraph.files.write import check_target
from tapegraph.live.claim import claim, release
from tapegraph.live.deck import Deck
from tapegraph.live.performance import left_out, performance
from tapegraph.live.recorder import Recorder
from tapegraph.live.ring import Frames


class Take:
    """A recording, take.wav say, and take.moves.yaml, a graph that repeats every parameter change as automation.

    start: the graph as the deck began with it
    lost: frames that are missing from the recording; known once it is closed
    remarks: what the listener should know about the files, a sentence each; complete once it is closed
    """

    def __init__(self, path: Path, sample_rate: int, channels: int, overwrite: bool, start: GraphModel) -> None:
        self.path, self.overwrite, self.start = path, overwrite, start
        self.moves = path.parent / f"{path.stem}.moves.yaml"
        check_target(self.moves, overwrite)
        self.recorder = Recorder(path, sample_rate, channels, overwrite)
        self.lost = 0
        self.remarks: list[str] = []

    def record(self, output: Frames) -> None:
        """Keep (frames, channels). For the audio thread: it only copies."""
        self.recorder.take(output)

    def close(self, deck: Deck) -> None:
        """Finish both files. Raises TapegraphError where the recording cannot be kept."""
        recorder = self.recorder
        self.lost = recorder.lost + recorder.full
        if recorder.cut:
            self.remarks.append(f"{self.path}: contains only the beginning: {recorder.cut}")
        recorder.close()
        self.remarks += recorder.writer.warnings()
        self.write_moves(deck)

    def write_moves(self, deck: Deck) -> None:
        if self.overwrite:
            self.moves.unlink(missing_ok=True)  # of the earlier take that is replaced
        if not deck.log():
            return
        if deck.changes():
            self.remarks.append(f"{self.moves}: not written: the graph was replaced during the recording")
            return
        if not claim(self.moves):
            self.remarks.append(f"{self.moves}: not written: another program has made a file of this name meanwhile")
            return
        try:
            performance(self.start, deck).save(self.moves)
        finally:
            release(self.moves)
        if missing := left_out(self.start, deck):
            are = "is" if len(missing) == 1 else "are"
            self.remarks.append(
                f"{self.moves}: {', '.join(missing)} {are} left out: only numeric parameters without automation of "
                "their own can be automated"
            )
