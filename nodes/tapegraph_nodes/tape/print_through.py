"""Print-through: faint echoes from the neighbouring turns of a wound tape, after the sound and before it.

    y(t) = x(t - L) + sum over n of g_n p_n(x)(t - L - D_n),    n = 1, 2 after the sound, -1, -2 before it
    |p_n| = e k d exp(-|n| k d),    k = 2 pi f / v,    d = thickness_um
    D_n = 2 pi n (r -+ n d / 2) / v,    r^2 = r_0^2 +- d v t / pi

A turn prints what it carries onto the turns beside it, most at the wavelength 2 pi d (2 mil at 15 ips: 1.2 kHz); onto
the n-th turn 1 / n of that, at n times the wavelength. The outer neighbour gets more. Stored tails out, with the end
outside, the outer one is played later and the post-echoes are louder, which hides them; stored heads out, the
pre-echoes are. The louder first echo has level_db, the other one difference_db less. While the reel runs its radius r
at the head grows, from the hub at 0.43 radius_mm to radius_mm, or, heads out, shrinks (lower signs), so the echoes
glide: n turns are n d thicker.

No turn takes longer than 6 s: tape that is too slow for its reel is taken to be on a smaller one.

Pre-echoes cost latency: L is so many of the longest turns and 4 frames, 3 s for one on a 7-inch reel at 7.5 ips.
Without them L is 0. pre_echoes is read when a stream starts; no echo comes later than the speed at that moment allows.
A changed level is reached in 5 ms or a block; any other change fades the echoes out, and in again. The
law is kept within 0.4 dB to 30 dB under the peak; straight lines between frames take 0.1 dB more at 2.5 kHz and 48 kHz.

Source: H. N. Bertram, M. K. Stafford, D. R. Mills, The print-through phenomenon, J. Audio Eng. Soc. 28, 1980; for the
times _kernels/reel.py. The law for |n| = 2 is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal, silence
from tapegraph_nodes._kernels.delay_line import DelayLine, Tap
from tapegraph_nodes._kernels.distance import STATES, hear, memory, printed_weights, tail_of
from tapegraph_nodes._kernels.gliding_tap import GlidingTap
from tapegraph_nodes._kernels.mixing import add
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.reel import Reel

LONGEST_TURN_S: Final = 6.0
MARGIN: Final = 4  # frames that the earliest pre-echo comes after its sound
MOST: Final = 2  # echoes on either side


LAW_EXCEPTIONS: dict[str, object] = {
    "has_own_time": True,  # the reel turns, whatever is recorded
    "continues_after_reset": True,  # with the pre_echoes that the stream started with: they are its latency
}


class Echo:
    """The echo of the turn n after the sound, or -n before it."""

    def __init__(self, n: int, channels: i64) -> None:
        self.n: float = float(n)
        self.weights: vec[float] = printed_weights(1.0 / abs(n))
        self.e: float = 0.0  # memory of its distance
        self.s: vec[float] = vec[float]([0.0] * (STATES * channels))  # state: of the distance


class PrintThrough(Node):
    KIND: ClassVar[str] = "print_through"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("level_db", -52.0, -90.0, -20.0, "dB", "louder first echo, where it is strongest, relative to the sound"),
        Param("difference_db", 4.0, 0.0, 20.0, "dB", "by how much echoes on the other side are fainter"),
        Param("speed_ips", 7.5, 1.0, 50.0, "ips", "speed of the tape", "log"),
        Param("radius_mm", 89.0, 20.0, 140.0, "mm", "radius of the full reel"),
        Param("position", 0.0, 0.0, 1.0, "", "part of the reel that has been played when a stream starts"),
        Param("thickness_um", 50.0, 5.0, 60.0, "um", "thickness of the whole tape: coating, base and back"),
        Choice(
            "storage", "tails_out", ("tails_out", "heads_out"), "which end of the tape is outside while it is stored"
        ),
        Param("post_echoes", 2.0, 0.0, float(MOST), "", "echoes after the sound", whole=True),
        Param(
            "pre_echoes", 0.0, 0.0, float(MOST), "", "echoes before the sound, each of which costs latency", whole=True
        ),
    )

    level_db: float  # parameter
    difference_db: float  # parameter
    speed_ips: float  # parameter
    radius_mm: float  # parameter
    position: float  # parameter
    thickness_um: float  # parameter
    storage: str  # parameter
    post_echoes: float  # parameter
    pre_echoes: float  # parameter
    lead: i64  # coefficient: L, as it was when the stream started
    levels: vec[float]  # coefficient: gain of each echo on the reel that the parameters describe
    next_reel: Reel  # coefficient: that reel
    reel: Reel  # state: the one that sounds
    gains: Ramp  # of each echo
    echoes: list[Echo]  # state
    line: DelayLine  # state: the past
    direct: Tap  # where the sound itself is read
    tap: GlidingTap  # where echoes are read
    played: i64  # state: frames since the reel started
    turn: vec[float]  # a block of T, frames
    delay: vec[float]  # a block of L + D_n, frames
    read: vec[float]  # a block of every channel, at the place of an echo
    echo: vec[float]  # the same, printed

    def prepare(self) -> None:
        pre, turn_s = int(self.pre_echoes), self.longest_turn_s()
        self.lead = math.ceil(pre * turn_s * self.fs) + MARGIN if pre > 0 else 0
        longest = float(self.lead) + MOST * turn_s * self.fs
        turns = [-1 - k for k in range(pre)] + [1 + k for k in range(MOST)]
        self.echoes = [Echo(n, self.channels) for n in turns]
        self.line = DelayLine(self.channels, self.frames, math.ceil(longest))
        self.tap = GlidingTap(self.line, longest)
        self.direct = Tap()
        self.direct.place(float(self.lead))
        self.gains = Ramp(self.fs, self.frames, len(self.echoes))
        self.levels = vec[float]([0.0] * len(self.echoes))
        self.turn = vec[float]([0.0] * self.frames)
        self.delay = vec[float]([0.0] * self.frames)
        self.read = vec[float]([0.0] * (self.channels * self.frames))
        self.echo = vec[float]([0.0] * (self.channels * self.frames))

    def longest_turn_s(self) -> float:
        return 2.0 * math.pi * (self.radius() + self.thickness_um * 1e-6) / (self.speed_ips * 0.0254)

    def radius(self) -> float:
        """Return that of the full reel, m, of which a turn takes no more than the longest."""
        return min(self.radius_mm * 1e-3, LONGEST_TURN_S * self.speed_ips * 0.0254 / (2.0 * math.pi))

    def update(self) -> None:
        tails_out = self.storage == "tails_out"
        v, d = self.speed_ips * 0.0254, self.thickness_um * 1e-6
        self.next_reel = Reel(self.fs, v, d, self.radius(), self.position, tails_out)
        for k, echo in enumerate(self.echoes):
            db = self.level_db if (echo.n > 0.0) == tails_out else self.level_db - self.difference_db
            self.levels[k] = 10.0 ** (db / 20.0) if echo.n <= self.post_echoes else 0.0

    def reset(self) -> None:
        self.mount()
        for k in range(len(self.echoes)):
            self.gains.target[k] = self.levels[k]
        self.gains.jump()
        self.line.clear()

    def mount(self) -> None:
        """Start the reel that the parameters describe."""
        self.reel = self.next_reel
        self.played = 0
        for echo in self.echoes:
            echo.e = memory(abs(echo.n) * self.reel.d / self.reel.v * self.fs)
            silence(echo.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        out = y[0].samples
        gains = self.gains
        remount = not self.reel.same(self.next_reel)
        if remount and silent(gains.start):
            self.mount()
            remount = False
        k: i64 = 0
        while k < len(self.echoes):
            gains.target[k] = 0.0 if remount else self.levels[k]
            k += 1
        gains.begin()
        self.line.write(x[0].samples)
        self.line.read(out, self.direct)
        self.reel.run(self.turn, self.played)
        k = 0
        while k < len(self.echoes):
            if gains.start[k] > 0.0 or gains.end[k] > 0.0:
                echo = self.echoes[k]
                self.reel.delays(self.turn, echo.n, float(self.lead), self.delay)
                self.tap.read(self.read, self.delay)
                hear(self.read, self.echo, echo.weights, echo.e, echo.e, echo.s)
                add(self.echo, out, self.channels, gains.start[k], gains.end[k])
            k += 1
        gains.finish()
        self.played += self.frames

    def memory_samples(self) -> float:
        return (self.pre_echoes + MOST) * self.longest_turn_s() * self.fs * float(self.channels)

    def latency(self) -> float:
        return float(self.lead)

    def tail(self) -> float:
        echo_s = self.post_echoes * self.longest_turn_s()
        return echo_s + tail_of(MOST * self.thickness_um * 1e-6 / (self.speed_ips * 0.0254))


def silent(x: vec[float]) -> bool:
    k: i64 = 0
    while k < len(x):
        if x[k] != 0.0:
            return False
        k += 1
    return True
