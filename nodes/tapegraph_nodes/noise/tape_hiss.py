"""Tape hiss: the noise of the particles in the tape, as it leaves the playback equaliser.

    y[i] = sum over j of h[j] n[i-j],    S(f) = C F(k) / (w v N(f)^2),    k = 2 pi f / v
    F = exp(-2 k d) (1 - exp(-2 k t)) / (2 k t)

S is the power density per hertz, w the width of the track, v the speed, t the thickness of the coating, d the spacing
of the head from it; N is the flux on the tape that the standard of equalisation prescribes, which playback undoes. A
particle at the depth z adds flux by exp(-k (d + z)); F is the mean of its square over the depth. The loss of the gap,
and of a spacing that was there when the machine was aligned, is not in it: playback makes up for it.

The noise is relative to a signal of equal flux per width: the power of the signal rises with w^2, that of the noise,
which is the sum of independent particles, with w. So a track twice as wide has 3 dB less noise. Twice the speed has 3
dB less where wavelengths are long against the coating, and the same density where they are short.

C follows from level_db: the A-weighted RMS relative to full scale, 0 dB for a square wave, that this tape has on a
track of 2.1 mm at 15 ips with nab and no spacing. The other parameters change the level as they would on a machine.
Where S is within 30 dB of its largest density, the noise follows it within 0.2 dB from 20 Hz to 20 kHz or 0.45 of the
rate. Every channel has noise of its own, as every track has. n is white and normal, h of minimum phase. The noise
starts from silence, and its lowest octave builds up in 0.1 s. A changed parameter is reached in 5 ms or a block,
whichever is longer. It is noise at the output of a machine: mix it in after the heads and the equaliser.

Source: J. C. Mallinson, Maximum signal-to-noise ratio of a tape recorder, IEEE Trans. Magn. 5, 1969, and The
Foundations of Magnetic Recording (noise of particles); Handbook for Sound Engineers, ch. 28 (width of the track); IEC
61672-1, 2013 (A-weighting). The time constants are in _kernels/tape_standards.py, the filter is in
_kernels/noise_spectrum.py.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np

from tapegraph.node import AnyParam, Choice, Node, Param, Signal
from tapegraph_nodes._kernels.noise_spectrum import Array, SpectrumNoise
from tapegraph_nodes._kernels.tape_standards import STANDARDS, tape_flux

REFERENCE_IPS: Final = 15.0
REFERENCE_MM: Final = 2.1
REFERENCE: Final = "nab"
IPS: Final = 0.0254  # m/s
LOWEST: Final = 1e-5  # of the largest density: a minimum phase needs an end to losses


class TapeHiss(Node):
    KIND: ClassVar[str] = "tape_hiss"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    INPUTS: ClassVar[tuple[str, ...]] = ()
    SOURCE: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("level_db", -65.0, -120.0, -30.0, "dB", "A-weighted RMS of this tape at 15 ips on 2.1 mm with nab"),
        Param("speed_ips", 15.0, 1.0, 50.0, "ips", "speed of the tape", "log"),
        Param("track_width_mm", 2.1, 0.2, 6.3, "mm", "width of a track; twice the width has 3 dB less noise", "log"),
        Choice("standard", REFERENCE, tuple(STANDARDS), "standard that playback follows"),
        Param("thickness_um", 14.0, 0.0, 50.0, "um", "thickness of the coating"),
        Param("spacing_um", 0.0, 0.0, 20.0, "um", "distance of the head beyond that of its alignment: dirt, wear"),
    )

    level_db: float  # parameter
    speed_ips: float  # parameter
    track_width_mm: float  # parameter
    standard: str  # parameter
    thickness_um: float  # parameter
    spacing_um: float  # parameter
    weights: Array  # coefficient: of the filter at an A-weighted reference of 0 dB
    designed: tuple[float, str, float, float]  # coefficient: what these weights are for
    noise: SpectrumNoise  # state

    def prepare(self) -> None:
        seed, first = int(self.seed), int(self.first_channel)
        self.noise = SpectrumNoise(self.fs, self.frames, self.channels, seed, self.name, first)
        self.designed = (0.0, "", 0.0, 0.0)

    def update(self) -> None:
        wanted = (self.speed_ips, self.standard, self.thickness_um, self.spacing_um)
        if wanted != self.designed:
            self.designed = wanted
            self.weights = self.design()
        power = 10.0 ** (self.level_db / 10.0) * REFERENCE_MM / self.track_width_mm
        self.noise.aim(self.weights * math.sqrt(power))

    def design(self) -> Array:
        """Return the weights of the filter for a reference of 0 dB and the reference width."""
        hz = np.geomspace(10.0, 20_000.0, 500)
        reference = self.density(hz, REFERENCE_IPS, 0.0, REFERENCE)
        weighted = reference * a_weighting(hz)
        level = np.sum(np.diff(hz) * (weighted[1:] + weighted[:-1])) / 2.0
        S = self.density(self.noise.fit.hz, self.speed_ips, self.spacing_um, self.standard) / level
        return self.noise.fit.weights(0.5 * np.log(np.maximum(S, LOWEST * np.max(S))))

    def density(self, hz: Array, speed_ips: float, spacing_um: float, standard: str) -> Array:
        """Return S w / C."""
        v = speed_ips * IPS
        k = 2.0 * math.pi / v * hz
        depth = np.maximum(2e-6 * self.thickness_um * k, 1e-12)
        F = np.exp(-2e-6 * spacing_um * k) * -np.expm1(-depth) / depth
        S: Array = F / (v * tape_flux(hz, standard, speed_ips))
        return S

    def reset(self) -> None:
        self.noise.restart()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.noise.process(y[0].samples)


def a_weighting(hz: Array) -> Array:
    """Return the power gain of the A-weighting, 1 at 1 kHz."""
    f = hz * hz
    poles = (f + 20.6**2) * (f + 12194.0**2) * np.sqrt((f + 107.7**2) * (f + 737.9**2))
    gain: Array = 10.0**0.2 * (12194.0**2 * f * f / poles) ** 2
    return gain
