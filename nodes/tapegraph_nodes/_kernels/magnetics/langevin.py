"""The Langevin function as a table of cubics.

    L(Q) = coth Q - 1 / Q

Arguments are counted in cells of the table, 64 to a unit of Q, and slopes are per cell: a look-up needs no scaling.
In cell k, from k - 1/2 to k + 1/2, L is taken as the cubic in t = q - k that has the exact L and dL/dQ at both ends
(Hermite): within 4e-12 of L, with a slope within 3e-9 of dL/dQ. From END on, where coth Q is 1 to the last bit, L is
1 - 1 / Q. The table holds both signs of Q, so that a look-up need not split off the sign.

Look-ups are written out in the solvers, with the slopes that each needs: a call for each would cost a third of their
speed.
Source: P. Langevin, Magnetisme et theorie des electrons, 1905; C. de Boor, A Practical Guide to Splines, ch. IV.
"""

import functools
import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

CELLS_PER_UNIT: Final = 64.0
END: Final = 1280.0  # cells
MIDDLE: Final = 4 * 1280  # index of the coefficients of cell 0
ROUND: Final = 6755399441055744.0  # 1.5 * 2^52 leaves no room for a fraction: q + ROUND - ROUND is q's cell


@functools.cache  # one for all: it takes long enough to make other threads wait
def langevin_table() -> vec[float]:
    """Return the coefficients of every cell from -END to END, four a cell, lowest power first."""
    table = vec[float]([0.0] * (2 * MIDDLE + 4))
    k: i64 = 0
    while k <= MIDDLE:
        left = (float(k // 4) - 0.5) / CELLS_PER_UNIT
        right = (float(k // 4) + 0.5) / CELLS_PER_UNIT
        L0 = langevin(left)
        L1 = langevin(right)
        s0 = langevin_slope(left) / CELLS_PER_UNIT
        s1 = langevin_slope(right) / CELLS_PER_UNIT
        a0 = 0.5 * (L0 + L1) + 0.125 * (s0 - s1)
        a1 = 1.5 * (L1 - L0) - 0.25 * (s0 + s1)
        a2 = 0.5 * (s1 - s0)
        a3 = s0 + s1 - 2.0 * (L1 - L0)
        table[MIDDLE + k] = a0
        table[MIDDLE + k + 1] = a1
        table[MIDDLE + k + 2] = a2
        table[MIDDLE + k + 3] = a3
        table[MIDDLE - k] = -a0
        table[MIDDLE - k + 1] = a1
        table[MIDDLE - k + 2] = -a2
        table[MIDDLE - k + 3] = a3
        k += 4
    return table


def langevin(Q: float) -> float:
    """Return L(Q) for any Q but 0."""
    return 1.0 / math.tanh(Q) - 1.0 / Q


def langevin_slope(Q: float) -> float:
    """Return dL/dQ = 1 / Q^2 - 1 / sinh^2 Q for any Q but 0."""
    return 1.0 / Q**2 - 1.0 / math.sinh(Q) ** 2
