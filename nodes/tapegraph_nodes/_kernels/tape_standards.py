"""Standards of equalisation: how the flux on a tape, recorded at equal level, depends on frequency.

    N(f)^2 = (1 + 1 / (w t2)^2) / (1 + (w t1)^2),    w = 2 pi f

t1 and t2 are the time constants of treble and bass, in us; without a bass constant 1 / t2 is 0:

    speed, ips      3.75        7.5         15          30
    nab             90, 3180    50, 3180    50, 3180                IEC2
    iec             90, 3180    70          35          17.5        IEC1, formerly CCIR; 90 and 17.5 are IEC2
    aes                                                 17.5
    cassette        120, 3180 (cassette_120, ferric) or 70, 3180 (cassette_70, chrome and metal), for 1.875 ips

A standard has the constants of its speed that is nearest, in ratio. Playback undoes N by 1 / N.
Source: IEC 60094-1, Magnetic tape sound recording and reproducing systems, 1981, and the NAB standard of 1965, as
listed in IASA-TC 04, Guidelines on the production and preservation of digital audio objects, 2nd ed., table 1 of
section 5.4.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Speed in ips, treble and bass constant in us; a bass constant of 0 is none.
STANDARDS: Final = {
    "nab": ((3.75, 90.0, 3180.0), (7.5, 50.0, 3180.0), (15.0, 50.0, 3180.0)),
    "iec": ((3.75, 90.0, 3180.0), (7.5, 70.0, 0.0), (15.0, 35.0, 0.0), (30.0, 17.5, 0.0)),
    "aes": ((30.0, 17.5, 0.0),),
    "cassette_120": ((1.875, 120.0, 3180.0),),
    "cassette_70": ((1.875, 70.0, 3180.0),),
}


def time_constants_us(standard: str, speed_ips: float) -> tuple[float, float]:
    """Return the constants of treble and of bass of a standard at a speed, us; 0 for none."""
    _, treble_us, bass_us = min(STANDARDS[standard], key=lambda at: abs(math.log(at[0] / speed_ips)))
    return treble_us, bass_us


def tape_flux(hz: Array, standard: str, speed_ips: float) -> Array:
    """Return N(f)^2 at frequencies above 0."""
    treble_us, bass_us = time_constants_us(standard, speed_ips)
    w = 2.0e-6 * math.pi * hz
    bass = 1.0 / (w * bass_us) ** 2 if bass_us else np.zeros(len(hz))
    flux: Array = (1.0 + bass) / (1.0 + (w * treble_us) ** 2)
    return flux
