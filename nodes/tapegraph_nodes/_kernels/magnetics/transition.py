"""Magnetisation by a network: the rise in one sample, as a state transition network has learned it from a solver.

    dm = g P + g_p Q,    (P, Q) = network(z, z_p, r, y, y_p),    g = v (y + z)

    y = max(0, A - B m),    A = s L(h) / kappa,    B = s (1 - beta L'(h)) / kappa,    s = sign of v
    z = c L'(h),    r = |v| / (kappa + |v|)

and g_p, y_p, z_p the same of hp and vp, with the m that was. Symbols and units as in jiles_atherton.py; why a network
is given these features is described in _systems/hysteresis.py.

Most of that needs no m: extract() computes it for a block at once, as A / 2, B / 2, z, r and v of each sample, so that
little is left to do from sample to sample. There two channels go side by side, in network.pairs, p for short:

    p[0], p[1]    g of both       p[8], p[9]    m of both
    p[4], p[5]    g_p             p[12] ...     z, z_p, r, y, y_p, and further on as in network.py

Source: J. Parker, F. Esqueda, A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx
2019; inputs and gates are our own.
"""

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.magnetics.field import clipped, rise
from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT, END, MIDDLE, ROUND
from tapegraph_nodes._kernels.magnetics.tape import FEATURES, Tape
from tapegraph_nodes._kernels.networks.network import (
    PAIR,
    eight_of_5,
    eight_of_8,
    four_of_4,
    four_of_5,
    run_pairs,
)

STRIDE: Final = 8  # frames between steps of weights that move


def predict(tape: Tape, x: vec[float], y: vec[float], a: i64, b: i64) -> None:
    """Magnetise the channels a and b, which may be one and the same, by a network, into y."""
    extract(tape, x, a, 0)
    if b > a:
        extract(tape, x, b, 1)
    follow(tape, y, a, b)
    amplify(tape, y, a)
    if b > a:
        amplify(tape, y, b)


def extract(tape: Tape, x: vec[float], channel: i64, place: i64) -> None:
    """Write the features of the sample before a block and of every sample of it to every second place of tape.features.

    place: the first of them
    """
    table, clip, features = tape.table, tape.clip, tape.features
    tape.begin()
    coating = tape.coating
    moving = tape.constants.moving
    half_per_kappa = 0.5 * CELLS_PER_UNIT / coating.kappa
    before = tape.G[channel]
    field = tape.H[channel]
    rate = tape.V[channel]
    at = channel * tape.frames - 1
    last = at + tape.frames
    while True:
        h = coating.cells * field
        v = coating.cells * rate
        if abs(h) < END:
            cell = h + ROUND - ROUND
            t = h - cell
            k = 4 * i64(cell) + MIDDLE
            k3 = t * table[k + 3]
            k2 = table[k + 2] + k3
            k1 = table[k + 1] + t * k2
            L = table[k] + t * k1
            slope = k1 + t * (k2 + k3)
        else:
            slope = CELLS_PER_UNIT / (h * h)
            L = (1.0 if h > 0.0 else -1.0) - h * slope
        toward = math.copysign(half_per_kappa, v)
        features[place] = toward * L
        features[place + 2] = toward * (1.0 - coating.beta * slope)
        features[place + 4] = CELLS_PER_UNIT * coating.c * slope
        features[place + 6] = abs(v) / (coating.kappa + abs(v))
        features[place + 8] = (1.0 / CELLS_PER_UNIT) * v
        place += 2 * FEATURES
        if at == last:
            break
        at += 1
        if moving:
            coating.advance()
            half_per_kappa = 0.5 * CELLS_PER_UNIT / coating.kappa
        before = field
        field = x[at]
        if not abs(field) <= clip:
            field = clipped(field, clip)
        rate = rise(field, before, rate)
    tape.H[channel] = field
    tape.G[channel] = before
    tape.V[channel] = rate


def follow(tape: Tape, y: vec[float], a: i64, b: i64) -> None:
    """Advance m of two channels by what extract() has written of them, and write it to y.

    Where b is a, the second of the pair is idle: it computes what nobody hears, and a is written last.
    """
    network = tape.network
    network.begin(max(1, tape.constants.blocks_left * (tape.frames // STRIDE)))
    p = network.pairs
    p[8], p[9] = tape.m[a], tape.m[b]
    neurons = neurons_of_two(network.widths)
    n: i64 = 0
    stop: i64 = 0
    while n < tape.frames:
        if n == stop:
            stop = tape.frames
            if network.steps > 0:
                network.step()
                stop = min(n + STRIDE, stop)
            network.spread()
        if neurons == 4:
            n = follow_pair(tape, y, a * tape.frames, b * tape.frames, n, stop, 4)
        elif neurons == 8:
            n = follow_pair(tape, y, a * tape.frames, b * tape.frames, n, stop, 8)
        else:
            n = follow_pair(tape, y, a * tape.frames, b * tape.frames, n, stop, 0)
        hold(tape, y, a * tape.frames + n - 1, b * tape.frames + n - 1)
    tape.m[b] = p[9]
    tape.m[a] = p[8]


def neurons_of_two(widths: vec[i64]) -> i64:
    """Return how many neurons each layer of f has, where there are two and they are alike; else 0."""
    return widths[1] if len(widths) == 4 and widths[1] == widths[2] else 0


def hold(tape: Tape, y: vec[float], at: i64, other: i64) -> None:
    """Hold |m| at most_m, also in y, where follow_pair() has left because it is more."""
    p = tape.network.pairs
    y[other] = p[9] = clipped(p[9], tape.most_m)
    y[at] = p[8] = clipped(p[8], tape.most_m)


def follow_pair(tape: Tape, y: vec[float], at: i64, other: i64, n: i64, stop: i64, neurons: i64) -> i64:
    """Do the frames from n to stop, or to the first where |m| is too much; return at which frame to go on.

    at, other: where the channels begin in y
    neurons: as neurons_of_two() tells; a compiler makes a loop of its own of each number this is called with

    m is handed on in p as well: where it is used outside the loop, GCC does not compute two at once inside.
    """
    f, p, most_m, widths = tape.features, tape.network.pairs, tape.most_m, tape.network.widths
    widest: i64 = len(tape.network.x)
    inputs = widths[len(widths) - 2]
    outputs = i64(len(p)) - 4 * (1 + inputs)
    k = 2 * FEATURES * n
    ma, mb = p[8], p[9]
    while n < stop:
        give(p, f, k, ma, mb)
        if neurons == 4:
            four_of_5(p, 52, 12, 32)
            four_of_4(p, 100, 32, 12)
            lift(p, 140, 12, 4, ma, mb)
        elif neurons == 8:
            eight_of_5(p, 76, 12, 44)
            eight_of_8(p, 172, 44, 12)
            lift(p, 316, 12, 8, ma, mb)
        else:
            lift(p, outputs, run_pairs(p, widths, widest), inputs, ma, mb)
        ma, mb = p[8], p[9]
        y[other + n] = mb
        y[at + n] = ma
        k += 2 * FEATURES
        n += 1
        if not (abs(ma) <= most_m and abs(mb) <= most_m):
            break
    return n


def give(p: vec[float], f: vec[float], k: i64, ma: float, mb: float) -> None:
    """Work out the gates and the inputs of a network from m and the features of two samples, which begin at f[k]."""
    ya_p = f[k] - f[k + 2] * ma
    yb_p = f[k + 1] - f[k + 3] * mb
    za_p, zb_p = f[k + 4], f[k + 5]
    ya = f[k + 10] - f[k + 12] * ma
    yb = f[k + 11] - f[k + 13] * mb
    za, zb = f[k + 14], f[k + 15]
    ra, rb = f[k + 16], f[k + 17]
    ya_p += abs(ya_p)
    yb_p += abs(yb_p)
    ya += abs(ya)
    yb += abs(yb)
    ga = f[k + 18] * (ya + za)
    gb = f[k + 19] * (yb + zb)
    ga_p = f[k + 8] * (ya_p + za_p)
    gb_p = f[k + 9] * (yb_p + zb_p)
    p[0], p[1] = ga, gb
    p[4], p[5] = ga_p, gb_p
    p[12], p[13] = za, zb
    p[16], p[17] = za_p, zb_p
    p[20], p[21] = ra, rb
    p[24], p[25] = ya, yb
    p[28], p[29] = ya_p, yb_p


def lift(p: vec[float], w: i64, x: i64, inputs: i64, ma: float, mb: float) -> None:
    """Write the next m of both: the last layer, its outputs times their gates, added to m.

    w, x: places in p of its weights and of its inputs
    """
    ga, gb, ga_p, gb_p = p[0], p[1], p[4], p[5]
    ma += ga * p[w] + ga_p * p[w + 2]
    mb += gb * p[w + 1] + gb_p * p[w + 3]
    i: i64 = 0
    while i < inputs:
        u = x + PAIR * i
        v = w + 4 + 4 * i
        ma += p[u] * (ga * p[v] + ga_p * p[v + 2])
        mb += p[u + 1] * (gb * p[v + 1] + gb_p * p[v + 3])
        i += 1
    p[8], p[9] = ma, mb


def amplify(tape: Tape, y: vec[float], channel: i64) -> None:
    """Multiply a channel of y by the gain."""
    gain = tape.constants.start[5]
    gain_step = (tape.constants.end[5] - gain) / float(tape.frames)
    at = channel * tape.frames
    end = at + tape.frames
    while at < end:
        gain += gain_step
        y[at] = gain * y[at]
        at += 1
