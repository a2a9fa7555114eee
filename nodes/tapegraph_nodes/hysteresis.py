"""Magnetises tape: it saturates, distorts and remembers, as the particles on a tape do.

    dM/dt = f(M, H, H')                     Jiles and Atherton, written out in kernels/jiles_atherton.py
    H' = (1.75 / T) (H - H_p) - 0.75 H'_p   rate of the field, from the samples H now and H_p one T ago
    y = g M                                 g = (1 + 0.6 (1 - bias)) / M_s with makeup, else 1

    M_s = 0.5 + 1.5 (1 - saturation)        most magnetisation
    a = M_s / (0.01 + 6 drive)              field that it takes without hysteresis
    c = sqrt(bias) - 0.01, 0 or more        share that follows the field without hysteresis
    k = 0.47875, alpha = 0.0016             coercivity, mean field

The input is the field H; full scale is 1. The solvers rk2, rk4 (Runge-Kutta), nr4 and nr8 (Newton, at most 4 or 8
iterations on a step of T / 1.9) sound a little different. v1 is rk4 with an older set of constants, in which neither
bias nor makeup acts, written here with field and magnetisation in the same units as above:

    M_s = 5 (0.5 + 1.5 (1 - saturation)),    a = M_s / (0.01 + 40 drive),    c = 0.17,    k = 2.7,    g = 1.414

Latency 0. Distortion makes new frequencies: oversample the node. The field is clipped at 8 (rk2), 10 (rk4, v1) or
12.5 (nr4, nr8). Where a step ends beyond |M| = 20 (v1: 10), M starts again from 0. Constants glide for 5 ms or a
block, whichever is longer, and M with M_s; solvers share their state and can be switched while sound runs.
Source: J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, with the constants of the
plugin that grew out of it.
Differs: M is guarded on both sides, c is never negative, glides take a time and not a number of samples, and
switching v1 keeps the state.
"""

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Model, Node, Param, Signal, Switch, load_weights
from tapegraph_nodes.kernels.field_network import predict_from_field
from tapegraph_nodes.kernels.jiles_atherton import midpoint, newton, runge_kutta
from tapegraph_nodes.kernels.langevin import CELLS_PER_UNIT, langevin_table
from tapegraph_nodes.kernels.network import Network
from tapegraph_nodes.kernels.transition import predict

RK2: Final = 0
RK4: Final = 1
STN: Final = 2
STN_OF_FIELD: Final = 3
# How each solver works: RK2, RK4, STN or the most iterations of Newton; and where it clips the field.
SOLVERS: Final = {
    "rk2": (RK2, 8.0),
    "rk4": (RK4, 10.0),
    "nr4": (4, 12.5),
    "nr8": (8, 12.5),
    "stn": (STN, 12.5),
    "v1": (RK4, 10.0),
}
# What transition.py and field_network.py give to a network and take from it.
FEATURES: Final = {"susceptibilities": (5, 2), "field_and_rate": (5, 1)}
GLIDE_S: Final = 0.005
ALPHA: Final = 0.0016


class Hysteresis(Node):
    KIND: ClassVar[str] = "hysteresis"
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("solver", "rk4", ("rk2", "rk4", "nr4", "nr8", "stn", "v1"), "method of computing the magnetisation"),
        Param("drive", 0.5, 0.0, 1.0, meaning="how hard the sound is driven into the tape"),
        Param("saturation", 0.5, 0.0, 1.0, meaning="how early the tape is full"),
        Param("bias", 0.5, 0.0, 1.0, meaning="how well the tape is biased: 0 is a wide loop, 1 a narrow one"),
        Switch("makeup", True, "hold the level while saturation and bias move; without it the output is M itself"),
        Model("model", "hysteresis-2x4", "hysteresis", FEATURES, "weights of the network that stn runs"),
    )

    solver: str  # parameter
    drive: float  # parameter
    saturation: float  # parameter
    bias: float  # parameter
    makeup: bool  # parameter
    model: str  # parameter
    table: vec[float]  # coefficient: the Langevin function
    glide_blocks: i64  # coefficient: how long constants take to move, blocks
    method: i64  # coefficient: RK2, RK4 or the most iterations of Newton
    clip: float  # coefficient: most |H|
    guard: float  # coefficient: most |M| / M_s
    target: list[float]  # coefficient: 64 / a, c, kappa, beta (jiles_atherton.py), g M_s
    now: list[float]  # state: the same constants as far as they have moved
    blocks_left: i64  # state: until they are at the target
    network: Network  # coefficient: of stn; its weights move with the constants
    m: vec[float]  # state: M / M_s of each channel
    H: vec[float]  # state: field of each channel
    V: vec[float]  # state: T H' of each channel

    def prepare(self) -> None:
        self.table = langevin_table()
        self.glide_blocks = math.ceil(GLIDE_S * self.fs / float(self.frames))
        self.network = Network()
        self.target = self.now = []
        self.blocks_left = 0
        self.m = vec[float]([0.0] * self.channels)
        self.H = vec[float]([0.0] * self.channels)
        self.V = vec[float]([0.0] * self.channels)

    def update(self) -> None:
        method, self.clip = SOLVERS[self.solver]
        self.method = method
        v1 = self.solver == "v1"
        M_s = (5.0 if v1 else 1.0) * (0.5 + 1.5 * (1.0 - self.saturation))
        cells = CELLS_PER_UNIT * (0.01 + (40.0 if v1 else 6.0) * self.drive) / M_s
        c = 0.17 if v1 else max(0.0, math.sqrt(self.bias) - 0.01)
        k = 2.7 if v1 else 0.47875
        gain = 1.414 * M_s if v1 else 1.0 + 0.6 * (1.0 - self.bias) if self.makeup else M_s
        self.guard = (10.0 if v1 else 20.0) / M_s
        target = [cells, c, k * cells, ALPHA * M_s * cells, gain]
        if self.solver == "stn":
            trained = load_weights(self.model, self.KIND, FEATURES)
            setting = {"drive": self.drive, "saturation": self.saturation, "bias": self.bias}
            self.network.aim(list(trained.widths), trained.at(setting).tolist())
            if trained.features == "field_and_rate":
                self.method = STN_OF_FIELD
                self.network.move(1)  # between networks that were trained apart there is none to glide over
        if target != self.target:
            self.target = target
            self.blocks_left = self.glide_blocks

    def reset(self) -> None:
        self.now = self.target
        self.network.move(1)
        self.blocks_left = 0
        for c in range(self.channels):
            self.m[c] = self.H[c] = self.V[c] = 0.0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        end = self.target
        self.network.move(self.blocks_left)
        if self.blocks_left > 1:
            left = float(self.blocks_left)
            end = [a + (b - a) / left for a, b in zip(self.now, end, strict=True)]
        magnetise(
            x[0].samples,
            y[0].samples,
            self.table,
            self.network,
            self.method,
            self.fs,
            self.clip,
            self.guard,
            self.now,
            end,
            self.m,
            self.H,
            self.V,
        )
        self.now = end
        if self.blocks_left > 0:
            self.blocks_left -= 1


def magnetise(
    x: vec[float],
    y: vec[float],
    table: vec[float],
    network: Network,
    method: i64,
    fs: float,
    clip: float,
    guard: float,
    start: list[float],
    end: list[float],
    m: vec[float],
    H: vec[float],
    V: vec[float],
) -> None:
    """Magnetise every channel of x into y, from the states m, H and V on, while constants go from start to end.

    Channels take turns within each frame: they do not wait for one another, so that a processor computes them at once.
    """
    channels: i64 = len(m)
    n: i64 = len(x) // channels
    weights = network.weights
    widths = network.widths
    a = network.x
    b = network.y
    cells = start[0]
    c = start[1]
    kappa = start[2]
    beta = start[3]
    gain = start[4]
    part = 1.0 / float(n)
    cells_step = part * (end[0] - cells)
    c_step = part * (end[1] - c)
    kappa_step = part * (end[2] - kappa)
    beta_step = part * (end[3] - beta)
    gain_step = part * (end[4] - gain)
    i: i64 = 0
    while i < n:
        cells += cells_step
        c += c_step
        kappa += kappa_step
        beta += beta_step
        gain += gain_step
        at = i
        j: i64 = 0
        while j < channels:
            field = x[at]
            if not abs(field) <= clip:
                field = clip if field > 0.0 else -clip if field < 0.0 else 0.0  # 0 for what is not a number
            rise = 1.75 * (field - H[j]) - 0.75 * V[j]
            if abs(rise) < 1e-30:  # subnormal numbers are slow
                rise = 0.0
            hp = cells * H[j]
            vp = cells * V[j]
            h = cells * field
            v = cells * rise
            if method == RK4:
                M = runge_kutta(table, c, kappa, beta, m[j], hp, vp, h, v)
            elif method == RK2:
                M = midpoint(table, c, kappa, beta, m[j], hp, vp, h, v)
            elif method == STN:
                M = predict(table, weights, widths, a, b, c, kappa, beta, m[j], hp, vp, h, v)
            elif method == STN_OF_FIELD:
                M = predict_from_field(weights, widths, a, b, beta / (ALPHA * cells), fs, m[j], hp, vp, h, v)
            else:
                M = newton(table, c, kappa, beta, m[j], hp, vp, h, v, method)
            if not abs(M) <= guard:
                M = 0.0
                rise = 0.0
            m[j] = M
            H[j] = field
            V[j] = rise
            y[at] = gain * M
            at += n
            j += 1
        i += 1
