"""Splices: joins in the tape, at equal times: a slanting gap, a stiff place that leaves the head, another piece.

    y = g x heard from the spacing h,    g = before (1 - P(u + e/2)) + behind P(u - e/2),    e = gap_um
    P(u) = min(max(1/2 + u / a, 0), 1),    a = track_width cot(angle),    u = v (t - t_n) - c track_spacing cot(angle)
    h = lift_um (1 - (u / 10 mm)^2)^2,    |u| < 10 mm

u is the place of the join on track c, from the head; t_n = n every_s; before and behind are the levels of the pieces,
every second of which is louder by step_db. P is the part of the track that has passed: a slanting cut fades from piece
to piece over a / v, and reaches track after track. There is no sound in the gap: a straight cut of 90 degrees falls
silent for e / v, a slanting one dips by e / a for a / v, and no angle changes the area of the dip, e / v. The splicing
tape makes the join stiff, which costs treble by exp(-2 pi f h / v). A cut is blurred by 30 um. There is no latency;
between joins the sound passes unchanged, but for step_db. Tracks that a join reaches later than the next join allows
get it as late as that. For a tape loop, every_s is its length divided by its speed. Changed parameters count from the
next join on.

Source: R. L. Wallace, The reproduction of magnetically recorded signals, Bell Syst. Tech. J. 30, 1951, for h; the rest
is geometry. That a join is lifted over 20 mm is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, silence
from tapegraph_nodes._kernels.distance import LONGEST_S, STATES, lift, tail_of

STIFF_M: Final = 0.02  # length of tape that leaves the head
BLUR_M: Final = 30e-6
BLOCK_S: Final = 0.1  # the longest block before which a join may have to end


LAW_EXCEPTIONS: dict[str, object] = {"has_own_time": True}  # the joins are in the tape, whatever is recorded there


class Join:
    """A join in the tape. Lengths are in metres.

    step: by which the tape moves in a frame; slant: a; stagger: from track to track, as far as there is room for it
    gap: e; tau: the largest h / v, frames; change: gain from one piece to the next, or back; reach: of what is heard
    """

    def __init__(self) -> None:
        self.step: float = 1.0
        self.slant: float = BLUR_M
        self.stagger: float = 0.0
        self.room: float = 0.0
        self.gap: float = 0.0
        self.tau: float = 0.0
        self.change: float = 1.0
        self.reach: float = 0.0


class Splice(Node):
    KIND: ClassVar[str] = "splice"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("every_s", 10.0, 1.0, 600.0, "s", "time from join to join", "log"),
        Param("angle_deg", 45.0, 30.0, 90.0, "deg", "angle of the cut; 90 is straight across the tape"),
        Param("gap_um", 50.0, 0.0, 1000.0, "um", "gap between the two ends"),
        Param("lift_um", 5.0, 0.0, 50.0, "um", "how far a join leaves the head"),
        Param("step_db", 0.0, -6.0, 6.0, "dB", "by how much every second piece is louder"),
        Param("speed_ips", 7.5, 1.0, 50.0, "ips", "speed of the tape", "log"),
        Param("track_width_mm", 2.1, 0.5, 6.3, "mm", "width of a track"),
        Param("track_spacing_mm", 4.0, 0.5, 6.3, "mm", "distance between the centres of two tracks"),
    )

    every_s: float  # parameter
    angle_deg: float  # parameter
    gap_um: float  # parameter
    lift_um: float  # parameter
    step_db: float  # parameter
    speed_ips: float  # parameter
    track_width_mm: float  # parameter
    track_spacing_mm: float  # parameter
    every_frames: i64  # coefficient
    lead_frames: i64  # coefficient: from the first sign of a join to its middle
    next_join: Join  # coefficient: as the parameters describe it
    join: Join  # state: the one that has come last
    before: float  # state: gain of the piece before it
    behind: float  # state: gain of the piece behind it
    since: i64  # state: frames since its middle was over the first track
    until: i64  # state: frames until the first sign of the next
    gain: vec[float]  # a block of g, of one channel
    tau: vec[float]  # a block of h / v, frames
    s: vec[float]  # state: of the distance, for each channel

    def prepare(self) -> None:
        self.gain = vec[float]([1.0] * self.frames)
        self.tau = vec[float]([0.0] * self.frames)
        self.s = vec[float]([0.0] * (STATES * self.channels))

    def update(self) -> None:
        v = self.speed_ips * 0.0254
        cot = math.cos(math.radians(self.angle_deg)) / math.sin(math.radians(self.angle_deg))
        join = Join()
        join.step = v / self.fs
        join.slant = max(BLUR_M, self.track_width_mm * 1e-3 * cot)
        join.stagger = self.track_spacing_mm * 1e-3 * cot
        join.gap = self.gap_um * 1e-6
        join.tau = min(self.lift_um * 1e-6 / v, LONGEST_S) * self.fs
        join.change = 10.0 ** (self.step_db / 20.0)
        join.reach = 0.5 * max(STIFF_M, join.slant + join.gap)
        join.room = max(0.0, (self.every_s - BLOCK_S) * v - 2.0 * join.reach)
        self.next_join = join
        self.every_frames = round(self.every_s * self.fs)
        self.lead_frames = math.ceil(join.reach / join.step)

    def reset(self) -> None:
        self.join = Join()
        self.before = 1.0
        self.behind = 1.0
        self.since = 0
        self.until = self.every_frames - self.lead_frames
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        out = y[0].samples
        if self.until < self.frames:
            self.join = self.next_join
            self.before = self.behind
            self.behind = self.join.change if self.before == 1.0 else 1.0
            self.since = -(self.until + self.lead_frames)
            self.until += self.every_frames
        c: i64 = 0
        while c < self.channels:
            track = float(self.first_channel + c)
            pass_by(self.join, track, self.since, self.before, self.behind, self.gain, self.tau)
            lift(x[0].samples, out, self.tau, c, self.s)
            scale(out, self.gain, c)
            c += 1
        self.since += self.frames
        self.until -= self.frames

    def tail(self) -> float:
        return tail_of(min(self.lift_um * 1e-6 / (self.speed_ips * 0.0254), LONGEST_S))


def pass_by(
    join: Join, track: float, since: i64, before: float, behind: float, gain: vec[float], tau: vec[float]
) -> None:
    """Write a block of g and h / v of one track, from so many frames after the middle of a join on."""
    n: i64 = len(gain)
    step, reach, slant, most, half = join.step, join.reach, join.slant, join.tau, 0.5 * join.gap
    late = min(track * join.stagger, join.room)
    i: i64 = 0
    while i < n:
        u = float(since + i) * step - late
        if u <= -reach or u >= reach:
            gain[i] = before if u < 0.0 else behind
            tau[i] = 0.0
        else:
            gain[i] = before * (1.0 - passed(u + half, slant)) + behind * passed(u - half, slant)
            w = 2.0 / STIFF_M * u
            p = 1.0 - w * w
            tau[i] = most * p * p if p > 0.0 else 0.0
        i += 1


def passed(u: float, slant: float) -> float:
    """Return the part of a track over which an edge has passed whose middle is at u."""
    p = 0.5 + u / slant
    return 0.0 if p < 0.0 else 1.0 if p > 1.0 else p


def scale(y: vec[float], gain: vec[float], c: i64) -> None:
    """Scale a channel of y by the gain of each frame."""
    n: i64 = len(gain)
    first = c * n
    i: i64 = 0
    while i < n:
        y[first + i] *= gain[i]
        i += 1
