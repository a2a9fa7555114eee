"""Equalisers of a tape machine: the standard's replay curve, and the record curve that makes the whole machine flat.

    Replay(f) = sqrt(1 + (w t1)^2) / sqrt(1 + 1 / (w t2)^2),    w = 2 pi f
    Record(f) = 1 / (Replay(f) |H(f)|)    up to limit_hz, H the losses of spacing, thickness and gap in playhead_loss

t1 and t2 are the time constants of treble and bass of the standard at the speed that is nearest to speed_ips, as listed
in _kernels/tape_standards.py: nab (IEC2), iec (IEC1, formerly CCIR), aes (30 ips), cassette_120 (ferric) or cassette_70
(chrome and metal); custom has treble_us and bass_us. Without a bass constant 1 / t2 is 0.
Flux on the tape falls as 1 / Replay; that a head turns it into a voltage that rises with frequency, and the amplifier
turns that into flux again, is left out of both. Place record, hysteresis, playhead_loss and replay in this order, with
the same figures in all: what the head will lose goes into the tape as treble, and takes treble headroom, as it does on
a machine. The bumps and the azimuth of the head are left as they are.

Replay is exact within 0.1 dB from 20 Hz to 20 kHz at rates from 44.1 kHz; record undoes it, and all losses together
within 0.5 dB from 40 Hz up to limit_hz; where large losses are made good up to more than 0.3 of the rate, within 1.2
dB. The limit is held under 0.41 of the rate, and ends where the treble boost reaches most_boost_db or the losses 42 dB;
above it the boost of the losses stays about what it was. The bass boost ends at 20 dB. Both are of minimum phase,
without latency. Changed coefficients are reached in 5 ms or a block, whichever is longer.

The magnitude is matched up to the Nyquist frequency by taking for w^2 a rational function of W^2 = tan^2(w / (2 fs)),

    w^2 / (4 fs^2) = W^2 (1 + (1 + A) W^2) / ((1 + W^2) (1 + (1 + B) W^2))    within 0.08 dB up to 0.453 fs

with which 1 + (w t1)^2 has a factor of minimum phase in closed form (section_of). compensation.py fits the losses.

Source: IEC 60094-1, Magnetic tape sound recording and reproducing systems, 1981, and the NAB standard of 1965.
The rational function is ours.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal, silence
from tapegraph_nodes._kernels.head.compensation import compensation
from tapegraph_nodes._kernels.head.head_response import Geometry, magnitude
from tapegraph_nodes._kernels.one_pole import one_pole, one_pole_gain
from tapegraph_nodes._kernels.prewarp import without_subnormal
from tapegraph_nodes._kernels.ramp import Ramp
from tapegraph_nodes._kernels.svf import filtered
from tapegraph_nodes._kernels.tape_standards import STANDARDS, time_constants_us

A: Final = -0.5083351
B: Final = -0.76966224
MOST_BASS: Final = 10.0  # gain of the record side at 0 Hz
MOST_LOSS_DB: Final = 42.0
SECTION: Final = 4  # coefficients of a section of second order


LAW_EXCEPTIONS: dict[str, object] = {"may_step": ("side",)}  # the node stands on one side of the tape


class TapeEq(Node):
    KIND: ClassVar[str] = "tape_eq"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("side", "replay", ("record", "replay"), "record stands before the tape, replay behind the head"),
        Choice("standard", "nab", (*STANDARDS, "custom"), "whose time constants; custom has treble_us and bass_us"),
        Param("speed_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape", "log"),
        Param("treble_us", 50.0, 0.0, 200.0, "us", "time constant of the treble of custom; 0 is none"),
        Param("bass_us", 3180.0, 0.0, 10_000.0, "us", "time constant of the bass of custom; 0 is none"),
        Param("spacing_um", 0.5, 0.0, 20.0, "um", "of the head, as in playhead_loss; record compensates for its loss"),
        Param("thickness_um", 2.0, 0.0, 50.0, "um", "of the coating, as in playhead_loss, for record"),
        Param("gap_um", 3.0, 0.0, 50.0, "um", "of the head, as in playhead_loss, for record"),
        Param("limit_hz", 18_000.0, 1000.0, 25_000.0, "Hz", "up to where record makes the machine flat", "log"),
        Param("most_boost_db", 20.0, 0.0, 30.0, "dB", "treble boost beyond which record gives up flatness"),
    )

    side: str  # parameter
    standard: str  # parameter
    speed_ips: float  # parameter
    treble_us: float  # parameter
    bass_us: float  # parameter
    spacing_um: float  # parameter
    thickness_um: float  # parameter
    gap_um: float  # parameter
    limit_hz: float  # parameter
    most_boost_db: float  # parameter
    k: Ramp  # G and the gain at 0 Hz of the bass; then g, R and the gains of b and h of three sections
    s: vec[float]  # state: of the bass, then s1 and s2 of every section, for each channel

    def prepare(self) -> None:
        self.k = Ramp(self.fs, self.frames, 2 + 3 * SECTION)
        self.s = vec[float]([0.0] * (7 * self.channels))

    def update(self) -> None:
        treble_us, bass_us = self.time_constants()
        bass_hz = 1e6 / (2.0 * math.pi * bass_us) if bass_us > 0.0 else 0.0
        a1, a2, d1, d2 = section_of(treble_us * 1e-6 * self.fs)
        if self.side == "replay":
            bass = [one_pole_gain(bass_hz, self.fs), 0.0]
            sections = [(a1, a2, d1, d2), (d1, d2, d1, d2), (d1, d2, d1, d2)]
        else:
            end = one_pole_gain(bass_hz / MOST_BASS, self.fs)
            bass = [end, MOST_BASS if bass_hz > 0.0 else 1.0]
            head = self.head()
            limit_hz = self.flat_up_to_hz(head, treble_us * 1e-6)
            sections = [(d1, d2, a1, a2), *compensation(head, self.fs, limit_hz)]
        for i, value in enumerate(bass):
            self.k.target[i] = value
        for j, section in enumerate(sections):
            for i, value in enumerate(mixed(*section)):
                self.k.target[2 + SECTION * j + i] = value

    def time_constants(self) -> tuple[float, float]:
        """Return those of the treble and of the bass, us."""
        if self.standard == "custom":
            return self.treble_us, self.bass_us
        return time_constants_us(self.standard, self.speed_ips)

    def head(self) -> Geometry:
        """Return the lengths whose losses are made good."""
        v = self.speed_ips * 0.0254
        return Geometry(
            spacing=self.spacing_um * 1e-6 / v,
            thickness=self.thickness_um * 1e-6 / v,
            gap=self.gap_um * 1e-6 / v,
            slant=0.0,
            skew=0.0,
            pole=0.0,
            bump=0.0,
        )

    def flat_up_to_hz(self, head: Geometry, treble_s: float) -> float:
        """Return limit_hz, or where the boost reaches most_boost_db or the losses their most."""
        hz = np.linspace(self.limit_hz / 64.0, self.limit_hz, 64)
        w = 2.0 * math.pi * hz
        loss_db = -20.0 * np.log10(np.maximum(np.abs(magnitude(head, w)), 1e-6))
        boost_db = loss_db - 10.0 * np.log10(1.0 + (w * treble_s) ** 2)
        over_db = np.maximum(boost_db - self.most_boost_db, loss_db - MOST_LOSS_DB)
        beyond = np.flatnonzero(over_db > 0.0)
        if len(beyond) == 0:
            return self.limit_hz
        i = int(beyond[0])
        return float(np.interp(0.0, over_db[i - 1 : i + 1], hz[i - 1 : i + 1])) if i > 0 else float(hz[0])

    def reset(self) -> None:
        self.k.jump()
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.k.begin()
        equalise(x[0].samples, y[0].samples, self.s, self.k.start, self.k.end)
        self.k.finish()

    def tail(self) -> float:
        k = self.k.target
        slowest = k[0] / (1.0 - k[0]) if k[0] > 0.0 else 1.0
        for j in range(3):
            g, R = k[2 + SECTION * j], k[3 + SECTION * j]
            slowest = min(slowest, g * (0.5 * R - math.sqrt(0.25 * R * R - 1.0) if R > 2.0 else 0.5 * R))
        return 8.0 / (slowest * self.fs)  # exp(-16)


def section_of(T: float) -> tuple[float, float, float, float]:
    """Return a1, a2, d1, d2 of the replay curve's treble, (1 + a1 s + a2 s^2) / (1 + d1 s + d2 s^2), s = j W.

    T: the time constant in frames. |1 + a1 s + a2 s^2|^2 = 1 + (a1^2 - 2 a2) W^2 + a2^2 W^4
    """
    a2 = math.sqrt(1.0 + B + 4.0 * T * T * (1.0 + A))
    a1 = math.sqrt(2.0 + B + 4.0 * T * T + 2.0 * a2)
    d2 = math.sqrt(1.0 + B)
    return a1, a2, 1.0 + d2, d2


def mixed(a1: float, a2: float, d1: float, d2: float) -> tuple[float, float, float, float]:
    """Return g and R of a state-variable filter, and the gains of b and h that add up, with l, to a section."""
    g = 1.0 / math.sqrt(d2)
    return g, d1 * g, a1 * g, a2 * g * g


def equalise(x: vec[float], y: vec[float], s: vec[float], start: vec[float], end: vec[float]) -> None:
    """Filter every channel of x into y, from and to its seven states in s, while coefficients move to their end.

    All filters run in one loop: while one waits for its state, the others work.
    """
    channels: i64 = len(s) // 7
    n: i64 = len(x) // channels
    part = 1.0 / float(n)
    G_step, low_step = part * (end[0] - start[0]), part * (end[1] - start[1])
    g1_step, R1_step = part * (end[2] - start[2]), part * (end[3] - start[3])
    b1_step, h1_step = part * (end[4] - start[4]), part * (end[5] - start[5])
    g2_step, R2_step = part * (end[6] - start[6]), part * (end[7] - start[7])
    b2_step, h2_step = part * (end[8] - start[8]), part * (end[9] - start[9])
    g3_step, R3_step = part * (end[10] - start[10]), part * (end[11] - start[11])
    b3_step, h3_step = part * (end[12] - start[12]), part * (end[13] - start[13])
    c: i64 = 0
    while c < channels:
        k = 7 * c
        bass, s1, s2, t1, t2, u1, u2 = s[k], s[k + 1], s[k + 2], s[k + 3], s[k + 4], s[k + 5], s[k + 6]
        G, low = start[0], start[1]
        g1, R1, b1, h1 = start[2], start[3], start[4], start[5]
        g2, R2, b2, h2 = start[6], start[7], start[8], start[9]
        g3, R3, b3, h3 = start[10], start[11], start[12], start[13]
        i: i64 = c * n
        stop = i + n
        while i < stop:
            G += G_step
            low += low_step
            g1 += g1_step
            R1 += R1_step
            b1 += b1_step
            h1 += h1_step
            g2 += g2_step
            R2 += R2_step
            b2 += b2_step
            h2 += h2_step
            g3 += g3_step
            R3 += R3_step
            b3 += b3_step
            h3 += h3_step
            l, h, bass = one_pole(x[i], G, bass)
            h, b, l, s1, s2 = filtered(low * l + h, g1, R1, s1, s2)
            h, b, l, t1, t2 = filtered(l + b1 * b + h1 * h, g2, R2, t1, t2)
            h, b, l, u1, u2 = filtered(l + b2 * b + h2 * h, g3, R3, u1, u2)
            y[i] = l + b3 * b + h3 * h
            i += 1
        s[k] = without_subnormal(bass)
        s[k + 1] = without_subnormal(s1)
        s[k + 2] = without_subnormal(s2)
        s[k + 3] = without_subnormal(t1)
        s[k + 4] = without_subnormal(t2)
        s[k + 5] = without_subnormal(u1)
        s[k + 6] = without_subnormal(u2)
        c += 1
