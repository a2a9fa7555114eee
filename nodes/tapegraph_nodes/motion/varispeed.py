"""Varispeed: plays faster or slower, and higher or lower with it, as a tape whose motor is turned up or down.

    y(t) = x(t - L - o(t)),    o' = 1 - v,    v = 2^(s / 12),    s -> speed_semitones,    |o| <= slack_s

s glides to a new speed in about inertia_s, without a step of its slope, and the pitch is v times that of the input. As
sound comes in at its own speed, slow tape falls behind it, and fast tape runs ahead of it, by |1 - v| seconds a second:
an octave down for 2 s costs 1 s. There is slack for that, slack_s to either side. Where it ends the tape, within a few
tenths of a second, comes back to the speed of the input, and stays as late or as early as it is; the other direction
takes effect at once. What is late stays late when the speed is set back to 0, as on a tape, unless recover_percent is
set: then the tape runs by up to as much faster or slower until it is back in time. Nothing is cross-faded.

To run ahead, the tape must be late in the first place: the latency L is slack_s and 8 frames, and slack_s is read when
the stream starts. The delay is interpolated at every sample, flat within 0.1 dB to 0.7 of the Nyquist frequency; fast
tape folds back what lies above the Nyquist frequency divided by v, so oversample where that is heard. Sound under -600
dB is taken as silence.

Source: ours; the glide is in _kernels/inertia.py.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, silence
from tapegraph_nodes._kernels.delay_line import DelayLine
from tapegraph_nodes._kernels.inertia import SETTLED, Inertia
from tapegraph_nodes._kernels.moving_delay import HALF
from tapegraph_nodes._kernels.moving_tap import MovingTap

EASE_S: Final = 0.1  # time constant with which an end of the slack is approached
NO_LIMIT: Final = 1e9
NORMAL: Final = 0.1  # semitones from 0 under which the tape recovers
ARRIVED: Final = 1e-7  # frames from the middle under which it has recovered


LAW_EXCEPTIONS: dict[str, object] = {
    "shows_latency": {"speed_semitones": 0.0},
    "continues_after_reset": True,  # the latency of slack_s, read in prepare()
}


class Varispeed(Node):
    KIND: ClassVar[str] = "varispeed"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("speed_semitones", 0.0, -24.0, 12.0, "semitones", "speed of the tape, and pitch, relative to the input"),
        Param("inertia_s", 0.2, 0.02, 5.0, "s", "time in which a new speed is reached", "log"),
        Param("recover_percent", 0.0, 0.0, 20.0, "%", "how much faster or slower it runs at 0 semitones to be in time"),
        Param("slack_s", 0.12, 0.0, 5.0, "s", "how late or early it can be; the latency, read at the start"),
    )

    speed_semitones: float  # parameter
    inertia_s: float  # parameter
    recover_percent: float  # parameter
    slack_s: float  # parameter
    tau_frames: float  # coefficient
    recovery: float  # coefficient: recover_percent as a ratio
    slack_frames: float  # coefficient
    mean_frames: i64  # coefficient: L
    semitones: Inertia  # state
    o: float  # state: frames
    line: DelayLine  # state
    tap: MovingTap
    delay: vec[float]  # a block of semitones, then of L + o, frames

    def prepare(self) -> None:
        self.slack_frames = float(math.ceil(self.slack_s * self.fs))
        self.mean_frames = HALF + math.ceil(self.slack_s * self.fs)
        self.semitones = Inertia()
        self.o = 0.0
        self.line = DelayLine(self.channels, self.frames, 2 * self.mean_frames)
        self.tap = MovingTap(self.frames)
        self.delay = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        self.semitones.target = self.speed_semitones
        self.tau_frames = self.inertia_s / SETTLED * self.fs
        self.recovery = self.recover_percent / 100.0

    def reset(self) -> None:
        self.semitones.jump()
        self.o = 0.0
        self.line.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        out = y[0].samples
        self.line.write(x[0].samples)
        self.semitones.fill(self.delay, self.tau_frames, NO_LIMIT)
        self.o = wind(self.delay, self.o, self.slack_frames, float(self.mean_frames), EASE_S * self.fs, self.recovery)
        silence(out)
        self.tap.add(self.line, out, self.delay, 1.0, 1.0)

    def memory_samples(self) -> float:
        return 2.0 * self.slack_s * self.fs * float(self.channels)

    def latency(self) -> float:
        return float(self.mean_frames)

    def tail(self) -> float:
        latest = self.slack_frames if self.speed_semitones < 0.0 else max(0.0, self.o)
        return (latest + HALF) / self.fs


def wind(places: vec[float], o: float, slack: float, mean: float, ease: float, recovery: float) -> float:
    """Replace semitones by delays mean + o, frames, and return the last o.

    ease: frames in which the rest of the slack would be used up where its end limits the speed
    """
    n: i64 = len(places)
    semitones = 0.0
    v = 1.0
    i: i64 = 0
    while i < n:
        if places[i] != semitones:
            semitones = places[i]
            v = math.pow(2.0, semitones / 12.0)
        late = 1.0 - v  # by how much o grows
        if abs(semitones) < NORMAL and recovery > 0.0 and o != 0.0:
            late -= min(max(o / ease, -recovery), recovery) * (1.0 - abs(semitones) / NORMAL)
        late = max(min(late, (slack - o) / ease), (-slack - o) / ease)
        o += late
        if semitones == 0.0 and abs(o) < ARRIVED:
            o = 0.0
        places[i] = mean + o
        i += 1
    return o
