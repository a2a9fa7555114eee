"""Playback head: its losses at short wavelengths and its bumps at long ones.

    H = exp(-k d) (1 - exp(-k t)) / (k t) sin(k g / 2) / (k g / 2) sin(k a / 2) / (k a / 2) B,    k = 2 pi f / v
    B = 1 - b exp(-k p / 20) (1 - integral from 0 to k p of J0(u) du)

v is the speed of the tape, d its spacing from the head, t the thickness of its coating, g the (magnetic) length of the
gap, a = track_width tan(azimuth), and p = contact / 2 the length of a pole. B is the head bump: the outer edges of the
poles act as two long gaps of opposite polarity. It peaks where the wavelength is 1.33 times the contact, falls below
0 dB under that, and alternates above with ever smaller bumps. A length of 0 removes its loss.

The magnitude follows H within 0.1 dB from 20 Hz to 20 kHz where H is above -60 dB, at any speed and at rates from 44.1
kHz, at lower ones within 0.25 dB up to 0.45 of the rate, and levels off at -100 dB; the bumps within 0.1 dB where they
peak above 20 Hz. Minimum phase has no latency; linear phase, which smooths detail under 12 Hz, has 0.08 s. phase is
read when a stream starts. With two channels, an azimuth above 0 delays the first one by track_spacing tan(azimuth) / v,
one below 0 the second, within a hundredth of a frame under 4 kHz; with linear phase each takes half of it, exactly.
With any other number of channels only the loss acts.

With minimum phase the losses are a few taps and a tail (tail.py), and the bumps are poles that move (bump.py): changed
bumps are there in 5 ms or a block, whichever is longer. All else cross-fades in 0.02 s, once the new response has been
computed while the sound goes on, a little in every block: at 48 kHz in 0.01 s for a narrow gap, 0.7 s for the widest
one at the lowest speed, with linear phase in 0.05 s if there is a bump. A change that comes meanwhile waits until then.
With minimum phase a large change, which turns the phase far, lets the level dip meanwhile.

Source: R. L. Wallace, The reproduction of magnetically recorded signals, Bell Syst. Tech. J. 30, 1951, for spacing,
thickness and gap; F. Jorgensen, The Complete Handbook of Magnetic Recording, for azimuth; K. Fritzsch, Long-wavelength
response of magnetic reproducing heads, IEEE Trans. Audio Electroacoust. 16, 1968, for the origin of the bumps. B is
ours, by reciprocity: two thin poles of length p in one plane have, by conformal mapping, along themselves the field
H_x = delta(x) - p / (pi |x| sqrt(x^2 - p^2)), the second term for |x| > p only; exp(-k p / 20) models round edges.
"""

from __future__ import annotations

import math
from typing import ClassVar

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Node, Param, Signal
from tapegraph_nodes._kernels.head.bump import Bump
from tapegraph_nodes._kernels.head.convolve import Past, Response
from tapegraph_nodes._kernels.head.head_response import LONGEST_S, Design, Geometry, bessel_table, designed, strength
from tapegraph_nodes._kernels.head.tail import LENGTH_S, tail

FADE_S = 0.02
PORTION_S = 1.0 / 750.0  # of sound for each portion of a design: at 48 kHz one for each block of 64 frames


LAW_EXCEPTIONS: dict[str, object] = {
    "rounding": 1e-11,  # long responses are convolved by FFTs
    "memory": 1.0,  # a design takes some in its first portion, and gives it back in its last
    "settles_s": 0.3,  # a response is designed while sound goes on
    "continues_after_reset": True,  # with that design
    "read_at_start": ("phase",),
}


class PlayheadLoss(Node):
    KIND: ClassVar[str] = "playhead_loss"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ("azimuth_deg",)
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("speed_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape", "log"),
        Param("spacing_um", 0.5, 0.0, 20.0, "um", "distance between the head and the coating"),
        Param("thickness_um", 2.0, 0.0, 50.0, "um", "thickness of the coating"),
        Param("gap_um", 3.0, 0.0, 50.0, "um", "magnetic length of the gap, 10 to 15 % above the mechanical one"),
        Param("bump_db", 0.0, 0.0, 3.0, "dB", "height of the largest head bump"),
        Param("contact_mm", 7.0, 1.0, 30.0, "mm", "length of both poles along the tape; places the bumps", "log"),
        Param("azimuth_deg", 0.0, -1.0, 1.0, "deg", "angle by which the gap slants"),
        Param("track_width_mm", 2.1, 0.0, 6.3, "mm", "width of a track, over which a slanting gap smears"),
        Param("track_spacing_mm", 4.0, 0.0, 6.3, "mm", "distance between the centres of two tracks"),
        Choice(
            "phase", "minimum", ("minimum", "linear"), "minimum has no latency; linear has 0.08 s and no phase shift"
        ),
    )

    speed_ips: float  # parameter
    spacing_um: float  # parameter
    thickness_um: float  # parameter
    gap_um: float  # parameter
    bump_db: float  # parameter
    contact_mm: float  # parameter
    azimuth_deg: float  # parameter
    track_width_mm: float  # parameter
    track_spacing_mm: float  # parameter
    phase: str  # parameter
    linear: bool  # coefficient: phase as it was when the stream started
    lead: i64  # coefficient: latency of the stream, frames
    fade_frames: i64  # coefficient: length of a fade, frames
    portion_frames: i64  # coefficient: frames for each portion of a design
    target: Geometry  # coefficient: the head that a response is designed for, without its bumps if the phase is minimum
    head: Geometry  # state: the head that sounds, is faded in or is being designed
    design: Design | None  # state: its response in the making, until it is faded in
    owed: i64  # state: frames since the last portion of that
    h: Response  # state: the response that sounds, or is faded in
    h_before: Response  # state: the response that is faded out
    faded: i64  # state: frames since the start of the last fade
    past: Past  # state: the input
    before: vec[float]  # what the response that is faded out makes of a block
    bump: Bump  # the bumps, if the phase is minimum

    def prepare(self) -> None:
        self.linear = self.phase == "linear"
        self.lead = round(LONGEST_S * self.fs) if self.linear else 0
        self.fade_frames = max(1, round(FADE_S * self.fs))
        self.portion_frames = max(1, round(PORTION_S * self.fs))
        longest = self.lead + math.ceil((LONGEST_S + LENGTH_S) * self.fs)
        self.past = Past(int(self.channels), int(self.frames), longest, not self.linear)
        self.before = vec[float]([0.0] * (self.channels * self.frames))
        self.bump = Bump(self.fs, self.frames, self.channels)
        if self.linear:
            bessel_table()  # made here, for a bump that comes while sound runs
        self.update()
        self.head = self.target
        self.design = None
        h, c, decays = designed(self.head.lengths(), self.fs, int(self.channels), self.linear, int(self.lead))
        self.h = Response(h, c, decays, self.past)
        self.faded = self.fade_frames

    def update(self) -> None:
        self.target = self.geometry()
        if not self.linear:
            self.bump.aim(self.target.pole, self.target.bump)
            self.target.pole = self.target.bump = 0.0

    def reset(self) -> None:
        self.faded = self.fade_frames
        self.past.clear()
        self.h.clear()
        self.bump.jump()

    def geometry(self) -> Geometry:
        """Return the head that the parameters describe."""
        v = self.speed_ips * 0.0254
        slope = math.tan(math.radians(self.azimuth_deg))
        return Geometry(
            spacing=self.spacing_um * 1e-6 / v,
            thickness=self.thickness_um * 1e-6 / v,
            gap=self.gap_um * 1e-6 / v,
            slant=abs(self.track_width_mm * 1e-3 * slope) / v,
            skew=self.track_spacing_mm * 1e-3 * slope / v,
            pole=self.contact_mm * 0.5e-3 / v,
            bump=strength(self.bump_db),
        )

    def begin(self) -> Design:
        """Begin to design the response of the target."""
        self.head = self.target
        self.owed = 0
        self.design = Design(self.head, self.fs, int(self.channels), self.linear, int(self.lead))
        return self.design

    def finish(self, design: Design) -> None:
        """Let a complete design sound."""
        self.h = Response(design.h, design.c, design.tail, self.past)
        self.design = None

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.past.add(x[0].samples)
        if self.design is None and not self.head.same(self.target):
            self.begin()
        design = self.design
        if design is not None:
            self.owed += self.frames
            while self.owed >= self.portion_frames and not design.complete:
                design.proceed()
                self.owed -= self.portion_frames
            if design.complete and self.faded >= self.fade_frames:
                self.h_before = self.h
                self.finish(design)
                self.faded = 0
        self.past.convolve(self.h, y[0].samples)
        if self.faded < self.fade_frames:
            self.past.convolve(self.h_before, self.before)
            fade(self.before, y[0].samples, self.frames, self.faded, self.fade_frames)
            self.faded += self.frames
        if not self.linear:
            self.bump.process(y[0].samples)

    def latency(self) -> float:
        return float(self.lead)

    def tail(self) -> float:
        if self.linear:
            return self.target.reach()
        corner = self.target.spacing + self.target.thickness > 0.0  # at 0 Hz
        return self.target.taps() + (tail(self.fs).silent_s if corner else 0.0) + self.bump.tail()


def fade(before: vec[float], y: vec[float], frames: i64, faded: i64, length: i64) -> None:
    """Turn a block of every channel into y from what was before, when so many frames of a fade have gone by."""
    step = 1.0 / float(length)
    at: i64 = 0
    while at < len(y):
        i: i64 = 0
        while i < frames:
            part = min(1.0, float(faded + i + 1) * step)
            y[at + i] = before[at + i] + part * (y[at + i] - before[at + i])
            i += 1
        at += frames
