"""Flutter: fast variation of the speed of a tape, as a capstan, a pinch roller and a motor make it.

    y(t) = x(t - L - D(t)),    D = A sum over k of a_k sin(2 pi k p + phi_k) / k,    k = 1, 2, 3,    phi_1 = 0
    A = depth_percent / 100 / (2 pi r),    a_1 = 1 / w, a_2 = second / w, a_3 = third / w, w = 1 + second + third
    p' = r (1 + s n),    f_out = f_in (1 - D')
    r = rate_hz speed_ips / nominal_ips,    at most an eighth of the sample rate

With a steady rate the peak deviation of a tone is depth_percent where the harmonics of the speed coincide, which for
phases of 0 they do downwards, and less otherwise. s is the irregularity and n an Ornstein-Uhlenbeck process of variance
1 and 1 s correlation time, the same for every channel. The rate is held between r / 4 and 2 r; the
deviation of the speed varies in proportion to it. The mean delay L, reach_ms plus 8 frames, is the latency, so that a
dry path is aligned; where D would exceed reach_ms, A is less: a slow flutter needs a longer reach. The delay is
interpolated at every sample, flat within 0.1 dB to 0.7 of the Nyquist frequency. Changed parameters are reached in 5 ms
or a block, whichever is longer; meanwhile the pitch deviates by more. Sound under -600 dB is taken as silence.

Source: M. Camras, Magnetic Recording Handbook, 1988 (wow and flutter); D. T. Gillespie, Exact numerical simulation of
the Ornstein-Uhlenbeck process and its integral, Physical Review E 54, 1996.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.rotation import Rotation, turns_per_second
from tapegraph_nodes._kernels.swinging_delay import SwingingDelay

WAVES: Final = 5  # sines of three harmonics, cosines of two


LAW_EXCEPTIONS: dict[str, object] = {
    "has_own_time": True,  # the tape moves, whatever is on it
    "read_at_start": ("reach_ms",),
}


class Flutter(Node):
    KIND: ClassVar[str] = "flutter"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("depth_percent", 0.05, 0.0, 350.0, "%", "peak deviation of the speed", "dB", fader_db=90.0),
        Param("rate_hz", 10.0, 0.1, 100.0, "Hz", "turns of the capstan in a second", "log"),
        Param("second", 0.5, 0.0, 2.0, "", "second harmonic of the speed, relative to the fundamental"),
        Param("third", 0.25, 0.0, 2.0, "", "third harmonic of the speed, relative to the fundamental"),
        Param("second_phase_deg", 0.0, -180.0, 180.0, "deg", "by how much the second harmonic leads"),
        Param("third_phase_deg", 0.0, -180.0, 180.0, "deg", "by how much the third harmonic leads"),
        Param("irregularity", 0.05, 0.0, 0.5, "", "standard deviation of the rate, relative to it"),
        Param("speed_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape", "log"),
        Param("nominal_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape at which it turns with rate_hz", "log"),
        Param(
            "reach_ms", 0.32, 0.1, 5.0, "ms", "largest displacement, and mean delay; read when a stream starts", "log"
        ),
    )

    depth_percent: float  # parameter
    rate_hz: float  # parameter
    second: float  # parameter
    third: float  # parameter
    second_phase_deg: float  # parameter
    third_phase_deg: float  # parameter
    irregularity: float  # parameter
    speed_ips: float  # parameter
    nominal_ips: float  # parameter
    reach_ms: float  # parameter
    waves: Ramp  # amplitudes of sin v, sin 2v, sin 3v, cos 2v, cos 3v in D, frames
    rotation: Rotation  # state
    past: SwingingDelay  # state

    def prepare(self) -> None:
        self.waves = Ramp(self.fs, self.frames, WAVES)
        self.rotation = Rotation(self.fs, self.frames, int(self.seed), self.name)
        self.past = SwingingDelay(self.channels, self.frames, math.ceil(self.reach_ms * 1e-3 * self.fs))

    def update(self) -> None:
        r = turns_per_second(self.rate_hz, self.speed_ips / self.nominal_ips, self.fs)
        A = self.depth_percent / 100.0 * self.fs / (2.0 * math.pi * r)
        first = A / (1.0 + self.second + self.third)
        second = first * self.second / 2.0
        third = first * self.third / 3.0
        wanted = first + second + third
        held = 1.0 if wanted <= float(self.past.reach) else float(self.past.reach) / wanted
        phi2, phi3 = math.radians(self.second_phase_deg), math.radians(self.third_phase_deg)
        self.waves.target[0] = held * first
        self.waves.target[1] = held * second * math.cos(phi2)
        self.waves.target[2] = held * third * math.cos(phi3)
        self.waves.target[3] = held * second * math.sin(phi2)
        self.waves.target[4] = held * third * math.sin(phi3)
        self.rotation.aim(r, self.irregularity)

    def reset(self) -> None:
        self.waves.jump()
        self.rotation.restart()
        self.past.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.waves.begin()
        self.rotation.turn(self.past.displacement)
        displace(self.past.displacement, self.waves.start, self.waves.end)
        self.past.process(x[0].samples, y[0].samples)
        self.waves.finish()

    def latency(self) -> float:
        return float(self.past.mean)

    def tail(self) -> float:
        return self.past.tail_s(self.fs)


def displace(p: vec[float], start: vec[float], end: vec[float]) -> None:
    """Replace angles p, turns, by displacements, frames; amplitudes of the waves move from start to end in equal steps.

    sin 2v = 2 sin v cos v,  sin 3v = (3 - 4 sin^2 v) sin v,  cos 2v = 1 - 2 sin^2 v,  cos 3v = (1 - 4 sin^2 v) cos v
    """
    n: i64 = len(p)
    part = 1.0 / float(n)
    a1, a2, a3, b2, b3 = start[0], start[1], start[2], start[3], start[4]
    step1, step2, step3 = (end[0] - a1) * part, (end[1] - a2) * part, (end[2] - a3) * part
    step4, step5 = (end[3] - b2) * part, (end[4] - b3) * part
    i: i64 = 0
    while i < n:
        a1 += step1
        a2 += step2
        a3 += step3
        b2 += step4
        b3 += step5
        v = 2.0 * math.pi * p[i]
        s = math.sin(v)
        c = math.cos(v)
        d = s * (a1 + a2 * 2.0 * c + a3 * (3.0 - 4.0 * s * s))
        p[i] = d + b2 * (1.0 - 2.0 * s * s) + b3 * c * (1.0 - 4.0 * s * s)
        i += 1
