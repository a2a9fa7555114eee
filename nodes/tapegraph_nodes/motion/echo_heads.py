"""Echo heads: a loop of tape with a record head and three replay heads, as in a tape echo.

    y(t) = sum over k of level_k x(t - D_k(t)),    P(t) - P(t - D_k) = distance_k
    P' = v,    v' = (speed_ips - v) / inertia_s

P is the length of tape that has gone past. At a steady speed head k plays D_k = distance_k / speed later: 38 mm at 15
ips take 100 ms, at 3.75 ips 399 ms. A new speed is reached as by a motor with a flywheel, and what is on the tape
between the heads sounds v / v_then as fast, v_then being the speed at which it was recorded: the pitch of the echoes
glides and comes back, and nothing is cross-faded. A head that is moved glides there, at no more than 1 ips, and shifts
the pitch on its way. Levels and switches are ramped over 5 ms or a block, whichever is longer.

In a feedback loop every round is recorded anew, with all that lies in the loop: put hysteresis, playhead_loss and wow
there. The time of the loop itself is subtracted, so that echoes come every D_k; a head can be no nearer than that, or
than 8 frames. The delays are intentional, so they are not reported as latency and are not compensated. They are
interpolated at every sample, flat within 0.1 dB to 0.7 of the Nyquist frequency. Sound under -600 dB is taken as
silence.

Source: the conservation of tape, _kernels/tape_path.py; the distances are ours, of no particular machine.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, Switch, TapegraphError, silence
from tapegraph_nodes._kernels.doubled_line import HALF, DoubledLine
from tapegraph_nodes._kernels.inertia import Inertia
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.tape_path import Head, TapePath

HEADS: Final = 3
MM: Final = 25.4  # in an inch
NEAREST_MM: Final = 5.0
FURTHEST_MM: Final = 300.0
SLOWEST_IPS: Final = 2.0
FASTEST_IPS: Final = 30.0
HEAD_IPS: Final = 1.0  # speed at which a head is moved: half that of the slowest tape
HEAD_TAU_S: Final = 0.1
LONGEST_S: Final = FURTHEST_MM / MM / SLOWEST_IPS
AT_SPEED: Final = 1e-9  # relative difference under which a speed is reached


LAW_EXCEPTIONS: dict[str, object] = {"late_on_purpose": True}  # echoes


class EchoHeads(Node):
    KIND: ClassVar[str] = "echo_heads"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("speed_ips", 15.0, SLOWEST_IPS, FASTEST_IPS, "ips", "speed of the tape", "log"),
        Param("inertia_s", 0.3, 0.05, 5.0, "s", "time constant with which a new speed is reached", "log"),
        Param(
            "head1_mm", 19.0, NEAREST_MM, FURTHEST_MM, "mm", "distance from the record head to the first replay head"
        ),
        Param("head2_mm", 38.0, NEAREST_MM, FURTHEST_MM, "mm", "distance from the record head to the second"),
        Param("head3_mm", 76.0, NEAREST_MM, FURTHEST_MM, "mm", "distance from the record head to the third"),
        Param("level1", 1.0, 0.0, 1.0, "", "level of the first replay head", "dB"),
        Param("level2", 1.0, 0.0, 1.0, "", "level of the second replay head", "dB"),
        Param("level3", 1.0, 0.0, 1.0, "", "level of the third replay head", "dB"),
        Switch("on1", True, "whether the first replay head is heard"),
        Switch("on2", True, "whether the second replay head is heard"),
        Switch("on3", True, "whether the third replay head is heard"),
    )
    BREAKS_LOOPS: ClassVar[bool] = True

    speed_ips: float  # parameter
    inertia_s: float  # parameter
    head1_mm: float  # parameter
    head2_mm: float  # parameter
    head3_mm: float  # parameter
    level1: float  # parameter
    level2: float  # parameter
    level3: float  # parameter
    on1: bool  # parameter
    on2: bool  # parameter
    on3: bool  # parameter
    wanted: float  # coefficient: inches a frame
    keep: float  # coefficient: what is left of a difference of speeds after a frame
    levels: Ramp
    v: float  # state: inches a frame
    places: list[Inertia]  # state: distance of each head, inches
    heads: list[Head]  # state
    path: TapePath  # state
    line: DoubledLine  # state: what is on the tape
    moved: vec[float]  # a block of lengths: of tape, then of the way to a head
    delay: vec[float]  # a block of delays of one head, frames

    def prepare(self) -> None:
        self.refuse_heads_that_are_too_near()
        longest = math.ceil(LONGEST_S * self.fs) + HALF
        self.levels = Ramp(self.fs, self.frames, HEADS)
        self.places = [Inertia() for _ in range(HEADS)]
        self.heads = [Head() for _ in range(HEADS)]
        self.path = TapePath(self.frames, longest)
        self.line = DoubledLine(self.channels, self.frames, longest)
        self.moved = vec[float]([0.0] * self.frames)
        self.delay = vec[float]([0.0] * self.frames)

    def refuse_heads_that_are_too_near(self) -> None:
        """Raise TapegraphError where the loop that the node closes takes longer than the tape to a head."""
        if self.loop_latency == 0:
            return
        least = float(self.loop_latency + HALF) / self.fs * self.speed_ips * MM
        distances, on = (self.head1_mm, self.head2_mm, self.head3_mm), (self.on1, self.on2, self.on3)
        for k in range(HEADS):
            if on[k] and distances[k] < least - 1e-6:
                raise TapegraphError(
                    f"head{k + 1}_mm is {distances[k]:.10g} mm; in a loop it must be at least "
                    f"{math.ceil(least * 1000.0) / 1000.0:.10g} mm at {self.speed_ips:.10g} ips "
                    "(one block and what the loop takes)"
                )

    def update(self) -> None:
        self.wanted = self.speed_ips / self.fs
        self.keep = math.exp(-1.0 / (self.inertia_s * self.fs))
        self.places[0].target = self.head1_mm / MM
        self.places[1].target = self.head2_mm / MM
        self.places[2].target = self.head3_mm / MM
        self.levels.target[0] = self.level1 if self.on1 else 0.0
        self.levels.target[1] = self.level2 if self.on2 else 0.0
        self.levels.target[2] = self.level3 if self.on3 else 0.0

    def reset(self) -> None:
        self.v = self.wanted
        self.path.restart(self.v)
        self.line.clear()
        self.levels.jump()
        k: i64 = 0
        while k < HEADS:
            self.places[k].jump()
            self.heads[k].restart(self.places[k].place, self.path)
            k += 1

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        levels, out = self.levels, y[0].samples
        levels.begin()
        self.line.write(x[0].samples)
        self.v = accelerate(self.moved, self.v, self.wanted, self.keep)
        self.path.move(self.moved)
        silence(out)
        k: i64 = 0
        while k < HEADS:
            if not self.places[k].at_rest():
                self.places[k].fill(self.moved, HEAD_TAU_S * self.fs, HEAD_IPS / self.fs)
                self.heads[k].shift(self.path, self.moved, self.delay)
            else:
                self.heads[k].follow(self.path, self.delay)
            if levels.start[k] > 0.0 or levels.end[k] > 0.0:
                shorten(self.delay, float(self.loop_latency))
                self.line.add(out, self.delay, levels.start[k], levels.end[k])
            k += 1
        levels.finish()

    def memory_samples(self) -> float:
        return LONGEST_S * self.fs * float(2 * self.channels + 1)

    def tail(self) -> float:
        longest = max(
            self.head1_mm if self.on1 and self.level1 > 0.0 else 0.0,
            self.head2_mm if self.on2 and self.level2 > 0.0 else 0.0,
            self.head3_mm if self.on3 and self.level3 > 0.0 else 0.0,
        )
        return longest / MM / self.speed_ips + HALF / self.fs


def accelerate(moved: vec[float], v: float, wanted: float, keep: float) -> float:
    """Write how far the tape moves in each frame of a block, and return the speed at its end."""
    n: i64 = len(moved)
    i: i64 = 0
    while i < n:
        v = wanted + (v - wanted) * keep
        if abs(v - wanted) < AT_SPEED * wanted:
            v = wanted
        moved[i] = v
        i += 1
    return v


def shorten(delay: vec[float], loop_frames: float) -> None:
    """Take the time of a loop off the delays, which stay long enough to be read."""
    n: i64 = len(delay)
    i: i64 = 0
    while i < n:
        delay[i] = max(delay[i] - loop_frames, float(HALF))
        i += 1
