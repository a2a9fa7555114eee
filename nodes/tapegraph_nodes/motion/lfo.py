"""Low-frequency oscillator: a slow signal that modulates parameters, `lfo -> tape.drive`.

    y[i] = offset[i] + depth[i] (w(p[i]) + e[i]),    p[i + 1] = p[i] + rate_hz[i] / fs, modulo 1,    p[0] = phase
    sine      w = sin(2 pi p)                    triangle    w = 4 p, 2 - 4 p, 4 p - 4 by quarters: 0 1 0 -1 0
    square    w = 1 for p < 1/2, else -1         saw         w = 2 p - 1
    sample_and_hold    w = r_1                   random      w = sum over k of B(p - k + 1) r_k, k = 0 to 3

With every cycle r_0 to r_2 become r_1 to r_3, and r_3 a new random number, uniform between -1 and 1. B is the cubic
B-spline: random is smooth and never leaves -1 to 1; components above rate_hz are attenuated by more than 50 dB. Where w
steps, at the edges of its shape or because shape or phase was set, e cancels the step and falls to 0 in a straight line
over 5 ms, so that nothing clicks. The phase is continuous while the rate moves; rate, depth and offset are ramped over
5 ms or a block, whichever is longer.

The output has one channel. A modulated parameter reads its last sample in every block, adds it to its own value and
ramps there. So depth and offset are in the unit of that parameter; put a `gain` node in between where 100 is too
little.

Source: C. de Boor, A Practical Guide to Splines, 1978 (cubic B-spline).
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.random_streams import RandomStream

SHAPES: Final = ("sine", "triangle", "square", "saw", "sample_and_hold", "random")
SINE: Final = 0
TRIANGLE: Final = 1
SQUARE: Final = 2
SAW: Final = 3
SAMPLE_AND_HOLD: Final = 4
STEP_S: Final = 0.005  # over which a step is spread
POINTS: Final = 4  # random numbers that a spline reaches


class Lfo(Node):
    KIND: ClassVar[str] = "lfo"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    INPUTS: ClassVar[tuple[str, ...]] = ()
    CHANNELS: ClassVar[int] = 1
    SOURCE: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("shape", "sine", SHAPES, "waveform; the last two are random"),
        Param("rate_hz", 1.0, 0.01, 50.0, "Hz", "cycles, or random numbers, in a second", "log"),
        Param("depth", 1.0, 0.0, 100.0, "", "peak deviation from the offset, in the unit of what is modulated", "dB"),
        Param("offset", 0.0, -100.0, 100.0, "", "middle of the signal, in the unit of what is modulated"),
        Param("phase", 0.0, 0.0, 1.0, "", "where the cycle starts, in turns; a change while it runs shifts it"),
    )

    shape: str  # parameter
    rate_hz: float  # parameter
    depth: float  # parameter
    offset: float  # parameter
    phase: float  # parameter
    wanted: i64  # coefficient: number of the shape
    step_frames: float  # coefficient: over which a step is spread
    rate: Ramp  # turns in a frame
    depths: Ramp
    offsets: Ramp
    stream: RandomStream  # state
    points: vec[float]  # state: r_0 to r_3
    shaped: i64  # state: number of the shape that runs
    shift: float  # state: the phase that was set when p was last shifted, turns
    p: float  # state: turns, 0 to 1
    e: float  # state: what is left of the last steps
    fall: float  # state: by what e falls in a frame
    wait: i64  # state: frames until e is 0

    def prepare(self) -> None:
        self.step_frames = max(1.0, float(round(STEP_S * self.fs)))
        self.rate = Ramp(self.fs, self.frames)
        self.depths = Ramp(self.fs, self.frames)
        self.offsets = Ramp(self.fs, self.frames)
        self.stream = RandomStream(int(self.seed), self.name, 0, "lfo")
        self.points = vec[float]([0.0] * POINTS)

    def update(self) -> None:
        self.wanted = SHAPES.index(self.shape)
        self.rate.target[0] = self.rate_hz / self.fs
        self.depths.target[0] = self.depth
        self.offsets.target[0] = self.offset

    def reset(self) -> None:
        self.rate.jump()
        self.depths.jump()
        self.offsets.jump()
        self.stream.restart()
        k: i64 = 0
        while k < POINTS:
            self.next_point()
            k += 1
        self.shaped = self.wanted
        self.shift = self.phase
        self.p = self.phase if self.phase < 1.0 else 0.0
        self.e = 0.0
        self.fall = 0.0
        self.wait = 0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        rate, depths, offsets = self.rate, self.depths, self.offsets
        rate.begin()
        depths.begin()
        offsets.begin()
        self.follow_settings()
        out = y[0].samples
        self.oscillate(out, rate.start[0], rate.end[0])
        scale(out, depths.start[0], depths.end[0], offsets.start[0], offsets.end[0])
        offsets.finish()
        depths.finish()
        rate.finish()

    def follow_settings(self) -> None:
        """Change to the shape and the phase that were set, where they differ."""
        if self.wanted == self.shaped and self.phase == self.shift:
            return
        before = waveform(self.shaped, self.p, self.points)
        self.p += self.phase - self.shift
        self.p -= math.floor(self.p)
        self.shift = self.phase
        self.shaped = self.wanted
        self.cancel(before - waveform(self.shaped, self.p, self.points))

    def oscillate(self, y: vec[float], turns: float, turns_end: float) -> None:
        """Write w + e into y, p advancing by turns in a frame, which move to turns_end in equal steps."""
        n: i64 = len(y)
        points = self.points
        shape = self.shaped
        step = (turns_end - turns) / float(n)
        p = self.p
        before = 1.0 if p < 0.5 else -1.0  # of a square
        i: i64 = 0
        while i < n:
            y[i] = waveform(shape, p, points) + self.e
            if self.wait > 0:
                self.wait -= 1
                self.e = self.e - self.fall if self.wait > 0 else 0.0
            turns += step
            p += turns
            if p >= 1.0:
                p -= 1.0
                held = points[1]
                self.next_point()
                if shape == SAMPLE_AND_HOLD:
                    self.cancel(held - points[1])
                elif shape == SAW:
                    self.cancel(2.0)
            if shape == SQUARE:
                after = 1.0 if p < 0.5 else -1.0
                if after != before:
                    self.cancel(before - after)
                before = after
            i += 1
        self.p = p

    def cancel(self, step: float) -> None:
        """Cancel a step of w, old value minus new: add it to e, which falls to 0 from there."""
        self.e += step
        self.fall = self.e / self.step_frames
        self.wait = i64(self.step_frames)

    def next_point(self) -> None:
        """Draw the next random number."""
        points = self.points
        points[0] = points[1]
        points[1] = points[2]
        points[2] = points[3]
        points[3] = 2.0 * self.stream.uniform() - 1.0


def waveform(shape: i64, p: float, r: vec[float]) -> float:
    """Return w at the phase p, 0 to 1, of a shape with its number."""
    if shape == SINE:
        return math.sin(2.0 * math.pi * p)
    if shape == TRIANGLE:
        if p < 0.25:
            return 4.0 * p
        return 2.0 - 4.0 * p if p < 0.75 else 4.0 * p - 4.0
    if shape == SQUARE:
        return 1.0 if p < 0.5 else -1.0
    if shape == SAW:
        return 2.0 * p - 1.0
    if shape == SAMPLE_AND_HOLD:
        return r[1]
    q = 1.0 - p
    b1 = 4.0 + 3.0 * p * p * (p - 2.0)
    b2 = 4.0 + 3.0 * q * q * (q - 2.0)
    return (q * q * q * r[0] + b1 * r[1] + b2 * r[2] + p * p * p * r[3]) / 6.0


def scale(y: vec[float], depth: float, depth_end: float, offset: float, offset_end: float) -> None:
    """Scale y by a depth and add an offset; both move to their ends in equal steps."""
    n: i64 = len(y)
    depth_step = (depth_end - depth) / float(n)
    offset_step = (offset_end - offset) / float(n)
    i: i64 = 0
    while i < n:
        depth += depth_step
        offset += offset_step
        y[i] = offset + depth * y[i]
        i += 1
