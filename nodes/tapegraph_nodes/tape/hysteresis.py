"""Magnetises tape: it saturates, distorts and remembers, as the particles on a tape do.

    dM/dt = f(M, H, H')                     Jiles and Atherton, written out in kernels/jiles_atherton.py
    H' = (1.75 / T) (H - H_p) - 0.75 H'_p   rate of the field, from the samples H now and H_p one T ago
    y = g M                                 g = (1 + 0.6 (1 - bias)) / M_s with makeup, else 1

    M_s = 0.5 + 1.5 (1 - saturation)        most magnetisation
    a = M_s / (0.01 + 6 drive)              field that it takes without hysteresis
    c = sqrt(bias) - 0.01, 0 or more        share that follows the field without hysteresis
    k = 0.47875, alpha = 0.0016             coercivity, mean field

The input is the field H; full scale is 1. The solvers rk2, rk4 (Runge-Kutta), nr4 and nr8 (Newton, at most 4 or 8
iterations on a step of T / 1.9) sound a little different. midpoint_h and exponential_h solve the same equation over
the field, dM/dH = f / H', and need no H': they are nearer to it, exponential_h by far. stn runs a network that has
learned nr8 (kernels/transition.py), 35 dB or more below which it stays on music; it departs most where the field leaps
by whole coercivities from sample to sample, so oversample it too. `model` names its weights. v1 is rk4 with an older
set of constants, in which neither bias nor makeup acts, with field and magnetisation in the same units as above:

    M_s = 5 (0.5 + 1.5 (1 - saturation)),    a = M_s / (0.01 + 40 drive),    c = 0.17,    k = 2.7,    g = 1.414

Latency 0. Distortion makes new frequencies: oversample the node. The field is clipped at 8 (rk2), 10 (rk4, v1) or
12.5 (others). Where a step ends beyond |M| = 20 (v1: 10), M starts again from 0. Constants glide for 5 ms or a
block, whichever is longer, and M with M_s; solvers share their state and can be switched while sound runs. A
remanence stays when the sound has gone, as on tape; a dc_blocker behind takes it away.
Source: J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, with the constants of the
plugin that grew out of it.
Differs: M is guarded on both sides, c is never negative, glides take a time and not a number of samples, and
switching v1 keeps the state.
"""

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Model, Node, Param, Quality, Signal, Switch, Weights
from tapegraph_nodes._kernels.magnetics.field import clipped, rise
from tapegraph_nodes._kernels.magnetics.jiles_atherton import midpoint, newton, runge_kutta
from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT, langevin_table
from tapegraph_nodes._kernels.magnetics.relaxation import exponential, langevin_at
from tapegraph_nodes._kernels.networks.field_network import predict_from_field
from tapegraph_nodes._kernels.networks.network import Network
from tapegraph_nodes._kernels.networks.transition import HEARD, STRIDE, hear, predict

STN: Final = -1
STN_OF_FIELD: Final = -2
RK2: Final = 0
RK4: Final = 1
MIDPOINT_H: Final = 2
EXPONENTIAL_H: Final = 3
NR4: Final = 4  # from here on the most iterations of Newton
NR8: Final = 8
# How each solver works, and where it clips the field.
SOLVERS: Final = {
    "rk2": (RK2, 8.0),
    "rk4": (RK4, 10.0),
    "nr4": (NR4, 12.5),
    "nr8": (NR8, 12.5),
    "midpoint_h": (MIDPOINT_H, 12.5),
    "exponential_h": (EXPONENTIAL_H, 12.5),
    "stn": (STN, 12.5),
    "v1": (RK4, 10.0),
}
# What transition.py and field_network.py give to a network and take from it.
FEATURES: Final = {"susceptibilities": (5, 2), "field_and_rate": (5, 1)}
AXES: Final = ("drive", "saturation", "bias")
LIGHTER: Final[dict[Quality, dict[str, str]]] = {
    "live": {"nr4": "rk4", "nr8": "rk4"},
    "draft": {"rk4": "rk2", "nr4": "rk2", "nr8": "rk2"},
}
GLIDE_S: Final = 0.005
ALPHA: Final = 0.0016


class Hysteresis(Node):
    KIND: ClassVar[str] = "hysteresis"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("solver", "exponential_h", tuple(SOLVERS), "method of computing the magnetisation", LIGHTER),
        Param("drive", 0.5, 0.0, 1.0, meaning="how hard the sound is driven into the tape"),
        Param("saturation", 0.5, 0.0, 1.0, meaning="how early the tape is full"),
        Param("bias", 0.5, 0.0, 1.0, meaning="how well the tape is biased: 0 is a wide loop, 1 a narrow one"),
        Switch("makeup", True, "hold the level while saturation and bias move; without it the output is M itself"),
        Model("model", "hysteresis-2x4", "hysteresis", FEATURES, AXES, "weights of the network that stn runs"),
    )

    solver: str  # parameter
    drive: float  # parameter
    saturation: float  # parameter
    bias: float  # parameter
    makeup: bool  # parameter
    model: Weights  # parameter
    table: vec[float]  # coefficient: the Langevin function
    glide_blocks: i64  # coefficient: how long constants take to move, blocks
    method: i64  # coefficient: a number of SOLVERS
    clip: float  # coefficient: most |H|
    guard: float  # coefficient: most |M| / M_s
    target: list[float]  # coefficient: 64 / a, c, kappa, beta (jiles_atherton.py), g M_s
    now: list[float]  # state: the same constants as far as they have moved
    blocks_left: i64  # state: until they are at the target
    network: Network  # coefficient: of stn; its weights move with the constants
    heard: vec[float]  # room for what the network hears of a block, of two channels
    m: vec[float]  # state: M / M_s of each channel
    H: vec[float]  # state: field of each channel
    G: vec[float]  # state: field a sample before H
    V: vec[float]  # state: T H' of each channel

    def prepare(self) -> None:
        self.table = langevin_table()
        self.glide_blocks = math.ceil(GLIDE_S * self.fs / float(self.frames))
        self.network = Network()
        self.target = self.now = []
        self.blocks_left = 0
        self.heard = vec[float]([0.0] * (2 * HEARD * (self.frames + 1)))
        self.m = vec[float]([0.0] * self.channels)
        self.H = vec[float]([0.0] * self.channels)
        self.G = vec[float]([0.0] * self.channels)
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
        beta = ALPHA * M_s * cells
        target = [cells, c, k * cells, beta, beta / (1.0 - c), gain]
        if self.solver == "stn":
            trained = self.model
            setting = {"drive": self.drive, "saturation": self.saturation, "bias": self.bias}
            self.network.aim(list(trained.widths), trained.at(setting).tolist())
            if trained.features == "field_and_rate":
                self.method = STN_OF_FIELD
                self.network.jump()  # between networks that were trained apart there is none to glide over
        if target != self.target:
            self.target = target
            self.blocks_left = self.glide_blocks

    def reset(self) -> None:
        self.now = self.target
        self.network.jump()
        self.blocks_left = 0
        for c in range(self.channels):
            self.m[c] = self.H[c] = self.G[c] = self.V[c] = 0.0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        end = self.target
        if self.blocks_left > 1:
            left = float(self.blocks_left)
            end = [a + (b - a) / left for a, b in zip(self.now, end, strict=True)]
        magnetise(
            x[0].samples,
            y[0].samples,
            self.table,
            self.network,
            max(1, self.blocks_left * (self.frames // STRIDE)),
            self.method,
            self.fs,
            self.clip,
            self.guard,
            self.now,
            end,
            self.heard,
            self.m,
            self.H,
            self.G,
            self.V,
        )
        self.network.settle()
        self.now = end
        if self.blocks_left > 0:
            self.blocks_left -= 1


def magnetise(
    x: vec[float],
    y: vec[float],
    table: vec[float],
    network: Network,
    steps: i64,
    method: i64,
    fs: float,
    clip: float,
    guard: float,
    start: list[float],
    end: list[float],
    heard: vec[float],
    m: vec[float],
    H: vec[float],
    G: vec[float],
    V: vec[float],
) -> None:
    """Magnetise every channel of x into y, from the states m, H, G and V on, while constants go from start to end."""
    channels: i64 = len(m)
    frames: i64 = len(x) // channels
    size = HEARD * (frames + 1)
    gain_step = (end[5] - start[5]) / float(frames)
    a: i64 = 0
    while a < channels:
        b = a + 1 if a + 1 < channels else a  # an odd last channel goes in both lanes
        if method == STN:
            hear(x, a * frames, frames, table, clip, start, end, H, G, V, a, heard, 0)
            if b > a:
                hear(x, b * frames, frames, table, clip, start, end, H, G, V, b, heard, size)
            predict(heard, size, network, steps, guard, start[5], gain_step, m, a, b - a + 1, y, frames)
        else:
            magnetise_pair(x, y, table, network, method, fs, clip, guard, start, end, m, H, G, V, a, b)
        a += 2


def magnetise_pair(
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
    G: vec[float],
    V: vec[float],
    a: i64,
    b: i64,
) -> None:
    """Magnetise the channels a and b, which may be one and the same."""
    n: i64 = len(x) // len(m)
    cells = start[0]
    c = start[1]
    kappa = start[2]
    beta = start[3]
    gamma = start[4]
    gain = start[5]
    part = 1.0 / float(n)
    cells_step = part * (end[0] - cells)
    c_step = part * (end[1] - c)
    kappa_step = part * (end[2] - kappa)
    beta_step = part * (end[3] - beta)
    gamma_step = part * (end[4] - gamma)
    gain_step = part * (end[5] - gain)
    moving = start != end
    weights = network.weights
    widths = network.widths
    room = network.x
    out = network.y
    ma = m[a]
    mb = m[b]
    Ha = H[a]
    Hb = H[b]
    Ga = G[a]
    Gb = G[b]
    Va = V[a]
    Vb = V[b]
    La = langevin_at(table, cells * Ha + beta * ma)
    Lb = langevin_at(table, cells * Hb + beta * mb)
    at = a * n
    other = b * n
    stop = at + n
    while at < stop:
        if moving:
            cells += cells_step
            c += c_step
            kappa += kappa_step
            beta += beta_step
            gamma += gamma_step
            gain += gain_step
        hpa = cells * Ha
        hpb = cells * Hb
        vpa = cells * Va
        vpb = cells * Vb
        hppa = cells * Ga
        hppb = cells * Gb
        Ga = Ha
        Gb = Hb
        Ha = clipped(x[at], clip)
        Hb = clipped(x[other], clip)
        Va = rise(Ha, Ga, Va)
        Vb = rise(Hb, Gb, Vb)
        ha = cells * Ha
        hb = cells * Hb
        va = cells * Va
        vb = cells * Vb
        if method == EXPONENTIAL_H:
            ma, La = exponential(table, c, kappa, beta, gamma, ma, La, hppa, hpa, ha)
            mb, Lb = exponential(table, c, kappa, beta, gamma, mb, Lb, hppb, hpb, hb) if b != a else (ma, La)
        elif method == MIDPOINT_H:
            va = ha - hpa
            vb = hb - hpb
            ma = midpoint(table, c, kappa, beta, gamma, ma, hpa, va, ha, va)
            mb = midpoint(table, c, kappa, beta, gamma, mb, hpb, vb, hb, vb) if b != a else ma
        elif method == RK2:
            ma = midpoint(table, c, kappa, beta, gamma, ma, hpa, vpa, ha, va)
            mb = midpoint(table, c, kappa, beta, gamma, mb, hpb, vpb, hb, vb) if b != a else ma
        elif method == RK4:
            ma, mb = runge_kutta(table, c, kappa, beta, gamma, ma, hpa, vpa, ha, va, mb, hpb, vpb, hb, vb)
        elif method == STN_OF_FIELD:
            M_s = beta / (ALPHA * cells)
            ma = predict_from_field(weights, widths, room, out, M_s, fs, ma, hpa, vpa, ha, va)
            if b != a:
                mb = predict_from_field(weights, widths, room, out, M_s, fs, mb, hpb, vpb, hb, vb)
            else:
                mb = ma
        else:
            ma = newton(table, c, kappa, beta, gamma, ma, hpa, vpa, ha, va, method)
            mb = newton(table, c, kappa, beta, gamma, mb, hpb, vpb, hb, vb, method) if b != a else ma
        if not abs(ma) <= guard:
            ma = 0.0
            Va = 0.0
        if not abs(mb) <= guard:
            mb = 0.0
            Vb = 0.0
        y[at] = gain * ma
        y[other] = gain * mb
        at += 1
        other += 1
    m[a] = ma
    m[b] = mb
    H[a] = Ha
    H[b] = Hb
    G[a] = Ga
    G[b] = Gb
    V[a] = Va
    V[b] = Vb
