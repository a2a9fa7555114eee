"""The constants of magnetic tape, from what a user turns: plain formulas for a number or for an array of them.

    M_s = 0.5 + 1.5 (1 - saturation)        saturation magnetisation
    1 / a = (0.01 + 6 drive) / M_s          a: field that shapes the curve without hysteresis
    c = sqrt(bias) - 0.01, 0 or more        reversible share
    k = 0.47875, alpha = 0.0016             coercivity, mean field

and the older set of the article, with field and magnetisation in the same units:

    M_s = 5 (0.5 + 1.5 (1 - saturation)),    1 / a = (0.01 + 40 drive) / M_s,    c = 0.17,    k = 2.7

Source: J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, and the plugin that grew out of
it.
"""

from __future__ import annotations

import math
from typing import Any, Final, TypeAlias

import numpy as np

Values: TypeAlias = Any  # a float, or an array of them

ALPHA: Final = 0.0016


def constants(drive: Values, saturation: Values, bias: Values) -> tuple[Values, Values, Values, float]:
    """Return M_s, 1 / a, c and k for a drive, saturation and bias, each 0 to 1."""
    M_s = 0.5 + 1.5 * (1.0 - saturation)
    above = (math.sqrt(bias) if isinstance(bias, float) else np.sqrt(bias)) - 0.01
    c = 0.5 * (above + abs(above))  # above where that is more than 0, else 0
    return M_s, (0.01 + 6.0 * drive) / M_s, c, 0.47875


def article_constants(drive: Values, saturation: Values) -> tuple[Values, Values, float, float]:
    """Return M_s, 1 / a, c and k of the article for a drive and saturation, each 0 to 1."""
    M_s = 5.0 * (0.5 + 1.5 * (1.0 - saturation))
    return M_s, (0.01 + 40.0 * drive) / M_s, 0.17, 2.7
