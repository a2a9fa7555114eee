"""Magnetisation by a network: the rise in one sample, as a state transition network has learned it from a solver.

    dm = g P + g_p Q,    (P, Q) = network(z, z_p, r, y, y_p),    g = v (y + z)

    y = max(0, A - B m),    A = s L(h) / kappa,    B = s (1 - beta L'(h)) / kappa,    s = sign of v
    z = c L'(h),    r = |v| / (kappa + |v|)

and g_p, y_p, z_p the same of hp and vp, with the m that was. Symbols and units as in jiles_atherton.py; why a network
is given these features is described in _systems/hysteresis.py.

Most of that needs no m: extract() computes it for a block at once, as A / 2, B / 2, z, r and v of each sample, so that
little is left to do from sample to sample.
Source: J. Parker, F. Esqueda, A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx
2019; inputs and gates are our own.
"""

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.magnetics.field import clipped
from tapegraph_nodes._kernels.magnetics.field import rise as rise_of_field
from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT, END, MIDDLE, ROUND
from tapegraph_nodes._kernels.magnetics.tape import FEATURES, Tape
from tapegraph_nodes._kernels.networks.network import PAIR, Network, neuron_of_4, neuron_of_5, run_pairs

STRIDE: Final = 8  # frames between steps of weights that move


def predict(tape: Tape, x: vec[float], y: vec[float], a: i64, b: i64) -> None:
    """Magnetise the channels a and b, which may be one and the same, by a network, into y."""
    extract(tape, x, a, 0)
    if b > a:
        extract(tape, x, b, 1)
    follow(tape, y, a, b)


def is_2x4(network: Network) -> bool:
    """Tell whether a network has two layers of four neurons between its inputs and its outputs."""
    widths = network.widths
    return len(widths) == 4 and widths[1] == 4 and widths[2] == 4


def extract(tape: Tape, x: vec[float], channel: i64, place: i64) -> None:
    """Write the features of the sample before a block and of every sample of it to each second of tape.features.

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
        field = clipped(x[at], clip)
        rate = rise_of_field(field, before, rate)
    tape.H[channel] = field
    tape.G[channel] = before
    tape.V[channel] = rate


def follow(tape: Tape, y: vec[float], a: i64, b: i64) -> None:
    """Advance m of two channels by what extract() has written of them, and write gain times m to y.

    A lone channel comes with an idle one, which nobody hears: nothing is left of it where b is a.
    """
    network = tape.network
    network.begin(max(1, tape.constants.blocks_left * (tape.frames // STRIDE)))
    small = is_2x4(network)
    n: i64 = 0
    stop: i64 = 0
    while n < tape.frames:
        if n == stop:
            stop = tape.frames
            if network.steps > 0:
                network.step()
                stop = min(n + STRIDE, tape.frames)
            network.spread()
        if small:
            n = follow_2x4(tape, y, a, b, n, stop)
        else:
            n = follow_any(tape, y, a, b, n, stop)


def follow_2x4(tape: Tape, y: vec[float], a: i64, b: i64, n: i64, stop: i64) -> i64:
    frames = tape.frames
    f, p, most_m = tape.features, tape.network.pairs, tape.most_m
    gain = tape.constants.start[5]
    gain_step = (tape.constants.end[5] - gain) / float(frames)
    gain += float(n) * gain_step
    p[8], p[9] = tape.m[a], tape.m[b]
    ma, mb = p[8], p[9]
    k = 2 * FEATURES * n
    at = a * frames
    other = b * frames
    while n < stop:
        gain += gain_step
        begin(p, f, k, ma, mb)
        neuron_of_5(p, 52, 12, 32)
        neuron_of_5(p, 54, 12, 36)
        neuron_of_5(p, 56, 12, 40)
        neuron_of_5(p, 58, 12, 44)
        neuron_of_4(p, 100, 32, 12)
        neuron_of_4(p, 102, 32, 16)
        neuron_of_4(p, 104, 32, 20)
        neuron_of_4(p, 106, 32, 24)
        rise_of_4(p)
        ma += p[8]
        mb += p[9]
        p[8], p[9] = ma, mb
        y[other + n] = gain * mb
        y[at + n] = gain * ma
        k += 2 * FEATURES
        n += 1
        if not (abs(ma) <= most_m and abs(mb) <= most_m):
            break
    ma, mb = clipped(p[8], most_m), clipped(p[9], most_m)
    y[other + n - 1] = gain * mb
    y[at + n - 1] = gain * ma
    tape.m[b] = mb
    tape.m[a] = ma
    return n


def follow_any(tape: Tape, y: vec[float], a: i64, b: i64, n: i64, stop: i64) -> i64:
    frames = tape.frames
    f, p, most_m, widths = tape.features, tape.network.pairs, tape.most_m, tape.network.widths
    widest: i64 = len(tape.network.x)
    inputs = widths[len(widths) - 2]
    outputs = i64(len(p)) - 4 * (1 + inputs)
    gain = tape.constants.start[5]
    gain_step = (tape.constants.end[5] - gain) / float(frames)
    gain += float(n) * gain_step
    ma, mb = tape.m[a], tape.m[b]
    while n < stop:
        gain += gain_step
        begin(p, f, 2 * FEATURES * n, ma, mb)
        rise(p, outputs, run_pairs(p, widths, widest), inputs)
        ma = clipped(ma + p[8], most_m)
        mb = clipped(mb + p[9], most_m)
        y[b * frames + n] = gain * mb
        y[a * frames + n] = gain * ma
        n += 1
    tape.m[b] = mb
    tape.m[a] = ma
    return n


def rise(p: vec[float], w: i64, x: i64, inputs: i64) -> None:
    g_a, g_b, gp_a, gp_b = p[0], p[1], p[4], p[5]
    a = g_a * p[w] + gp_a * p[w + 2]
    b = g_b * p[w + 1] + gp_b * p[w + 3]
    end = x + PAIR * inputs
    while x < end:
        w += 4
        a += p[x] * (g_a * p[w] + gp_a * p[w + 2])
        b += p[x + 1] * (g_b * p[w + 1] + gp_b * p[w + 3])
        x += PAIR
    p[8], p[9] = a, b


def begin(p: vec[float], f: vec[float], k: i64, ma: float, mb: float) -> None:
    yp_a = f[k] - f[k + 2] * ma
    yp_b = f[k + 1] - f[k + 3] * mb
    zp_a, zp_b = f[k + 4], f[k + 5]
    y_a = f[k + 10] - f[k + 12] * ma
    y_b = f[k + 11] - f[k + 13] * mb
    z_a, z_b = f[k + 14], f[k + 15]
    yp_a += abs(yp_a)
    yp_b += abs(yp_b)
    y_a += abs(y_a)
    y_b += abs(y_b)
    g_a = f[k + 18] * (y_a + z_a)
    g_b = f[k + 19] * (y_b + z_b)
    gp_a = f[k + 8] * (yp_a + zp_a)
    gp_b = f[k + 9] * (yp_b + zp_b)
    r_a, r_b = f[k + 16], f[k + 17]
    p[0], p[1] = g_a, g_b
    p[4], p[5] = gp_a, gp_b
    p[12], p[13] = z_a, z_b
    p[16], p[17] = zp_a, zp_b
    p[20], p[21] = r_a, r_b
    p[24], p[25] = y_a, y_b
    p[28], p[29] = yp_a, yp_b


def rise_of_4(p: vec[float]) -> None:
    g_a, g_b, gp_a, gp_b = p[0], p[1], p[4], p[5]
    a = g_a * p[140] + gp_a * p[142]
    b = g_b * p[141] + gp_b * p[143]
    a += p[12] * (g_a * p[144] + gp_a * p[146]) + p[16] * (g_a * p[148] + gp_a * p[150])
    b += p[13] * (g_b * p[145] + gp_b * p[147]) + p[17] * (g_b * p[149] + gp_b * p[151])
    p[8] = a + (p[20] * (g_a * p[152] + gp_a * p[154]) + p[24] * (g_a * p[156] + gp_a * p[158]))
    p[9] = b + (p[21] * (g_b * p[153] + gp_b * p[155]) + p[25] * (g_b * p[157] + gp_b * p[159]))
