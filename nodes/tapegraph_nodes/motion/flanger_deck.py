"""Flanger deck: one of two tape machines that play the same sound, and are pushed past each other in time.

    y(t) = x(t - L - o(t)),    o -> offset_s,    o'' + 2 o' / tau + (o - offset_s) / tau^2 = 0,    tau = inertia_s / 6
    f_out = f_in (1 - o')

Two decks side by side, added up, are a tape flanger: the comb of cos(pi f (o_1 - o_2)) whose notches, at odd multiples
of 1 / (2 (o_1 - o_2)), sweep upwards until the offsets meet. There the flanger goes through zero: both decks give equal
samples, which add up to twice one of them, or cancel exactly where one is subtracted. One deck may stay at 0.

A new offset is reached as by a hand on the flange of a reel: without a step of the speed, no faster than half the speed
of the tape, and in about inertia_s where that limit allows. The pitch moves with it and nothing is cross-faded. The
mean delay L, 20 ms plus 8 frames, is the latency, so that all decks and a dry path are aligned. The delay is
interpolated at every sample, flat within 0.1 dB to 0.7 of the Nyquist frequency, and exact at whole frames. Sound under
-600 dB is taken as silence.

Source: J. O. Smith, Physical Audio Signal Processing (flanging); the motion of the hand is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.inertia import SETTLED, Inertia
from tapegraph_nodes._kernels.moving_delay import HALF, MovingDelay

MOST_S: Final = 0.02
FASTEST: Final = 0.5  # of the offset, seconds a second


LAW_EXCEPTIONS: dict[str, object] = {"shows_latency": {"offset_s": 0.0}}


class FlangerDeck(Node):
    KIND: ClassVar[str] = "flanger_deck"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("offset_s", 0.0, -MOST_S, MOST_S, "s", "how much later this deck plays; before its twin if negative"),
        Param("inertia_s", 0.3, 0.05, 5.0, "s", "time in which a new offset is reached", "log"),
    )

    offset_s: float  # parameter
    inertia_s: float  # parameter
    mean_frames: i64  # coefficient: L
    tau_frames: float  # coefficient
    place: Inertia  # state: L + o, frames
    past: MovingDelay  # state
    delay: vec[float]  # a block of L + o, frames

    def prepare(self) -> None:
        self.mean_frames = HALF + math.ceil(MOST_S * self.fs)
        self.place = Inertia()
        self.past = MovingDelay(self.channels, 2 * self.mean_frames)
        self.delay = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        self.place.target = float(self.mean_frames) + self.offset_s * self.fs
        self.tau_frames = self.inertia_s / SETTLED * self.fs

    def reset(self) -> None:
        self.place.jump()
        self.past.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.place.fill(self.delay, self.tau_frames, FASTEST)
        self.past.process(x[0].samples, y[0].samples, self.delay)

    def latency(self) -> float:
        return float(self.mean_frames)

    def tail(self) -> float:
        return max(0.0, self.offset_s) + HALF / self.fs
