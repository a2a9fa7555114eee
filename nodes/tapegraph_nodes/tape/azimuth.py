"""Azimuth: two tracks apart in time, because the gap of a head slants across the tape.

    physical    delay = track_spacing tan(angle) / speed
    original    delay = 6.35 mm sin(angle) speed,    speed in m/s: the law of a known plug-in

An angle above 0 delays the first channel, one below 0 the second; mixed to mono, they cancel at odd multiples of
1 / (2 delay). The delay is held under 0.05 s. The original law has the speed upside down, so that fast tape suffers
most, and the width of the whole tape for the spacing of its tracks.

The delay glides to a new value, of which 1 % is left after 0.07 s, and the pitch bends meanwhile, as when a head is
turned while the tape runs. It is interpolated at every sample, flat within 0.1 dB to 0.7 of the Nyquist frequency. The
latency is 8 frames. Two channels are needed; any other number comes through as it is, 8 frames later. playhead_loss has
the physical law too, and what a slanting gap smears over the width of a track.

Source: F. Jorgensen, The Complete Handbook of Magnetic Recording (azimuth), for the physical law; the glide is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from tapegraph.node import AnyParam, Choice, Node, Param, Signal
from tapegraph_nodes._kernels.glide import Glide
from tapegraph_nodes._kernels.moving_delay import HALF, MovingDelay, read_moving

LONGEST_S: Final = 0.05
GLIDE_S: Final = 0.01
TAPE_M: Final = 0.00635  # width of the tape, a quarter of an inch


LAW_EXCEPTIONS: dict[str, object] = {"settles_s": 0.2}  # a glide, so that the pitch does not jump


class Azimuth(Node):
    KIND: ClassVar[str] = "azimuth"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ("angle_deg",)
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("angle_deg", 0.0, -75.0, 75.0, "deg", "angle by which the gap slants"),
        Param("speed_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape", "log"),
        Param("track_spacing_mm", 4.0, 0.0, 6.3, "mm", "distance between the centres of the tracks (physical law)"),
        Choice(
            "law",
            "physical",
            ("physical", "original"),
            "physical: slower tape is further apart; original: that of a known plug-in, faster tape is",
        ),
    )

    angle_deg: float  # parameter
    speed_ips: float  # parameter
    track_spacing_mm: float  # parameter
    law: str  # parameter
    delays: list[Glide]  # of each channel, frames
    past: MovingDelay  # state

    def prepare(self) -> None:
        self.delays = [Glide(self.fs, self.frames, GLIDE_S) for _ in range(self.channels)]
        self.past = MovingDelay(self.channels, HALF + math.ceil(LONGEST_S * self.fs))

    def update(self) -> None:
        v = self.speed_ips * 0.0254
        angle = math.radians(self.angle_deg)
        if self.law == "physical":
            skew_s = self.track_spacing_mm * 1e-3 * math.tan(angle) / v
        else:
            skew_s = TAPE_M * math.sin(angle) * v
        for c, delay in enumerate(self.delays):
            late_s = 0.0 if self.channels != 2 else skew_s if c == 0 else -skew_s
            delay.target = HALF + min(max(late_s, 0.0), LONGEST_S) * self.fs

    def reset(self) -> None:
        for delay in self.delays:
            delay.jump()
        self.past.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        sound, out, past = x[0].samples, y[0].samples, self.past
        end = past.position
        for c, delay in enumerate(self.delays):
            delay.begin()
            end = read_moving(sound, out, delay.values, past.ring, past.table, c, past.length, past.position)
        past.position = end

    def latency(self) -> float:
        return float(HALF)

    def tail(self) -> float:
        return LONGEST_S + HALF / self.fs
