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

Pre-echoes cost latency: L is so many of the longest turns and 4 frames, 3 s for one on a 7-inch reel at 7.5 ips.
Without them L is 0. pre_echoes is read when a stream starts; no echo comes later than the speed at that moment allows.
A changed level is reached in 5 ms or a block; any other change fades the echoes out and in again in as much each. The
law is kept within 0.4 dB to 30 dB under the peak; straight lines between frames take 0.1 dB more at 2.5 kHz and 48 kHz.

Source: H. N. Bertram, M. K. Stafford, D. R. Mills, The print-through phenomenon, J. Audio Eng. Soc. 28, 1980. The hub
is that of a 10.5-inch reel, of 4.5 inches. The law for |n| = 2 is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal, TapegraphError, silence
from tapegraph_nodes._kernels.delay_line import Block, DelayLine, Tap
from tapegraph_nodes._kernels.distance import STATES, hear, memory, printed_weights, tail_of
from tapegraph_nodes._kernels.mixing import add
from tapegraph_nodes._kernels.ramp import Ramp

HUB: Final = 0.43  # radius of the hub of a reel, relative to that of the tape on it
LONGEST_TURN_S: Final = 6.0
MARGIN: Final = 4  # frames around a place that is read
MOST: Final = 2  # echoes on either side


LAW_EXCEPTIONS: dict[str, object] = {
    "has_own_time": True,  # the reel turns, whatever is recorded
    "continues_after_reset": True,  # with the pre_echoes that the stream started with: they are its latency
}


class Reel:
    """A wound tape: what the places of its echoes follow from."""

    def __init__(self, v: float, d: float, start: float, growth: float, least: float, most: float) -> None:
        self.v: float = v  # m/s
        self.d: float = d  # m
        self.start: float = start  # r_0^2
        self.growth: float = growth  # of r^2 in a frame
        self.least: float = least  # of r^2: the hub
        self.most: float = most
        self.thicker: float = math.copysign(
            math.pi * d / v, growth
        )  # s, half of what a turn takes longer than the last

    def same(self, other: Reel) -> bool:
        return (
            self.v == other.v
            and self.d == other.d
            and self.start == other.start
            and self.growth == other.growth
            and self.most == other.most
        )


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
    longest: float  # coefficient: delay of the last echo then, frames
    louder: vec[float]  # coefficient: gain of each echo on the reel that the parameters describe
    next_reel: Reel  # coefficient: that reel
    reel: Reel  # state: the one that sounds
    gains: Ramp  # of each echo
    echoes: list[Echo]  # state
    line: DelayLine  # state: the past
    direct: Tap  # where the sound itself is read
    played: i64  # state: frames since the reel started
    turn: vec[float]  # a block of T, frames
    near: vec[float]  # what is read of the past for a block of one channel
    read: vec[float]  # a block of every channel, at the place of an echo
    echo: vec[float]  # the same, printed

    def prepare(self) -> None:
        if 2.0 * math.pi * self.radius_mm > LONGEST_TURN_S * self.speed_ips * 25.4:
            most = math.floor(LONGEST_TURN_S * self.speed_ips * 25.4 / (2.0 * math.pi))
            raise TapegraphError(
                f"radius_mm is {self.radius_mm:g} mm; at {self.speed_ips:g} ips it must be at most {most} mm "
                f"(a turn of {LONGEST_TURN_S:g} s)"
            )
        pre, turn_s = int(self.pre_echoes), self.longest_turn_s()
        self.lead = math.ceil(pre * turn_s * self.fs) + MARGIN if pre > 0 else 0
        self.longest = float(self.lead) + MOST * turn_s * self.fs
        turns = [-1 - k for k in range(pre)] + [1 + k for k in range(MOST)]
        self.echoes = [Echo(n, self.channels) for n in turns]
        self.line = DelayLine(self.channels, self.frames, math.ceil(self.longest) + MARGIN)
        self.direct = Tap()
        self.direct.place(float(self.lead))
        self.gains = Ramp(self.fs, self.frames, len(self.echoes))
        self.louder = vec[float]([0.0] * len(self.echoes))
        self.turn = vec[float]([0.0] * self.frames)
        self.near = vec[float]([0.0] * (2 * self.frames + 2 * MARGIN))
        self.read = vec[float]([0.0] * (self.channels * self.frames))
        self.echo = vec[float]([0.0] * (self.channels * self.frames))

    def longest_turn_s(self) -> float:
        return 2.0 * math.pi * (self.radius_mm * 1e-3 + self.thickness_um * 1e-6) / (self.speed_ips * 0.0254)

    def update(self) -> None:
        v, d = self.speed_ips * 0.0254, self.thickness_um * 1e-6
        most = (self.radius_mm * 1e-3) ** 2
        least = HUB * HUB * most
        tails_out = self.storage == "tails_out"
        gone = self.position * (most - least)
        growth = d * v / (math.pi * self.fs)
        if tails_out:
            self.next_reel = Reel(v, d, least + gone, growth, least, most)
        else:
            self.next_reel = Reel(v, d, most - gone, -growth, least, most)
        for k, echo in enumerate(self.echoes):
            db = self.level_db if (echo.n > 0.0) == tails_out else self.level_db - self.difference_db
            self.louder[k] = 10.0 ** (db / 20.0) if echo.n <= self.post_echoes else 0.0

    def reset(self) -> None:
        self.mount()
        for k in range(len(self.echoes)):
            self.gains.target[k] = self.louder[k]
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
            gains.target[k] = 0.0 if remount else self.louder[k]
            k += 1
        gains.begin()
        self.line.write(x[0].samples)
        self.line.read(out, self.direct)
        wind(self.turn, self.reel, self.played, self.fs)
        k = 0
        while k < len(self.echoes):
            if gains.start[k] > 0.0 or gains.end[k] > 0.0:
                echo = self.echoes[k]
                self.read_at(echo.n)
                hear(self.read, self.echo, echo.weights, echo.e, echo.e, echo.s)
                add(self.echo, out, self.channels, gains.start[k], gains.end[k])
            k += 1
        gains.finish()
        self.played += self.frames

    def read_at(self, n: float) -> None:
        """Read a block of every channel, n turns after the sound."""
        last = self.frames - 1
        shift = float(self.lead) - n * n * self.reel.thicker * self.fs
        a, b = shift + n * self.turn[0], shift + n * self.turn[last]
        newest = self.line.first
        start = newest - i64(held(max(a, b), self.longest)) - MARGIN
        stop = newest + last - i64(held(min(a, b), self.longest)) + MARGIN
        c: i64 = 0
        while c < self.channels:
            gather(self.line.ring, self.near, c, self.channels, self.frames, start, min(stop - start, len(self.near)))
            interpolate(self.near, self.read, c, self.turn, n, shift, self.longest, newest - start)
            c += 1

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


def wind(turn: vec[float], reel: Reel, played: i64, fs: float) -> None:
    """Write the frames of a turn at each frame of a block, from so many frames after the start of the reel on."""
    n: i64 = len(turn)
    start, growth, least, most = reel.start, reel.growth, reel.least, reel.most
    factor = 2.0 * math.pi / reel.v * fs
    i: i64 = 0
    while i < n:
        square = start + growth * float(played + i)
        if square < least:
            square = least
        elif square > most:
            square = most
        turn[i] = factor * math.sqrt(square)
        i += 1


def gather(ring: list[Block], y: vec[float], c: i64, channels: i64, frames: i64, start: i64, n: i64) -> None:
    """Copy n frames of a channel from a delay line into y, from the frame number start on; silence came before 0."""
    blocks: i64 = len(ring)
    i: i64 = 0
    while i < n and start + i < 0:
        y[i] = 0.0
        i += 1
    while i < n:
        frame = start + i
        k = frame % frames
        source = ring[frame // frames % blocks].samples
        stop = min(n, i + frames - k)
        k += c * frames
        while i < stop:
            y[i] = source[k]
            k += 1
            i += 1


def held(delay: float, longest: float) -> float:
    """Return a delay that the past reaches."""
    return float(MARGIN) if delay < float(MARGIN) else longest if delay > longest else delay


def interpolate(
    near: vec[float], y: vec[float], c: i64, turn: vec[float], n: float, shift: float, longest: float, now: i64
) -> None:
    """Read a block of channel c into y, shift and n turns ago, by straight lines between frames.

    near: frames of the past; now: the place in it of the first frame of the block
    """
    frames: i64 = len(turn)
    first = c * frames
    i: i64 = 0
    while i < frames:
        delay = held(shift + n * turn[i], longest)
        whole: i64 = i64(delay)
        p = 1.0 - (delay - float(whole))
        k = now + i - whole - 1
        y[first + i] = near[k] + p * (near[k + 1] - near[k])
        i += 1
