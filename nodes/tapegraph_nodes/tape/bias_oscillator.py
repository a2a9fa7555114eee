"""Bias oscillator of a recorder: a sine far above hearing, added to the sound that goes onto the tape.

    y[i] = a[i] sin(2 pi phase[i]),    phase[i + 1] = phase[i] + frequency_hz / fs, modulo 1,    a -> level

The sine has its real frequency, so this node and the hysteresis have to run oversampled, 16 times at best. With drive
and saturation at 0.5 a level of 0.2 gives the most output and little distortion; 0.8 costs 1.5 dB of output. A changed
level is reached in 5 ms or a block, whichever is longer, in equal steps; the frequency changes between blocks, without
a step in phase. Raised beyond 0.49 fs while sound runs, it stays at 0.49 fs, since the sine would alias; a start with
such a frequency is refused. Phase is exact within 1e-16 turns a sample: in 10 s the sine departs from the ideal one by
less than -150 dB.
Source: M. Camras, Magnetic Recording Handbook, 1988, on bias with alternating current.
"""

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, TapegraphError
from tapegraph_nodes._kernels.ramp import Ramp

MOST: Final = 0.49  # of fs


LAW_EXCEPTIONS: dict[str, object] = {"may_step": ("frequency_hz",)}  # the frequency steps, the phase does not


class BiasOscillator(Node):
    KIND: ClassVar[str] = "bias_oscillator"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    INPUTS: ClassVar[tuple[str, ...]] = ()
    CHANNELS: ClassVar[int] = 1
    SOURCE: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("frequency_hz", 80_000.0, 20_000.0, 300_000.0, "Hz", "frequency of the bias", "log"),
        Param("level", 0.5, 0.0, 20.0, meaning="amplitude of the bias; 1 is full scale of the sound", curve="dB"),
    )

    frequency_hz: float  # parameter
    level: float  # parameter
    turns: float  # coefficient: what phase rises by in a sample
    a: Ramp  # amplitude
    phase: float  # state: turns, 0 to 1

    def prepare(self) -> None:
        if self.frequency_hz > MOST * self.fs:
            times = math.ceil(self.frequency_hz / (MOST * self.fs))
            raise TapegraphError(
                f"frequency_hz is {self.frequency_hz:.10g} Hz, which a rate of {self.fs:.10g} Hz cannot carry; it must "
                f"be at most {MOST * self.fs:.10g} Hz: oversample {times} times as much or more"
            )
        self.a = Ramp(self.fs, self.frames)

    def update(self) -> None:
        self.a.target[0] = self.level
        self.turns = min(self.frequency_hz / self.fs, MOST)

    def reset(self) -> None:
        self.a.jump()
        self.phase = 0.0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.a.begin()
        self.phase = oscillate(y[0].samples, self.turns, self.phase, self.a.start[0], self.a.end[0])
        self.a.finish()


def oscillate(y: vec[float], turns: float, phase: float, a: float, end: float) -> float:
    """Write a sine into y whose amplitude moves from a to end in equal steps; return the phase after it."""
    n: i64 = len(y)
    step = (end - a) / float(n)
    i: i64 = 0
    while i < n:
        a += step
        y[i] = a * math.sin(2.0 * math.pi * phase)
        phase += turns
        if phase >= 1.0:
            phase -= 1.0
        i += 1
    return phase
