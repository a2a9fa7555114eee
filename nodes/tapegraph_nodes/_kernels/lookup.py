"""Functions as tables: cubic cells of equal width between points where value and slope are known (Hermite).

    f = f_k + u (s_k + u (3 d - 2 s_k - s_{k+1} + u (s_k + s_{k+1} - 2 d))),    d = f_{k+1} - f_k

u, 0 to 1, is the place in cell k, and s are slopes by the cell. The error falls with the fourth power of the width.
(The Langevin function has a table of its own, langevin.py: its solvers also need slopes, and a call for each look-up
would cost them a third of their speed.)
Source: C. de Boor, A Practical Guide to Splines, ch. IV.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64

Array = npt.NDArray[np.float64]


class HermiteTable:
    """A function from 0 on.

    values, slopes: at 0, 1 / cells_per_unit, 2 / cells_per_unit ...
    """

    def __init__(self, values: Array, slopes: Array, cells_per_unit: int) -> None:
        s = slopes / cells_per_unit
        d = np.diff(values)
        self.cells: Array = np.array([values[:-1], s[:-1], 3.0 * d - 2.0 * s[:-1] - s[1:], s[:-1] + s[1:] - 2.0 * d])
        self.flat: vec[float] = vec[float](np.ascontiguousarray(self.cells.T).reshape(-1))
        self.cells_per_unit: float = float(cells_per_unit)

    def at(self, x: float) -> float:
        """Return the function at x, held at the ends of the table."""
        last: i64 = len(self.flat) // 4 - 1
        u = x * self.cells_per_unit
        if not u > 0.0:
            u = 0.0
        elif u > float(last) + 1.0:
            u = float(last) + 1.0
        cell: i64 = min(i64(u), last)
        u -= float(cell)
        k = 4 * cell
        return self.flat[k] + u * (self.flat[k + 1] + u * (self.flat[k + 2] + u * self.flat[k + 3]))

    def over(self, x: Array) -> Array:
        """Return the function at every x, which must lie within the table: 0 to just under its end."""
        u = x * self.cells_per_unit
        cell = u.astype(np.intp)
        u -= cell
        f: Array = self.cells[0][cell] + u * (self.cells[1][cell] + u * (self.cells[2][cell] + u * self.cells[3][cell]))
        return f
