"""Standards of equalisation: how the flux on a tape, recorded at equal level, depends on frequency.

    N(f)^2 = (1 + 1 / (w t_bass)^2) / (1 + (w t_treble)^2),    w = 2 pi f

Playback undoes it by 1 / N. A t_bass of infinity is no bass emphasis.
Source: IEC 60094-1, Magnetic tape sound recording and reproducing systems; NAB Standard, Magnetic tape recording and
reproducing, 1965; AES recommendation for 76 cm/s. Values: iec is that of 38 cm/s, nab that of 19 and 38 cm/s.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TIME_CONSTANTS_S: Final = {  # t_bass, t_treble
    "nab": (3180e-6, 50e-6),
    "iec": (math.inf, 35e-6),
    "aes": (math.inf, 17.5e-6),
    "cassette_120": (3180e-6, 120e-6),
    "cassette_70": (3180e-6, 70e-6),
}


def tape_flux(hz: Array, standard: str) -> Array:
    """Return N(f)^2 at frequencies above 0."""
    bass_s, treble_s = TIME_CONSTANTS_S[standard]
    w = 2.0 * math.pi * hz
    flux: Array = (1.0 + 1.0 / (w * bass_s) ** 2) / (1.0 + (w * treble_s) ** 2)
    return flux
