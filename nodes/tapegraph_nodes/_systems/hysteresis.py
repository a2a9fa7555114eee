"""Hysteresis of tape as a system to be learned: the rise of m in one sample, for any drive, saturation, bias and rate.

    dm = g P + g_p Q,    (P, Q) = network(z, z_p, r, y, y_p),    g = v (y + z)

    y = max(0, s (L(h) - (1 - beta L'(h)) m)) / kappa,    s = sign of v     irreversible susceptibility
    z = c L'(h)                                                             reversible susceptibility
    r = |v| / (kappa + |v|)                                                 rate of the field

and g_p, y_p and z_p the same of h_p and v_p; both y with the last m. Symbols as in
_kernels/magnetics/jiles_atherton.py. Rising and falling fields are thus one case; a constant field leaves m as it is;
faint sounds and small rates stay exact, as the network only corrects g; and as c and kappa enter only through y, z and
r, one network serves all settings and sample rates.

The state is (m, H, V): magnetisation relative to saturation, field, and its rise in one sample. Solved by nr8.
Source: the article's network takes H, H' and M as they are; scaled inputs, gates and the kink in y are our own.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from librt.vecs import vec

from tapegraph.node import Param, Value
from tapegraph_nodes._kernels.magnetics.constants import ALPHA, constants
from tapegraph_nodes._kernels.magnetics.jiles_atherton import Material, newton
from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT, langevin_table

Array = npt.NDArray[np.float64]
LEAST = 0.05  # susceptibility below which errors count absolutely
MOST_RATE = 4.0  # of the field, in coercivities a sample; beyond it Newton's method itself fails


class HysteresisSystem:
    NAME: ClassVar[str] = "hysteresis"
    FEATURES: ClassVar[str] = "susceptibilities"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("drive", 0.5, 0.0, 1.0),
        Param("bias", 0.5, 0.0, 1.0),
        Param("saturation", 0.5, 0.0, 1.0),
    )
    AXES: ClassVar[tuple[str, ...]] = ("bias", "saturation")
    STATES: ClassVar[int] = 3
    LEARNED: ClassVar[int] = 1
    INPUTS: ClassVar[int] = 5
    OUTPUTS: ClassVar[int] = 2
    PEAK: ClassVar[float] = 4.0
    NODE: ClassVar[str] = "hysteresis"
    SOLVED: ClassVar[dict[str, Value]] = {"solver": "nr8", "makeup": False}
    PREDICTED: ClassVar[dict[str, Value]] = {"solver": "stn", "makeup": False}
    REPORTED: ClassVar[dict[str, tuple[float, ...]]] = {
        "drive": (0.05, 0.3, 0.6, 1.0),
        "bias": (0.0, 0.03, 0.25, 0.5, 0.75, 1.0),
        "saturation": (0.0, 0.25, 0.5, 0.75, 1.0),
    }

    def __init__(self) -> None:
        self.table = langevin_table()

    def step(self, state: Array, x: Array, fs: Array, setting: dict[str, Array]) -> Array:
        _, per_a, c, kappa, beta = scaled(setting)
        m, H, V = state.T
        rise = 1.75 * (x - H) - 0.75 * V
        cells = CELLS_PER_UNIT * per_a
        solved = solve(
            self.table,
            c.tolist(),
            (CELLS_PER_UNIT * kappa).tolist(),
            (CELLS_PER_UNIT * beta).tolist(),
            m.tolist(),
            (cells * H).tolist(),
            (cells * V).tolist(),
            (cells * x).tolist(),
            (cells * rise).tolist(),
        )
        held = np.clip(np.nan_to_num(solved), -1.0, 1.0)  # as the node holds it
        return np.array([held, x, rise]).T

    def transition(
        self, state: Array, x: Array, fs: Array, setting: dict[str, Array]
    ) -> tuple[Array, Array, Array, Array]:
        _, per_a, c, kappa, beta = scaled(setting)
        m, H, V = state.T
        rise = 1.75 * (x - H) - 0.75 * V
        v = per_a * rise
        v_p = per_a * V
        y, z = susceptibilities(m, per_a * x, v, c, kappa, beta)
        y_p, z_p = susceptibilities(m, per_a * H, v_p, c, kappa, beta)
        inputs = np.array([z, z_p, np.abs(v) / (kappa + np.abs(v)), y, y_p]).T
        gates = np.array([v * (y + z), v_p * (y_p + z_p)]).T[:, None, :]
        known = np.array([m, x, rise]).T
        # What hardly moves m has to be accurate too: a faint sound does nothing else.
        weights = 1.0 / (1e-6 + np.abs(v) * (LEAST + y + z) + np.abs(v_p) * (LEAST + y_p + z_p))
        weights[np.maximum(np.abs(v), np.abs(v_p)) > MOST_RATE * kappa] = 0.0
        return inputs, gates, known, weights


def scaled(setting: dict[str, Array]) -> tuple[Array, Array, Array, Array, Array]:
    """Return M_s, 1 / a, c, and kappa and beta of jiles_atherton.py with fields by a."""
    M_s, per_a, c, k = constants(setting["drive"], setting["saturation"], setting["bias"])
    return M_s, per_a, c, k * per_a, ALPHA * M_s * per_a


def susceptibilities(m: Array, h: Array, v: Array, c: Array, kappa: Array, beta: Array) -> tuple[Array, Array]:
    """Return y and z of fields h, (rows,), that move by v."""
    s = np.where(v >= 0.0, 1.0, -1.0)
    q = np.maximum(np.abs(h), 1e-3)  # nearer to 0 the difference of two large numbers loses digits
    slope = np.where(q < 0.02, 1.0 / 3.0 - q**2 / 15.0, 1.0 / q**2 - 1.0 / np.sinh(np.minimum(q, 300.0)) ** 2)
    L = np.where(q > 1e-3, np.sign(h) * (1.0 / np.tanh(q) - 1.0 / q), h / 3.0)
    y = np.maximum(0.0, s * (L - (1.0 - beta * slope) * m)) / kappa
    return y, c * slope


def solve(
    table: vec[float],
    c: list[float],
    kappa: list[float],
    beta: list[float],
    m: list[float],
    hp: list[float],
    vp: list[float],
    h: list[float],
    v: list[float],
) -> list[float]:
    """Return the next m of every row, by Newton's method."""
    material = Material()
    solved = []
    for i in range(len(m)):
        material.c, material.kappa, material.beta = c[i], kappa[i], beta[i]
        material.gamma = beta[i] / (1.0 - c[i])
        at = m[i], hp[i], vp[i], h[i], v[i], m[i]
        solved.append(newton(table, material, *at, *at, 8, True)[0])
    return solved
