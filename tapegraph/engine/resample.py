"""Resamplers: what the scheduler puts on a link between nodes that run at different rates.

    up:    y[p n + j] = B_j(x)[n],              down:    y[n] = sum over j of B_j(x[p n + j])

in one stage for each prime p of the factor, with filters B_j at the lower of the stage's rates, so that no sample is
computed that is thrown away. fs and frames are those of the slow side. With linear phase the latency is a whole number
of its frames; with minimum phase it is the phase delay at 1 kHz. A constant comes through unchanged.
Source: R. E. Crochiere, L. R. Rabiner, Multirate Digital Signal Processing, ch. 3 and 5; filters as in antialias.py.
"""

from __future__ import annotations

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.engine import antialias
from tapegraph.engine.polyphase import Allpass, Branch, Delay, Fir, FoldedFir, copy, interleave, separate
from tapegraph.node import Node, Signal, silence


class Stage:
    """One prime p of a resampler's factor.

    r: the lower of its rates, where the slow side is 1
    branches: one for each of p phases at its higher rate
    lines_per_channel: how many signals have to be remembered at the lower rate
    """

    def __init__(self, r: int, branches: list[Branch], lines_per_channel: int) -> None:
        self.r = r
        self.branches = branches
        self.lines_per_channel = lines_per_channel
        self.p: i64 = len(branches)
        self.channels: i64 = 1
        self.frames: i64 = 0  # of a block at the lower rate
        self.past: i64 = 0  # how many frames of the past the branches read
        self.length: i64 = 0  # of a line: the past and a block
        self.lines: vec[float] = vec[float]([0.0])  # state: the last frames of each line, before the block
        self.totals: vec[float] = vec[float]([0.0])  # what the branches make of a block

    def prepare(self, channels: int, frames: int) -> None:
        """Allocate for blocks of as many frames at the lower rate."""
        self.channels = channels
        self.frames = frames
        self.past = 0
        for branch in self.branches:
            self.past = max(self.past, branch.reach)
            branch.prepare(channels, frames)
        self.length = self.past + frames
        self.lines = vec[float]([0.0] * (channels * self.lines_per_channel * self.length))
        self.totals = vec[float]([0.0] * (self.p * frames))

    def reset(self) -> None:
        silence(self.lines)
        for branch in self.branches:
            branch.reset()

    def process(self, x: vec[float], y: vec[float]) -> None:
        """Turn a block of all channels at one rate into one at the other."""


class Interpolator(Stage):
    """Goes up by p: a line for each channel feeds all the branches."""

    def __init__(self, r: int, branches: list[Branch]) -> None:
        super().__init__(r, branches, 1)

    def process(self, x: vec[float], y: vec[float]) -> None:
        n = self.frames
        c: i64 = 0
        while c < self.channels:
            line = c * self.length
            copy(x, c * n, self.lines, line + self.past, n)
            silence(self.totals)
            total: i64 = 0
            for branch in self.branches:
                branch.add(self.lines, line + self.past, self.totals, total, n, c)
                total += n
            interleave(self.totals, n, self.p, y, c * n * self.p, n)
            copy(self.lines, line + n, self.lines, line, self.past)
            c += 1


class Decimator(Stage):
    """Goes down by p: each phase of each channel has a line and a branch; their sum is the sound."""

    def __init__(self, r: int, branches: list[Branch]) -> None:
        super().__init__(r, branches, len(branches))

    def process(self, x: vec[float], y: vec[float]) -> None:
        n = self.frames
        line: i64 = 0
        c: i64 = 0
        while c < self.channels:
            silence(self.totals)
            separate(x, c * n * self.p, self.p, self.lines, line + self.past, self.length, n)
            for branch in self.branches:
                branch.add(self.lines, line + self.past, self.totals, 0, n, c)
                copy(self.lines, line + n, self.lines, line, self.past)
                line += self.length
            copy(self.totals, 0, y, c * n, n)
            c += 1


class Resampler(Node):
    """Stages in a row.

    factor: 2 or more
    phase: "linear" or "minimum"
    down: whether from the fast side to the slow one
    """

    def __init__(self, factor: int, phase: str, down: bool) -> None:
        super().__init__()
        self.factor = factor
        self.plan = antialias.stages(factor)
        self.linear = phase == "linear"
        self.down = down
        self.stages: list[Stage] = []
        self.between: list[Signal] = []  # the sound between one stage and the next
        self.linear_latency = 0  # frames

        fastest = self.plan[-1][1]
        spare = 0  # frames of the fastest stage, which waits until the latency is a whole number of slow frames
        if self.linear:
            fast_frames = sum((antialias.middle(p, r) - down) * (fastest // r) for p, r in self.plan)
            spare = -fast_frames % fastest
            self.linear_latency = (fast_frames + spare) // fastest

        for p, r in self.plan:
            wait = spare if r == fastest else 0
            if down:
                branches = linear_down(p, r, wait) if self.linear else minimum_down(p, r)
                self.stages.insert(0, Decimator(r, branches))
            else:
                branches = linear_up(p, r, wait) if self.linear else minimum_up(p, r)
                self.stages.append(Interpolator(r, branches))

    def prepare(self) -> None:
        for stage in self.stages:
            stage.prepare(self.channels, self.frames * stage.r)
        rates = [r for _, r in self.plan[1:]]
        self.between = [Signal(self.channels, self.frames * r) for r in (rates[::-1] if self.down else rates)]

    def reset(self) -> None:
        for stage in self.stages:
            stage.reset()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        source = x[0]
        last = len(self.stages) - 1
        for i in range(last):
            self.stages[i].process(source.samples, self.between[i].samples)
            source = self.between[i]
        self.stages[last].process(source.samples, y[0].samples)

    def latency(self) -> float:
        if self.linear:
            return float(self.linear_latency)
        frequency = min(1000.0 / self.fs, 0.125)  # where the rate is a toy, still well inside its band
        frames = 0.0
        for p, r in self.plan:
            ahead = p - 1 if self.down else 0  # going down, the newest of p frames comes first
            frames += (antialias.minimum_delay(p, r, frequency / (p * r)) - ahead) / (p * r)
        return frames


class Upsampler(Resampler):
    """Reads frames, writes frames * factor."""

    def __init__(self, factor: int, phase: str) -> None:
        super().__init__(factor, phase, False)


class Downsampler(Resampler):
    """Reads frames * factor, writes frames."""

    def __init__(self, factor: int, phase: str) -> None:
        super().__init__(factor, phase, True)


def linear_up(p: int, r: int, wait: int) -> list[Branch]:
    h = antialias.linear(p, r)
    direct = Delay(1.0, antialias.middle(p, r) + wait)
    return [direct, *[fir(p, h[j::p], wait) for j in range(1, p)]]


def linear_down(p: int, r: int, wait: int) -> list[Branch]:
    h = antialias.linear(p, r) / p
    direct = Delay(1.0 / p, antialias.middle(p, r) - 1 + wait)
    return [direct, *[fir(p, h[p - j :: p], wait) for j in range(1, p)]]


def fir(p: int, taps: antialias.Taps, delay: int) -> Branch:
    """Return a filter of these taps; the only one of a linear half-band is symmetric."""
    return FoldedFir(taps, delay) if p == 2 else Fir(taps, delay)


def minimum_up(p: int, r: int) -> list[Branch]:
    if p == 2:
        return [Allpass(a, 1.0) for a in antialias.half_band(r)]
    h = antialias.minimum(p, r)
    return [Fir(h[j::p], 0) for j in range(p)]


def minimum_down(p: int, r: int) -> list[Branch]:
    if p == 2:
        return [Allpass(a, 0.5) for a in reversed(antialias.half_band(r))]
    h = antialias.minimum(p, r) / p
    return [Fir(h[p - 1 - j :: p], 0) for j in range(p)]
