"""Shaped noise: noise with a level for each octave, such as the noise that was measured on a machine or in a room.

    y[i] = sum over j of h[j] n[i-j],    integral of S(f) over octave k = 10^((octave_k + gain_db) / 10)
    S(f) = |H(f)|^2 2 / fs,    log S(f) = a straight line over log f from the centre of each octave to the next

The octaves are centred on 1000 * 10^(0.3 k) Hz, k = -5 to 4: the nominal 31.5 Hz to 16 kHz. Below the lowest centre and
above the highest the density is constant, up to half the rate. n is white and normal, h of minimum phase, S a power
density; levels are RMS relative to full scale, 0 dB for a square wave.

Slopes of up to 6 dB from octave to octave give every octave its level within 0.2 dB, and octaves that alternate by 6 dB
within 1 dB. Steeper edges are rounded: a single octave 20 dB above the others comes out 10 dB lower. At rates under
45.5 kHz the highest octave ends at half the rate. The noise starts from silence, and its lowest octave builds up in 0.1
s. Every channel has noise of its own. A changed level is reached in 5 ms or a block, whichever is longer.

Source: IEC 61260-1, Octave-band and fractional-octave-band filters, 2014, for the octaves; the filter is in
_kernels/noise_spectrum.py.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np

from tapegraph.node import AnyParam, Node, Param, Signal
from tapegraph_nodes._kernels.noise_spectrum import END, Array, SpectrumNoise

OCTAVES: Final = ("31", "63", "125", "250", "500", "1000", "2000", "4000", "8000", "16000")
RATIO: Final = 10.0**0.3  # of an octave
NEPER_DB: Final = 20.0 / math.log(10.0)
STEPS: Final = 64  # of an integral over an octave
CORRECTIONS: Final = 3  # of the densities at the centres, until the octaves are right
MOST_DB: Final = 3.0  # of each, for what the filter cannot do


class ShapedNoise(Node):
    KIND: ClassVar[str] = "shaped_noise"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    INPUTS: ClassVar[tuple[str, ...]] = ()
    SOURCE: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        *[Param(f"octave_{o}_hz_db", -60.0, -120.0, -20.0, "dB", f"RMS of the octave around {o} Hz") for o in OCTAVES],
        Param("gain_db", 0.0, -60.0, 20.0, "dB", "added to the levels of all octaves"),
    )

    octave_31_hz_db: float  # parameter, as are all octaves
    octave_63_hz_db: float
    octave_125_hz_db: float
    octave_250_hz_db: float
    octave_500_hz_db: float
    octave_1000_hz_db: float
    octave_2000_hz_db: float
    octave_4000_hz_db: float
    octave_8000_hz_db: float
    octave_16000_hz_db: float
    gain_db: float  # parameter
    widths_db: Array  # what an octave has above its density
    between: Array  # (grid, octaves): from levels at the centres to the levels on the grid
    within: Array  # (octaves, grid): from densities on the grid to the power of each octave that is below END
    designed: Array  # coefficient: levels of the octaves, for which weights are
    weights: Array  # coefficient: of the filter without the gain
    noise: SpectrumNoise  # state

    def prepare(self) -> None:
        seed, first = int(self.seed), int(self.first_channel)
        self.noise = SpectrumNoise(self.fs, self.frames, self.channels, seed, self.name, first)
        hz = self.noise.fit.hz
        centres = 1000.0 * RATIO ** np.arange(-5.0, 5.0)
        self.widths_db = 10.0 * np.log10(centres * (math.sqrt(RATIO) - 1.0 / math.sqrt(RATIO)))
        self.between = straight_lines(np.log(hz), np.log(centres))
        inside = centres[centres * math.sqrt(RATIO) < END * self.fs]
        self.within = np.array([octave(hz, centre) for centre in inside])
        self.designed = np.empty(0)

    def update(self) -> None:
        levels = np.array([float(getattr(self, f"octave_{o}_hz_db")) for o in OCTAVES])
        if not np.array_equal(levels, self.designed):
            self.designed = levels
            self.weights = self.design(levels)
        self.noise.aim(self.weights * 10.0 ** (self.gain_db / 20.0))

    def design(self, levels: Array) -> Array:
        """Return the weights of the filter for levels of the octaves."""
        fit, inside = self.noise.fit, len(self.within)
        points = levels - self.widths_db
        weights = fit.weights(self.between @ points / NEPER_DB)
        for _ in range(CORRECTIONS):
            missing = levels[:inside] - 10.0 * np.log10(self.within @ fit.power(weights))
            points[:inside] += np.clip(missing, -MOST_DB, MOST_DB)
            weights = fit.weights(self.between @ points / NEPER_DB)
        return weights

    def reset(self) -> None:
        self.noise.restart()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.noise.process(y[0].samples)


def straight_lines(x: Array, points: Array) -> Array:
    """Return the matrix of linear interpolation from values at points to values at x; constant beyond the ends."""
    return np.array([np.interp(x, points, one) for one in np.eye(len(points))]).T


def octave(hz: Array, centre: float) -> Array:
    """Return the row of weights by which densities at hz, at equal ratios, are integrated over an octave."""
    f = centre * RATIO ** np.linspace(-0.5, 0.5, STEPS + 1)
    width = np.gradient(f)
    width[[0, -1]] *= 0.5
    row: Array = width @ straight_lines(np.log(f), np.log(hz))
    return row
