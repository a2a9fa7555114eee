"""The Langevin function as a table of cubics.

    L(Q) = coth Q - 1 / Q

Arguments are counted in cells of the table, 64 to a unit of Q, and slopes are by the cell: a look-up needs no scaling.
In cell k, from k - 1/2 to k + 1/2, L is the cubic in t = q - k that has the exact L and dL/dQ at both ends (Hermite):
within 4e-12 of L, with a slope within 3e-9 of dL/dQ. From END on, where coth Q is 1 to the last bit, L is 1 - 1 / Q.

Look-ups are written out where they are needed: a call for each would cost a third of the solvers' speed.
Source: P. Langevin, Magnetisme et theorie des electrons, 1905; C. de Boor, A Practical Guide to Splines, ch. IV.
"""

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

CELLS_PER_UNIT: Final = 64.0
END: Final = 1280.0  # cells
ROUND: Final = 4503599627370496.0  # 2^52: a float added to it loses its fraction, so s + ROUND - ROUND is the cell of s


def langevin_table() -> vec[float]:
    """Return the coefficients of every cell from 0 to END, four a cell, lowest power first."""
    table = vec[float]([0.0] * (4 * int(END) + 4))
    k: i64 = 0
    while k < len(table):
        left = (float(k // 4) - 0.5) / CELLS_PER_UNIT
        right = (float(k // 4) + 0.5) / CELLS_PER_UNIT
        L0 = langevin(left)
        L1 = langevin(right)
        s0 = langevin_slope(left) / CELLS_PER_UNIT
        s1 = langevin_slope(right) / CELLS_PER_UNIT
        table[k] = 0.5 * (L0 + L1) + 0.125 * (s0 - s1)
        table[k + 1] = 1.5 * (L1 - L0) - 0.25 * (s0 + s1)
        table[k + 2] = 0.5 * (s1 - s0)
        table[k + 3] = s0 + s1 - 2.0 * (L1 - L0)
        k += 4
    return table


def langevin(Q: float) -> float:
    """Return L(Q) for any Q but 0."""
    return 1.0 / math.tanh(Q) - 1.0 / Q


def langevin_slope(Q: float) -> float:
    """Return dL/dQ = 1 / Q^2 - 1 / sinh^2 Q for any Q but 0."""
    return 1.0 / Q**2 - 1.0 / math.sinh(Q) ** 2
