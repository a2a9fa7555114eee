"""A random number that is drawn anew at fixed times, and moves to each new value in a straight line.

    u[i + 1] = u[i] + (U - u0) / (move_s fs)    for move_s after a draw, then u = U

U is evenly spread between 0 and 1, u0 the number before. The first one holds from the start of the sound, from which
the times are counted in frames, so that they depend neither on blocks nor on what sounds.
Source: L. Devroye, Non-Uniform Random Variate Generation, 1986, ch. I (what is drawn); the lines are ours.
"""

from __future__ import annotations

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.random_streams import RandomStream


class Redrawn:
    """One such number, drawn from a stream of its own, every hold_s, which is at least move_s."""

    def __init__(self, fs: float, hold_s: float, move_s: float, stream: RandomStream) -> None:
        self.hold: i64 = max(1, round(hold_s * fs))  # frames between draws
        self.way: i64 = max(1, round(move_s * fs))  # frames of a move
        self.stream = stream
        self.u: float = 0.0  # state
        self.aim: float = 0.0  # state: U
        self.rise: float = 0.0  # state: what u rises by in a frame
        self.since: i64 = 0  # state: frames since the last draw

    def restart(self) -> None:
        self.stream.restart()
        self.u = self.stream.uniform()
        self.aim = self.u
        self.rise = 0.0
        self.since = 0

    def write(self, y: vec[float]) -> None:
        """Write u at each frame of a block into y."""
        frames: i64 = len(y)
        u, since = self.u, self.since
        i: i64 = 0
        while i < frames:
            if since >= self.hold:
                since = 0
                self.aim = self.stream.uniform()
                self.rise = (self.aim - u) / float(self.way)
            since += 1
            if since < self.way:
                u += self.rise
            elif since == self.way:
                u = self.aim
            y[i] = u
            i += 1
        self.u, self.since = u, since
